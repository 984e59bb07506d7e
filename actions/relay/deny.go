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
	"hikeshi/actions/relay/hook"
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
	parts, err := edit.Parts(d.env.Server, targets)
	if err != nil {
		return runbook.Outcome{}, err
	}
	w := denials{env: d.env, review: d.env.Clock().Add(review).UTC(), facts: DenyFacts{Denied: targets, File: pathsOf(parts)}}
	if len(targets) == 0 {
		return runbook.Outcome{Facts: w.facts, Findings: []runbook.Finding{deniedFinding(w.facts.File, nil, DeniedFacts{})}}, nil
	}
	for _, p := range parts {
		if err := w.plan(p); err != nil {
			return runbook.Outcome{}, err
		}
	}
	hooks, err := d.env.hooker().Plan(w.fresh)
	if err != nil {
		return runbook.Outcome{}, err
	}
	return runbook.Outcome{Facts: w.facts, Findings: d.findings(w), Changes: append(w.changes, hooks...)}, nil
}

// denials are the changes of one denial, file by file.
type denials struct {
	env     Env
	review  time.Time
	facts   DenyFacts
	already []string
	fresh   []string
	tested  int
	changes []runbook.Change
}

func (w *denials) plan(p edit.Part) error {
	ed, err := p.Denier.Deny(p.Data, p.Targets)
	if err != nil {
		return fmt.Errorf("%w: planning the denials: %w", runbook.ErrInput, err)
	}
	fresh := fresh(p.Targets, ed.Already)
	w.facts.Added += len(ed.Added)
	w.already, w.fresh, w.tested = append(w.already, ed.Already...), append(w.fresh, fresh...), w.tested+ed.Tested
	if len(ed.Added) == 0 {
		return nil
	}
	c, err := runbook.NewChange("relay.deny", "deny", p.Path, denyData{Edit: edit.New(p.File, ed), Targets: p.Targets, Fresh: fresh, Review: w.review})
	if err != nil {
		return err
	}
	c.UndoRisk = runbook.Reopening
	c.After = p.Diff(ed.After)
	w.changes = append(w.changes, c)
	return nil
}

func pathsOf(parts []edit.Part) string {
	var all []string
	for _, p := range parts {
		all = append(all, p.Path)
	}
	return strings.Join(all, ", ")
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

func (d deny) findings(w denials) []runbook.Finding {
	var all []runbook.Finding
	if len(w.already) > 0 {
		all = append(all, runbook.Finding{Level: runbook.OK, Text: runbook.Tf("denied already: %s", "すでに拒否済み: %s", strings.Join(w.already, ", ")), Evidence: w.facts.File})
	}
	if w.tested > 0 {
		all = append(all, runbook.Finding{Level: runbook.Info, Text: runbook.Tf("%d decisions compared before and after: nobody else is decided otherwise", "変更前後の判定 %d 件を比較: ほかの相手への判定は変わらない", w.tested)})
	}
	all = append(all, guard.Care(w.fresh)...)
	if len(d.env.Responder) == 0 {
		all = append(all, runbook.Finding{Level: runbook.Warn, Text: runbook.T("where you are connected from is unknown: make sure that it is not among the sources", "作業者の接続元が分からない。拒否対象に含まれていないことを確認すること")})
	}
	return all
}

// Apply writes the file that was planned.
func (d deny) Apply(ctx context.Context, c runbook.Change, rec runbook.Recorder) error {
	if hook.Is(c) {
		return d.env.hooker().Apply(ctx, c, rec)
	}
	data, f, err := d.load(c)
	if err != nil {
		return err
	}
	err = data.Apply(f.File, rec, func(now []byte) ([]byte, error) {
		ed, err := f.Denier.Deny(now, data.Targets)
		return ed.After, err
	})
	if err != nil {
		return err
	}
	return d.env.services().Settle(ctx, f.Path)
}

// Verify evaluates the file that stands there now.
func (d deny) Verify(ctx context.Context, c runbook.Change, _ runbook.Recorder) (runbook.State, error) {
	if hook.Is(c) {
		return d.env.hooker().Verify(ctx, c)
	}
	data, f, err := d.load(c)
	if err != nil {
		return "", err
	}
	state, err := data.State(f.File, func(now []byte) bool {
		ed, err := f.Denier.Deny(now, data.Targets)
		return err == nil && len(ed.Added) == 0
	})
	if err != nil {
		return "", err
	}
	return d.env.services().State(f.Path, state)
}

// Undo takes exactly the added lines out again, but those that a later incident denies too: the line that stands there is its.
func (d deny) Undo(ctx context.Context, c runbook.Change, rec runbook.Recorder) error {
	if hook.Is(c) {
		return d.env.hooker().Undo(ctx, c, rec)
	}
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
	if err := data.TakeOut(f, rec, ours); err != nil {
		return err
	}
	return d.env.services().Settle(ctx, f.Path)
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
	f, err := edit.At(d.env.Server, data.File)
	return data, f, err
}

// Denials reads what a recorded change of relay.deny added.
func Denials(incident string, c runbook.Change) ([]Denial, error) {
	if hook.Is(c) {
		return nil, nil
	}
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
