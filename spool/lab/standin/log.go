package standin

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// A Log is one of the server's logs: SPOOL/NAME/COMPUTER/YYMMDD.log by local date. Each line is written by itself, as the server
// did until it began to keep its logs open (2026).
type Log struct {
	s   *Server
	dir string // "" when the log is switched off
}

// OpenLog opens the log of that name if its switch is on, and makes its folder.
func (s *Server) OpenLog(name, key string) (*Log, error) {
	if s.Number(key, 0) == 0 {
		return &Log{}, nil
	}
	return s.openLog(name)
}

// OpenLogByFolder opens a log that has no switch but the folder made for it by hand (FAQ win/05-05).
func (s *Server) OpenLogByFolder(name, key string) (*Log, error) {
	if fi, err := os.Stat(s.Spool(name)); err != nil || !fi.IsDir() {
		return &Log{}, nil
	}
	return s.OpenLog(name, key)
}

func (s *Server) openLog(name string) (*Log, error) {
	computer, _, _ := strings.Cut(s.Host, ".")
	if s.Computer != "" {
		computer = s.Computer
	}
	dir := filepath.Join(name, computer)
	return &Log{s: s, dir: s.Spool(dir)}, s.Folders(dir)
}

// Printf writes a line, with the time of now in the place of {time}, or in that of {clock} as senderlog has it: without a date, the
// milliseconds behind a third colon (FAQ bsd/05-10).
func (l *Log) Printf(format string, args ...any) {
	if l.dir == "" {
		return
	}
	now := time.Now()
	clock := strings.Replace(now.Format("[15:04:05.000]"), ".", ":", 1)
	line := fmt.Sprintf(strings.NewReplacer("{time}", stamp(now), "{clock}", clock).Replace(format), args...) + "\n"
	// A log that cannot be written stops no mail; the real server does not stop either.
	_ = l.s.Append(filepath.Join(l.dir, now.Format("060102")+".log"), []byte(line))
}
