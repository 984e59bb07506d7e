package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"hikeshi/actions/delist/field"
	"hikeshi/runbook"
	"hikeshi/runbook/journal"
)

func (a *app) delistSent() *cobra.Command {
	var at, note, file string
	asIs := false
	cmd := &cobra.Command{
		Use: "sent INCIDENT ID...", Short: "write down that letters were sent", Args: cobra.MinimumNArgs(2),
		Long: `Sent writes down in the record that you sent letters, with what was sent: the
draft as it lies there now, or the file that you name. A text with marked gaps is
refused: complete it, or say --as-is where they were filled in elsewhere. From then
on the waiting time of the operator counts. ID is one of ` + "`hikeshi delist list`" + `, or the beginning
of one.`,
		Example: "  hikeshi delist sent 20261121-0312 psbl\n  hikeshi delist sent 20261121-0312 nordspam-bl@203.0.113.25 --at 14:20 --note \"ticket 4711\"",
		RunE: func(_ *cobra.Command, args []string) error {
			when, err := a.moment(at)
			if err != nil {
				return err
			}
			if file != "" && len(args) > 2 {
				return usagef("name one letter with --file", "--file is what one letter said, and here are %d", len(args)-1)
			}
			return a.markSent(args[0], args[1:], sending{when, note, file, asIs})
		},
		ValidArgsFunction: a.completeLetters,
	}
	cmd.Flags().StringVar(&at, "at", "", "when: `TIME` as 14:20, 2026-11-21 14:20 (local) or RFC 3339 (default now)")
	cmd.Flags().StringVar(&note, "note", "", "a `TEXT` for the record, such as a ticket number")
	cmd.Flags().BoolVar(&asIs, "as-is", false, "it was sent though gaps are marked in it, or filled in elsewhere, such as in a form")
	cmd.Flags().StringVar(&file, "file", "", "what was sent, if it is not the draft: a `FILE`")
	return cmd
}

// moment reads a time that a person gives for something that has happened.
func (a *app) moment(text string) (time.Time, error) {
	now := a.now()
	if text == "" {
		return now, nil
	}
	var t time.Time
	err := fmt.Errorf("no time")
	for _, form := range []string{time.RFC3339, "2006-01-02 15:04", "2006-01-02T15:04", "15:04"} {
		if t, err = time.ParseInLocation(form, text, now.Location()); err == nil {
			if form == "15:04" {
				t = time.Date(now.Year(), now.Month(), now.Day(), t.Hour(), t.Minute(), 0, 0, now.Location())
			}
			break
		}
	}
	if err != nil {
		return t, usagef("write 14:20, 2026-11-21 14:20 or 2026-11-21T14:20:00+09:00", "--at %q is no time", text)
	}
	if t.After(now) {
		return t, usagef("write it down when it was sent", "--at %s lies in the future", text)
	}
	return t, nil
}

type sending struct {
	at         time.Time
	note, file string
	asIs       bool
}

// markSent records the sending of letters; all are found before the first is recorded.
func (a *app) markSent(incident string, ids []string, s sending) error {
	jr, h, err := a.letterCase([]string{incident})
	if err != nil {
		return err
	}
	defer jr.Close()
	var letters []*runbook.LetterHistory
	for _, id := range ids {
		l, err := findLetter(h, id)
		if err != nil {
			return err
		}
		if l.State == runbook.LetterNone {
			return usagef(a.word("the text says why: ", "理由は次のファイル: ")+filepath.Join(jr.Path(), l.Name), "nothing is to be sent to %s", l.ID)
		}
		if s.at.Before(h.Opened) {
			return usagef("write the time at which it was sent", "--at %s lies before the incident, which was opened %s", s.at.Format(time.RFC3339), a.when(&h.Opened))
		}
		if err := a.complete(jr, l, s); err != nil {
			return err
		}
		if again := l.Again(); s.at.Before(again) {
			last := l.LastSent()
			a.complain(fmt.Sprintf(a.word("%s was sent %s already and wants to be left alone until %s; that it was sent again is written down", "%s は %s に送信済みで、%s まで再送しないはずのもの。再送したことを記録する"), l.ID, a.when(&last), a.when(&again)))
		}
		letters = append(letters, l)
	}
	for _, l := range letters {
		if err := a.keepSent(jr, l, s); err != nil {
			return err
		}
		if err := jr.Append(runbook.Record{Event: runbook.Sent, Letter: &runbook.Letter{ID: l.ID}, At: &s.at, Text: s.note}); err != nil {
			return unfinishedLine(jr, err)
		}
	}
	return a.recorded(jr)
}

// maxSent bounds the text of a letter that is searched for gaps, in bytes.
const maxSent = 1 << 20

// open opens what was sent.
func (s sending) open(jr *journal.Journal, l *runbook.LetterHistory) (*os.File, error) {
	name := s.file
	if name == "" {
		name = filepath.Join(jr.Path(), l.Name)
	}
	fi, err := os.Lstat(name)
	if err != nil {
		return nil, usagef("--file FILE names what was sent", "reading what was sent: %w", err)
	}
	if !fi.Mode().IsRegular() {
		return nil, usagef("--file FILE names what was sent", "reading what was sent: %s is no regular file", name)
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("reading what was sent: %w", err)
	}
	return f, nil
}

// complete refuses a text in which something is still marked, unless the person says that it was sent so.
func (a *app) complete(jr *journal.Journal, l *runbook.LetterHistory, s sending) error {
	f, err := s.open(jr, l)
	if err != nil {
		return err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxSent))
	if err != nil {
		return fmt.Errorf("reading what was sent: %w", err)
	}
	if !s.asIs && (field.HasGap(string(text)) || l.State == runbook.LetterNotReady && s.file == "") {
		return usagef(a.word("complete it, or name what was sent with --file, or say --as-is if the gaps were filled in elsewhere", "埋めてから記録するか、送ったものを --file で指定する。別の場所で埋めて送った場合は --as-is"),
			"%s still has marked gaps, or is marked NOT READY: %s", l.ID, f.Name())
	}
	return nil
}

// keepSent keeps what was sent.
func (a *app) keepSent(jr *journal.Journal, l *runbook.LetterHistory, s sending) error {
	f, err := s.open(jr, l)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := jr.Keep("sent", filepath.Base(f.Name()), f, false); err != nil {
		return unfinishedLine(jr, err)
	}
	return nil
}

// findLetter finds the one letter that id, or the beginning of an id, stands for.
func findLetter(h *runbook.History, id string) (*runbook.LetterHistory, error) {
	var found []*runbook.LetterHistory
	var names []string
	for _, l := range h.Letters {
		if l.ID == id {
			return l, nil
		}
		if strings.HasPrefix(l.ID, id) {
			found, names = append(found, l), append(names, l.ID)
		}
	}
	switch len(found) {
	case 0:
		return nil, usagef("`hikeshi delist list` shows them", "incident %s has no letter %q", h.Opening.Incident, id)
	case 1:
		return found[0], nil
	}
	return nil, usagef("", "the letter %q may be any of %s", id, strings.Join(names, ", "))
}

// completeLetters completes the incident, and then its letters.
func (a *app) completeLetters(cmd *cobra.Command, args []string, begun string) ([]string, cobra.ShellCompDirective) {
	if len(args) == 0 {
		return a.completeIncidents(cmd, args, begun)
	}
	jr, h, err := a.letterCase(args[:1])
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	defer jr.Close()
	var ids []string
	for _, l := range h.Letters {
		ids = append(ids, l.ID)
	}
	return ids, cobra.ShellCompDirectiveNoFileComp
}
