package machine

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"unicode"
)

// maxShown bounds a name that a process or a file chooses, in bytes.
const maxShown = 256

// user is the name of who runs a process, by its real user: /etc/passwd alone is asked, since a directory service may be far away.
func (t Tables) user(dir string) string {
	status, err := t.read(dir + "/status")
	if err != nil {
		return ""
	}
	for line := range bytes.Lines(status) {
		if f := bytes.Fields(line); len(f) > 1 && string(f[0]) == "Uid:" {
			return t.userName(string(f[1]))
		}
	}
	return ""
}

func (t Tables) userName(uid string) string {
	passwd, err := t.read("etc/passwd")
	if err == nil {
		for line := range bytes.Lines(passwd) {
			if f := strings.Split(string(line), ":"); len(f) > 2 && f[2] == uid && f[0] != "" {
				return printable(f[0])
			}
		}
	}
	return printable(uid)
}

// program is the path of the program; another user's may be hidden.
func (t Tables) program(dir string) string {
	path, err := os.Readlink(filepath.Join("/", t.Root, dir, "exe"))
	if err != nil {
		return ""
	}
	return printable(path)
}

// printable makes a name safe to show.
func printable(s string) string {
	if len(s) > maxShown {
		s = s[:maxShown]
	}
	return strings.Map(func(r rune) rune {
		if r == unicode.ReplacementChar || !unicode.IsPrint(r) {
			return '?'
		}
		return r
	}, s)
}
