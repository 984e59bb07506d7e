package relay

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"hikeshi/actions/relay/edit"
	"hikeshi/actions/relay/hard"
	"hikeshi/runbook"
	"hikeshi/spool"
)

// AllowFacts are the facts of relay.allow.
type AllowFacts struct {
	Removed int `json:"removed" expr:"removed"` // lines of the deny file, and rows of the tables of the hard cut
}

type allowData struct {
	edit.Edit
	Targets   []string          `json:"targets"`
	Backs     []json.RawMessage `json:"backs"` // of the incidents that added the lines
	Incidents []string          `json:"incidents"`
	Cuts      []edit.Cut        `json:"cuts"` // the lines taken out, in order
}

type allow struct{ env Env }

// Plan finds the lines and rows that incidents added for the targets and takes them out.
func (a allow) Plan(_ context.Context, in runbook.Input) (runbook.Outcome, error) {
	var p struct {
		Targets  []string `json:"targets"`
		Incident string   `json:"incident"`
	}
	if err := in.Decode(&p); err != nil {
		return runbook.Outcome{}, err
	}
	if _, err := edit.Parts(a.env.Server, nil); err != nil {
		return runbook.Outcome{}, err
	}
	recorded, err := a.env.Recorded()
	if err != nil {
		return runbook.Outcome{}, fmt.Errorf("%w: reading the recorded denials: %w", runbook.ErrUndetermined, err)
	}
	recorded = slices.DeleteFunc(slices.Clone(recorded), func(d Denial) bool {
		return !d.matches(p.Targets) || p.Incident != "" && d.Incident != p.Incident
	})
	lines, removed, err := a.lines(recorded)
	if err != nil {
		return runbook.Outcome{}, fmt.Errorf("planning to allow: %w", err)
	}
	rows, n, err := a.lifter().Plan(rowsOf(recorded))
	if err != nil {
		return runbook.Outcome{}, fmt.Errorf("planning to allow: %w", err)
	}
	out := runbook.Outcome{Facts: AllowFacts{Removed: removed + n}, Changes: append(lines, rows...)}
	if len(out.Changes) == 0 {
		out.Findings = []runbook.Finding{{Level: runbook.Warn, Text: runbook.T("no incident has a denial of that in force; lines written by hand are taken out by hand", "該当する拒否は記録にない。手で書いた行は手で消すこと"), Evidence: a.paths()}}
	}
	return out, nil
}

// paths are those of the deny files.
func (a allow) paths() string {
	parts, err := edit.Parts(a.env.Server, nil)
	if err != nil {
		return ""
	}
	return pathsOf(parts)
}

// lines plans the changes of the deny files; there is none of a file in which no line of these denials stands.
func (a allow) lines(recorded []Denial) (all []runbook.Change, removed int, err error) {
	var targets []string
	for _, d := range recorded {
		if d.Table == "" {
			targets = append(targets, d.Target)
		}
	}
	if len(targets) == 0 {
		return nil, 0, nil
	}
	parts, err := edit.Parts(a.env.Server, targets)
	if err != nil {
		return nil, 0, err
	}
	for _, p := range parts {
		data := allowData{}
		for _, d := range recorded {
			if d.Table == "" && slices.Contains(p.Targets, d.Target) {
				data.Targets, data.Backs = append(data.Targets, d.Target), append(data.Backs, d.Back)
				data.Incidents = append(data.Incidents, d.Incident)
			}
		}
		ed, err := data.without(p.Denier, p.Data)
		if err != nil {
			return nil, 0, err
		}
		if len(ed.Added) == 0 {
			continue
		}
		data.Edit, data.Cuts = edit.New(p.File, ed), edit.Cuts(p.Data, ed.After)
		c, err := runbook.NewChange("relay.allow", "allow", p.Path, data)
		if err != nil {
			return nil, 0, err
		}
		c.Risk, c.After = runbook.Reopening, p.Diff(ed.After)
		all, removed = append(all, c), removed+len(ed.Added)
	}
	return all, removed, nil
}

func (a allow) lifter() hard.Lifter {
	return hard.Lifter{Env: hard.Env{Server: a.env.Server, InUse: a.env.InUse}}
}

// rowsOf are those of the denials that stand in tables of the hard cut.
func rowsOf(all []Denial) []hard.Row {
	var rows []hard.Row
	for _, d := range all {
		if d.Table != "" {
			rows = append(rows, hard.Row{Incident: d.Incident, Table: d.Table, Target: d.Target, Back: d.Back})
		}
	}
	return rows
}

// without takes the lines of all targets out of now; no lines is no error.
func (d allowData) without(denier spool.Denier, now []byte) (spool.DenyEdit, error) {
	all := spool.DenyEdit{After: now}
	for i, back := range d.Backs {
		ed, err := denier.Allow(all.After, back, d.Targets[i:i+1])
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return all, err
		}
		all.After, all.Added = ed.After, append(all.Added, ed.Added...)
	}
	return all, nil
}

// Apply writes the file that was planned.
func (a allow) Apply(ctx context.Context, c runbook.Change, rec runbook.Recorder) error {
	if hard.IsLift(c) {
		return a.lifter().Apply(ctx, c, rec)
	}
	data, f, err := a.load(c)
	if err != nil {
		return err
	}
	err = data.Apply(f.File, rec, func(now []byte) ([]byte, error) {
		ed, err := data.without(f.Denier, now)
		return ed.After, err
	})
	if err != nil {
		return err
	}
	return a.env.services().Settle(ctx, f.Path)
}

// Verify looks whether the lines are gone.
func (a allow) Verify(ctx context.Context, c runbook.Change, rec runbook.Recorder) (runbook.State, error) {
	if hard.IsLift(c) {
		return a.lifter().Verify(ctx, c, rec)
	}
	data, f, err := a.load(c)
	if err != nil {
		return "", err
	}
	state, err := data.State(f.File, func(now []byte) bool {
		ed, err := data.without(f.Denier, now)
		return err == nil && len(ed.Added) == 0
	})
	if err != nil {
		return "", err
	}
	return a.env.services().State(f.Path, state)
}

// Undo puts the lines back where they stood. In a file that somebody has edited meanwhile it denies the targets anew.
func (a allow) Undo(ctx context.Context, c runbook.Change, rec runbook.Recorder) error {
	if hard.IsLift(c) {
		return a.lifter().Undo(ctx, c, rec)
	}
	data, f, err := a.load(c)
	if err != nil {
		return err
	}
	if err := data.Clear(f.File); err != nil {
		return err
	}
	if f, err = edit.At(a.env.Server, data.File); err != nil {
		return err
	}
	undone := func(from []byte) (spool.DenyEdit, error) {
		if before, ok := edit.PutBack(from, data.Cuts, data.Old); ok {
			return spool.DenyEdit{After: before}, nil
		}
		return f.Denier.Deny(from, data.Targets)
	}
	after := func(from []byte) ([]byte, error) { ed, err := undone(from); return ed.After, err }
	if err := data.Settle(f.File, after); err != nil {
		return err
	}
	ed, err := undone(f.Data)
	if err == nil && !bytes.Equal(ed.After, f.Data) {
		err = edit.New(f, ed).Apply(f.File, rec, after)
	}
	if err != nil {
		return err
	}
	return a.env.services().Settle(ctx, f.Path)
}

func (a allow) load(c runbook.Change) (allowData, edit.File, error) {
	var data allowData
	if err := c.Decode(dataV, &data); err != nil {
		return data, edit.File{}, err
	}
	f, err := edit.At(a.env.Server, data.File)
	return data, f, err
}

// Allowed reads which denials a recorded change of relay.allow took out: incident, target and table of each.
func Allowed(c runbook.Change) ([]Denial, error) {
	if hard.IsLift(c) {
		rows, err := hard.Lifted(c)
		var all []Denial
		for _, r := range rows {
			all = append(all, Denial{Incident: r.Incident, Target: r.Target, Table: r.Table})
		}
		return all, err
	}
	var data allowData
	if err := c.Decode(dataV, &data); err != nil {
		return nil, err
	}
	var all []Denial
	for i, t := range data.Targets {
		d := Denial{Target: t}
		if i < len(data.Incidents) {
			d.Incident = data.Incidents[i]
		}
		all = append(all, d)
	}
	return all, nil
}
