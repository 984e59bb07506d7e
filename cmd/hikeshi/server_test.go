package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// server is a spool tree and a state folder of its own.
type server struct {
	t     *testing.T
	root  string
	state string
	env   []string // beyond the usual
}

// newServer makes a server with two messages in the queue.
func newServer(t *testing.T) *server {
	t.Helper()
	dir := t.TempDir()
	s := &server{t: t, root: filepath.Join(dir, "root"), state: filepath.Join(dir, "state")}
	s.write("usr/local/mta/bin/effect.dat", "#<> default\n")
	s.write("var/spool/epms/reg/epost/ims/LastMsgId.1", "97588\n")
	for _, folder := range []string{"domains", "holding", "lists"} {
		if err := os.MkdirAll(filepath.Join(s.root, "var/spool/epms", folder), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	s.messages(1, 2)
	return s
}

// messages puts messages into the queue, numbered from first to last.
func (s *server) messages(first, last int) {
	s.t.Helper()
	for i := first; i <= last; i++ {
		id := fmt.Sprintf("B%010d", i)
		s.write("var/spool/epms/incoming/"+id+".MSG", "Subject: "+id+"\n\nbody\n")
		s.write("var/spool/epms/incoming/"+id+".RCP", "Message-ID: <"+id+"@mail1.example.jp>\nReturn-path: taro@example.jp\nRecipient: a@example.com\n")
	}
}

func (s *server) write(name, text string) {
	s.t.Helper()
	file := filepath.Join(s.root, name)
	if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, []byte(text), 0o644)); err != nil {
		s.t.Fatal(err)
	}
}

// book writes a runbook and returns its path.
func (s *server) book(steps string) string {
	s.t.Helper()
	s.write("../book.yaml", "format: 1\nname: test\ntitle: {en: a test}\nsteps:\n"+steps)
	return filepath.Join(filepath.Dir(s.root), "book.yaml")
}

// effect is what stands in the deny file now.
func (s *server) effect() string {
	s.t.Helper()
	b, err := os.ReadFile(filepath.Join(s.root, "usr/local/mta/bin/effect.dat"))
	if err != nil {
		s.t.Fatal(err)
	}
	return string(b)
}

// incidents are the ids in the state folder, oldest first.
func (s *server) incidents() []string {
	s.t.Helper()
	names, err := os.ReadDir(filepath.Join(s.state, "incidents"))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		s.t.Fatal(err)
	}
	var ids []string
	for _, n := range names {
		if !strings.HasPrefix(n.Name(), ".") { // one that is being made
			ids = append(ids, n.Name())
		}
	}
	return ids
}

// journal is the record of the newest incident.
func (s *server) journal() string {
	s.t.Helper()
	ids := s.incidents()
	if len(ids) == 0 {
		return ""
	}
	b, err := os.ReadFile(filepath.Join(s.state, "incidents", ids[len(ids)-1], "journal.jsonl"))
	if err != nil {
		s.t.Fatal(err)
	}
	return string(b)
}

// command is hikeshi with args, without a terminal.
func (s *server) command(args ...string) *exec.Cmd {
	cmd := exec.Command("hikeshi", append([]string{"--root", s.root}, args...)...)
	cmd.Env = slices.DeleteFunc(os.Environ(), func(v string) bool {
		name, _, _ := strings.Cut(v, "=")
		return slices.Contains([]string{"LC_ALL", "LC_MESSAGES", "LANG", "TERM", "NO_COLOR", "SSH_CONNECTION", "HIKESHI_CRASH"}, name)
	})
	cmd.Env = append(cmd.Env, append([]string{"HIKESHI_STATE=" + s.state, "LANG=C.UTF-8", "TZ=UTC", "HOME=" + filepath.Dir(s.root)}, s.env...)...)
	return cmd
}

// run runs hikeshi to its end and wants an exit code; it returns what went to standard output and to standard error.
func (s *server) run(want int, args ...string) (stdout, stderr string) {
	s.t.Helper()
	return s.end(want, s.command(args...))
}

func (s *server) end(want int, cmd *exec.Cmd) (stdout, stderr string) {
	s.t.Helper()
	var out, errs bytes.Buffer
	if cmd.Stdout == nil {
		cmd.Stdout = &out
	}
	cmd.Stderr = &errs
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		s.t.Fatal(err)
	}
	if got := cmd.ProcessState.ExitCode(); got != want {
		s.t.Fatalf("%q: exit code %d, want %d\n%s%s", cmd.Args[3:], got, want, &out, &errs)
	}
	return out.String(), errs.String()
}
