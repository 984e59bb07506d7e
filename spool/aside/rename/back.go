package rename

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"syscall"

	"hikeshi/spool"
	"hikeshi/spool/aside"
	"hikeshi/spool/aside/folders"
	"hikeshi/spool/aside/index"
	"hikeshi/spool/aside/transfer"
	"hikeshi/spool/disk"
)

// Undo puts the folders back, all or none. Mail that came into the folders that stood in their place is then moved into them, message
// by message and without replacing anything; what cannot be is named by a *aside.LeftError and stays where it is. It can be
// repeated, and does nothing if Apply never began. The error wraps disk.ErrDrift if the folders are no longer there.
func (r Set) Undo(ctx context.Context, q spool.Queue, progress func(done, total int64)) error {
	d, err := r.open("bringing the queue back")
	if err != nil {
		return err
	}
	defer d.Close()
	order := r.wayBack()
	for i, p := range order {
		if err = ctx.Err(); err == nil {
			err = r.bring(d, p)
		}
		if err == nil {
			continue
		}
		err = fmt.Errorf("bringing %s back: %w", p.Name, err)
		for j := i - 1; j >= 0; j-- {
			err = errors.Join(err, r.again(d, order[j]))
		}
		return err
	}
	if err := d.Sync(); err != nil {
		return err
	}
	return r.merge(ctx, d, q, progress)
}

// wayBack is the order in which the folders go back: bodies before the envelopes of the retries, and first of all parts the
// one that is read first comes last.
func (r Set) wayBack() []aside.Part {
	var flat, deep []aside.Part
	for i := len(r.Parts) - 1; i > 0; i-- {
		if p := r.Parts[i]; p.Tree {
			deep = append(deep, p)
		} else {
			flat = append(flat, p)
		}
	}
	all := append(flat, deep...)
	if len(r.Parts) > 0 {
		all = append(all, r.Parts[0])
	}
	return all
}

// bring puts the folder with the mail of p under its own name, from wherever it stands. The one that stood there is then set aside.
func (r Set) bring(d *disk.Dir, p aside.Part) error {
	pl, err := r.look(d, p)
	if err != nil {
		return err
	}
	out := aside.Name(p.Name, r.Stamp)
	switch {
	case pl.mailOut && pl.live:
		return r.swap(d, p, out, p.Name)
	case pl.mailOut:
		if err := d.Move(out, d, p.Name); err != nil {
			return err
		}
		pl.aside = false
	}
	if pl.spare && !pl.aside {
		return d.Move(r.spare(p), d, out)
	}
	return nil
}

// again sets a folder aside that was brought back a moment ago.
func (r Set) again(d *disk.Dir, p aside.Part) error {
	pl, err := r.look(d, p)
	if err == nil && pl.mailLive && pl.aside {
		return r.swap(d, p, p.Name, aside.Name(p.Name, r.Stamp))
	}
	return errors.Join(err, r.prepare(d, p), r.forth(d, p))
}

// back undoes forth, when what stood in the place of the folder is empty.
func (r Set) back(d *disk.Dir, p aside.Part) error {
	if err := r.bring(d, p); err != nil {
		return err
	}
	pl, err := r.look(d, p)
	if err != nil || !pl.aside {
		return err
	}
	return d.Rmdir(aside.Name(p.Name, r.Stamp))
}

// merge moves what came meanwhile into the folders that are back, and takes away those that stood in their place.
func (r Set) merge(ctx context.Context, d *disk.Dir, q spool.Queue, progress func(done, total int64)) error {
	var newer []aside.Part
	for _, p := range r.wayBack() {
		out := aside.Name(p.Name, r.Stamp)
		there, err := d.Exists(out)
		if err == nil && there {
			err = d.Rmdir(out)
		}
		if notEmpty(err) {
			newer = append(newer, p)
		} else if err != nil {
			return err
		}
	}
	if len(newer) == 0 {
		return nil
	}
	tree, err := folders.Open(r.Base)
	if err != nil {
		return err
	}
	defer tree.Close()
	t, err := r.newer(ctx, tree, q, newer)
	if err != nil {
		return fmt.Errorf("reading the mail that came meanwhile: %w", err)
	}
	rep, err := t.Run(ctx, transfer.Forth, progress)
	if err != nil {
		return fmt.Errorf("moving the mail that came meanwhile: %w", err)
	}
	for _, p := range newer {
		if _, err := tree.Prune(aside.Name(p.Name, r.Stamp)); err != nil {
			return err
		}
	}
	return aside.Left("moving the mail that came meanwhile", rep)
}

// newer makes the transfer of everything that came meanwhile.
func (r Set) newer(ctx context.Context, tree *folders.Tree, q spool.Queue, parts []aside.Part) (transfer.Transfer, error) {
	x := index.New(ctx, tree, q)
	to := map[string]string{}
	for _, p := range parts {
		to[aside.Name(p.Name, r.Stamp)] = p.Name
		if err := x.Add(aside.Name(p.Name, r.Stamp), true); err != nil {
			return transfer.Transfer{}, err
		}
	}
	b := transfer.NewBuilder(r.Base, tree, false)
	_, _, err := x.Index().Units(b, index.Choice{Want: everything, To: aside.Renamed(to), Odd: true})
	return b.Transfer(), err
}

func everything(string) bool { return true }

func notEmpty(err error) bool {
	return errors.Is(err, syscall.ENOTEMPTY) || errors.Is(err, fs.ErrExist)
}
