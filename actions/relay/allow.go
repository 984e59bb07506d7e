package relay

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"

	"hikeshi/actions/relay/edit"
	"hikeshi/runbook"
	"hikeshi/spool"
	"hikeshi/spool/disk"
)

// AllowFacts are the facts of relay.allow.
type AllowFacts struct {
	Removed int `json:"removed" expr:"removed"` // lines
}

type allowData struct {
	edit.Edit
	Targets   []string          `json:"targets"`
	Backs     []json.RawMessage `json:"backs"` // of the incidents that added the lines
	Incidents []string          `json:"incidents"`
	Cuts      []cut             `json:"cuts"` // the lines taken out, in order
}

// cut is a line that was taken out, and the offset in the old file at which it stood.
type cut struct {
	At   int    `json:"at"`
	Line []byte `json:"line"`
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
			data.Incidents = append(data.Incidents, d.Incident)
		}
	}
	ed, err := data.without(f.Denier, f.Data)
	if err != nil {
		return runbook.Outcome{}, fmt.Errorf("planning to allow: %w", err)
	}
	out := runbook.Outcome{Facts: AllowFacts{Removed: len(ed.Added)}}
	if len(ed.Added) == 0 {
		out.Findings = []runbook.Finding{{Level: runbook.Warn, Text: runbook.T("no incident has a denial of that in force; lines written by hand are taken out by hand", "該当する拒否は記録にない。手で書いた行は手で消すこと"), Evidence: f.Path}}
		return out, nil
	}
	data.Edit, data.Cuts = edit.New(f, ed), cuts(f.Data, ed.After)
	c, err := runbook.NewChange("relay.allow", "allow", f.Path, data)
	if err != nil {
		return out, err
	}
	c.Risk, c.After = runbook.Reopening, f.Diff(ed.After)
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
	return data.Apply(f.File, rec, func(now []byte) ([]byte, error) {
		ed, err := data.without(f.Denier, now)
		return ed.After, err
	})
}

// Verify looks whether the lines are gone.
func (a allow) Verify(_ context.Context, c runbook.Change, _ runbook.Recorder) (runbook.State, error) {
	data, f, err := a.load(c)
	if err != nil {
		return "", err
	}
	return data.State(f.File, func(now []byte) bool {
		ed, err := data.without(f.Denier, now)
		return err == nil && len(ed.Added) == 0
	})
}

// cuts says which lines of before are not in after.
func cuts(before, after []byte) []cut {
	var all []cut
	at := 0
	for line := range bytes.Lines(before) {
		if bytes.HasPrefix(after, line) {
			after = after[len(line):]
		} else {
			all = append(all, cut{at, bytes.Clone(line)})
		}
		at += len(line)
	}
	return all
}

// putBack is the file as it was before the lines were taken out of it; ok is false if now is not what was left then.
func (d allowData) putBack(now []byte) (before []byte, ok bool) {
	for _, c := range d.Cuts {
		n := c.At - len(before)
		if n < 0 || n > len(now) {
			return nil, false
		}
		before = append(append(before, now[:n]...), c.Line...)
		now = now[n:]
	}
	before = append(before, now...)
	return before, disk.Hash(before) == d.Old
}

// Undo puts the lines back where they stood. In a file that somebody has edited meanwhile it denies the targets anew.
func (a allow) Undo(_ context.Context, c runbook.Change, rec runbook.Recorder) error {
	data, f, err := a.load(c)
	if err != nil {
		return err
	}
	if err := data.Clear(f.File); err != nil {
		return err
	}
	if f, err = a.env.read(); err != nil {
		return err
	}
	undone := func(from []byte) (spool.DenyEdit, error) {
		if before, ok := data.putBack(from); ok {
			return spool.DenyEdit{After: before}, nil
		}
		return f.Denier.Deny(from, data.Targets)
	}
	after := func(from []byte) ([]byte, error) { ed, err := undone(from); return ed.After, err }
	if err := data.Settle(f.File, after); err != nil {
		return err
	}
	ed, err := undone(f.Data)
	if err != nil || bytes.Equal(ed.After, f.Data) {
		return err
	}
	return edit.New(f, ed).Apply(f.File, rec, after)
}

func (a allow) load(c runbook.Change) (allowData, edit.File, error) {
	var data allowData
	if err := c.Decode(dataV, &data); err != nil {
		return data, edit.File{}, err
	}
	f, err := a.env.read()
	if err == nil && f.Path != data.File {
		err = fmt.Errorf("the change is of %s, the deny file of this server is %s", data.File, f.Path)
	}
	return data, f, err
}

// Allowed reads which denials a recorded change of relay.allow took out: incident and target of each.
func Allowed(c runbook.Change) ([]Denial, error) {
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
