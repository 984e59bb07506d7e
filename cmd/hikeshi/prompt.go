// Rules of the prompts, which the code below obeys:
//
//   - Only what changes something, or is done by hand, is asked. A reading step never prompts.
//   - Nothing is asked that was not shown on the same terminal before.
//   - Enter alone does nothing and asks again. There is no default answer. Only evidence that a step can do without is left away
//     by Enter, and the question says so.
//   - Typed-ahead keys never answer: what was typed before the question is thrown away.
//   - Prompts go to standard error and are read from standard input, only if both are terminals.
//   - Where the terminal answers no cursor query (TERM empty or dumb, a serial console), plain one-line prompts with the same
//     answers are used.
//   - Ctrl-C at a prompt interrupts the run in order, as it does anywhere else, and so does a signal that asks the process to end.
//   - The end of input (Ctrl-D, a terminal that is gone) quits, as q does. It never makes an answer of what was half typed.

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/AlecAivazis/survey/v2"
	"github.com/AlecAivazis/survey/v2/core"
	"golang.org/x/term"
)

var (
	errInterrupted = errors.New("interrupted at the prompt")
	errClosed      = errors.New("the input ended at the prompt")
)

// prompter asks one line at a time.
type prompter struct {
	in    *os.File
	out   *os.File
	plain bool
	word  func(en, ja string) string
}

// prompter returns what asks at the terminal, or nil where there is none to ask at.
func (a *app) prompter() *prompter {
	core.DisableColor = a.flags.color == "never"
	if a.asker == nil {
		a.asker = newPrompter(a.stdin, a.stderr, a.getenv("TERM"))
	}
	if a.asker != nil {
		a.asker.word = a.word
	}
	return a.asker
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

// ask shows message and returns what was typed, without the spaces around it. The error is errInterrupted or errClosed.
func (p *prompter) ask(ctx context.Context, message string) (string, error) {
	keys := &keyboard{ctx: ctx, tty: p.in}
	answer, err := p.line(keys, message)
	if err != nil {
		fmt.Fprintln(p.out)
		return "", err
	}
	if !utf8.ValidString(answer) || strings.ContainsRune(answer, utf8.RuneError) {
		fmt.Fprintln(p.out, p.word("[!] not UTF-8 (another encoding, or half a character erased): type it again", "[!] UTF-8 ではない (別の文字コード、または文字の半分が消えた)。もう一度入力する"))
		return "", nil
	}
	return strings.TrimSpace(unseen.ReplaceAllString(answer, "")), nil
}

// unseen is what a terminal or a key sends and nobody means: an answer to a cursor query that came late, an arrow key.
var unseen = regexp.MustCompile("\x1b[\\[O][0-9;]*[A-Za-z~]|[\x00-\x1f\x7f]")

func (p *prompter) line(keys *keyboard, message string) (string, error) {
	if !p.plain {
		answer, err := p.survey(keys, message)
		if err == nil || keys.err != nil {
			return answer, keys.err
		}
		p.plain = true // it sends what survey cannot read
		fmt.Fprintln(p.out)
	}
	_ = flushInput(int(p.in.Fd())) // a terminal that cannot be flushed is asked all the same
	fmt.Fprintf(p.out, "> %s ", message)
	return keys.line()
}

func (p *prompter) survey(keys *keyboard, message string) (answer string, err error) {
	restore, err := keyByKey(p.in)
	if err != nil {
		return "", err
	}
	defer restore()
	err = survey.AskOne(&survey.Input{Message: message}, &answer, survey.WithStdio(keys, p.out, p.out),
		survey.WithIcons(func(i *survey.IconSet) { i.Question.Text = ">" }))
	return answer, err
}
