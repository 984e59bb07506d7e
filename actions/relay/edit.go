package relay

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"github.com/aymanbagabas/go-udiff"

	"hikeshi/runbook"
	"hikeshi/spool"
	"hikeshi/spool/disk"
)

// edit is what both kinds keep of their change of the file.
type edit struct {
	File    string          `json:"file"`
	Old     string          `json:"old"`   // hash before; of nothing if the file was not there
	New     string          `json:"new"`   // hash after
	Added   []string        `json:"added"` // of the lines put in, or taken out
	Created bool            `json:"created,omitempty"`
	Back    json.RawMessage `json:"back,omitempty"` // the server's own word for taking the lines out again
}

func newEdit(f file, ed spool.DenyEdit) edit {
	return edit{File: f.path, Old: disk.Hash(f.data), New: disk.Hash(ed.After), Added: ed.Added, Created: f.missing, Back: ed.Undo}
}

// tmp is the name of the temporary file: the same for the same change, so that a second try finds what the first left.
func (e edit) tmp() string { return "." + filepath.Base(e.File) + ".hikeshi-" + e.New[:8] }

// apply puts the new bytes in the place of the old ones. compute gives them again from what stands there.
func (e edit) apply(f file, rec runbook.Recorder, compute func([]byte) ([]byte, error)) error {
	switch disk.Hash(f.data) {
	case e.New:
		return e.replace(f.data)
	case e.Old:
	default:
		return fmt.Errorf("%s: %w", e.File, runbook.ErrDrift)
	}
	after, err := compute(f.data)
	if err != nil {
		return err
	}
	if disk.Hash(after) != e.New {
		return fmt.Errorf("%s: the edit would not be the one that was shown: %w", e.File, runbook.ErrDrift)
	}
	if !f.missing {
		if err := rec.Backup(filepath.Base(e.File), bytes.NewReader(f.data)); err != nil {
			return fmt.Errorf("backing up %s: %w", e.File, err)
		}
	}
	return e.replace(after)
}

// replace writes after under the file's name, and finishes what an earlier try left.
func (e edit) replace(after []byte) error {
	dir, err := disk.Open(filepath.Dir(e.File))
	if err != nil {
		return err
	}
	defer dir.Close()
	name := filepath.Base(e.File)
	there, err := dir.Exists(name)
	if err != nil {
		return err
	}
	if !there && e.Created {
		return dir.Create(name, bytes.NewReader(after), disk.Private(0o644))
	}
	return drift(dir.Replace(name, e.tmp(), e.Old, after))
}

// state says how far the edit has been made. holds says whether bytes that are neither old nor new have its effect.
func (e edit) state(f file, holds func([]byte) bool) (runbook.State, error) {
	left, err := e.leftover()
	if err != nil {
		return "", err
	}
	hash := disk.Hash(f.data)
	switch {
	case left:
		return runbook.Partial, nil
	case hash == e.New && !f.missing:
		return runbook.Done, nil
	case hash == e.Old:
		return runbook.None, nil
	case holds(f.data):
		return runbook.Done, nil
	}
	return runbook.Drifted, nil
}

func (e edit) leftover() (bool, error) {
	dir, err := disk.Open(filepath.Dir(e.File))
	if err != nil {
		return false, err
	}
	defer dir.Close()
	return dir.Leftover(e.tmp())
}

// takeOut removes exactly the added lines from what stands there now. That none of them stands there is success: nothing of
// ours is left. A file that we made and that holds nothing else goes.
func (e edit) takeOut(f file, rec runbook.Recorder) error {
	if err := e.clear(f); err != nil {
		return err
	}
	if disk.Hash(f.data) == e.Old {
		return nil
	}
	if e.Created && disk.Hash(f.data) == e.New {
		return e.remove()
	}
	ed, err := f.denier.Allow(f.data, e.Back, nil)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := rec.Backup(filepath.Base(e.File)+".before-undo", bytes.NewReader(f.data)); err != nil {
		return fmt.Errorf("backing up %s: %w", e.File, err)
	}
	back := edit{File: e.File, Old: disk.Hash(f.data), New: disk.Hash(ed.After)}
	return back.replace(ed.After)
}

// clear takes away the temporary file of a try that never came to its end.
func (e edit) clear(f file) error {
	left, err := e.leftover()
	if err != nil || !left {
		return err
	}
	if disk.Hash(f.data) == e.New {
		return e.replace(f.data)
	}
	dir, err := disk.Open(filepath.Dir(e.File))
	if err != nil {
		return err
	}
	defer dir.Close()
	return dir.Remove(e.tmp())
}

func (e edit) remove() error {
	dir, err := disk.Open(filepath.Dir(e.File))
	if err != nil {
		return err
	}
	defer dir.Close()
	return dir.Remove(filepath.Base(e.File))
}

// drift puts the words of package disk into those of the engine.
func drift(err error) error {
	if errors.Is(err, disk.ErrDrift) {
		return fmt.Errorf("%w: %w", runbook.ErrDrift, err)
	}
	return err
}

// maxDiff bounds the difference that is shown, in bytes.
const maxDiff = 4 << 10

// diffText is the difference for people: bytes that are no text are written as \x93, and it is bounded.
func diffText(path string, before, after []byte) string {
	text := udiff.Unified(path, path, readable(before), readable(after))
	if len(text) > maxDiff {
		text = strings.ToValidUTF8(text[:maxDiff], "") + "\n(cut)"
	}
	return text
}

func readable(data []byte) string {
	if utf8.Valid(data) {
		return string(data)
	}
	var b strings.Builder
	for len(data) > 0 {
		r, n := utf8.DecodeRune(data)
		if r == utf8.RuneError && n == 1 {
			fmt.Fprintf(&b, `\x%02x`, data[0])
		} else {
			b.WriteRune(r)
		}
		data = data[n:]
	}
	return b.String()
}
