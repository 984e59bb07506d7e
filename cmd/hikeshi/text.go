package main

import (
	"fmt"
	"regexp"
	"strings"
	"time"

	"hikeshi/runbook"
	"hikeshi/runbook/engine"
)

// Progress shows how far a long operation is, on a terminal only.
func (s *screen) Progress(step string, done, total int64) {
	if !s.tty || s.quiet {
		return
	}
	how := fmt.Sprint(done)
	if total > 0 {
		how = fmt.Sprintf("%d/%d (%d%%)", done, total, done*100/total)
	}
	s.printf("%s: %s", step, how)
	s.waiting = true
}

// Ended tells how a step ended.
func (s *screen) Ended(v engine.View, r runbook.Result, err error) {
	if err != nil {
		if err.Error() != v.Plan.Why { // that was shown
			s.row(s.paint("31", "[!]"), translate(s.lang, err.Error()))
		}
		return
	}
	if v.Ask == "" && r == runbook.ResultDone || r == runbook.ResultPending || r == runbook.ResultSkipped && v.Ask == "" {
		return
	}
	words := map[runbook.Result][2]string{
		runbook.ResultDone: {"done", "完了"}, runbook.ResultByHand: {"recorded as done by hand", "手作業として記録"},
		runbook.ResultOpen: {"left open", "未実施として記録"}, runbook.ResultSkipped: {"skipped", "飛ばした"}, runbook.ResultUndone: {"undone", "元に戻した"},
	}
	w := words[r]
	text := s.word(w[0], w[1])
	if v.Ask == engine.AskUndo && len(v.Plan.Changes) == 1 {
		text += ": " + s.op(v.Plan.Changes[0].Op) + " " + line(v.Plan.Changes[0].Target)
	}
	s.row("  ->", text)
}

// longPath matches a path that a line has hardly room for, pieces what a line may be broken between.
var (
	longPath = regexp.MustCompile(`/\S{30}`)
	pieces   = regexp.MustCompile(` *[^ ]+`)
)

// hang prints text in 80 columns; what does not fit on its first line hangs below it by n blanks. A long path is never broken: it is to
// be copied.
func (s *screen) hang(n int, text string) {
	text = line(text)
	if longPath.MatchString(text) {
		s.hangPieces(n, text)
		return
	}
	first := wrap(text, width)[0]
	s.printf("%s\n", first)
	if rest := strings.TrimLeft(text[len(first):], " "); rest != "" {
		for _, l := range wrap(rest, width-n) {
			s.printf("%s%s\n", strings.Repeat(" ", n), l)
		}
	}
}

func (s *screen) hangPieces(n int, text string) {
	l := ""
	for _, piece := range pieces.FindAllString(text, -1) {
		if strings.TrimSpace(l) != "" && cells.StringWidth(l+piece) > width {
			s.printf("%s\n", l)
			l, piece = strings.Repeat(" ", n), strings.TrimLeft(piece, " ")
		}
		l += piece
	}
	s.printf("%s\n", l)
}

func (s *screen) paint(code, text string) string {
	if !s.color {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

func (s *screen) bold(text string) string { return s.paint("1", text) }

// clock writes a duration as minutes and seconds, or hours and minutes above an hour.
func clock(d time.Duration) string {
	d = d.Round(time.Second)
	if d >= time.Hour {
		return fmt.Sprintf("%dh%02d", int(d.Hours()), int(d.Minutes())%60)
	}
	return fmt.Sprintf("%d:%02d", int(d.Minutes()), int(d.Seconds())%60)
}

// ansi matches the colour codes that paint writes.
var ansi = regexp.MustCompile("\x1b\\[[0-9;]*m")

// pad fills text with blanks to n cells.
func pad(text string, n int) string {
	return text + strings.Repeat(" ", max(n-cells.StringWidth(text), 0))
}
