package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hikeshi/runbook"
	"hikeshi/runbook/engine"
)

// meddling says yes to everything, and lets a colleague do something between the look of a step and its deed, once.
type meddling struct {
	unattended
	edits map[string]func() // by step
}

func (m meddling) Decide(ctx context.Context, v engine.View) (runbook.Decision, error) {
	if edit := m.edits[v.Step.ID]; edit != nil && v.Ask == engine.AskChanges {
		delete(m.edits, v.Step.ID)
		edit()
	}
	return m.unattended.Decide(ctx, v)
}

// meddled runs a runbook of these steps, or goes on with it, with a colleague at work.
func (p *playground) meddled(steps string, edits map[string]func()) (string, error) {
	p.t.Helper()
	var out, errs bytes.Buffer
	a := &app{stdin: strings.NewReader(""), stdout: &out, stderr: &errs, now: time.Now, getenv: func(name string) string { return p.vars[name] }}
	a.flags.config, a.flags.state, a.flags.root, a.flags.lang = p.config(), p.state(), "/", "en"
	w, err := a.world(p.t.Context(), "")
	fine(p.t, err)
	p.booked(nil, steps)
	err = a.labEngine(p.t.Context(), w, p.ownBook(), nil, meddling{unattended{screen: a.screen(), accept: []string{"disruptive", "reopening"}}, edits})
	p.id = p.newest()
	return out.String() + errs.String(), err
}

// rewritten edits a file of the spool, or the deny file for "".
func (p *playground) rewritten(name string, edit func(string) string) func() {
	path := p.deny()
	if name != "" {
		path = filepath.Join(p.spool(), name)
	}
	return func() {
		b, err := os.ReadFile(path)
		fine(p.t, err)
		fine(p.t, os.WriteFile(path, []byte(edit(string(b))), 0o640))
	}
}

// A colleague's edits: a line with a TAB and no final newline; another account; another password of somebody else.
const hisLine = "198.18.0.1\tfalse  # by hand, \x83\x65"

func withHisLine(text string) string { return text + hisLine }

func (p *playground) hisConsole(text string) string {
	hers := lineOf("hanako", secret("Reading"))
	if !strings.Contains(text, hers) {
		p.t.Error("there is no line of hanako to change")
	}
	return strings.Replace(text, hers, goro("hanako"), 1) + goro("goro")
}

// goro is a line of the account file that somebody made in the console.
func goro(name string) string { return lineOf(name, "set in the console") }

// TestMustNoticeAColleagueBeforeTheDeed: what somebody else has changed since it was shown is noticed, nothing of it is lost, and resume
// shows and makes the change anew.
func TestMustNoticeAColleagueBeforeTheDeed(t *testing.T) {
	if !alone(t) {
		return
	}
	for name, x := range map[string]struct {
		step, file string
		edit       func(*playground) func(string) string
		drift      bool // else the deed goes together with the edit
		his        string
		ours       string // in the file at the end
	}{
		"deny":     {"{id: s, title: {en: s}, uses: relay.deny, with: {targets: [203.0.113.9]}}", "", his, true, hisLine, "203.0.113.9 false\n"},
		"fix":      {"{id: s, title: {en: s}, uses: relay.fix, with: {lines: [all], add_catch_all: true}}", "", his, true, hisLine, "example.jp norelay,2 of old\r\n"},
		"lock":     {"{id: s, title: {en: s}, uses: account.lock, with: {accounts: [taro]}}", "db/example.jp.idx", console, false, goro("hanako"), goro("goro")},
		"rename":   {"{id: s, title: {en: s}, uses: account.rename, with: {accounts: [taro]}}", "db/example.jp.idx", console, false, goro("hanako"), goro("goro")},
		"clean":    {"{id: s, title: {en: s}, uses: account.clean, with: {accounts: [taro]}}", "inbox/taro/ims.ctl", his, true, hisLine, "[Delivery]\r\n"},
		"settings": {"{id: s, title: {en: s}, uses: settings.set, with: {values: [SMTPAUTHOnly=2]}}", "reg/epost/ims/EPST5RS/SMTPAUTHOnly.1", func(*playground) func(string) string { return func(string) string { return "1 \r\n" } }, true, " \r\n", "2"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPlayground(t)
			unshut(p)
			if x.file == "" {
				fine(t, os.WriteFile(p.deny(), []byte("#<> default\r\n#blank false\nexample.jp true of old\r\n"), 0o640))
			}
			path := p.deny()
			if x.file != "" {
				path = filepath.Join(p.spool(), x.file)
			}
			var edited string
			said, err := p.meddled("\n  - "+x.step+"\n", map[string]func(){"s": func() {
				p.rewritten(x.file, x.edit(p))()
				b, err := os.ReadFile(path)
				fine(t, err)
				edited = string(b)
			}})
			if errors.Is(err, runbook.ErrDrift) != x.drift || !x.drift && err != nil || edited == "" {
				t.Fatalf("%v, edited %q\n%s", err, edited, said)
			}
			if b, err := os.ReadFile(path); x.drift && (err != nil || string(b) != edited) {
				t.Errorf("after the refusal the file holds %q, %v, and he had written %q", b, err, edited)
			}
			if x.drift {
				p.here("resume", p.id, "--yes", "--accept-risk", "disruptive,reopening").exits(t, exitOK)
			}
			b, err := os.ReadFile(path)
			if err != nil || !strings.Contains(string(b), x.his) || !strings.Contains(string(b), x.ours) {
				t.Errorf("at the end the file holds %q, %v, want %q and %q", b, err, x.his, x.ours)
			}
			p.here("verify", p.id).exits(t, exitOK)
		})
	}
}

func his(*playground) func(string) string { return withHisLine }

func console(p *playground) func(string) string { return p.hisConsole }

// TestMustKeepAColleaguesWorkInAnUndo: what was edited since the deed stays, byte for byte, and ours goes.
func TestMustKeepAColleaguesWorkInAnUndo(t *testing.T) {
	if !alone(t) {
		return
	}
	p := newPlayground(t)
	unshut(p)
	const before = "#<> default\r\n#blank false\nexample.jp true of old\r\n"
	fine(t, os.WriteFile(p.deny(), []byte(before), 0o640))
	idx, err := os.ReadFile(filepath.Join(p.spool(), "db/example.jp.idx"))
	fine(t, err)
	said, err := p.meddled(closingBook, nil)
	if err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	p.rewritten("", withHisLine)()
	p.rewritten("db/example.jp.idx", p.hisConsole)()
	p.rewritten("reg/epost/ims/EPST5RS/AuthLockOut.1", func(string) string { return "9\n" })()
	s := p.here("undo", p.id, "--yes", "--accept-risk", "reopening,disruptive", "--lang", "en").exits(t, exitError, "AuthLockOut")
	for name, want := range map[string]string{
		p.deny(): before + hisLine,
		filepath.Join(p.spool(), "db/example.jp.idx"):                    p.hisConsole(string(idx)),
		filepath.Join(p.spool(), "reg/epost/ims/EPST5RS/AuthLockOut.1"):  "9\n",
		filepath.Join(p.spool(), "reg/epost/ims/EPST5RS/SMTPAUTHOnly.1"): "0\n",
		filepath.Join(p.spool(), "inbox/taro/apop.dat"):                  secret("Sending") + "\r\n1\r\n" + secret("Kept"),
	} {
		if b, err := os.ReadFile(name); err != nil || string(b) != want {
			t.Errorf("%s holds %q, %v, want %q\n%s", name, b, err, want, s.out)
		}
	}
}
