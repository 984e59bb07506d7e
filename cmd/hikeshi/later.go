package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"hikeshi/runbook"
)

// laterTimes are when to look again after the services came back.
var laterTimes = [...]time.Duration{30 * time.Minute, 60 * time.Minute}

// laterLook is a look that is, or was, due some time after the services came back.
type laterLook struct {
	Incident string     `json:"incident"`
	After    float64    `json:"after"` // seconds after the start
	Due      time.Time  `json:"due"`
	Done     *time.Time `json:"done"`            // null: not yet
	Result   string     `json:"result"`          // what was noted then
	Level    string     `json:"level,omitempty"` // of the look made now: ok, warn, bad
}

// laterNote is how a later look begins in the record; lookers find it again by that.
func laterNote(after time.Duration) string {
	return fmt.Sprintf("look after %.0f min: ", after.Minutes())
}

// laterLooks are the looks of one incident: none before a service was started in it, or once that was undone.
func laterLooks(id string, h *runbook.History) []laterLook {
	var started time.Time
	for _, c := range h.InForce() {
		if c.Kind == "service.start" && c.State == runbook.Done && c.Ended.After(started) {
			started = c.Ended
		}
	}
	if started.IsZero() {
		return nil
	}
	var all []laterLook
	for _, after := range laterTimes {
		l := laterLook{Incident: id, After: after.Seconds(), Due: started.Add(after).UTC()}
		for _, r := range h.Records {
			if text, ok := strings.CutPrefix(r.Text, laterNote(after)); ok && r.Event == runbook.Noted && r.Time.After(started) {
				at := r.Time.UTC()
				l.Done, l.Result = &at, text
			}
		}
		all = append(all, l)
	}
	return all
}

// laterDue are the looks that nobody has made, of all incidents of this server that ended in the last days.
func (a *app) laterDue(w *world) ([]laterLook, error) {
	all, ids, err := a.histories(w.state)
	if err != nil {
		return nil, err
	}
	var due []laterLook
	for _, id := range ids {
		if all[id].Opening.Root != w.root {
			continue
		}
		for _, l := range laterLooks(id, all[id]) {
			if l.Done == nil && a.now().Sub(l.Due) < 7*24*time.Hour {
				due = append(due, l)
			}
		}
	}
	return due, nil
}

type laterDocument struct {
	Version int         `json:"hikeshi"`
	Kind    string      `json:"kind"`
	Looks   []laterLook `json:"looks"`
}

func (a *app) laterVerb() *cobra.Command {
	var list bool
	watch := 10 * time.Second
	cmd := &cobra.Command{
		Use: "verify-later [INCIDENT]", Short: "look again 30 and 60 minutes after the services came back", Args: cobra.MaximumNArgs(1),
		Long: `Verify-later lists the looks that are due 30 and 60 minutes after an incident
started the services again. Those whose time has come are made now: the same look
as ` + "`hikeshi status`" + `, and the result is noted in the incident. --list only lists.

Exit codes: 0 nothing is due or all is well, 3 a look found something.`,
		Example: "  hikeshi verify-later\n  hikeshi verify-later --list --output json",
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := notNegative(watch); err != nil {
				return err
			}
			w, err := a.world(cmd.Context(), "")
			if err != nil {
				return err
			}
			due, err := a.laterDue(w)
			if err != nil {
				return err
			}
			if len(args) > 0 {
				id, err := a.store(w.state).Find(args[0])
				if err != nil {
					return usagef("`hikeshi incidents` lists them", "%w", err)
				}
				due = slices.DeleteFunc(due, func(l laterLook) bool { return l.Incident != id })
			}
			bad := false
			if !list {
				if bad, err = a.lookLater(cmd, due, watch); err != nil {
					return err
				}
			}
			if err := a.printLater(due); err != nil || !bad {
				return err
			}
			return silent(exitFound)
		},
		ValidArgsFunction: a.completeIncidents,
	}
	cmd.Flags().BoolVar(&list, "list", false, "only list what is due")
	cmd.Flags().DurationVar(&watch, "watch", watch, "look again after `DURATION`, for the rates")
	return cmd
}

// lookLater looks once for all looks whose time has come and notes the result in their incidents.
func (a *app) lookLater(cmd *cobra.Command, due []laterLook, watch time.Duration) (bad bool, err error) {
	now := slices.ContainsFunc(due, func(l laterLook) bool { return !l.Due.After(a.now()) })
	if !now {
		return false, nil
	}
	doc, err := a.status(cmd, watch)
	if err != nil {
		return false, err
	}
	result := fmt.Sprintf("%s; %d waiting", doc.Level, doc.Total.Messages)
	for _, t := range doc.Attention {
		result += "; " + t.Text
	}
	for i := range due {
		l := &due[i]
		if l.Due.After(a.now()) {
			continue
		}
		jr, _, err := a.openIncident(l.Incident)
		if err != nil {
			return bad, err
		}
		at := a.now().UTC()
		err = jr.Append(runbook.Record{Event: runbook.Noted, Text: laterNote(time.Duration(l.After)*time.Second) + result})
		jr.Close()
		if err != nil {
			return bad, err
		}
		l.Done, l.Result, l.Level = &at, result, string(doc.Level)
		bad = bad || doc.Level != runbook.OK
	}
	return bad, nil
}

func (a *app) printLater(looks []laterLook) error {
	if a.isJSON() {
		if looks == nil {
			looks = []laterLook{}
		}
		return a.json(laterDocument{1, "later-looks", looks})
	}
	if len(looks) == 0 {
		fmt.Fprintln(a.stdout, a.word("no look is due", "予定された確認はない"))
	}
	s := a.screenOn(a.stdout)
	for _, l := range looks {
		text := fmt.Sprintf(a.word("incident %s, after %.0f min: due %s", "事案 %s、%.0f 分後の確認: 予定 %s"), l.Incident, l.After/60, l.Due.In(a.now().Location()).Format("01-02 15:04"))
		if l.Done != nil {
			text += a.word("; looked: ", "。結果: ") + line(l.Result)
		}
		s.hang(2, text)
	}
	return nil
}
