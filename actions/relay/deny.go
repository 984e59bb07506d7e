package relay

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"hikeshi/actions/relay/edit"
	"hikeshi/runbook"
)

// DenyFacts are the facts of relay.deny.
type DenyFacts struct {
	Denied []string `json:"denied" expr:"denied"` // all targets
	Added  int      `json:"added" expr:"added"`   // lines added for them
	File   string   `json:"file" expr:"file"`
}

// Data of a denial.
type denyData struct {
	edit.Edit
	Targets []string  `json:"targets"`
	Fresh   []string  `json:"fresh"`  // those of them that were not denied before
	Review  time.Time `json:"review"` // UTC
}

const (
	dataV         = 1
	defaultReview = 30 * 24 * time.Hour
)

type deny struct{ env Env }

// Plan computes the new file and proves it.
func (d deny) Plan(_ context.Context, in runbook.Input) (runbook.Outcome, error) {
	p := struct {
		Targets []string `json:"targets"`
		Review  string   `json:"review"`
	}{}
	if err := in.Decode(&p); err != nil {
		return runbook.Outcome{}, err
	}
	review := defaultReview
	if p.Review != "" {
		var err error
		if review, err = time.ParseDuration(p.Review); err != nil {
			return runbook.Outcome{}, fmt.Errorf("%w: parameter review: %w (units: s, m, h; no days)", runbook.ErrInput, err)
		}
	}
	if err := d.env.refuse(p.Targets); err != nil {
		return runbook.Outcome{}, err
	}
	f, err := d.env.read()
	if err != nil {
		return runbook.Outcome{}, err
	}
	facts := DenyFacts{Denied: p.Targets, File: f.Path}
	if len(p.Targets) == 0 {
		return runbook.Outcome{Facts: facts, Findings: []runbook.Finding{deniedFinding(f.Path, nil, DeniedFacts{})}}, nil
	}
	ed, err := f.Denier.Deny(f.Data, p.Targets)
	if err != nil {
		return runbook.Outcome{}, fmt.Errorf("%w: planning the denials: %w", runbook.ErrInput, err)
	}
	facts.Added = len(ed.Added)
	out := runbook.Outcome{Facts: facts, Findings: d.findings(f, ed.Already, ed.Tested)}
	if len(ed.Added) == 0 {
		return out, nil
	}
	data := denyData{Edit: edit.New(f, ed), Targets: p.Targets, Fresh: fresh(p.Targets, ed.Already), Review: d.env.Clock().Add(review).UTC()}
	c, err := runbook.NewChange("relay.deny", "deny", f.Path, data)
	if err != nil {
		return out, err
	}
	c.UndoRisk = runbook.Reopening
	c.After = edit.Diff(f.Path, f.Data, ed.After)
	out.Changes = []runbook.Change{c}
	return out, nil
}

// fresh returns the targets that are not denied already.
func fresh(targets, already []string) []string {
	var all []string
	for _, t := range targets {
		if !slices.Contains(already, t) {
			all = append(all, t)
		}
	}
	return all
}

func (d deny) findings(f edit.File, already []string, tested int) []runbook.Finding {
	var all []runbook.Finding
	if len(already) > 0 {
		all = append(all, runbook.Finding{Level: runbook.OK, Text: runbook.Tf("denied already: %s", "すでに拒否済み: %s", strings.Join(already, ", ")), Evidence: f.Path})
	}
	if tested > 0 {
		all = append(all, runbook.Finding{Level: runbook.Info, Text: runbook.Tf("%d decisions compared before and after: nobody else is decided otherwise", "変更前後の判定 %d 件を比較: ほかの相手への判定は変わらない", tested)})
	}
	if len(d.env.Responder) == 0 {
		all = append(all, runbook.Finding{Level: runbook.Warn, Text: runbook.T("where you are connected from is unknown: make sure that it is not among the sources", "作業者の接続元が分からない。拒否対象に含まれていないことを確認すること")})
	}
	return all
}

// Apply writes the file that was planned.
func (d deny) Apply(_ context.Context, c runbook.Change, rec runbook.Recorder) error {
	data, f, err := d.load(c)
	if err != nil {
		return err
	}
	return data.Apply(f, rec, func(now []byte) ([]byte, error) {
		ed, err := f.Denier.Deny(now, data.Targets)
		return ed.After, err
	})
}

// Verify evaluates the file that stands there now.
func (d deny) Verify(_ context.Context, c runbook.Change, _ runbook.Recorder) (runbook.State, error) {
	data, f, err := d.load(c)
	if err != nil {
		return "", err
	}
	return data.State(f, func(now []byte) bool {
		ed, err := f.Denier.Deny(now, data.Targets)
		return err == nil && len(ed.Added) == 0
	})
}

// Undo takes exactly the added lines out again, but those that another incident has denied since: the line that stands there is its.
func (d deny) Undo(_ context.Context, c runbook.Change, rec runbook.Recorder) error {
	data, f, err := d.load(c)
	if err != nil {
		return err
	}
	recorded, err := d.env.Recorded()
	if err != nil {
		return fmt.Errorf("reading the recorded denials: %w", err)
	}
	var ours []string
	for _, t := range data.Fresh {
		other := func(r Denial) bool { return r.Target == t && !bytes.Equal(r.Back, data.Back) }
		if !slices.ContainsFunc(recorded, other) {
			ours = append(ours, t)
		}
	}
	if len(ours) == 0 {
		return data.Clear(f)
	}
	return data.TakeOut(f, rec, ours)
}

func (d deny) load(c runbook.Change) (denyData, edit.File, error) {
	var data denyData
	if err := c.Decode(dataV, &data); err != nil {
		return data, edit.File{}, err
	}
	f, err := d.env.read()
	if err == nil && f.Path != data.File {
		err = fmt.Errorf("the change is of %s, the deny file of this server is %s", data.File, f.Path)
	}
	return data, f, err
}

// Denials reads what a recorded change of relay.deny added.
func Denials(incident string, c runbook.Change) ([]Denial, error) {
	var data denyData
	if err := c.Decode(dataV, &data); err != nil {
		return nil, err
	}
	var all []Denial
	for _, t := range data.Fresh {
		all = append(all, Denial{Incident: incident, Target: t, Back: data.Back, Review: data.Review})
	}
	return all, nil
}

// matches says whether a denial is of one of the targets.
func (d Denial) matches(targets []string) bool { return slices.Contains(targets, d.Target) }
