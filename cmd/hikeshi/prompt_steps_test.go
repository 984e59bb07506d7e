package main

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
)

// manualStep is a step done by hand.
func manualStep(id, ask string) string {
	return fmt.Sprintf("\n  - {id: %s, phase: identify, title: {en: %s}, manual: {text: {en: do it}%s}}\n", id, id, ask)
}

func TestPromptManual(t *testing.T) {
	everywhere(t, func(t *testing.T, kind tty) {
		s := newServer(t)
		kept := filepath.Join(filepath.Dir(s.root), "acceptlog")
		s.write("../acceptlog", "a line\n")
		p := s.at(kind, "run", s.book(manualStep("plain", "")+manualStep("told", ", ask: text, required: true")+manualStep("maybe", ", ask: text")+
			manualStep("kept", ", ask: file, required: true")+manualStep("chosen", ", ask: choice, required: true, choices: [{value: ours, title: {en: our own}}, {value: theirs, title: {en: not ours}}]")+
			manualStep("left", ", ask: text, required: true")+manualStep("needless", "")))

		p.expect("[1/7")
		p.answer(doOrSkip, "")
		p.expect(noSuchKey)
		p.answer(doOrSkip, "d") // there are no details
		p.expect(noSuchKey)
		p.answer(doOrSkip, "y")

		p.expect("[2/7")
		p.answer(doOrSkip, "y")
		p.answer("for the record", "")
		p.expect("does not count as done")
		p.answer(doOrSkip, "ｙ") // with the input method still on
		p.answer("for the record", "03:12 に確認、送信元は 203.0.113.9")

		p.expect("[3/7")
		p.answer(doOrSkip, "Y")
		p.answer("(Enter: nothing)", "")

		p.expect("[4/7")
		p.answer(doOrSkip, "y")
		p.answer("path of the file", filepath.Join(s.root, "none"))
		p.expect("no such file")
		p.answer("path of the file", s.root)
		p.expect("not a plain file")
		p.answer("path of the file", kept)

		p.expect("[5/7")
		p.answer(doOrSkip, "y")
		p.answer("which one?", "nobody")
		p.expect("does not count as done")
		p.answer(doOrSkip, "y")
		p.answer("which one?", "theirs")

		p.expect("[6/7")
		p.answer(doOrSkip, "o")
		p.expect("left open")
		p.expect("[7/7")
		p.answer(doOrSkip, "s")
		p.answer(skippedWhy, "対象のアカウントがない")
		p.expect("[ ] left")
		p.exits(0)
		asked(t, kind, p)
		j := s.journal()
		for _, want := range []string{`"note":"03:12 に確認、送信元は 203.0.113.9"`, `"choice":"theirs"`, `"note":"対象のアカウントがない"`, `"answer":"open"`, `"file":"` + kept + `"`} {
			if !strings.Contains(j, want) {
				t.Errorf("the record lacks %s:\n%s", want, j)
			}
		}
		files, err := filepath.Glob(filepath.Join(s.state, "incidents/*/evidence/*acceptlog*"))
		if err != nil || len(files) != 1 {
			t.Errorf("evidence %q, %v", files, err)
		}
	})
}

func TestPromptEach(t *testing.T) {
	const each = `
  - {id: deny, phase: contain, title: {en: refuse them}, uses: relay.deny, for_each: '["203.0.113.9", "198.51.100.7"]', confirm: each, with: {targets: "${[item]}"}}
`
	everywhere(t, func(t *testing.T, kind tty) {
		s := newServer(t)
		p := s.at(kind, "run", s.book(each))
		p.expect("does     1/2 deny")
		p.answer(doOrSkip, "")
		p.expect(noSuchKey)
		p.answer(doOrSkip, "d")
		p.expect("id deny.1")
		p.answer(doOrSkip, "s")
		p.answer(skippedWhy, "共用の回線")
		p.expect("does     2/2 deny")
		p.answer(doOrSkip, "y")
		p.exits(0)
		if s.effect() != "#<> default\n198.51.100.7 false\n" || !strings.Contains(s.journal(), `"note":"deny.1: 共用の回線"`) {
			t.Errorf("%q\n%s", s.effect(), s.journal())
		}

		s = newServer(t)
		p = s.at(kind, "run", s.book(each))
		p.expect("1/2 deny")
		p.answer(doOrSkip, "y")
		p.expect("2/2 deny")
		p.answer(doOrSkip, "q")
		p.exits(4)
		if s.effect() != "#<> default\n" {
			t.Errorf("q at the second change has made the first: %q", s.effect())
		}

		p = s.at(kind, "resume", s.incidents()[0])
		for i := range 2 {
			p.expect(fmt.Sprintf("%d/2 deny", i+1))
			p.answer(doOrSkip, "s")
			p.answer(skippedWhy, "no")
		}
		p.exits(0)
		if s.effect() != "#<> default\n" {
			t.Errorf("nothing was wanted: %q", s.effect())
		}
	})
}

// What cannot be undone needs its name, and the count of what will be gone.
func TestPromptIrreversible(t *testing.T) {
	everywhere(t, func(t *testing.T, kind tty) {
		s := newServer(t)
		s.run(0, "spool", "quarantine", "--yes", "--strategy", "rename")
		id := s.incidents()[0]
		const count, name = "Type that number:", "type the word irreversible"
		for _, enough := range []struct{ count, says string }{{"q", "no changes made"}, {"1", "but 2 messages"}} {
			p := s.at(kind, "spool", "purge", id)
			p.answer(count, "")
			p.expect(noSuchKey)
			p.answer(count, "2 or so")
			p.expect(noSuchKey)
			p.answer(count, enough.count)
			p.expect(enough.says)
			p.exits(4)
		}
		p := s.at(kind, "spool", "purge", id)
		p.answer(count, "2")
		for _, wrong := range []string{"", "y", "reversible"} {
			p.answer(doOrSkip, "y")
			p.answer(name, wrong)
		}
		p.expect(doOrSkip)
		if out, _ := s.run(0, "spool", "list"); !strings.Contains(out, id) {
			t.Errorf("purged without the word: %s", out)
		}
		p.send("y\r")
		p.answer(name, "irreversible")
		p.exits(0)
		asked(t, kind, p)
		if out, _ := s.run(0, "spool", "list"); !strings.Contains(out, "nothing is set aside") {
			t.Errorf("after the purge: %s", out)
		}
	})
}

func TestPromptUndo(t *testing.T) {
	const question = "q=quit"
	everywhere(t, func(t *testing.T, kind tty) {
		s := newServer(t)
		s.run(0, "run", "--yes", s.book(denyStep))
		id := s.incidents()[0]
		p := s.at(kind, "undo", id)
		p.expect("[reopening]")
		for _, wrong := range []string{"", "x", "irreversibly"} {
			p.answer(question, wrong)
			p.expect(noSuchKey)
		}
		p.answer(question, "y")
		p.expect("the risk reopening has to be accepted by its name")
		p.answer(question, "d")
		p.expect("id deny.1")
		p.answer(question, "disruptive") // another name does not include it
		p.expect("reopening has to be accepted")
		p.answer(question, "q")
		p.expect("aborted, nothing undone")
		p.exits(4)
		if s.effect() != "#<> default\n203.0.113.9 false\n" {
			t.Errorf("undone without its name: %q", s.effect())
		}

		p = s.at(kind, "undo", id)
		p.expect(question)
		p.send("\x03")
		p.expect("hikeshi undo")
		p.exits(130)

		p = s.at(kind, "undo", id)
		p.answer(question, "reopening")
		p.expect("undone")
		p.exits(0)
		asked(t, kind, p)
		if s.effect() != "#<> default\n" {
			t.Errorf("after undo: %q", s.effect())
		}
	})
}

// A step that fails with on_error: ask is tried again, left, or kept for later.
func TestPromptFailure(t *testing.T) {
	const releaseStep = `
  - {id: release, phase: recover, title: {en: put it back}, uses: queue.release, with: {own_domains: true}, on_error: ask}
`
	everywhere(t, func(t *testing.T, kind tty) {
		s := newServer(t)
		p := s.at(kind, "run", s.book(releaseStep+lookStep))
		for range 2 {
			p.expect("no own domain is")
			p.answer("y=try again", "")
			p.expect(noSuchKey)
			p.answer("y=try again", "y")
		}
		p.expect("no own domain is")
		p.answer("y=try again", "q")
		p.exits(4)
		p = s.at(kind, "resume")
		p.answer("y=try again", "s")
		p.answer(skippedWhy, "後で名前を指定して戻す")
		p.expect("[2/2")
		p.exits(0)
		asked(t, kind, p)
		if !strings.Contains(s.journal(), "後で名前を指定して戻す") {
			t.Errorf("the reason is not in the record:\n%s", s.journal())
		}
	})
}

// A terminal that sends another encoding than UTF-8, escape sequences or a late answer to a cursor query does not answer anything.
func TestPromptStrangeKeys(t *testing.T) {
	everywhere(t, func(t *testing.T, kind tty) {
		s := newServer(t)
		p := s.at(kind, "run", s.book(denyStep))
		p.answer(doOrSkip, "\x8e\xe8") // Shift_JIS
		p.expect("not UTF-8")
		p.answer(doOrSkip, "\x1b[A")
		p.expect(noSuchKey)
		p.expect(doOrSkip)
		p.send("\x1bx") // Alt-x; survey gives up at it
		if !kind.answers {
			p.send("\r")
			p.expect(noSuchKey)
		}
		p.answer(doOrSkip, "\x1b[24;80R")
		p.expect(noSuchKey)
		p.answer(doOrSkip, "s")
		p.expect(skippedWhy)
		p.send("手で\x1b[D\x1b[C\r")
		p.exits(0)
		if !strings.Contains(s.journal(), `"note":"手で"`) {
			t.Errorf("%s", s.journal())
		}
		if s.effect() != "#<> default\n" {
			t.Errorf("changed: %q", s.effect())
		}
	})
}

// TestPromptChecked: names that a later step would refuse are refused where they are typed, with the name that was meant, whether there
// is a list to choose from or not.
func TestPromptChecked(t *testing.T) {
	everywhere(t, func(t *testing.T, kind tty) {
		s := newServer(t)
		s.write("var/spool/epms/reg/epost/ims/DomainNamesAreLocal.0", "example.jp\x00\x00")
		s.write("var/spool/epms/db/example.jp.idx", accountLine("taro")+accountLine("hana"))
		p := s.at(kind, "run", s.book(manualStep("who", ", ask: text, check: {uses: account.audit, as: accounts}, required: true")+
			manualStep("from", `, ask: text, offer: '["203.0.113.9 [!]", "300.1.1.1 [?]"]', check: {uses: relay.deny, as: targets}, required: true`)+
			manualStep("none", ", ask: text, check: {uses: account.audit, as: accounts}, required: true")))

		p.expect("[1/3")
		p.answer(doOrSkip, "y")
		p.answer("for the record", "hana, tarou")
		p.expect(`no account "tarou"; did you mean "taro"?`)
		p.expect("nothing was recorded")
		p.answer(doOrSkip, "y")
		p.answer("for the record", "hana, taro")

		p.expect("[2/3")
		p.answer(doOrSkip, "y")
		p.answer("numbers or names", "1,2")
		p.expect("300.1.1.1")
		p.answer(doOrSkip, "y")
		p.answer("numbers or names", "1, 203.0.113.0/99")
		p.expect("203.0.113.0/99")
		p.answer(doOrSkip, "y")
		p.answer("numbers or names", "1")

		p.expect("[3/3")
		p.answer(doOrSkip, "y")
		p.answer("for the record", "-")
		p.exits(0)
		asked(t, kind, p)
		if j := s.journal(); !strings.Contains(j, `"note":"hana, taro"`) || !strings.Contains(j, `"note":"203.0.113.9"`) || strings.Contains(j, "tarou") || strings.Contains(j, "/99") {
			t.Errorf("the record:\n%s", j)
		}
	})
}
