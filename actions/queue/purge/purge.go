// Package purge removes for good what an incident set aside: queue.purge. It removes nothing that is not in the record of that incident.
package purge

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"hikeshi/actions/queue/setaside"
	"hikeshi/runbook"
	"hikeshi/spool"
	"hikeshi/spool/aside"
	"hikeshi/spool/scan"
)

// Purge is queue.purge: it removes for good what an incident set aside.
type Purge struct{ env setaside.Env }

// Facts are what later steps may use.
type Facts struct {
	Messages int `json:"messages" expr:"messages"`
	Files    int `json:"files" expr:"files"`
}

type purgeParams struct {
	Incident string `json:"incident"`
	Count    int    `json:"count"`
}

type purgeData struct {
	Incident string      `json:"incident"`
	Purge    aside.Purge `json:"purge"`
	Files    int64       `json:"files"`
}

// Kind is the kind queue.purge.
func Kind(env setaside.Env) runbook.Kind {
	return runbook.Kind{
		Name:  "queue.purge",
		Short: runbook.T("remove for good what an incident set aside", "事案で退避したものを完全に削除する"),
		Params: []runbook.Param{
			{Name: "incident", Type: runbook.String, Required: true, Short: "the incident that set it aside"},
			{Name: "count", Type: runbook.Int, Required: true, Short: "how many messages that are, exactly, as a confirmation"},
		},
		Facts: Facts{}, MaxRisk: runbook.Irreversible, Reads: []string{"queue"}, Touches: []string{"queue"}, Action: Purge{env},
	}
}

// Plan counts what is set aside and refuses if the number given is another one, or if the incident has no record of it.
func (p Purge) Plan(ctx context.Context, in runbook.Input) (runbook.Outcome, error) {
	var w purgeParams
	if err := in.Decode(&w); err != nil {
		return runbook.Outcome{}, err
	}
	if w.Incident == "" {
		return runbook.Outcome{}, errors.New("purging: say which incident set aside what is to be removed")
	}
	queue, ok := p.env.Server.(spool.Queue)
	if !ok {
		return runbook.Outcome{}, fmt.Errorf("purging the queue of %s: %w", p.env.Server.Name(), errors.ErrUnsupported)
	}
	out := runbook.Outcome{Facts: Facts{}}
	sets, err := aside.Of(p.env.Set(), w.Incident)
	if err != nil || len(sets) == 0 {
		out.Findings = []runbook.Finding{{Level: runbook.OK, Text: runbook.Tf("nothing of incident %s is set aside", "事案 %s で退避したものはない", w.Incident)}}
		return out, err
	}
	d := purgeData{Incident: w.Incident}
	if d.Purge, err = aside.PlanPurge(p.env.Set(), sets); err != nil {
		return runbook.Outcome{}, err
	}
	var messages scan.Set
	ours, foreign, err := p.left(ctx, d, func(name string) {
		if base, _, ok := queue.Message(name); ok {
			messages.Add(base)
		}
	})
	if err != nil {
		return runbook.Outcome{}, err
	}
	if int64(w.Count) != messages.Len() {
		return runbook.Outcome{}, fmt.Errorf("purging what incident %s set aside: it is %s messages, not %s; give the exact number", w.Incident, setaside.Number(messages.Len()), setaside.Number(int64(w.Count)))
	}
	if foreign > 0 {
		out.Findings = append(out.Findings, runbook.Finding{Level: runbook.Warn, Text: runbook.Tf("%d files there were not put there by this incident and stay", "この事案で退避したものでない %d ファイルは残す", foreign)})
	}
	d.Files = ours
	c, err := runbook.NewChange("queue.purge", "purge", strings.Join(d.Purge.Folders, ", "), d)
	if err != nil {
		return runbook.Outcome{}, err
	}
	c.Risk, c.UndoRisk = runbook.Irreversible, runbook.Irreversible
	c.Before = fmt.Sprintf("%s messages, %s files", setaside.Number(messages.Len()), setaside.Number(ours))
	c.After = c.Before + ": removed for good"
	out.Facts = Facts{Messages: int(messages.Len()), Files: int(ours)}
	out.Changes = []runbook.Change{c}
	return out, nil
}

// left counts the files that are still there, those of the incident and others.
func (p Purge) left(ctx context.Context, d purgeData, each func(name string)) (ours, foreign int64, err error) {
	if p.env.Recorded == nil {
		return 0, 0, fmt.Errorf("purging: there is no record of what incident %s set aside", d.Incident)
	}
	known, err := p.env.Recorded(d.Incident)
	if err != nil {
		return 0, 0, fmt.Errorf("reading what incident %s set aside: %w", d.Incident, err)
	}
	if len(known) == 0 {
		return 0, 0, fmt.Errorf("purging: incident %s has no record that it set anything aside; what it did not set aside it does not remove", d.Incident)
	}
	return d.Purge.Left(ctx, known, each)
}

// Apply removes the files, and then the folders. It goes on where it was cut short.
func (p Purge) Apply(ctx context.Context, c runbook.Change, rec runbook.Recorder) error {
	var d purgeData
	if err := c.Decode(1, &d); err != nil {
		return err
	}
	ours, _, err := p.left(ctx, d, func(string) {})
	if err != nil {
		return err
	}
	if ours > d.Files {
		return fmt.Errorf("purging: %w: there are %s files now, there were %s", runbook.ErrDrift, setaside.Number(ours), setaside.Number(d.Files))
	}
	known, err := p.env.Recorded(d.Incident)
	if err != nil {
		return err
	}
	return d.Purge.Apply(ctx, known, rec.Progress)
}

// Verify counts what is left.
func (p Purge) Verify(ctx context.Context, c runbook.Change, _ runbook.Recorder) (runbook.State, error) {
	var d purgeData
	if err := c.Decode(1, &d); err != nil {
		return "", err
	}
	ours, _, err := p.left(ctx, d, func(string) {})
	switch {
	case err != nil:
		return "", err
	case ours == 0:
		return runbook.Done, nil
	case ours == d.Files:
		return runbook.None, nil
	}
	return runbook.Partial, nil
}

// Undo is an error, unless nothing was removed.
func (p Purge) Undo(ctx context.Context, c runbook.Change, rec runbook.Recorder) error {
	s, err := p.Verify(ctx, c, rec)
	if err != nil || s == runbook.None {
		return err
	}
	return errors.New("what was purged cannot be brought back")
}
