package relay

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"hikeshi/actions/relay/edit"
	"hikeshi/actions/relay/guard"
	"hikeshi/actions/relay/hard"
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

const dataV = 1

type deny struct{ env Env }

// Plan computes the new file and proves it.
func (d deny) Plan(_ context.Context, in runbook.Input) (runbook.Outcome, error) {
	targets, review, err := guard.Asked(in)
	if err != nil {
		return runbook.Outcome{}, err
	}
	if err := d.env.refuse(targets); err != nil {
		return runbook.Outcome{}, err
	}
	f, err := d.env.read()
	if err != nil {
		return runbook.Outcome{}, err
	}
	facts := DenyFacts{Denied: targets, File: f.Path}
	if len(targets) == 0 {
		return runbook.Outcome{Facts: facts, Findings: []runbook.Finding{deniedFinding(f.Path, nil, DeniedFacts{})}}, nil
	}
	ed, err := f.Denier.Deny(f.Data, targets)
	if err != nil {
		return runbook.Outcome{}, fmt.Errorf("%w: planning the denials: %w", runbook.ErrInput, err)
	}
	facts.Added = len(ed.Added)
	out := runbook.Outcome{Facts: facts, Findings: d.findings(f, targets, ed.Already, ed.Tested)}
	if len(ed.Added) == 0 {
		return out, nil
	}
	data := denyData{Edit: edit.New(f, ed), Targets: targets, Fresh: fresh(targets, ed.Already), Review: d.env.Clock().Add(review).UTC()}
	c, err := runbook.NewChange("relay.deny", "deny", f.Path, data)
	if err != nil {
		return out, err
	}
	c.UndoRisk = runbook.Reopening
	c.After = f.Diff(ed.After)
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

func (d deny) findings(f edit.File, targets, already []string, tested int) []runbook.Finding {
	var all []runbook.Finding
	if len(already) > 0 {
		all = append(all, runbook.Finding{Level: runbook.OK, Text: runbook.Tf("denied already: %s", "すでに拒否済み: %s", strings.Join(already, ", ")), Evidence: f.Path})
	}
	if tested > 0 {
		all = append(all, runbook.Finding{Level: runbook.Info, Text: runbook.Tf("%d decisions compared before and after: nobody else is decided otherwise", "変更前後の判定 %d 件を比較: ほかの相手への判定は変わらない", tested)})
	}
	all = append(all, guard.Care(fresh(targets, already))...)
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
	return data.Apply(f.File, rec, func(now []byte) ([]byte, error) {
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
	return data.State(f.File, func(now []byte) bool {
		ed, err := f.Denier.Deny(now, data.Targets)
		return err == nil && len(ed.Added) == 0
	})
}

// Undo takes exactly the added lines out again, but those that a later incident denies too: the line that stands there is its.
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
		if by := deniedSince(recorded, t, data.Back); by != "" {
			runbook.Say(rec, runbook.Tf("%s stays denied: incident %s denies it too", "%s の拒否は残る。事案 %s も拒否している", t, by))
			continue
		}
		ours = append(ours, t)
	}
	if len(ours) == 0 {
		return data.Clear(f.File)
	}
	return data.TakeOut(f, rec, ours)
}

// deniedSince names a later incident that denies target too, or "". recorded is in the order of the incidents.
func deniedSince(recorded []Denial, target string, back json.RawMessage) string {
	here := func(r Denial) bool { return r.Table == "" && r.Target == target }
	mine := slices.IndexFunc(recorded, func(r Denial) bool { return here(r) && bytes.Equal(r.Back, back) })
	for _, r := range recorded[mine+1:] {
		if here(r) && !bytes.Equal(r.Back, back) {
			return r.Incident
		}
	}
	return ""
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

// Cuts reads what a recorded change of relay.hard added.
func Cuts(incident string, c runbook.Change) ([]Denial, error) {
	cuts, err := hard.Cuts(c)
	var all []Denial
	for _, cut := range cuts {
		all = append(all, Denial{Incident: incident, Target: cut.Target, Table: cut.Table, Back: cut.Back, Review: cut.Review})
	}
	return all, err
}

// matches says whether a denial is of one of the targets, however an address is written.
func (d Denial) matches(targets []string) bool {
	return slices.ContainsFunc(targets, func(t string) bool { return t == d.Target || guard.Same(t, d.Target) })
}
