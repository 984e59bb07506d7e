package aside

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"hikeshi/spool"
	"hikeshi/spool/aside/folders"
	"hikeshi/spool/aside/index"
	"hikeshi/spool/aside/transfer"
	"hikeshi/spool/disk"
)

// A Move sets single messages aside.
type Move struct {
	Stamp    string            `json:"stamp"`
	Folders  []string          `json:"folders"` // names of the folders of the set; each gets one beside it
	Transfer transfer.Transfer `json:"transfer"`
}

// A Selection says which messages of a queue are to be set aside.
type Selection struct {
	Folders []spool.Folder
	Stamp   string
	Tree    *folders.Tree // open on the folder in which Folders lie
	Index   *index.Index  // of Folders
	Want    func(base string) bool
}

// Move plans to set the messages aside. It returns how many files go, and what is odd and stays: paths. The error wraps ErrFolder if a
// folder is a symbolic link or a filesystem of its own.
func (s Selection) Move() (m Move, files int, odd []string, err error) {
	base, parts, err := Parts(s.Folders)
	if err != nil {
		return Move{}, 0, nil, err
	}
	m.Stamp = s.Stamp
	to := map[string]string{}
	for _, p := range parts {
		m.Folders = append(m.Folders, p.Name)
		to[p.Name] = Name(p.Name, s.Stamp)
	}
	b := transfer.NewBuilder(base, s.Tree, true)
	files, odd, err = s.Index.Units(b, index.Choice{Want: s.Want, To: Renamed(to)})
	m.Transfer = b.Transfer()
	return m, files, odd, err
}

// Apply sets the messages aside, all or none: if one cannot be, those that were go back. It goes on where an earlier Apply was cut
// short. The error wraps disk.ErrDrift if a message is no longer there.
func (m Move) Apply(ctx context.Context, progress func(done, total int64)) error {
	err := m.forth(ctx, progress)
	if err == nil {
		return nil
	}
	err = fmt.Errorf("setting messages aside: %w", err)
	return errors.Join(err, m.back(context.WithoutCancel(ctx), func(int64, int64) {}))
}

func (m Move) forth(ctx context.Context, progress func(done, total int64)) error {
	if err := m.mkdirs(); err != nil {
		return err
	}
	rep, err := m.Transfer.Run(ctx, transfer.Forth, progress)
	if err != nil {
		return err
	}
	if n := rep.Gone + len(rep.Torn); n > 0 {
		return fmt.Errorf("%w: %d of %d messages are no longer there, or not whole", disk.ErrDrift, n, len(m.Transfer.Units))
	}
	return Left("nothing was moved", rep)
}

// mkdirs makes the folders beside those of the set.
func (m Move) mkdirs() error {
	tree, err := folders.Open(m.Transfer.Base)
	if err != nil {
		return err
	}
	defer tree.Close()
	for _, name := range m.Folders {
		err := tree.Mkdir(Name(name, m.Stamp), name)
		if err != nil && !errors.Is(err, fs.ErrExist) { // one that holds something was made before
			return err
		}
	}
	return nil
}

// Undo brings the messages back that are still set aside, bodies before envelopes and without replacing anything; what cannot be
// is named by a *LeftError and stays set aside. It can be repeated, and does nothing if Apply never began.
// It returns of how many messages something is nowhere any more: released, purged, or taken away by somebody. What lay beside them comes
// back, too.
func (m Move) Undo(ctx context.Context, q spool.Queue, progress func(done, total int64)) (gone int, err error) {
	rest, gone, err := m.Transfer.Remains(ctx, q)
	if err != nil {
		return 0, fmt.Errorf("looking for messages to bring back: %w", err)
	}
	m.Transfer = rest
	return gone, m.back(ctx, progress)
}

// back brings everything back that is still there.
func (m Move) back(ctx context.Context, progress func(done, total int64)) error {
	rep, err := m.Transfer.Run(ctx, transfer.Back, progress)
	if err != nil {
		return fmt.Errorf("bringing messages back: %w", err)
	}
	tree, err := folders.Open(m.Transfer.Base)
	if err != nil {
		return err
	}
	defer tree.Close()
	for _, name := range m.Folders {
		if _, err := tree.Prune(Name(name, m.Stamp)); err != nil {
			return fmt.Errorf("taking empty folders away: %w", err)
		}
	}
	return Left("bringing messages back", rep)
}

// State says how far m has been made.
func (m Move) State(ctx context.Context) (State, error) {
	c, err := m.Transfer.Count(ctx)
	if err != nil {
		return None, err
	}
	made, err := m.made()
	switch {
	case err != nil:
		return None, err
	case c.To == 0 && made == 0:
		return None, nil // also after an undo that could not bring back what was released before
	case c.Gone > 0:
		return Drifted, nil
	case c.From == 0 && made == len(m.Folders):
		return Done, nil
	}
	return Partial, nil
}

// made counts the folders that were made beside those of the set.
func (m Move) made() (int, error) {
	n := 0
	d, err := disk.Open(m.Transfer.Base)
	if err != nil {
		return 0, err
	}
	defer d.Close()
	for _, name := range m.Folders {
		there, err := d.Exists(Name(filepath.Base(name), m.Stamp))
		if err != nil {
			return 0, err
		}
		if there {
			n++
		}
	}
	return n, nil
}
