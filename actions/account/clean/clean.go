// Package clean takes out of mailboxes what a thief has left there: settings of the control file that send mail on, throw it away or load a
// program. The lines go and no other byte; an undo puts them back where they stood.
package clean

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"hikeshi/actions/account/pick"
	"hikeshi/actions/account/rewrite"
	"hikeshi/runbook"
	"hikeshi/spool"
	"hikeshi/spool/disk"
)

// Facts are the facts of account.clean.
type Facts struct {
	Removed int      `json:"removed" expr:"removed"` // settings
	Files   []string `json:"files" expr:"files"`     // control files
}

// edit is one control file. It holds no password, so its hashes may be written down.
type edit struct {
	File string `json:"file"`
	Old  string `json:"old"` // hash before
	New  string `json:"new"` // hash after
	Cuts []cut  `json:"cuts"`
}

// cut is a line that is taken out, and the offset in the old file at which it stood. What it says is in the backup.
type cut struct {
	At   int    `json:"at"`
	Len  int    `json:"len"`            // bytes, with its line end
	Line []byte `json:"line,omitempty"` // itself, in data of version 1
}

// Action is account.clean.
type Action struct{ Server spool.Server }

// dataV is the newest version of the data of this kind.
const dataV = 2

// Plan makes one change of each control file with planted settings.
func (k Action) Plan(_ context.Context, in runbook.Input) (runbook.Outcome, error) {
	d, c, err := pick.Asked(k.Server, in)
	if err != nil {
		return runbook.Outcome{}, err
	}
	facts := Facts{Files: []string{}}
	out := runbook.Outcome{}
	for _, a := range c.Found {
		if len(a.Planted) == 0 || slices.Contains(facts.Files, a.Planted[0].File) {
			continue
		}
		change, err := planClean(d, a.Planted[0].File)
		if err != nil {
			return runbook.Outcome{}, fmt.Errorf("%w: looking at the mailbox of %s: %w", runbook.ErrUndetermined, a.Address(), err)
		}
		facts.Files, facts.Removed = append(facts.Files, a.Planted[0].File), facts.Removed+len(a.Planted)
		out.Changes = append(out.Changes, change)
		out.Findings = append(out.Findings, planted(a)...)
	}
	switch {
	case len(c.Found) == 0:
		out.Findings = []runbook.Finding{pick.Nobody}
	case len(out.Changes) == 0:
		out.Findings = []runbook.Finding{{Level: runbook.OK, Text: runbook.T("nothing is planted in the mailboxes", "メールボックスに仕込まれた設定はない")}}
	}
	out.Facts = facts
	return out, nil
}

func planted(a spool.Account) []runbook.Finding {
	var all []runbook.Finding
	for _, p := range a.Planted {
		all = append(all, runbook.Finding{Level: runbook.Warn, Text: runbook.T(a.Address()+": "+pick.Setting(p).EN+" goes; make sure that it is not the owner's own", a.Address()+": "+pick.Setting(p).In("ja")+" を取り除く。本人の設定でないことを確かめること"), Evidence: fmt.Sprintf("%s:%d", p.File, p.Line)})
	}
	return all
}

func planClean(d pick.Desk, file string) (runbook.Change, error) {
	now, err := rewrite.Read(file)
	if err != nil {
		return runbook.Change{}, err
	}
	after, gone := d.Clean(now)
	data := edit{File: file, Old: disk.Hash(now), New: disk.Hash(after)}
	var before strings.Builder
	at, n := 0, 0
	for line := range bytes.Lines(now) {
		n++
		if i := slices.IndexFunc(gone, func(p spool.Planted) bool { return p.Line == n }); i >= 0 {
			data.Cuts = append(data.Cuts, cut{At: at, Len: len(line)})
			shown := strings.ToValidUTF8(strings.TrimRight(string(line[:min(len(line), maxLine)]), "\r\n"), "?")
			if gone[i].Odd {
				shown = gone[i].Key + "=..." // it may be a secret
			}
			fmt.Fprintf(&before, "-%s\n", shown)
		}
		at += len(line)
	}
	c, err := runbook.NewChange("account.clean", "clean", file, data)
	c.V = dataV
	c.UndoRisk = runbook.Reopening
	c.After = before.String()[:min(before.Len(), maxDiff)]
	return c, err
}

// Bounds of what is shown of the lines, in bytes.
const (
	maxLine = 512
	maxDiff = 4 << 10
)

// put exchanges the file of one hash for content, and finishes what an earlier try left.
func (d edit) put(dir *disk.Dir, direction, old string, content []byte) error {
	return drifted(dir.Replace(filepath.Base(d.File), d.temporary(direction), old, content))
}

func (d edit) temporary(direction string) string {
	return "." + filepath.Base(d.File) + ".hikeshi-" + direction + "-" + d.New[:8]
}

// copyName is where the file is kept before the change.
func (d edit) copyName(c runbook.Change) string {
	return c.ID + "-" + filepath.Base(filepath.Dir(d.File)) + "-" + filepath.Base(d.File)
}

// open opens the folder of the file and reads it.
func (k Action) open(c runbook.Change) (data edit, dir *disk.Dir, now []byte, err error) {
	if err = c.Decode(dataV, &data); err != nil {
		return data, nil, nil, err
	}
	if dir, err = disk.Open(filepath.Dir(data.File)); err != nil {
		return data, nil, nil, gone(err)
	}
	if now, err = dir.ReadAll(filepath.Base(data.File)); err != nil {
		dir.Close()
		return data, nil, nil, gone(err)
	}
	return data, dir, now, nil
}

// Apply takes the lines out.
func (k Action) Apply(_ context.Context, c runbook.Change, rec runbook.Recorder) error {
	data, dir, now, err := k.open(c)
	if err != nil {
		return err
	}
	defer dir.Close()
	if disk.Hash(now) == data.New {
		return data.put(dir, "clean", data.Old, now)
	}
	d, err := pick.Open(k.Server)
	if err != nil {
		return err
	}
	after, _ := d.Clean(now)
	if disk.Hash(now) != data.Old || disk.Hash(after) != data.New {
		return fmt.Errorf("%s: %w", data.File, runbook.ErrDrift)
	}
	if err := rec.Backup(data.copyName(c), bytes.NewReader(now)); err != nil {
		return fmt.Errorf("backing up %s: %w", data.File, err)
	}
	return data.put(dir, "clean", data.Old, after)
}

// Verify looks whether anything is planted.
func (k Action) Verify(_ context.Context, c runbook.Change, _ runbook.Recorder) (runbook.State, error) {
	data, dir, now, err := k.open(c)
	if errors.Is(err, runbook.ErrDrift) {
		return runbook.Drifted, nil
	}
	if err != nil {
		return "", err
	}
	defer dir.Close()
	left, err := dir.Leftover(data.temporary("clean"))
	if err != nil || left {
		return runbook.Partial, err
	}
	d, err := pick.Open(k.Server)
	if err != nil {
		return "", err
	}
	_, planted := d.Clean(now)
	switch {
	case len(planted) == 0:
		return runbook.Done, nil
	case disk.Hash(now) == data.Old:
		return runbook.None, nil
	}
	return runbook.Drifted, nil
}

// drifted puts the words of package disk into those of the engine.
func drifted(err error) error {
	if errors.Is(err, disk.ErrDrift) {
		return fmt.Errorf("%w: %w", runbook.ErrDrift, err)
	}
	return err
}

// gone puts a file that is not there any more into the words of the engine.
func gone(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w: %w", runbook.ErrDrift, err)
	}
	return err
}
