package relay

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"

	"hikeshi/runbook"
	"hikeshi/spool"
)

// AllowFacts are the facts of relay.allow.
type AllowFacts struct {
	Removed int `json:"removed" expr:"removed"` // lines
}

type allowData struct {
	edit
	Targets []string          `json:"targets"`
	Backs   []json.RawMessage `json:"backs"` // of the incidents that added the lines
}

type allow struct{ env Env }

// Plan finds the lines that incidents added for the targets and takes them out.
func (a allow) Plan(_ context.Context, in runbook.Input) (runbook.Outcome, error) {
	var p struct {
		Targets  []string `json:"targets"`
		Incident string   `json:"incident"`
	}
	if err := in.Decode(&p); err != nil {
		return runbook.Outcome{}, err
	}
	f, err := a.env.read()
	if err != nil {
		return runbook.Outcome{}, err
	}
	recorded, err := a.env.Recorded()
	if err != nil {
		return runbook.Outcome{}, fmt.Errorf("%w: reading the recorded denials: %w", runbook.ErrUndetermined, err)
	}
	data := allowData{}
	for _, d := range recorded {
		if d.matches(p.Targets) && (p.Incident == "" || d.Incident == p.Incident) {
			data.Targets, data.Backs = append(data.Targets, d.Target), append(data.Backs, d.Back)
		}
	}
	ed, err := data.without(f.denier, f.data)
	if err != nil {
		return runbook.Outcome{}, fmt.Errorf("planning to allow: %w", err)
	}
	out := runbook.Outcome{Facts: AllowFacts{Removed: len(ed.Added)}}
	if len(ed.Added) == 0 {
		out.Findings = []runbook.Finding{{Level: runbook.Warn, Text: runbook.T("no incident has a denial of that in force; lines written by hand are taken out by hand", "該当する拒否は記録にない。手で書いた行は手で消すこと"), Evidence: f.path}}
		return out, nil
	}
	data.edit = newEdit(f, ed)
	c, err := runbook.NewChange("relay.allow", "allow", f.path, data)
	if err != nil {
		return out, err
	}
	c.Risk, c.After = runbook.Reopening, diffText(f.path, f.data, ed.After)
	out.Changes = []runbook.Change{c}
	return out, nil
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
func (a allow) Apply(_ context.Context, c runbook.Change, rec runbook.Recorder) error {
	data, f, err := a.load(c)
	if err != nil {
		return err
	}
	return data.apply(f, rec, func(now []byte) ([]byte, error) {
		ed, err := data.without(f.denier, now)
		return ed.After, err
	})
}

// Verify looks whether the lines are gone.
func (a allow) Verify(_ context.Context, c runbook.Change, _ runbook.Recorder) (runbook.State, error) {
	data, f, err := a.load(c)
	if err != nil {
		return "", err
	}
	return data.state(f, func(now []byte) bool {
		ed, err := data.without(f.denier, now)
		return err == nil && len(ed.Added) == 0
	})
}

// Undo denies the targets again.
func (a allow) Undo(_ context.Context, c runbook.Change, rec runbook.Recorder) error {
	data, f, err := a.load(c)
	if err != nil {
		return err
	}
	if err := data.clear(f); err != nil {
		return err
	}
	if f, err = a.env.read(); err != nil {
		return err
	}
	ed, err := f.denier.Deny(f.data, data.Targets)
	if err != nil || len(ed.Added) == 0 {
		return err
	}
	back := newEdit(f, ed)
	return back.apply(f, rec, func([]byte) ([]byte, error) { return ed.After, nil })
}

func (a allow) load(c runbook.Change) (allowData, file, error) {
	var data allowData
	if err := c.Decode(dataV, &data); err != nil {
		return data, file{}, err
	}
	f, err := a.env.read()
	if err == nil && f.path != data.File {
		err = fmt.Errorf("the change is of %s, the deny file of this server is %s", data.File, f.path)
	}
	return data, f, err
}
