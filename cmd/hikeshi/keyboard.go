package main

import (
	"bytes"
	"context"
	"os"
	"regexp"
	"strings"
	"time"

	"golang.org/x/sys/unix"
	"golang.org/x/term"
)

const (
	ctrlC = 0x03 // where the terminal does not make a signal of it
	ctrlD = 0x04
)

// queryTime is how long a terminal may take to answer a cursor query; a satellite link needs most of it.
const queryTime = time.Second

// cursorAnswer is what a terminal answers to ESC [ 6 n.
var cursorAnswer = regexp.MustCompile("\x1b\\[[0-9]+;[0-9]+R")

// keyboard reads what is typed, until ctx is done. Its error stays: after one there is nothing more to read.
type keyboard struct {
	ctx  context.Context
	tty  *os.File
	held []byte // typed and not read yet
	err  error  // errInterrupted or errClosed
}

// Fd is the descriptor of the terminal.
func (k *keyboard) Fd() uintptr { return k.tty.Fd() }

// Read waits for keys. The answer to a cursor query is never in one piece with what was typed behind it, since survey throws
// that away.
func (k *keyboard) Read(b []byte) (int, error) {
	for len(k.held) == 0 {
		if k.err != nil {
			return 0, k.err
		}
		k.wait()
	}
	upTo := len(k.held)
	if at := cursorAnswer.FindIndex(k.held); at != nil {
		upTo = at[1]
	}
	n := copy(b, k.held[:upTo])
	k.held = k.held[n:]
	return n, nil
}

// wait reads what is there, or gives up after a moment so that an interruption is seen.
func (k *keyboard) wait() {
	if k.ctx.Err() != nil {
		k.err = errInterrupted
		return
	}
	if !hasInput(k.tty, 100*time.Millisecond) {
		return
	}
	b := make([]byte, 4096)
	n, err := unix.Read(int(k.tty.Fd()), b)
	switch {
	case err == unix.EINTR || err == unix.EAGAIN:
	case k.ctx.Err() != nil || n > 0 && bytes.IndexByte(b[:n], ctrlC) >= 0:
		k.err = errInterrupted
	case err != nil || n <= 0 || bytes.IndexByte(b[:n], ctrlD) >= 0:
		k.err = errClosed
	default:
		k.held = b[:n]
	}
}

// line reads up to Enter.
func (k *keyboard) line() (string, error) {
	var typed []byte
	b := make([]byte, 256)
	for {
		n, err := k.Read(b)
		if err != nil {
			return "", err
		}
		typed = append(typed, b[:n]...)
		if end := bytes.IndexAny(typed, "\r\n"); end >= 0 {
			return string(typed[:end]), nil
		}
	}
}

// keyByKey makes tty hand over every key at once, without showing it, and throws away what was typed before, in one step: a key
// typed behind a question cannot fall between the two. It returns how to go back.
func keyByKey(tty *os.File) (restore func(), err error) {
	fd := int(tty.Fd())
	old, err := unix.IoctlGetTermios(fd, getTermios)
	if err != nil {
		return nil, err
	}
	raw := *old
	raw.Lflag &^= unix.ECHO | unix.ECHONL | unix.ICANON | unix.ISIG
	raw.Cc[unix.VMIN], raw.Cc[unix.VTIME] = 1, 0
	if err := unix.IoctlSetTermios(fd, setTermiosFlush, &raw); err != nil {
		return nil, err
	}
	return func() { _ = unix.IoctlSetTermios(fd, setTermios, old) }, nil
}

// hasInput waits until tty can be read, which it also can when it is gone.
func hasInput(tty *os.File, limit time.Duration) bool {
	fds := []unix.PollFd{{Fd: int32(tty.Fd()), Events: unix.POLLIN}}
	n, err := unix.Poll(fds, int(limit.Milliseconds()))
	return n > 0 || err != nil && err != unix.EINTR
}

// answersCursorQuery asks the terminal where the cursor is and waits a moment for the answer, without which survey would hang.
func answersCursorQuery(in, out *os.File) bool {
	old, err := term.MakeRaw(int(in.Fd()))
	if err != nil {
		return false
	}
	defer term.Restore(int(in.Fd()), old)
	if _, err := out.WriteString("\x1b[6n"); err != nil {
		return false
	}
	var got []byte
	for deadline := time.Now().Add(queryTime); time.Now().Before(deadline) && len(got) < 4096; {
		if !hasInput(in, 50*time.Millisecond) {
			continue
		}
		b := make([]byte, 64)
		n, err := unix.Read(int(in.Fd()), b)
		if err != nil || n <= 0 {
			break
		}
		if bytes.IndexByte(b[:n], ctrlC) >= 0 {
			_ = unix.Kill(os.Getpid(), unix.SIGINT) // as the terminal does when it is not raw
		}
		if got = append(got, b[:n]...); cursorAnswer.Match(got) {
			return true
		}
	}
	out.WriteString("\r" + strings.Repeat(" ", 4) + "\r") // what a terminal without queries may have shown
	return false
}
