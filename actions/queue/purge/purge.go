// Package purge removes for good what an incident set aside: queue.purge. It removes nothing that is not in the record of that incident.
package purge

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"hikeshi/actions/queue/setaside"
	"hikeshi/actions/queue/words"
	"hikeshi/runbook"
	"hikeshi/spool/aside"
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
	out := runbook.Outcome{Facts: Facts{}}
	d := purgeData{Incident: w.Incident}
	var s aside.Stock
	var err error
	if d.Purge, s, err = setaside.Removable(ctx, p.env, w.Incident); err != nil {
		return runbook.Outcome{}, fmt.Errorf("purging: %w", err)
	}
	out.Findings = p.findings(w.Incident, d.Purge, s)
	if len(d.Purge.Folders) == 0 || s.Files == 0 && s.Foreign > 0 {
		return out, nil
	}
	if int64(w.Count) != s.Messages {
		return runbook.Outcome{}, fmt.Errorf("purging what incident %s set aside: it is %s, not %s; give the exact number", w.Incident, runbook.Count(s.Messages, "message"), words.Number(int64(w.Count)))
	}
	d.Files = s.Files
	c, err := runbook.NewChange("queue.purge", "purge", strings.Join(d.Purge.Folders, ", "), d)
	if err != nil {
		return runbook.Outcome{}, err
	}
	c.Risk, c.UndoRisk = runbook.Irreversible, runbook.Irreversible
	en := runbook.Count(s.Messages, "message") + ", " + runbook.Count(s.Files, "file")
	ja := fmt.Sprintf("%s 通、%s ファイル", words.Number(s.Messages), words.Number(s.Files))
	c.Describe(runbook.T(en, ja), runbook.T(en+": removed for good", ja+"を完全に削除する"))
	out.Facts = Facts{Messages: int(s.Messages), Files: int(s.Files)}
	out.Changes = []runbook.Change{c}
	return out, nil
}

// findings tell what stays, and what may be more than the incident set aside.
func (p Purge) findings(incident string, plan aside.Purge, s aside.Stock) []runbook.Finding {
	if len(plan.Folders) == 0 {
		return []runbook.Finding{{Level: runbook.OK, Text: runbook.Tf("nothing of incident %s is set aside", "事案 %s で退避したものはない", incident)}}
	}
	var all []runbook.Finding
	warn := func(text runbook.Text) {
		all = append(all, runbook.Finding{Level: runbook.Warn, Evidence: strings.Join(plan.Folders, ", "), Text: text})
	}
	if s.Foreign > 0 {
		warn(runbook.Tf("not removed, as no files of the queue or not set aside by this incident: %s", "キューのファイルでないもの、この事案で退避したものでないもの %s 件は残す", words.Number(s.Foreign)))
	}
	if p.env.Counted == nil {
		return all
	}
	n, err := p.env.Counted(incident)
	if err == nil && n.Messages > 0 && (s.Messages > n.Messages || s.Files > n.Files) {
		figures := []any{runbook.Count(s.Messages, "message"), runbook.Count(s.Files, "file"), words.Number(n.Messages), words.Number(n.Files)}
		warn(runbook.T(fmt.Sprintf("%s (%s) lie there, but %s (%s) were counted when they were set aside: mail that came until the services stopped, or files that somebody put there since; all of it would be removed", figures...),
			fmt.Sprintf("%s 通 (%s ファイル) ある。退避時に数えたのは %s 通 (%s ファイル)。停止までに届いたメールか、後から置かれたもの。すべて削除の対象になる",
				words.Number(s.Messages), words.Number(s.Files), figures[2], figures[3])))
	}
	return all
}

// Apply removes the files, and then the folders. It goes on where it was cut short.
func (p Purge) Apply(ctx context.Context, c runbook.Change, rec runbook.Recorder) error {
	var d purgeData
	if err := c.Decode(1, &d); err != nil {
		return err
	}
	s, err := p.env.Stock(ctx, d.Incident, d.Purge)
	if err != nil {
		return err
	}
	if s.Files > d.Files {
		return fmt.Errorf("purging: %w: %s now, %s before", runbook.ErrDrift, runbook.Count(s.Files, "file"), words.Number(d.Files))
	}
	claim, err := p.env.Claim(d.Incident)
	if err != nil {
		return err
	}
	return d.Purge.Apply(ctx, claim, rec.Progress)
}

// Verify counts what is left.
func (p Purge) Verify(ctx context.Context, c runbook.Change, _ runbook.Recorder) (runbook.State, error) {
	var d purgeData
	if err := c.Decode(1, &d); err != nil {
		return "", err
	}
	s, err := p.env.Stock(ctx, d.Incident, d.Purge)
	switch {
	case err != nil:
		return "", err
	case s.Files == 0:
		return runbook.Done, nil
	case s.Files == d.Files:
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
