// Package rename sets whole folders aside, all or none, in a time that does not depend on what they hold.
//
// Every folder gets its new name, and an empty one, prepared before with the same owner, mode and extended attributes, stands in
// its place: in one step where the system can exchange two names, else by three renames with <folder>.n-<stamp> in between.
package rename

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"syscall"

	"hikeshi/spool"
	"hikeshi/spool/aside"
	"hikeshi/spool/disk"
)

// A Set are the folders to set aside, as plain data.
type Set struct {
	Base  string       `json:"base"` // the folder in which they lie
	Stamp string       `json:"stamp"`
	Parts []aside.Part `json:"parts"`

	inSteps bool // as where two names cannot be exchanged in one step
}

// Plan looks at the folders; see aside.Parts.
func Plan(folders []spool.Folder, stamp string) (Set, error) {
	base, parts, err := aside.Parts(folders)
	return Set{Base: base, Stamp: stamp, Parts: parts}, err
}

// Apply sets the folders aside, all or none: if one cannot be, those that were go back. It goes on where an earlier Apply was
// cut short. The error wraps disk.ErrDrift if the folders are not those that were planned.
func (r Set) Apply(ctx context.Context) error {
	d, err := r.open("setting the queue aside")
	if err != nil {
		return err
	}
	defer d.Close()
	for _, step := range []func(*disk.Dir, aside.Part) error{r.prepare, r.settle, r.forth} {
		for _, p := range r.Parts {
			if err = ctx.Err(); err == nil {
				err = step(d, p)
			}
			if err != nil {
				return r.giveUp(d, p, err)
			}
		}
	}
	return d.Sync()
}

// giveUp says why p could not be set aside and puts everything back.
func (r Set) giveUp(d *disk.Dir, p aside.Part, err error) error {
	if errors.Is(err, syscall.EXDEV) {
		err = fmt.Errorf("%w: the filesystem of %s does not let it be renamed (a lower layer of an overlay): set the messages aside one by one with strategy move: %w", aside.ErrFolder, filepath.Join(r.Base, p.Name), err)
	}
	err = fmt.Errorf("setting %s aside: %w", p.Name, err)
	for _, p := range slices.Backward(r.Parts) {
		err = errors.Join(err, r.back(d, p))
	}
	return err
}

// open opens the base once it is sure that every part is somewhere where r may have put it.
func (r Set) open(doing string) (*disk.Dir, error) {
	d, err := disk.Open(r.Base)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", doing, err)
	}
	for _, p := range r.Parts {
		pl, err := r.look(d, p)
		if err == nil && pl.state() == aside.Drifted {
			err = fmt.Errorf("%w: neither %s nor %s is the folder that was planned", disk.ErrDrift, filepath.Join(r.Base, p.Name), aside.Name(p.Name, r.Stamp))
		}
		if err != nil {
			d.Close()
			return nil, fmt.Errorf("%s: %w", doing, err)
		}
	}
	return d, nil
}

// State says how far r has been made.
func (r Set) State(context.Context) (aside.State, error) {
	d, err := disk.Open(r.Base)
	if err != nil {
		return aside.None, err
	}
	defer d.Close()
	var all []aside.State
	for _, p := range r.Parts {
		pl, err := r.look(d, p)
		if err != nil {
			return aside.None, err
		}
		all = append(all, pl.state())
	}
	return aside.Together(all), nil
}

// places is what stands under the names of one part.
type places struct {
	live, aside, spare bool // there is such a name
	liveDir            bool
	mailLive, mailOut  bool // the folder with the mail is there
}

func (pl places) state() aside.State {
	switch {
	case pl.mailLive && !pl.aside && !pl.spare:
		return aside.None
	case pl.mailLive:
		return aside.Partial
	case pl.mailOut && pl.liveDir && !pl.spare:
		return aside.Done
	case pl.mailOut && (pl.liveDir || !pl.live):
		return aside.Partial
	}
	return aside.Drifted
}

func (r Set) look(d *disk.Dir, p aside.Part) (pl places, err error) {
	at, err := d.ID()
	if err != nil {
		return pl, err
	}
	stat := func(name string) (there, dir, mail bool, err error) {
		e, err := d.Lstat(name)
		if errors.Is(err, fs.ErrNotExist) {
			return false, false, false, nil
		}
		dir = e.Type == fs.ModeDir
		return err == nil, dir, dir && e.ID == disk.ID{Dev: at.Dev, Ino: p.ID.Ino}, err
	}
	var errs [3]error
	pl.live, pl.liveDir, pl.mailLive, errs[0] = stat(p.Name)
	pl.aside, _, pl.mailOut, errs[1] = stat(aside.Name(p.Name, r.Stamp))
	pl.spare, _, _, errs[2] = stat(r.spare(p))
	return pl, errors.Join(errs[:]...)
}

func (r Set) spare(p aside.Part) string { return p.Name + ".n-" + r.Stamp }

// prepare makes the empty folder that will stand in the place of p.
func (r Set) prepare(d *disk.Dir, p aside.Part) error {
	pl, err := r.look(d, p)
	if err != nil || pl.mailOut {
		return err
	}
	out := aside.Name(p.Name, r.Stamp)
	if pl.spare && !pl.aside {
		if err := d.Move(r.spare(p), d, out); err != nil {
			return err
		}
	}
	mail, err := d.Sub(p.Name)
	if err != nil {
		return err
	}
	defer mail.Close()
	attrs, err := mail.Attrs()
	if err != nil {
		return err
	}
	return d.MkdirNoSync(out, attrs)
}

// settle brings to disk what prepare made.
func (r Set) settle(d *disk.Dir, p aside.Part) error {
	pl, err := r.look(d, p)
	if err != nil || pl.mailOut {
		return err
	}
	out, err := d.Sub(aside.Name(p.Name, r.Stamp))
	if err != nil {
		return err
	}
	defer out.Close()
	return out.Sync()
}

// forth sets one folder aside, from wherever it stands.
func (r Set) forth(d *disk.Dir, p aside.Part) error {
	pl, err := r.look(d, p)
	if err != nil {
		return err
	}
	if pl.mailOut {
		return r.stand(d, p, pl)
	}
	return r.swap(d, p, p.Name, aside.Name(p.Name, r.Stamp))
}

// stand puts an empty folder under the name of one that is set aside, if there is none.
func (r Set) stand(d *disk.Dir, p aside.Part, pl places) error {
	if pl.live {
		return nil
	}
	mail, err := d.Sub(aside.Name(p.Name, r.Stamp))
	if err != nil {
		return err
	}
	defer mail.Close()
	attrs, err := mail.Attrs()
	if err != nil {
		return err
	}
	if !pl.spare {
		if err := d.Mkdir(r.spare(p), attrs); err != nil {
			return err
		}
	}
	return d.Move(r.spare(p), d, p.Name)
}

// swap exchanges the folder with the mail and the other one. Where that cannot be one step the other one steps aside meanwhile. The
// caller brings the exchange to disk.
func (r Set) swap(d *disk.Dir, p aside.Part, mail, other string) error {
	if !r.inSteps {
		if err := d.ExchangeNoSync(mail, other); !errors.Is(err, disk.ErrNoExchange) {
			return err
		}
	}
	for _, step := range [][2]string{{other, r.spare(p)}, {mail, other}, {r.spare(p), mail}} {
		if err := d.Move(step[0], d, step[1]); err != nil {
			return err
		}
	}
	return nil
}
