// Rules of the prompts, which the code below obeys:
//
//   - Only what changes something, or is done by hand, is asked. A reading step never prompts.
//   - Enter alone does nothing and asks again. There is no default answer.
//   - Typed-ahead keys never answer: what was typed before the question is thrown away.
//   - Prompts go to standard error and are read from standard input, only if both are terminals.
//   - Where the terminal answers no cursor query (TERM empty or dumb, a serial console), plain one-line prompts with the same
//     answers are used.
//   - Ctrl-C at a prompt quits in order, as q does; end of input too.

package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/AlecAivazis/survey/v2"
	"github.com/AlecAivazis/survey/v2/terminal"
	"golang.org/x/sys/unix"
	"golang.org/x/term"
)

// errAborted says that the responder pressed Ctrl-C or closed the input at a prompt.
var errAborted = errors.New("aborted at the prompt")

// prompter asks one line at a time.
type prompter struct {
	in     *os.File
	out    *os.File
	plain  bool
	reader *bufio.Reader
}

// newPrompter returns a prompter, or nil where standard input or standard error is no terminal.
func newPrompter(in io.Reader, out io.Writer, termName string) *prompter {
	i, ok1 := in.(*os.File)
	o, ok2 := out.(*os.File)
	if !ok1 || !ok2 || !term.IsTerminal(int(i.Fd())) || !term.IsTerminal(int(o.Fd())) {
		return nil
	}
	p := &prompter{in: i, out: o, plain: true}
	if termName != "" && termName != "dumb" {
		p.plain = !answersCursorQuery(i, o)
	}
	return p
}

// ask shows message and returns what was typed, without the spaces around it.
func (p *prompter) ask(message string) (string, error) {
	p.discardTyped()
	if p.plain {
		return p.askPlain(message)
	}
	var answer string
	err := survey.AskOne(&survey.Input{Message: message}, &answer, survey.WithStdio(p.in, p.out, p.out),
		survey.WithIcons(func(i *survey.IconSet) { i.Question.Text = ">" }))
	if errors.Is(err, terminal.InterruptErr) || errors.Is(err, io.EOF) {
		return "", errAborted
	}
	return strings.TrimSpace(answer), err
}

func (p *prompter) askPlain(message string) (string, error) {
	fmt.Fprintf(p.out, "> %s ", message)
	if p.reader == nil {
		p.reader = bufio.NewReader(p.in)
	}
	answer, err := p.reader.ReadString('\n')
	if err != nil && answer == "" {
		return "", errAborted
	}
	return strings.TrimSpace(answer), nil
}

// discardTyped throws away what was typed before the question.
func (p *prompter) discardTyped() {
	_ = flushInput(int(p.in.Fd())) // a terminal that cannot be flushed is asked all the same
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
	deadline := time.Now().Add(400 * time.Millisecond)
	for time.Now().Before(deadline) && len(got) < 64 {
		fds := []unix.PollFd{{Fd: int32(in.Fd()), Events: unix.POLLIN}}
		if n, err := unix.Poll(fds, 50); err != nil && err != unix.EINTR || n == 0 {
			continue
		}
		b := make([]byte, 32)
		n, err := unix.Read(int(in.Fd()), b)
		if err != nil {
			return false
		}
		got = append(got, b[:n]...)
		if strings.HasSuffix(string(got), "R") && strings.Contains(string(got), "\x1b[") {
			return true
		}
	}
	out.WriteString("\r    \r")
	return false
}
