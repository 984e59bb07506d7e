package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// oddDenyFiles are deny files as nobody should write them and somebody does.
var oddDenyFiles = map[string]string{
	"a NUL":            "#<> default\n#blank false\n198.51.100.1\x00 true\n*.*.*.* norelay,2\n",
	"CRLF":             "#<> default\r\n#blank false\r\n' a note\r\n*.*.*.* norelay,2\r\n",
	"Shift_JIS":        "#<> default\n' \x93\xfa\x96\x7b\x8c\xea \x83\x81\x83\x82\n*.*.*.* norelay,2\n",
	"no final newline": "#<> default\n198.51.100.1 default",
	"empty":            "",
	"escape sequences": "#<> default\n\x1b]0;owned\x07\x1b[2J 203.0.113.1\ttrue\n\u202e*.*.*.* norelay,2\n",
	"a long line":      "#<> default\n" + strings.Repeat("x", 100_000) + " true\n",
	"C1 and DEL":       "#<> default\n\xc2\x9b31m.example.com\x7f false\n",
}

// TestOddDenyFiles: every byte that is not ours stays as it is, before and after; nothing of it steers a terminal.
func TestOddDenyFiles(t *testing.T) {
	for name, text := range oddDenyFiles {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPlace(t)
			fine(t, os.WriteFile(p.deny(), []byte(text), 0o640))
			before := p.picture().world().timeless()
			harmless(t, p.hikeshi("relay", "lint"))
			harmless(t, p.hikeshi("relay", "lint", "--output", "json"))
			harmless(t, p.hikeshi("relay", "check", "203.0.113.9", "--sender=\x1b[31m@example.com", "--output", "json")).exits(t, exitOK)
			harmless(t, p.hikeshi("relay", "check", "198.51.100.1")).exits(t, exitOK)
			harmless(t, p.hikeshi("relay", "deny", "203.0.113.9", "--dry-run")).exits(t, exitFound)
			harmless(t, p.hikeshi("relay", "deny", "203.0.113.9", "--yes", "--reason", "a\x1b[31mb\x07")).exits(t, exitOK)
			harmless(t, p.hikeshi("relay", "check", "203.0.113.9")).exits(t, exitOK, "deny")
			now, err := os.ReadFile(p.deny())
			fine(t, err)
			rest := bytes.Replace(now, []byte("203.0.113.9 false\n"), nil, 1)
			if !bytes.Equal(rest, []byte(text)) && !bytes.Equal(rest, []byte(text+"\n")) {
				t.Errorf("beside the denial stands\n%q\nit was\n%q", rest, text)
			}
			id := p.incidents()[0]
			for _, format := range []string{"text", "md", "json"} {
				harmless(t, p.hikeshi("report", id, "--format", format)).exits(t, exitOK)
			}
			harmless(t, p.hikeshi("undo", id, "--yes", "--accept-risk", "reopening")).exits(t, exitOK)
			same(t, "after undo", before, p.picture().world().timeless())
		})
	}
}

// harmless wants no byte in what was written that could steer a terminal or is no UTF-8.
func harmless(t *testing.T, s said) said {
	t.Helper()
	for where, text := range map[string]string{"standard output": s.out, "standard error": s.err} {
		if bad := steering(text); bad != "" {
			t.Errorf("hikeshi %q: on %s: %s", s.args, where, bad)
		}
	}
	return s
}

// steering returns the first place in text that could steer a terminal: a control character, a C1 one, a change of direction.
func steering(text string) string {
	for i, r := range text {
		if r == '\n' || r == '\t' {
			continue
		}
		if r < 0x20 || r >= 0x7f && r < 0xa0 || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 || r == 0xfffd {
			return fmt.Sprintf("%U in %q", r, text[max(0, i-40):min(len(text), i+40)])
		}
	}
	return ""
}

// TestMillionLines: a deny file of a million lines is checked, linted, changed and changed back in moments.
func TestMillionLines(t *testing.T) {
	if testing.Short() {
		t.Skip("a million lines: not with -short")
	}
	p := newPlace(t)
	var b bytes.Buffer
	b.WriteString("#<> default\n#blank false\n")
	for i := range million {
		fmt.Fprintf(&b, "10.%d.%d.%d false\n", i>>16&255, i>>8&255, i&255)
	}
	b.WriteString("*.*.*.* norelay,2\n")
	fine(t, os.WriteFile(p.deny(), b.Bytes(), 0o640))
	for _, step := range []struct {
		line string
		code int
		most time.Duration
	}{
		// A few seconds at most on a quiet machine; what is not linear takes hours.
		{"relay lint", exitOK, time.Minute}, {"relay check 203.0.113.9", exitOK, time.Minute},
		{"relay deny 203.0.113.9 198.51.100.0/24 --yes", exitOK, time.Minute}, {"relay check 203.0.113.9", exitOK, time.Minute},
	} {
		start := time.Now()
		s := p.hikeshi(strings.Fields(step.line)...).exits(t, step.code)
		took := time.Since(start)
		if took > step.most {
			t.Errorf("%s took %s", step.line, took)
		}
		t.Logf("%s: %s, %d bytes said", step.line, took.Round(time.Millisecond), len(s.out))
	}
	start := time.Now()
	p.hikeshi("undo", p.incidents()[0], "--yes", "--accept-risk", "reopening").exits(t, exitOK)
	t.Logf("undo: %s", time.Since(start).Round(time.Millisecond))
	if now, err := os.ReadFile(p.deny()); err != nil || !bytes.Equal(now, b.Bytes()) {
		t.Errorf("after undo the file is another one (%v)", err)
	}
}

// TestDenyFileIsNoFile: what is no regular file is neither waited for nor followed nor replaced.
func TestDenyFileIsNoFile(t *testing.T) {
	for name, put := range map[string]func(path string) error{
		"symlink":   func(path string) error { return os.Symlink("elsewhere.dat", path) },
		"directory": func(path string) error { return os.Mkdir(path, 0o755) },
		"FIFO":      func(path string) error { return unix.Mkfifo(path, 0o600) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPlace(t)
			fine(t, os.Rename(p.deny(), filepath.Join(p.program(), "elsewhere.dat")))
			fine(t, put(p.deny()))
			before := p.picture().world()
			for _, line := range []string{"relay deny 203.0.113.9 --yes", "relay deny 203.0.113.9 --dry-run", "relay lint", "status --watch 0", "doctor", "plan mail-abuse --set sources=203.0.113.9"} {
				s := p.hikeshi(strings.Fields(line)...)
				if s.code == exitOK || strings.HasPrefix(line, "relay") && !s.tells("effect.dat") {
					t.Errorf("hikeshi %s: exit %d, or it does not name the file: %s%s", line, s.code, s.out, s.err)
				}
				if name == "symlink" && strings.HasPrefix(line, "relay") && !s.tells("symbolic link") {
					t.Errorf("hikeshi %s does not say that it is a link: %s%s", line, s.out, s.err)
				}
			}
			same(t, "after refusals", before, p.picture().world())
		})
	}
}

// asNobody runs hikeshi without any rights: as it is for an ordinary user, as the user nobody for root.
func (p *place) asNobody(args ...string) said {
	p.t.Helper()
	exe := filepath.Join(p.dir, "hikeshi")
	if _, err := os.Stat(exe); err != nil {
		self, err := os.Executable()
		fine(p.t, err)
		data, err := os.ReadFile(self)
		fine(p.t, err)
		fine(p.t, os.WriteFile(exe, data, 0o755))
	}
	var out, errs bytes.Buffer
	cmd := exec.Command(exe, append([]string{"--root", p.root}, args...)...)
	cmd.Stdout, cmd.Stderr, cmd.Env = &out, &errs, []string{"PATH=" + os.Getenv("PATH"), "LANG=C.UTF-8", "HIKESHI_STATE=" + filepath.Join(p.state(), "theirs")}
	if os.Geteuid() == 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
		for dir := p.dir; dir != filepath.Dir(dir) && dir != os.TempDir(); dir = filepath.Dir(dir) {
			fine(p.t, os.Chmod(dir, 0o755))
		}
		fine(p.t, os.MkdirAll(filepath.Join(p.state(), "theirs"), 0o755))
		fine(p.t, os.Chown(filepath.Join(p.state(), "theirs"), 65534, 65534))
	}
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		p.t.Fatal(err)
	}
	return said{args: args, code: cmd.ProcessState.ExitCode(), out: out.String(), err: errs.String()}
}

// TestWithoutRights: who may not read or write is told which file it is, and nothing is half done.
func TestWithoutRights(t *testing.T) {
	p := newPlace(t)
	s := p.asNobody("version").exits(t, exitOK)
	if !slices.Contains(s.args, "version") || s.out == "" {
		t.Fatalf("the program does not run as another user: %+v", s)
	}
	fine(t, os.Chmod(p.deny(), 0o644))
	fine(t, os.Chmod(p.program(), 0o555))
	t.Cleanup(func() { fine(t, os.Chmod(p.program(), 0o755)) })
	before := p.picture().world()
	p.asNobody("relay", "check", "203.0.113.9").exits(t, exitOK)
	p.asNobody("relay", "deny", "203.0.113.9", "--yes").exits(t, exitStopped, "effect.dat", "permission denied", "hint")
	same(t, "in a folder that may not be written", before, p.picture().world())

	fine(t, os.Chmod(p.deny(), 0))
	fine(t, os.Chmod(filepath.Join(p.spool(), "incoming"), 0))
	t.Cleanup(func() { fine(t, os.Chmod(filepath.Join(p.spool(), "incoming"), 0o755)) })
	before = p.picture().world()
	for line, code := range map[string]int{"relay lint": exitError, "relay check 203.0.113.9": exitError, "relay deny 203.0.113.9 --dry-run": exitUndetermined, "relay deny 203.0.113.9 --yes": exitUndetermined,
		"spool scan": exitFound, "status --watch 0": exitFound, "doctor": exitFound, "plan mail-abuse": exitUndetermined} {
		p.asNobody(strings.Fields(line)...).exits(t, code, "permission denied")
	}
	same(t, "with a file that may not be read", before, p.picture().world())
}
