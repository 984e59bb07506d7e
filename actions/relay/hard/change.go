package hard

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"hikeshi/actions/edit"
	"hikeshi/runbook"
	"hikeshi/spool"
	"hikeshi/spool/disk"
)

// data is what a change of one table keeps of itself.
type data struct {
	edit.Edit
	Table   string         `json:"table"`
	Service spool.Service  `json:"service"`
	Targets []string       `json:"targets"`
	Made    spool.HardEdit `json:"made"`
	Size    int64          `json:"size"`             // of the table when it was planned
	Append  bool           `json:"append,omitempty"` // by one appending write; else the file is made, or exchanged
	Review  time.Time      `json:"review"`           // UTC
}

// tries is how often an undo begins anew because a service has appended a row meanwhile.
const tries = 5

// like are the owner and mode of a file that a new one is made after; nil if there is none.
func like(path string) (*disk.Attrs, error) {
	dir, err := disk.Open(filepath.Dir(path))
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	f, err := dir.Read(filepath.Base(path))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	attrs, err := disk.AttrsOf(f)
	return &attrs, err
}

func (a action) load(c runbook.Change) (d data, f edit.File, denier spool.HardDenier, err error) {
	if err = c.Decode(dataV, &d); err != nil {
		return d, f, nil, err
	}
	if denier, err = a.denier(); err != nil {
		return d, f, nil, err
	}
	if !slices.ContainsFunc(denier.HardTables(), func(t spool.HardTable) bool { return t.Path == d.File }) {
		return d, f, nil, fmt.Errorf("the change is of %s, which is no table of this server", d.File)
	}
	f, err = edit.Read(d.File)
	return d, f, denier, err
}

// Apply puts the rows in.
func (a action) Apply(ctx context.Context, c runbook.Change, rec runbook.Recorder) error {
	d, f, denier, err := a.load(c)
	if err != nil {
		return err
	}
	if d.Append {
		return d.add(f, denier, rec)
	}
	if d.Made.Insert {
		running, err := a.env.running(ctx, d.Service)
		if err == nil && len(running) > 0 {
			err = inUse(spool.HardTable{Path: d.File, Service: d.Service}, running)
		}
		if err != nil {
			return err
		}
	}
	return d.Apply(f, rec, func(now []byte) ([]byte, error) {
		return slices.Concat(now[:d.Made.Offset], d.Made.Bytes(), now[d.Made.Offset:]), nil
	})
}

// add appends what is missing of the rows, in one write.
func (d data) add(f edit.File, denier spool.HardDenier, rec runbook.Recorder) error {
	if f.Missing {
		return fmt.Errorf("%s: %w", d.File, runbook.ErrDrift)
	}
	tail := d.torn(f.Data)
	whole := slices.Concat(f.Data, tail)
	now, err := denier.HardDeny(whole, d.Targets)
	if err != nil {
		return err
	}
	if now.Insert {
		return fmt.Errorf("%s: a row that allows some of the sources has come in: %w", d.File, runbook.ErrDrift)
	}
	now.Rows = slices.DeleteFunc(now.Rows, func(r spool.HardRow) bool { return !d.ours(r) })
	tail = append(tail, now.Bytes()...)
	if len(tail) == 0 {
		return nil
	}
	if err := rec.Backup(filepath.Base(d.File), bytes.NewReader(f.Data)); err != nil {
		return fmt.Errorf("backing up %s: %w", d.File, err)
	}
	dir, err := disk.Open(filepath.Dir(d.File))
	if err != nil {
		return err
	}
	defer dir.Close()
	log, err := dir.OpenLog(filepath.Base(d.File))
	if err != nil {
		return err
	}
	return errors.Join(log.Append(tail), log.Close())
}

// torn is what is missing of a row of ours that was written in part when the machine died: the last line of the table, behind what
// stood there when it was planned.
func (d data) torn(now []byte) []byte {
	start := bytes.LastIndexByte(now, '\n') + 1
	part := string(now[start:])
	if !d.Append || part == "" || int64(start) < d.Size {
		return nil
	}
	for _, r := range d.Made.Rows {
		if rest, ok := strings.CutPrefix(r.Row, part); ok && standing(now, r) == 0 {
			return []byte(rest)
		}
	}
	return nil
}

// standing is how often a row of ours stands in the table.
func standing(now []byte, r spool.HardRow) int {
	n := -r.Twins
	for line := range bytes.Lines(now) {
		if string(line) == r.Row {
			n++
		}
	}
	return n
}

// Verify looks which rows stand in the table, and whether they have their effect.
func (a action) Verify(_ context.Context, c runbook.Change, _ runbook.Recorder) (runbook.State, error) {
	d, f, denier, err := a.load(c)
	if err != nil {
		return "", err
	}
	left, err := d.leftovers()
	if err != nil {
		return "", err
	}
	n := 0
	for _, r := range d.Made.Rows {
		if standing(f.Data, r) > 0 {
			n++
		}
	}
	switch {
	case len(left) > 0, d.torn(f.Data) != nil, n > 0 && n < len(d.Made.Rows):
		return runbook.Partial, nil
	case n == 0:
		return runbook.None, nil
	}
	now, err := denier.HardDeny(f.Data, d.Targets)
	if err == nil && len(now.Rows) > 0 {
		return runbook.Drifted, nil // a row that allows stands above by now
	}
	return runbook.Done, err
}

// Undo takes exactly our rows out of what stands there now. Where the service runs it may append a row at the very moment of the
// exchange; one that came before it is found, and the undo begins anew.
func (a action) Undo(_ context.Context, c runbook.Change, rec runbook.Recorder) error {
	for try := 1; ; try++ {
		d, f, denier, err := a.load(c)
		if err != nil {
			return err
		}
		take := func(now []byte) ([]byte, error) { return denier.HardAllow(slices.Concat(now, d.torn(now)), d.Made) }
		if err := d.sweep(f, take); err != nil {
			return err
		}
		err = d.Undo(f, rec, take)
		if !errors.Is(err, runbook.ErrDrift) || try == tries {
			return err
		}
	}
}

// leftovers are the names of temporary files of this table that tries have left.
func (d data) leftovers() (left []string, err error) {
	dir, err := disk.Open(filepath.Dir(d.File))
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	names, err := dir.Names()
	prefix := "." + filepath.Base(d.File) + ".hikeshi-"
	return slices.DeleteFunc(names, func(n string) bool { return !strings.HasPrefix(n, prefix) }), err
}

// sweep takes away the temporary file of an undo that was cut short behind its exchange, though a service has appended to the new
// file since. It holds the table as that undo found it; one that holds a row that is not in the table now stays.
func (d data) sweep(f edit.File, take func([]byte) ([]byte, error)) error {
	left, err := d.leftovers()
	if err != nil || len(left) == 0 {
		return err
	}
	dir, err := disk.Open(filepath.Dir(d.File))
	if err != nil {
		return err
	}
	defer dir.Close()
	for _, name := range left {
		if name == d.Temporary() {
			continue
		}
		mine, err := d.left(dir, name, f.Data, take)
		if err != nil {
			return err
		}
		if !mine {
			return fmt.Errorf("%s holds rows of somebody else: %w", filepath.Join(filepath.Dir(d.File), name), runbook.ErrDrift)
		}
		if err := dir.Remove(name); err != nil {
			return err
		}
	}
	return nil
}

// left says whether a temporary file is one of ours: the table as an undo found it, which without our rows is what the table begins
// with now; or a new table, whole or not, that never came to its exchange.
func (d data) left(dir *disk.Dir, name string, now []byte, take func([]byte) ([]byte, error)) (bool, error) {
	if fi, err := os.Lstat(filepath.Join(dir.Path(), name)); err == nil && fi.Mode().Perm() == 0 {
		return true, nil // not finished; nobody may read it
	}
	out, err := dir.ReadAll(name)
	if err != nil {
		return false, err
	}
	if after, err := take(out); err == nil && bytes.HasPrefix(now, after) {
		return true, nil
	}
	without, err := take(now)
	return bytes.HasPrefix(now, out) || err == nil && bytes.HasPrefix(without, out), nil
}

// ours says whether a row was shown in the plan.
func (d data) ours(r spool.HardRow) bool {
	return slices.ContainsFunc(d.Made.Rows, func(m spool.HardRow) bool { return m.Row == r.Row })
}
