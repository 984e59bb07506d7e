package hard

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"hikeshi/actions/edit"
	cutting "hikeshi/actions/relay/edit"
	"hikeshi/runbook"
	"hikeshi/spool"
	"hikeshi/spool/disk"
)

// Cuts reads what a recorded change of relay.hard put into its table.
func Cuts(c runbook.Change) ([]Cut, error) {
	var d data
	if err := c.Decode(dataV, &d); err != nil {
		return nil, err
	}
	var all []Cut
	for _, r := range d.Made.Rows {
		back, err := json.Marshal(spool.HardEdit{Rows: []spool.HardRow{r}, Open: d.Made.Open})
		if err != nil {
			return nil, err
		}
		all = append(all, Cut{d.Table, r.Target, back, d.Review})
	}
	return all, nil
}

// A Row is what an incident has put into a table for one target.
type Row struct {
	Incident string          `json:"incident"`
	Table    string          `json:"-"`
	Target   string          `json:"target"`
	Back     json.RawMessage `json:"back"` // the Back of its Cut
}

// A Lifter takes rows that incidents added out again, for relay.allow: the way of relay.hard in the other direction, a change for each
// table. Of its Env it needs Server and InUse.
type Lifter struct{ Env Env }

// liftV is the version of lift. Version 1 of the data of relay.allow knows no tables.
const liftV = 2

// lift is the data of a change of one table.
type lift struct {
	edit.Edit
	Table   string        `json:"table"`
	Service spool.Service `json:"service"`
	Rows    []Row         `json:"rows"`
	Cuts    []cutting.Cut `json:"cuts"` // the rows where they stood, in order
	Size    int64         `json:"size"` // of the table without the rows, in bytes
}

// IsLift says whether a change of relay.allow is one of a table.
func IsLift(c runbook.Change) bool {
	var d struct {
		Table string `json:"table"`
	}
	return json.Unmarshal(c.Data, &d) == nil && d.Table != ""
}

// Lifted reads which rows a recorded change took out.
func Lifted(c runbook.Change) ([]Row, error) {
	var d lift
	err := c.Decode(liftV, &d)
	for i := range d.Rows {
		d.Rows[i].Table = d.Table
	}
	return d.Rows, err
}

// Plan plans to take out those of the rows that stand in their tables, and says how many these are.
func (l Lifter) Plan(rows []Row) (all []runbook.Change, n int, err error) {
	denier, ok := l.Env.Server.(spool.HardDenier)
	if !ok || len(rows) == 0 {
		return nil, 0, nil
	}
	for _, t := range denier.HardTables() {
		f, err := edit.Read(t.Path)
		if err != nil {
			return nil, 0, err
		}
		d := lift{Table: t.Name, Service: t.Service}
		after := f.Data
		for _, r := range rows {
			made, err := r.made()
			if err != nil {
				return nil, 0, err
			}
			if left, err := denier.HardAllow(after, made); r.Table == t.Name && err == nil {
				after, d.Rows = left, append(d.Rows, r)
			}
		}
		if len(d.Rows) == 0 {
			continue
		}
		d.Edit, d.Cuts, d.Size = edit.New(f, after), cutting.Cuts(f.Data, after), int64(len(after))
		c, err := runbook.NewChange("relay.allow", "allow", t.Path, d)
		if err != nil {
			return nil, 0, err
		}
		c.V, c.Risk, c.After = liftV, runbook.Reopening, f.Diff(after)
		all, n = append(all, c), n+len(d.Rows)
	}
	return all, n, nil
}

func (r Row) made() (e spool.HardEdit, err error) {
	if err = json.Unmarshal(r.Back, &e); err != nil || len(e.Rows) != 1 {
		err = fmt.Errorf("%w: reading what incident %s put into table %s for %s: %v", runbook.ErrUndetermined, r.Incident, r.Table, r.Target, err)
	}
	return e, err
}

// cut is the change of relay.hard that would put the rows in.
func (d lift) cut() (data, error) {
	c := data{Edit: d.Edit, Table: d.Table, Service: d.Service, Size: d.Size, Append: true}
	c.Old, c.New, c.Created = d.New, d.Old, false
	for _, r := range d.Rows {
		made, err := r.made()
		if err != nil {
			return c, err
		}
		c.Targets = append(c.Targets, r.Target)
		c.Made.Rows = append(c.Made.Rows, made.Rows[0])
	}
	return c, nil
}

// take takes the rows out. The error wraps fs.ErrNotExist if none of them stands there.
func (d lift) take(denier spool.HardDenier, now []byte) ([]byte, error) {
	taken := 0
	for _, r := range d.Rows {
		made, err := r.made()
		if err != nil {
			return nil, err
		}
		left, err := denier.HardAllow(now, made)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		now, taken = left, taken+1
	}
	if taken == 0 {
		return nil, fmt.Errorf("taking rows out of %s: none of them stands there: %w", d.File, fs.ErrNotExist)
	}
	return now, nil
}

// place is a table as it stands now.
type place struct {
	edit.File
	lift   lift
	cut    data // in the other direction
	denier spool.HardDenier
}

func (p place) take(now []byte) ([]byte, error) {
	return p.lift.take(p.denier, slices.Concat(now, p.cut.torn(now)))
}

func (l Lifter) load(c runbook.Change) (p place, err error) {
	if err = c.Decode(liftV, &p.lift); err != nil {
		return p, err
	}
	if p.cut, err = p.lift.cut(); err != nil {
		return p, err
	}
	if p.denier, err = (action{l.Env}).denier(); err != nil {
		return p, err
	}
	if !slices.ContainsFunc(p.denier.HardTables(), func(t spool.HardTable) bool { return t.Path == p.lift.File }) {
		return p, fmt.Errorf("the change is of %s, which is no table of this server", p.lift.File)
	}
	p.File, err = edit.Read(p.lift.File)
	return p, err
}

// again does what a service that appends to the table may disturb.
func (l Lifter) again(c runbook.Change, do func(place) error) error {
	for try := 1; ; try++ {
		p, err := l.load(c)
		if err == nil {
			err = p.cut.sweep(p.File, p.take)
		}
		if err != nil {
			return err
		}
		if err = do(p); !errors.Is(err, runbook.ErrDrift) || try == tries {
			return err
		}
	}
}

// Apply takes the rows out of what stands there now, whatever was appended since the plan.
func (l Lifter) Apply(_ context.Context, c runbook.Change, rec runbook.Recorder) error {
	return l.again(c, func(p place) error { return p.cut.Undo(p.File, rec, p.take) })
}

// Verify looks which of the rows stand in the table.
func (l Lifter) Verify(_ context.Context, c runbook.Change, _ runbook.Recorder) (runbook.State, error) {
	p, err := l.load(c)
	if err != nil {
		return "", err
	}
	left, err := p.cut.leftovers()
	if err != nil {
		return "", err
	}
	n := 0
	for _, r := range p.cut.Made.Rows {
		if standing(p.Data, r) > 0 {
			n++
		}
	}
	switch {
	case len(left) > 0, p.cut.torn(p.Data) != nil, n > 0 && n < len(p.cut.Made.Rows):
		return runbook.Partial, nil
	case n == 0:
		return runbook.Done, nil
	}
	return runbook.None, nil
}

// Undo puts the rows back where they stood; into a table that has changed since it puts them as relay.hard would.
func (l Lifter) Undo(ctx context.Context, c runbook.Change, rec runbook.Recorder) error {
	return l.again(c, func(p place) error {
		if err := p.cut.Clear(p.File); err != nil {
			return err
		}
		switch disk.Hash(p.Data) {
		case p.lift.Old:
			return nil
		case p.lift.New:
			if before, ok := cutting.PutBack(p.Data, p.lift.Cuts, p.lift.Old); ok && !p.Missing {
				return p.cut.Apply(p.File, rec, func([]byte) ([]byte, error) { return before, nil })
			}
		}
		now, err := p.denier.HardDeny(p.Data, p.cut.Targets)
		if err != nil {
			return err
		}
		if !now.Insert && !p.Missing {
			return p.cut.add(p.File, p.denier, rec)
		}
		return l.rewrite(ctx, p, now, rec)
	})
}

// rewrite puts rows above one that allows, or makes the table anew.
func (l Lifter) rewrite(ctx context.Context, p place, made spool.HardEdit, rec runbook.Recorder) error {
	if len(made.Rows) == 0 {
		return nil
	}
	if !p.Missing {
		running, err := l.Env.running(ctx, p.lift.Service)
		if err != nil {
			return err
		}
		if len(running) > 0 {
			return inUse(spool.HardTable{Path: p.Path, Service: p.lift.Service}, running)
		}
	}
	after := slices.Concat(p.Data[:made.Offset], made.Bytes(), p.Data[made.Offset:])
	e := edit.New(p.File, after)
	for _, t := range p.denier.HardTables() {
		if p.Missing && t.Path == p.Path {
			attrs, err := like(t.Like)
			if err != nil {
				return err
			}
			e.Attrs = attrs
		}
	}
	return e.Apply(p.File, rec, func([]byte) ([]byte, error) { return after, nil })
}
