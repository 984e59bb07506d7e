package settings

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"strings"

	"hikeshi/actions/edit"
	"hikeshi/runbook"
	"hikeshi/spool"
	"hikeshi/spool/disk"
)

// dataV is the version of setData.
const dataV = 1

// setData is one value. The settings that can be named hold numbers, so the contents are no secrets.
type setData struct {
	Name    string        `json:"name"`
	Value   string        `json:"value"`
	Base    string        `json:"base"`              // the folder below which no symbolic link is followed
	Folders []folder      `json:"folders,omitempty"` // that are made, the outermost first
	Edit    *edit.Edit    `json:"edit,omitempty"`    // nil: the setting is that the folder is there
	Was     []byte        `json:"was,omitempty"`     // the content of the file before
	Content []byte        `json:"content,omitempty"` // and after
	Lock    string        `json:"lock,omitempty"`
	Reader  spool.Service `json:"reader"`
}

// folder is one that is made.
type folder struct {
	Path  string     `json:"path"`
	Attrs disk.Attrs `json:"attrs"`
}

// free refuses while somebody else writes the value.
func (d setData) free() error {
	if d.Lock == "" {
		return nil
	}
	dir, err := edit.Open(d.Base, filepath.Dir(d.Lock))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer dir.Close()
	there, err := dir.Exists(filepath.Base(d.Lock))
	if err == nil && there {
		err = fmt.Errorf("setting %s: %s is there, so the console or a service is writing the value; try again, and if nothing is writing take it away by hand", d.Name, d.Lock)
	}
	return err
}

// makeFolders plans the folders that are missing, with the owner and mode of the one that they are shaped after.
func (d *setData) makeFolders(t spool.Tuning) error {
	if len(t.Folders) == 0 {
		return nil
	}
	attrs, err := folderAttrs(t)
	if err != nil {
		return err
	}
	for _, path := range t.Folders {
		d.Folders = append(d.Folders, folder{path, attrs})
	}
	return nil
}

func folderAttrs(t spool.Tuning) (disk.Attrs, error) {
	dir, err := edit.Open(t.Base, t.LikeFolder)
	if err != nil {
		return disk.Attrs{}, err
	}
	defer dir.Close()
	return dir.Attrs()
}

// fileAttrs are those of a file of the same kind, or of the folder without the right to execute.
func fileAttrs(t spool.Tuning) (*disk.Attrs, error) {
	if t.Like == "" {
		attrs, err := folderAttrs(t)
		attrs.Mode &= 0o666
		attrs.Xattrs = nil
		return &attrs, err
	}
	dir, err := edit.Open(t.Base, filepath.Dir(t.Like))
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	f, err := dir.Read(filepath.Base(t.Like))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	attrs, err := disk.AttrsOf(f)
	return &attrs, err
}

func load(c runbook.Change) (d setData, err error) {
	if err = c.Decode(dataV, &d); err == nil && d.Edit == nil && len(d.Folders) == 0 {
		err = fmt.Errorf("change %s of %s says not what is set", c.ID, c.Kind)
	}
	return d, err
}

// Apply makes missing folders and exchanges the file.
func (s set) Apply(ctx context.Context, c runbook.Change, rec runbook.Recorder) error {
	d, err := load(c)
	if err == nil {
		err = s.env.mustBeStopped(ctx, d.Reader)
	}
	if err == nil {
		err = d.free()
	}
	if err != nil {
		return err
	}
	for _, f := range d.Folders {
		if err := f.make(d.Base); err != nil {
			return err
		}
	}
	if d.Edit == nil {
		return nil
	}
	f, err := edit.Below(d.Base, d.Edit.File)
	if err != nil {
		return err
	}
	return d.Edit.Apply(f, keeper{rec, d.Name}, func([]byte) ([]byte, error) { return d.Content, nil })
}

// Verify looks what stands there.
func (s set) Verify(_ context.Context, c runbook.Change, _ runbook.Recorder) (runbook.State, error) {
	d, err := load(c)
	if err != nil {
		return "", err
	}
	if d.Edit == nil {
		return d.Folders[0].state(d.Base)
	}
	f, err := edit.Below(d.Base, d.Edit.File)
	if err != nil {
		return "", err
	}
	st, err := d.Edit.State(f, func([]byte) bool { return false })
	for _, made := range d.Folders {
		if left, ferr := made.empty(d.Base); st == runbook.None && (left || ferr != nil) {
			st, err = runbook.Partial, errors.Join(err, ferr)
		}
	}
	return st, err
}

// Undo puts the old content back, or takes the new file and empty folders away. A folder of a log that has been written to keeps what
// is in it under another name, as the vendor has it stopped (FAQ bsd/17-62).
func (s set) Undo(ctx context.Context, c runbook.Change, rec runbook.Recorder) error {
	d, err := load(c)
	if err == nil {
		err = s.env.mustBeStopped(ctx, d.Reader)
	}
	if err == nil {
		err = d.free()
	}
	if err != nil {
		return err
	}
	if d.Edit != nil {
		if err := d.putBack(rec); err != nil {
			return err
		}
	}
	for i := len(d.Folders) - 1; i >= 0; i-- {
		if err := d.Folders[i].unmake(d, rec); err != nil {
			return err
		}
	}
	return nil
}

func (d setData) putBack(rec runbook.Recorder) error {
	f, err := edit.Below(d.Base, d.Edit.File)
	if err != nil {
		return err
	}
	return d.Edit.Undo(f, keeper{rec, d.Name}, func(now []byte) ([]byte, error) {
		if disk.Hash(now) != d.Edit.New {
			return nil, fmt.Errorf("%s: %w", d.Edit.File, runbook.ErrDrift)
		}
		return d.Was, nil
	})
}

// keeper names copies after the setting: files of several services have the same name.
type keeper struct {
	runbook.Recorder
	name string
}

// Backup keeps a copy under the name of the setting.
func (k keeper) Backup(name string, r io.Reader) error {
	return k.Recorder.Backup(strings.ReplaceAll(k.name, "/", "-")+"."+name, r)
}
