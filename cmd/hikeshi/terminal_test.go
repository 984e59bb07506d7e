package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/creack/pty"
	"github.com/hinshun/vt10x"
	"golang.org/x/sys/unix"
)

// patience is how long a test waits for what must come.
const patience = 30 * time.Second

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
	for _, folder := range []string{"domains", "holding", "lists"} {
		s.write("var/spool/epms/"+folder+"/.keep", "")
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

// A tty is a kind of terminal.
type tty struct {
	name    string
	term    string // TERM
	answers bool   // cursor queries
}

var (
	xterm = tty{"xterm", "xterm", true}
	dumb  = tty{"dumb", "dumb", false}
	// ttys are those of the first kind, where survey asks, and of all the others, where plain lines do.
	ttys = []tty{xterm, dumb, {"empty", "", false}, {"mute", "xterm", false}}
)

// A person sits at a pseudo-terminal of 80 columns in front of hikeshi.
type person struct {
	t      *testing.T
	cmd    *exec.Cmd
	master *os.File
	screen vt10x.Terminal

	mu   sync.Mutex
	got  []byte        // all that the terminal was sent
	news chan struct{} // something was sent, or the end
	gone bool          // nothing more comes
	at   int           // up to where expect has read

	ended chan struct{}
}

// sit starts cmd at a terminal; what cmd has set already stays.
func (s *server) sit(kind tty, cmd *exec.Cmd) *person {
	s.t.Helper()
	cmd.Env = append(cmd.Env, "TERM="+kind.term)
	master, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 24, Cols: width})
	if err != nil {
		s.t.Fatal(err)
	}
	if master, err = closable(master); err != nil {
		s.t.Fatal(err)
	}
	p := &person{t: s.t, cmd: cmd, master: master, news: make(chan struct{}, 1), ended: make(chan struct{})}
	p.screen = vt10x.New(vt10x.WithSize(width, 24))
	if kind.answers {
		p.screen = vt10x.New(vt10x.WithSize(width, 24), vt10x.WithWriter(master))
	}
	go p.watch()
	go func() { cmd.Wait(); close(p.ended) }()
	s.t.Cleanup(func() { cmd.Process.Kill(); <-p.ended; master.Close() })
	return p
}

// closable gives f anew in the way of which a Close takes effect at once, although somebody reads.
func closable(f *os.File) (*os.File, error) {
	defer f.Close()
	fd, err := unix.FcntlInt(f.Fd(), unix.F_DUPFD_CLOEXEC, 0)
	if err == nil {
		err = unix.SetNonblock(fd, true)
	}
	return os.NewFile(uintptr(fd), f.Name()), err
}

// at runs hikeshi at a terminal.
func (s *server) at(kind tty, args ...string) *person {
	s.t.Helper()
	return s.sit(kind, s.command(args...))
}

// watch is the terminal: it shows what comes and answers queries at once.
func (p *person) watch() {
	var half []byte // a character that is not all there
	b := make([]byte, 4096)
	for {
		n, err := p.master.Read(b)
		half = append(half, b[:n]...)
		whole := wholeRunes(half)
		p.screen.Write(half[:whole])
		half = slices.Clone(half[whole:])
		p.mu.Lock()
		p.got = append(p.got, b[:n]...)
		p.gone = err != nil
		p.mu.Unlock()
		select {
		case p.news <- struct{}{}:
		default:
		}
		if err != nil {
			return
		}
	}
}

// wholeRunes is how much of b does not end within a character.
func wholeRunes(b []byte) int {
	for i := len(b) - 1; i >= 0 && i > len(b)-utf8.UTFMax; i-- {
		if utf8.RuneStart(b[i]) && !utf8.FullRune(b[i:]) {
			return i
		}
	}
	return len(b)
}

// expect waits for text behind what was expected before, and returns what came up to its end.
func (p *person) expect(text string) string {
	p.t.Helper()
	return p.until(fmt.Sprintf("%q", text), func(rest []byte) int {
		if i := bytes.Index(rest, []byte(text)); i >= 0 {
			return i + len(text)
		}
		return -1
	})
}

func (p *person) until(what string, end func([]byte) int) string {
	p.t.Helper()
	limit := time.After(patience)
	for {
		p.mu.Lock()
		rest, gone := p.got[p.at:], p.gone
		p.mu.Unlock()
		if i := end(rest); i >= 0 {
			p.at += i
			return string(rest[:i])
		}
		if gone {
			p.t.Fatalf("the end came before %s:\n%s", what, p.all())
		}
		select {
		case <-p.news:
		case <-limit:
			p.t.Fatalf("%s did not come:\n%s", what, p.all())
		}
	}
}

func (p *person) all() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return string(p.got)
}

// text is all that was shown, without what steers the terminal.
func (p *person) text() string {
	return strings.ReplaceAll(escapes.ReplaceAllString(p.all(), ""), "\r\n", "\n")
}

var escapes = regexp.MustCompile("\x1b(\\[[0-9;?]*[A-Za-z]|[78])")

// send types keys.
func (p *person) send(keys string) {
	p.t.Helper()
	if _, err := p.master.WriteString(keys); err != nil {
		p.t.Fatal(err)
	}
}

// answer waits for a question and types an answer and Enter.
func (p *person) answer(question, text string) {
	p.t.Helper()
	p.expect(question)
	p.send(text + "\r")
}

// exits wants the end, with a code.
func (p *person) exits(want int) {
	p.t.Helper()
	if got := p.ends(); got != want {
		p.t.Fatalf("exit code %d, want %d:\n%s", got, want, p.all())
	}
}

// ends waits for the end and returns the exit code.
func (p *person) ends() int {
	p.t.Helper()
	p.wait()
	p.until("the end", func(rest []byte) int {
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.gone {
			return len(rest)
		}
		return -1
	})
	return p.cmd.ProcessState.ExitCode()
}

func (p *person) wait() {
	p.t.Helper()
	select {
	case <-p.ended:
	case <-time.After(patience):
		p.t.Fatalf("it does not end:\n%s", p.all())
	}
}

// hangUp takes the terminal away and waits for the end.
func (p *person) hangUp() {
	p.t.Helper()
	p.master.Close()
	p.wait()
}

func (p *person) signal(sig syscall.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(sig); err != nil {
		p.t.Fatal(err)
	}
}
