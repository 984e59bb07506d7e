package main

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"hikeshi/runbook"
	"hikeshi/runbook/journal"
)

type lettersDocument struct {
	Version  int         `json:"hikeshi"`
	Kind     string      `json:"kind"`
	Incident string      `json:"incident"`
	Letters  []letterRow `json:"letters"`
}

type letterRow struct {
	ID      string              `json:"id"`
	To      string              `json:"to"`
	About   string              `json:"about"`
	Way     string              `json:"way"`
	Title   string              `json:"title"`
	State   runbook.LetterState `json:"state"`
	Gaps    []string            `json:"gaps"`
	File    string              `json:"file"`
	Drafted time.Time           `json:"drafted"`
	Why     string              `json:"why"` // it is held back
	Sent    []time.Time         `json:"sent"`
	Again   *time.Time          `json:"again"` // not to be sent again before; null: not sent, or not known
	Until   *time.Time          `json:"until"` // the entry goes away by itself; null: not known
}

func (a *app) delistList() *cobra.Command {
	return &cobra.Command{
		Use: "list [INCIDENT]", Short: "the letters of an incident: drafted, sent, when to ask again", Args: cobra.MaximumNArgs(1),
		Long:    "List shows the letters of an incident, from its record alone: state, when they\nwere drafted and sent, when to look or ask again. Without INCIDENT it is the\nnewest one.",
		Example: "  hikeshi delist list\n  hikeshi delist list 20261121-0312 --output json",
		RunE: func(_ *cobra.Command, args []string) error {
			jr, h, err := a.letterCase(args)
			if err != nil {
				return err
			}
			defer jr.Close()
			doc := lettersDocument{Version: 1, Kind: "letters", Incident: jr.ID(), Letters: []letterRow{}}
			for _, l := range h.Letters {
				doc.Letters = append(doc.Letters, a.letterRow(jr, l))
			}
			if a.isJSON() {
				return a.json(doc)
			}
			a.printLetters(doc)
			return nil
		},
		ValidArgsFunction: a.completeIncidents,
	}
}

// letterCase opens the incident that is named, or the newest one.
func (a *app) letterCase(args []string) (*journal.Journal, *runbook.History, error) {
	w, err := a.machine("")
	if err != nil {
		return nil, nil, err
	}
	if len(args) == 0 {
		id, err := a.newestCase(w)
		if err != nil {
			return nil, nil, err
		}
		args = []string{id}
	}
	jr, records, err := a.openIncident(args[0])
	if err != nil {
		return nil, nil, err
	}
	h, err := runbook.Fold(records)
	if err != nil {
		jr.Close()
	}
	return jr, h, err
}

func (a *app) letterRow(jr *journal.Journal, l *runbook.LetterHistory) letterRow {
	row := letterRow{ID: l.ID, To: l.To, About: l.About, Way: l.Way, Title: l.Title.In(a.lang()), State: l.State, Why: l.Why, Gaps: l.Missing(a.lang()), File: filepath.Join(jr.Path(), l.Name),
		Drafted: l.Drafted.UTC(), Sent: []time.Time{}, Until: l.Until}
	for _, s := range l.Sent {
		row.Sent = append(row.Sent, s.At.UTC())
	}
	if at := l.Again(); !at.IsZero() {
		at = at.UTC()
		row.Again = &at
	}
	return row
}

func (a *app) printLetters(doc lettersDocument) {
	s := a.screenOn(a.stdout)
	fmt.Fprintf(a.stdout, "%s%s\n", a.word("incident ", "事案 "), doc.Incident)
	if len(doc.Letters) > 0 {
		fmt.Fprintf(a.stdout, "%s%s\n", a.word("drafts in ", "下書き "), filepath.Dir(doc.Letters[0].File))
	}
	if len(doc.Letters) == 0 {
		fmt.Fprintln(a.stdout, a.word("no letters; `hikeshi delist draft` and `hikeshi notice` write them", "文面はない。`hikeshi delist draft` と `hikeshi notice` で作る"))
	}
	letters := slices.Clone(doc.Letters)
	slices.SortStableFunc(letters, func(x, y letterRow) int { return kindOfLetter(x) - kindOfLetter(y) })
	for _, l := range letters {
		text := fmt.Sprintf("%s  %s  %s", pad(a.letterState(l), 12), l.ID, line(l.Title))
		switch {
		case len(l.Sent) > 0 && l.Again != nil:
			text += fmt.Sprintf(a.word("; sent %s, not again before %s", "。送信 %s、%s まで再送しない"), a.when(&l.Sent[len(l.Sent)-1]), a.when(l.Again))
		case len(l.Sent) > 0:
			text += fmt.Sprintf(a.word("; sent %s", "。送信 %s"), a.when(&l.Sent[len(l.Sent)-1]))
		case l.State == runbook.LetterHeld:
			text += ": " + line(l.Why)
		case l.State == runbook.LetterIncomplete:
			text += a.word("; fill in: ", "。要記入: ") + line(strings.Join(l.Gaps, ", "))
		}
		if l.Until != nil {
			text += fmt.Sprintf(a.word("; should be gone by itself about %s if no more spam is seen", "。新たに検知されなければ %s ごろ自然に消える"), a.when(l.Until))
		}
		s.hang(14, text+"; "+filepath.Base(l.File))
	}
}

// kindOfLetter puts requests before notices.
func kindOfLetter(l letterRow) int {
	if strings.Contains(l.ID, "@"+l.About) && l.About != "" && !strings.HasPrefix(l.ID, "user@") {
		return 0
	}
	return 1
}

// letterState is where a letter stands, in one word.
func (a *app) letterState(l letterRow) string {
	switch {
	case len(l.Sent) > 0:
		return a.word("sent", "送信済み")
	case l.State == runbook.LetterReady:
		return a.word("ready", "作成済み")
	case l.State == runbook.LetterIncomplete:
		return a.word("INCOMPLETE", "未完成")
	case l.State == runbook.LetterHeld:
		return a.word("HELD BACK", "保留")
	case l.State == runbook.LetterNotReady:
		return a.word("NOT READY", "送信不可")
	}
	return a.word("no letter", "連絡不要")
}
