package main

import (
	"fmt"
	"os"
	"os/exec"
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

// expect waits for text behind what was expected before, and returns what came up to its end. The text may be broken over lines.
func (p *person) expect(text string) string {
	p.t.Helper()
	words := strings.Fields(text)
	for i := range words {
		words[i] = regexp.QuoteMeta(words[i])
	}
	wrapped := regexp.MustCompile(strings.Join(words, `\s+`))
	return p.until(fmt.Sprintf("%q", text), func(rest []byte) int {
		if at := wrapped.FindIndex(rest); at != nil {
			return at[1]
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
