package lock

import (
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"

	"golang.org/x/term"

	"hikeshi/runbook"
)

// Me is who runs this process.
func Me() runbook.Actor {
	a := runbook.Actor{User: strconv.Itoa(os.Geteuid()), Sudo: os.Getenv("SUDO_USER"), PID: os.Getpid(), TTY: tty()}
	if u, err := user.LookupId(a.User); err == nil {
		a.User = u.Username
	}
	if host, err := os.Hostname(); err == nil {
		a.Host = host
	}
	return a
}

// tty is the name of the terminal this process was called from, without /dev/, or "".
func tty() string {
	for _, f := range []*os.File{os.Stdin, os.Stderr, os.Stdout} {
		if !term.IsTerminal(int(f.Fd())) {
			continue
		}
		if name := device(f); name != "" {
			return name
		}
	}
	return ""
}

// device finds the name of an open terminal by its number; there is no call for it that all systems have.
func device(f *os.File) string {
	want, err := f.Stat()
	if err != nil {
		return ""
	}
	for _, pattern := range []string{"/dev/pts/*", "/dev/tty?*", "/dev/console"} {
		names, _ := filepath.Glob(pattern)
		for _, name := range names {
			if fi, err := os.Stat(name); err == nil && rdev(fi) == rdev(want) {
				return name[len("/dev/"):]
			}
		}
	}
	return ""
}

func rdev(fi os.FileInfo) uint64 {
	st, ok := fi.Sys().(*syscall.Stat_t)
	if !ok || fi.Mode()&os.ModeCharDevice == 0 {
		return 0
	}
	return uint64(st.Rdev)
}
