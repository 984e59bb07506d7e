package main

import (
	"strings"
	"sync"
	"syscall"
	"testing"
)

// What the questions say.
const (
	doOrSkip   = "q=quit (kept)"
	byHandWhat = "what was done by hand?"
	skippedWhy = "why is it skipped?"
	noSuchKey  = "Enter alone does nothing"
)

const lookStep = `
  - {id: look, phase: identify, title: {en: look at the queue, ja: キューを見る}, uses: queue.scan}
`

const asideStep = `
  - {id: aside, phase: contain, title: {en: set it aside, ja: 退避する}, uses: queue.quarantine}
`

const denyStep = `
  - {id: deny, phase: contain, title: {en: refuse it, ja: 拒否する}, uses: relay.deny, with: {targets: [203.0.113.9]}}
`

// everywhere runs a test at every kind of terminal.
func everywhere(t *testing.T, test func(t *testing.T, kind tty)) {
	t.Parallel()
	var all []subtest
	for _, kind := range ttys {
		all = append(all, subtest{kind.name, func(t *testing.T) { test(t, kind) }})
	}
	atOnce(t, all)
}

type subtest struct {
	name string
	run  func(t *testing.T)
}

// atOnce runs tests side by side however few processors there are: they wait for one another, they do not compute.
func atOnce(t *testing.T, all []subtest) {
	var wg sync.WaitGroup
	defer wg.Wait()
	for _, s := range all {
		wg.Go(func() { t.Run(s.name, s.run) })
	}
}

// asked fails if the questions were asked in another way than the terminal can take.
func asked(t *testing.T, kind tty, p *person) {
	t.Helper()
	queries := strings.Count(p.all(), "\x1b[6n")
	switch {
	case kind.answers && queries < 2:
		t.Errorf("survey was not used: %q", p.all())
	case !kind.answers && queries > 1:
		t.Errorf("survey was used: %q", p.all())
	case kind.term != "xterm" && strings.Contains(p.all(), "\x1b"):
		t.Errorf("a terminal without escape sequences got some: %q", p.all())
	}
}

func TestPromptKeys(t *testing.T) {
	everywhere(t, func(t *testing.T, kind tty) {
		s := newServer(t)
		p := s.at(kind, "run", s.book(lookStep+asideStep))
		if reading := p.expect("[2/2 contain] set it aside"); strings.Contains(reading, "> ") {
			t.Errorf("a reading step asked: %q", reading)
		}
		for _, none := range []string{"", "  ", "x", "yes", "yy", "n"} {
			p.answer(doOrSkip, none)
			p.expect(noSuchKey)
		}
		p.answer(doOrSkip, "d")
		p.expect("id aside.1")
		p.answer(doOrSkip, "m")
		p.answer(byHandWhat, "")
		p.answer(doOrSkip, "m")
		p.answer(byHandWhat, "手でキューを退避した")
		p.expect("recorded as done by hand")
		p.exits(0)
		asked(t, kind, p)
		if !strings.Contains(s.journal(), `"answer":"by-hand","via":"prompt","note":"手でキューを退避した"`) {
			t.Errorf("the note is not in the record:\n%s", s.journal())
		}
		if strings.Contains(s.journal(), `"event":"intent"`) {
			t.Error("something was changed")
		}
	})
}

func TestPromptSkip(t *testing.T) {
	everywhere(t, func(t *testing.T, kind tty) {
		s := newServer(t)
		p := s.at(kind, "run", s.book(asideStep+denyStep))
		p.answer(doOrSkip, "s")
		p.answer(skippedWhy, "")
		p.answer(doOrSkip, "s")
		p.answer(skippedWhy, "配送中のため不要")
		p.expect("[2/2")
		p.answer(doOrSkip, "y")
		p.expect("-> ")
		p.exits(0)
		asked(t, kind, p)
		if !strings.Contains(s.journal(), `"answer":"skip","via":"prompt","note":"配送中のため不要"`) || s.effect() != "#<> default\n203.0.113.9 false\n" {
			t.Errorf("%s\n%q", s.journal(), s.effect())
		}
	})
}

func TestPromptQuitAndResume(t *testing.T) {
	everywhere(t, func(t *testing.T, kind tty) {
		s := newServer(t)
		p := s.at(kind, "run", s.book(lookStep+asideStep+denyStep))
		p.answer(doOrSkip, "q")
		p.expect("aborted, no changes made")
		p.expect("hikeshi resume")
		p.exits(4)

		p = s.at(kind, "resume")
		if shown := p.expect("/3 contain]"); !strings.Contains(shown, "[2") {
			t.Errorf("resume begins with %q", shown)
		}
		p.answer(doOrSkip, "y")
		p.expect("[3/3 contain] refuse it")
		p.answer(doOrSkip, "q")
		p.expect("hikeshi undo")
		p.exits(6)
		if s.effect() != "#<> default\n" {
			t.Errorf("q has changed %q", s.effect())
		}

		p = s.at(kind, "resume")
		if shown := p.expect("/3 contain]"); !strings.Contains(shown, "[3") {
			t.Errorf("resume begins with %q", shown)
		}
		p.answer(doOrSkip, "y")
		p.exits(0)
		if s.effect() != "#<> default\n203.0.113.9 false\n" || len(s.incidents()) != 1 {
			t.Errorf("%q, incidents %q", s.effect(), s.incidents())
		}
	})
}

// Keys typed before the question, during a long look, do not answer it.
func TestPromptTypedAhead(t *testing.T) {
	everywhere(t, func(t *testing.T, kind tty) {
		s := newServer(t)
		p := s.at(kind, "run", s.book(lookStep+`
  - {id: watch, phase: identify, title: {en: watch it}, uses: queue.scan, with: {watch: 2s}}
`+denyStep))
		p.send("y\r") // the terminal is being asked whether it answers queries
		p.expect("watch: 1/2")
		p.send("y\ry\ny")
		p.expect("[3/3 contain] refuse it")
		p.answer(doOrSkip, "")
		p.expect(noSuchKey)
		p.answer(doOrSkip, "q")
		p.exits(4)
		asked(t, kind, p)
		if screen := p.screen.String(); kind.answers && strings.Contains(screen, "watch: ") {
			t.Errorf("what was waited for still stands on the screen:\n%s", screen)
		}
	})
}

func TestPromptInterrupted(t *testing.T) {
	ways := map[string]struct {
		do   func(*person)
		code int
		says string
	}{
		"ctrl-c":  {func(p *person) { p.send("\x03") }, 130, "interrupted at the prompt"},
		"ctrl-d":  {func(p *person) { p.send("\x04") }, 4, "aborted, no changes made"},
		"half":    {func(p *person) { p.send("y\x03") }, 130, "interrupted at the prompt"},
		"sigterm": {func(p *person) { p.signal(syscall.SIGTERM) }, 130, "interrupted at the prompt"},
		"sighup":  {func(p *person) { p.signal(syscall.SIGHUP) }, 130, "interrupted at the prompt"},
	}
	everywhere(t, func(t *testing.T, kind tty) {
		all := []subtest{{"closed", func(t *testing.T) {
			s := newServer(t)
			p := s.at(kind, "run", s.book(denyStep))
			p.expect(doOrSkip)
			p.send("y")
			p.hangUp()
			stoppedInOrder(t, s)
		}}}
		for name, way := range ways {
			all = append(all, subtest{name, func(t *testing.T) {
				s := newServer(t)
				p := s.at(kind, "run", s.book(denyStep))
				p.expect(doOrSkip)
				way.do(p)
				p.expect(way.says)
				p.expect("hikeshi resume")
				p.exits(way.code)
				stoppedInOrder(t, s)
			}})
		}
		atOnce(t, all)
	})
}

// stoppedInOrder wants an incident that was closed in order with nothing changed, and that goes on.
func stoppedInOrder(t *testing.T, s *server) {
	t.Helper()
	if j := s.journal(); !strings.Contains(j, `"event":"closed"`) || strings.Contains(j, `"event":"intent"`) {
		t.Errorf("not ended in order:\n%s", j)
	}
	s.run(0, "resume", s.incidents()[0], "--yes")
	if s.effect() != "#<> default\n203.0.113.9 false\n" {
		t.Errorf("after resume: %q", s.effect())
	}
}

// Ctrl-C and its like during a long look end the run in order.
func TestInterruptedWhileLooking(t *testing.T) {
	everywhere(t, func(t *testing.T, kind tty) {
		var all []subtest
		for name, do := range map[string]func(*person){
			"ctrl-c":  func(p *person) { p.send("\x03") },
			"sigterm": func(p *person) { p.signal(syscall.SIGTERM) },
		} {
			all = append(all, subtest{name, func(t *testing.T) {
				s := newServer(t)
				p := s.at(kind, "run", s.book(`
  - {id: watch, phase: identify, title: {en: watch it}, uses: queue.scan, with: {watch: 300s}}
`))
				p.expect("watch: 1/300")
				do(p)
				p.expect("hikeshi resume")
				p.exits(130)
				if j := s.journal(); !strings.Contains(j, `"event":"closed"`) {
					t.Errorf("not ended in order:\n%s", j)
				}
			}})
		}
		atOnce(t, all)
	})
}
