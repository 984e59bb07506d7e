// Package systemlog writes to the log of the machine what no disk takes.
package systemlog

import (
	"errors"
	"fmt"
	"log/syslog"
	"strings"
	"time"
	"unicode/utf8"
)

const (
	maxLine  = 1800 // bytes; a syslog server may cut what is longer than 2048 (RFC 5424 section 6.1)
	maxLines = 64   // of one text; the rest is left out
	patience = 2 * time.Second
)

// ErrSilent says that the system log did not answer in time. It will not answer the next line in time either.
var ErrSilent = errors.New("no answer")

// Log is syslog(3): facility daemon, priority warning, under the name hikeshi.
type Log struct{}

// Log sends text in numbered lines. It comes back within seconds, whatever the state of the machine, since a stop waits for it.
func (Log) Log(text string) error {
	done := make(chan error, 1)
	go func() { done <- send(lines(text)) }()
	select {
	case err := <-done:
		if err != nil {
			return fmt.Errorf("writing to the system log: %w", err)
		}
		return nil
	case <-time.After(patience):
		return fmt.Errorf("writing to the system log: %w", ErrSilent)
	}
}

func send(lines []string) error {
	w, err := syslog.New(syslog.LOG_DAEMON|syslog.LOG_WARNING, "hikeshi")
	if err != nil {
		return err
	}
	defer w.Close()
	for _, line := range lines {
		if err := w.Warning(line); err != nil {
			return err
		}
	}
	return nil
}

// lines cuts text into numbered lines, never inside a character.
func lines(text string) []string {
	var parts []string
	for rest := strings.TrimSpace(text); rest != "" || len(parts) == 0; {
		n := min(len(rest), maxLine)
		for n < len(rest) && n > maxLine-utf8.UTFMax && !utf8.RuneStart(rest[n]) {
			n--
		}
		parts, rest = append(parts, rest[:n]), rest[n:]
	}
	if len(parts) == 1 {
		return parts
	}
	for i, part := range parts {
		parts[i] = fmt.Sprintf("%d/%d %s", i+1, len(parts), part)
	}
	return parts[:min(len(parts), maxLines)]
}
