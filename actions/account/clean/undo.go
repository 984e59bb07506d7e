package clean

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"

	"hikeshi/actions/account/clean/splice"
	"hikeshi/runbook"
	"hikeshi/spool/disk"
)

// Undo puts the lines back where they stood, beside what a colleague has edited since. Where their place cannot be told any more the error
// wraps runbook.ErrDrift and names a file in the backups of the incident in which they stand.
func (k Action) Undo(_ context.Context, c runbook.Change, rec runbook.Recorder) error {
	data, dir, now, err := k.open(c)
	if err != nil {
		return err
	}
	defer dir.Close()
	if disk.Hash(now) == data.Old {
		if err := drifted(dir.Discard(data.temporary("clean"), data.Old, data.New)); err != nil {
			return err
		}
		return data.put(dir, "undo", data.New, now)
	}
	if disk.Hash(now) == data.New {
		if err := data.put(dir, "clean", data.Old, now); err != nil { // what is left of applying
			return err
		}
	} else if err := drifted(dir.Discard(data.temporary("clean"), data.Old, data.New)); err != nil {
		return err
	}
	was, err := data.was(c, now, rec)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // it is kept before anything is written, so nothing was
	}
	if err != nil {
		return err
	}
	if err := data.settle(dir, was, now); err != nil {
		return err
	}
	back, ok := splice.Back(was, now)
	if !ok {
		return data.aside(c, was, rec)
	}
	if bytes.Equal(back, now) {
		return errors.Join(drifted(dir.Discard(data.temporary("undo"), data.New, disk.Hash(now))), dir.Sync())
	}
	return data.put(dir, "undo", disk.Hash(now), back)
}

// was is the file as it was, with the lines that were cut out marked. The error wraps fs.ErrNotExist if it never was another one.
func (d edit) was(c runbook.Change, now []byte, rec runbook.Recorder) (splice.Text, error) {
	old, err := runbook.Kept(rec, d.copyName(c))
	if errors.Is(err, fs.ErrNotExist) && disk.Hash(now) == d.New {
		if len(d.Cuts) == 0 || len(d.Cuts[0].Line) == 0 {
			return splice.Text{}, fmt.Errorf("%s: no copy of what was taken out is kept, so it cannot be put back: %v", d.File, err)
		}
		old, err = d.rebuilt(now), nil
	}
	if err != nil {
		return splice.Text{}, err
	}
	if disk.Hash(old) != d.Old {
		return splice.Text{}, fmt.Errorf("%w: the kept copy of %s is not what was read then", runbook.ErrUndetermined, d.File)
	}
	cuts := map[int]bool{} // by offset
	for _, c := range d.Cuts {
		cuts[c.At] = true
	}
	t, at := splice.Text{}, 0
	for line := range bytes.Lines(old) {
		t.Lines, t.Cut = append(t.Lines, line), append(t.Cut, cuts[at])
		at += len(line)
	}
	return t, nil
}

// rebuilt is the file as it was, from what is left of it and the lines that data of version 1 holds.
func (d edit) rebuilt(now []byte) (all []byte) {
	for _, c := range d.Cuts {
		n := min(max(c.At-len(all), 0), len(now))
		all = append(append(all, now[:n]...), c.Line...)
		now = now[n:]
	}
	return append(all, now...)
}

// settle takes away the temporary file of an undo that was cut short behind its exchange: with the lines put back it is what stands there.
func (d edit) settle(dir *disk.Dir, was splice.Text, now []byte) error {
	left, err := dir.Leftover(d.temporary("undo"))
	if err != nil || !left {
		return err
	}
	out, err := dir.ReadAll(d.temporary("undo"))
	if err != nil {
		return nil // never finished: the next writing takes it away
	}
	if back, ok := splice.Back(was, out); ok && bytes.Equal(back, now) {
		return dir.Remove(d.temporary("undo"))
	}
	return nil
}

// aside keeps the lines that cannot be put back, readable by their owner only, and says where.
func (d edit) aside(c runbook.Change, was splice.Text, rec runbook.Recorder) error {
	var lines []byte
	for i, line := range was.Lines {
		if was.Cut[i] {
			lines = append(lines, line...)
		}
	}
	name := d.copyName(c) + ".lines"
	if err := rec.Backup(name, bytes.NewReader(lines)); err != nil {
		return fmt.Errorf("keeping the lines of %s: %w", d.File, err)
	}
	return fmt.Errorf("%s: %w: where the lines stood cannot be told any more; they are in the folder of the incident, in the file backup/ whose name ends in %s: put in by hand what the owner wants",
		d.File, runbook.ErrDrift, name)
}
