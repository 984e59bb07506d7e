package main

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"hikeshi/runbook"
	"hikeshi/runbook/journal"
	"hikeshi/runbook/report"
	"hikeshi/runbook/report/story"
)

func (a *app) showVerb() *cobra.Command {
	return &cobra.Command{
		Use: "show INCIDENT", Short: "the record of an incident in short: steps, changes, what is open, how to go on", Args: cobra.ExactArgs(1),
		Long:    "Show is the record in short: every step with its id and how it ended, the changes\nand whether they are in force, and how to go on. `hikeshi report` tells all of it.",
		Example: "  hikeshi show 20261121-0312\n  hikeshi show 1121-0312 --output json",
		RunE: func(_ *cobra.Command, args []string) error {
			if a.isJSON() {
				return a.writeReport(args[0], "json", "", false)
			}
			jr, records, err := a.openIncident(args[0])
			if err != nil {
				return err
			}
			defer jr.Close()
			r, err := a.buildReport(jr, records)
			if err != nil {
				return err
			}
			a.showRecord(r, jr)
			return nil
		},
		ValidArgsFunction: a.completeIncidents,
	}
}

func (a *app) showRecord(r *report.Report, jr *journal.Journal) {
	s, h := a.screenOn(a.stdout), r.History
	row := func(label, text string) { s.row(pad(label, 8), text) }
	a.showHead(row, r)
	fmt.Fprintln(a.stdout)
	column := 0
	for _, step := range h.Steps {
		column = max(column, min(cells.StringWidth(step.Head.ID), 20))
	}
	for _, step := range h.Steps {
		mark, how := a.stood(step)
		s.hang(4+column+2, mark+" "+pad(line(step.Head.ID), column+1)+" "+line(step.Head.Title.In(a.lang())+how))
	}
	if made := r.Made(); len(made) > 0 {
		fmt.Fprintf(a.stdout, "\n%s\n", a.word("changes", "変更"))
		for _, c := range made {
			s.hang(4, fmt.Sprintf("  %s  %s %s: %s", c.ID, s.op(c.Op), line(c.Target), a.changeState(h, c)))
		}
	}
	fmt.Fprintln(a.stdout)
	for _, text := range r.Unrecorded {
		row("[!]", text.In(a.lang()))
	}
	a.wayOn(h, jr)
}

// maxNotes is how many notes show tells, the newest.
const maxNotes = 5

// showHead says which incident it is, how it stands, and who worked on it.
func (a *app) showHead(row func(label, text string), r *report.Report) {
	h, o := r.History, r.History.Opening
	state := a.stateWord(h.State)
	if r.Closing != "" {
		state += ": " + r.WhyClosed(a.lang())
	}
	row(a.word("incident", "事案"), o.Incident+": "+state)
	row(a.word("runbook", "手順書"), o.Title.In(a.lang())+" ("+o.Runbook+")")
	server := o.Host
	if o.Server != "" {
		server += " [" + o.Server + "]"
	}
	if o.Root != "/" {
		server += a.word("  below ", "  基点 ") + o.Root
	}
	row(a.word("server", "サーバー"), server)
	row(a.word("opened", "開始"), a.when(&h.Opened))
	if !h.Closed.IsZero() {
		row(a.word("ended", "終了"), a.when(&h.Closed))
	}
	var who []string
	kept := 0
	for _, actor := range r.Actors() {
		who = append(who, story.Account(actor)+" @ "+actor.Host)
	}
	row(a.word("by", "対応者"), strings.Join(who, ", "))
	row(a.word("reason", "理由"), o.Reason)
	var notes []string
	for _, rec := range h.Records {
		if rec.Event == runbook.Noted && rec.Error == "" {
			notes = append(notes, rec.Time.Local().Format("15:04 ")+story.Account(rec.Actor)+": "+rec.Text)
		}
		if rec.Evidence != nil && rec.Evidence.SHA256 != "" {
			kept++
		}
	}
	if more := len(notes) - maxNotes; more > 0 {
		row(a.word("note", "メモ"), fmt.Sprintf(a.word("%d earlier ones: see the report", "これより前に %d 件(報告書にある)"), more))
		notes = notes[more:]
	}
	for _, note := range notes {
		row(a.word("note", "メモ"), note)
	}
	if n := len(h.Letters); n > 0 {
		row(a.word("letters", "文書"), fmt.Sprintf(a.word("%d, of these sent %d: hikeshi delist list %s", "%d 件、うち送信済み %d 件: hikeshi delist list %s"), n, sentLetters(h), o.Incident))
	}
	if kept > 0 {
		row(a.word("evidence", "証拠"), runbook.T(runbook.Count(int64(kept), "file"), fmt.Sprintf("%d ファイル", kept)).In(a.lang()))
	}
}

func sentLetters(h *runbook.History) int {
	n := 0
	for _, l := range h.Letters {
		if len(l.Sent) > 0 {
			n++
		}
	}
	return n
}

// stood is the mark of a step and, where the mark does not say it all, how the step stands.
func (a *app) stood(step *runbook.StepHistory) (mark, how string) {
	note := ""
	if step.Decision != nil && step.Decision.Note != "" {
		note = ": " + step.Decision.Note
	}
	switch step.Result {
	case runbook.ResultDone:
		return "[x]", ""
	case runbook.ResultByHand:
		return "[x]", a.word(" (by hand", " (手作業") + note + ")"
	case runbook.ResultOpen:
		return "[ ]", a.word(" (left open)", " (未実施)")
	case runbook.ResultFailed:
		return "[!]", a.word(" (failed: ", " (失敗: ") + joined(cmp.Or(step.Error, step.Why)) + ")"
	case runbook.ResultSkipped:
		if step.Decision == nil {
			return "[-]", a.word(" (not needed)", " (対象外)")
		}
		return "[-]", a.word(" (skipped", " (飛ばした") + note + ")"
	case runbook.ResultUndone:
		return "[-]", a.word(" (undone)", " (元に戻した)")
	}
	if step.Plan == nil {
		return "[ ]", a.word(" (not reached)", " (未到達)")
	}
	return "[ ]", a.word(" (not finished)", " (途中)")
}

// changeState says what became of a change that was begun.
func (a *app) changeState(h *runbook.History, c *runbook.ChangeHistory) string {
	switch {
	case c.Undone():
		return a.word("undone", "元に戻した")
	case c.Pending(), c.UndoPending():
		return a.word("begun, how far is not known", "着手後の結果が不明")
	case c.UndoError != "":
		return a.word("in force; could not be undone: ", "有効。元に戻せなかった: ") + line(joined(c.UndoError))
	case c.State == runbook.None:
		return a.word("not made", "実施されず")
	case c.State == runbook.Partial:
		return a.word("made in part", "一部のみ実施")
	}
	if by := story.Overtaken(h, c); by != "" {
		return fmt.Sprintf(a.word("no longer in force: step %s started it again", "効力なし: 手順 %s で起動し直した"), by)
	}
	return a.word("in force", "有効")
}
