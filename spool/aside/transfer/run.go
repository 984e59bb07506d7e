package transfer

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"

	"hikeshi/spool/aside/folders"
)

// batch is how many units are brought to disk at once.
const batch = 256

// A Direction is one of the two ways of a Transfer.
type Direction bool

// The directions.
const (
	Forth Direction = true
	Back  Direction = false
)

// A Report says what Run did not move.
type Report struct {
	Taken []string // whole units that stay since a name is taken at the other end: the names in the way, paths below the base
	Torn  []string // whole units that stay since a part of them is no longer at either end: the parts that are still there
	Gone  int      // units of which nothing is at either end any more
}

// Count says where the items of a Transfer are now.
type Count struct{ From, To, Gone int }

// Run moves every unit that is not yet at the other end. It can be repeated. An error ends it in the middle of the way; what was
// moved until then is on disk.
func (t *Transfer) Run(ctx context.Context, d Direction, progress func(done, total int64)) (Report, error) {
	tree, err := folders.Open(t.Base)
	if err != nil {
		return Report{}, err
	}
	defer tree.Close()
	r := &run{t: t, tree: tree, d: d}
	done := 0
	for units := range slices.Chunk(t.Units, batch) {
		if err := ctx.Err(); err != nil {
			return r.rep, err
		}
		if err := r.batch(units); err != nil {
			return r.rep, errors.Join(err, tree.Flush())
		}
		done += len(units)
		progress(int64(done), int64(len(t.Units)))
	}
	return r.rep, nil
}

// Count looks where every item is.
func (t *Transfer) Count(ctx context.Context) (Count, error) {
	var c Count
	tree, err := folders.Open(t.Base)
	if err != nil {
		return c, err
	}
	defer tree.Close()
	r := &run{t: t, tree: tree, d: Forth}
	for _, u := range t.Units {
		if err := ctx.Err(); err != nil {
			return c, err
		}
		for _, it := range u {
			p, err := r.where(it)
			switch {
			case err != nil:
				return c, err
			case p == arrived:
				c.To++
			case p == gone:
				c.Gone++
			default:
				c.From++
			}
		}
	}
	return c, nil
}

// place is where an item is, seen in the direction of a run.
type place int

const (
	waiting place = iota // at this end, the name at the other end is free
	barred               // at this end, the name at the other end is taken
	twice                // at both ends: a move by link and unlink was cut short
	arrived
	gone
)

type run struct {
	t    *Transfer
	tree *folders.Tree
	d    Direction
	rep  Report
}

// ends returns the folders of an item, here and there.
func (r *run) ends(it Item) (here, there string) {
	w := r.t.Ways[it.Way]
	if r.d == Forth {
		return string(w.From), string(w.To)
	}
	return string(w.To), string(w.From)
}

func (r *run) where(it Item) (place, error) {
	if it.Way < 0 || it.Way >= len(r.t.Ways) {
		return gone, fmt.Errorf("item %q has no way", it.Name)
	}
	here, there := r.ends(it)
	a, atHere, err := r.tree.Lstat(path.Join(here, string(it.Name)))
	if err != nil {
		return gone, err
	}
	b, atThere, err := r.tree.Lstat(path.Join(there, string(it.Name)))
	if err != nil {
		return gone, err
	}
	atHere = atHere && a.Ino == it.Ino
	switch {
	case atHere && !atThere:
		return waiting, nil
	case atHere && b.ID == a.ID:
		return twice, nil
	case atHere:
		return barred, nil
	case atThere && b.Ino == it.Ino:
		return arrived, nil
	}
	return gone, nil
}

// batch moves some units: all items that go first, then, when these are on disk, the others.
func (r *run) batch(units []Unit) error {
	var ready []Unit
	for _, u := range units {
		ok, err := r.ready(u)
		if err != nil {
			return err
		}
		if ok {
			ready = append(ready, u)
		}
	}
	if err := r.prepare(ready); err != nil {
		return err
	}
	in := (r.d == Forth) != r.t.Out
	for _, last := range []bool{!in, in} {
		for i, u := range ready {
			ok, err := r.some(u, last)
			if err != nil {
				return err
			}
			if !ok {
				ready[i] = nil
			}
		}
		if err := r.tree.Flush(); err != nil {
			return err
		}
	}
	return nil
}

// ready says whether u can go as a whole; what is already there needs nothing.
func (r *run) ready(u Unit) (bool, error) {
	var here, taken []string
	lost := 0
	for _, it := range u {
		from, to := r.ends(it)
		p, err := r.where(it)
		switch {
		case err != nil:
			return false, err
		case p == gone:
			lost++
		case p == barred:
			taken = append(taken, path.Join(to, string(it.Name)))
		case p != arrived:
			here = append(here, path.Join(from, string(it.Name)))
		}
	}
	switch {
	case len(taken) > 0:
		r.rep.Taken = append(r.rep.Taken, taken...)
		return false, r.giveBack(u)
	case lost > 0 && len(here) > 0:
		r.rep.Torn = append(r.rep.Torn, here...)
		return false, nil
	case lost > 0:
		r.rep.Gone++
	}
	return len(here) > 0, nil
}

// prepare makes the sub-folders that the units need at the other end.
func (r *run) prepare(units []Unit) error {
	made := map[int]bool{}
	for _, u := range units {
		for _, it := range u {
			if made[it.Way] {
				continue
			}
			made[it.Way] = true
			here, there := r.ends(it)
			if _, ok, err := r.tree.Lstat(here); err != nil || !ok {
				if err != nil {
					return err
				}
				continue // everything of this way has arrived, and its folder was taken away
			}
			if err := r.tree.MakeLike(there, here); err != nil {
				return err
			}
		}
	}
	return nil
}

// errGone says that a service has taken a file between two looks.
var errGone = errors.New("no longer there")

// some moves the items of u that go last, or the others. If that cannot be done for all of them, those of u that were moved go
// back and ok is false.
func (r *run) some(u Unit, last bool) (ok bool, err error) {
	for _, it := range u {
		if it.Last != last {
			continue
		}
		here, there := r.ends(it)
		err := r.one(it, here, there)
		switch {
		case errors.Is(err, fs.ErrExist):
			r.rep.Taken = append(r.rep.Taken, path.Join(there, string(it.Name)))
			return false, r.giveBack(u)
		case errors.Is(err, errGone), errors.Is(err, fs.ErrNotExist):
			r.rep.Gone++
			return false, r.giveBack(u)
		case err != nil:
			return false, err
		}
	}
	return true, nil
}

func (r *run) one(it Item, here, there string) error {
	p, err := r.where(it)
	if err != nil {
		return err
	}
	switch p {
	case arrived:
		return nil
	case gone:
		return errGone
	case twice:
		return r.tree.Drop(here, string(it.Name))
	}
	return r.tree.Move(here, there, string(it.Name))
}

// giveBack returns the items of a unit that cannot go as a whole.
func (r *run) giveBack(u Unit) error {
	back := &run{t: r.t, tree: r.tree, d: !r.d}
	for _, it := range slices.Backward(u) {
		p, err := back.where(it)
		if err != nil {
			return err
		}
		if p != waiting {
			continue
		}
		here, there := back.ends(it)
		if err := r.tree.Move(here, there, string(it.Name)); err != nil {
			return err
		}
	}
	return nil
}
