// Package move gives one mail account another name, and takes that back: its line in the account file and its mailbox folder, as one
// thing, or by a command of the site that is believed only if both are found to be so.
//
// The folder goes first, since SMTP AUTH asks only for the auth file in the folder of a name; it is known again by its inode. What has
// happened of the line is told from the file (package rewrite), so a [Trip] can go on, or back, after a crash at any moment.
package move

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"syscall"
	"time"

	"hikeshi/actions/account/pick"
	"hikeshi/actions/account/rewrite"
	"hikeshi/runbook"
	"hikeshi/spool/disk"
)

// A Move is an account on its way to another name, in plain data.
type Move struct {
	Domain   string    `json:"domain"`
	From     string    `json:"from"`
	To       string    `json:"to"`
	File     string    `json:"file"`    // the account file
	Parent   string    `json:"parent"`  // of the folders
	Folder   string    `json:"folder"`  // the name of the mailbox folder before
	Becomes  string    `json:"becomes"` // and after
	ID       disk.ID   `json:"id"`      // of the folder; zero if there is none
	At       time.Time `json:"at"`      // UTC
	Command  []string  `json:"command,omitempty"`
	Back     []string  `json:"back,omitempty"`     // the command for the way back
	Incident string    `json:"incident,omitempty"` // whose renaming is taken back
	By       string    `json:"by,omitempty"`       // the incident that makes the move
}

func (m Move) reversed() Move {
	m.From, m.To, m.Folder, m.Becomes, m.Command, m.Back = m.To, m.From, m.Becomes, m.Folder, m.Back, m.Command
	return m
}

// A Trip is a Move with what is needed to make it.
type Trip struct {
	Move
	Desk   pick.Desk
	Change string    // its id
	Random io.Reader // crypto/rand.Reader
	Run    func(ctx context.Context, argv []string) (output []byte, err error)
}

// Reversed is the way back.
func (t Trip) Reversed() Trip {
	t.Move = t.Move.reversed()
	return t
}

// place says how far something is.
type place int

const (
	elsewhere place = iota
	before
	after
)

// folder finds the mailbox folder by its inode. The number of its device may be another one after a reboot.
func (m Move) folder(dir *disk.Dir) (place, error) {
	at, err := dir.ID()
	if err != nil {
		return elsewhere, err
	}
	for _, p := range []struct {
		name string
		is   place
	}{{m.Folder, before}, {m.Becomes, after}} {
		e, err := dir.Lstat(p.name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return elsewhere, err
		}
		if e.Type == fs.ModeDir && e.ID == (disk.ID{Dev: at.Dev, Ino: m.ID.Ino}) {
			return p.is, nil
		}
	}
	return elsewhere, nil
}

// line says which name the account file has. The error tells of a file that is not as documented.
func (t Trip) line(file []byte) (place, error) {
	_, err := t.Desk.Rename(file, t.From, t.To)
	if err == nil {
		return before, nil
	}
	if _, back := t.Desk.Rename(file, t.To, t.From); back == nil {
		return after, nil
	}
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrExist) {
		return elsewhere, nil
	}
	return elsewhere, err
}

// rewriting is the way of the account file.
func (t Trip) rewriting() rewrite.Rewrite {
	way := sha256.Sum256([]byte(t.From + "\x00" + t.To)) // names may be too long for the name of a file
	return rewrite.Rewrite{Path: t.File, Tag: hex.EncodeToString(way[:4]), Keep: t.keep(), Random: t.Random,
		Done: func(file []byte) (bool, error) {
			p, err := t.line(file)
			if err == nil && p == elsewhere {
				err = fmt.Errorf("it has neither %s nor %s as it was: %w", t.From, t.To, runbook.ErrDrift)
			}
			return p == after, err
		},
		Make: func(file []byte) ([]byte, error) { return t.Desk.Rename(file, t.From, t.To) },
		Same: func(a, b []byte) bool {
			x, err1 := t.plain(a)
			y, err2 := t.plain(b)
			return err1 == nil && err2 == nil && string(x) == string(y)
		}}
}

// keep is the name of the copy that is kept before; the way back has another one.
func (t Trip) keep() string { return t.Change + "-idx-" + t.From + "@" + t.Domain }

// plain is the account file with the name before.
func (t Trip) plain(file []byte) ([]byte, error) {
	if p, err := t.line(file); err != nil || p != after {
		return file, err
	}
	return t.Desk.Rename(file, t.To, t.From)
}

// State says how far the account is on its way.
func (t Trip) State() (runbook.State, error) {
	now, err := rewrite.Read(t.File)
	if err != nil {
		return "", err
	}
	line, err := t.line(now)
	if err != nil {
		return "", fmt.Errorf("%s: %w", t.File, err)
	}
	folder := line
	if t.ID.Ino != 0 {
		dir, err := disk.Open(t.Parent)
		if err != nil {
			return "", err
		}
		defer dir.Close()
		if folder, err = t.folder(dir); err != nil {
			return "", err
		}
	}
	left, err := t.rewriting().Left()
	switch {
	case err != nil:
		return "", err
	case line == elsewhere || folder == elsewhere:
		return runbook.Drifted, nil
	case left || line != folder:
		return runbook.Partial, nil
	case line == after:
		return runbook.Done, nil
	}
	return runbook.None, nil
}

// here moves the folder, then rewrites the line.
func (t Trip) here(rec runbook.Recorder) error {
	if err := t.Reversed().rewriting().Settle(rec); err != nil {
		return err
	}
	r := t.rewriting()
	if err := r.Settle(rec); err != nil {
		return err
	}
	now, err := rewrite.Read(t.File)
	if err != nil {
		return err
	}
	if _, err := r.Done(now); err != nil {
		return fmt.Errorf("%s: %w", t.File, err)
	}
	if err := t.moveFolder(); err != nil {
		return err
	}
	if err := r.Apply(rec); err != nil {
		return t.half(err)
	}
	return nil
}

// half says of a way that ended between folder and line how far it went, and how to go on.
func (t Trip) half(err error) error {
	if t.ID.Ino == 0 {
		return err
	}
	id, once := t.By, "that is mended"
	if id == "" {
		id = "INCIDENT"
	}
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		once = "there is room"
	}
	return fmt.Errorf("half made: the mailbox folder is %s by now, the account file %s still says %s; `hikeshi undo %s` puts the folder back, `hikeshi resume %s` goes on once %s: %w",
		filepath.Join(t.Parent, t.Becomes), t.File, t.From, id, id, once, err)
}

func (m Move) moveFolder() error {
	dir, err := disk.Open(m.Parent)
	if errors.Is(err, fs.ErrNotExist) && m.ID.Ino == 0 {
		return nil
	}
	if err != nil {
		return err
	}
	defer dir.Close()
	if m.ID.Ino == 0 {
		return m.noFolder(dir)
	}
	p, err := m.folder(dir)
	switch {
	case err != nil:
		return err
	case p == after:
		return dir.Sync()
	case p == elsewhere:
		return fmt.Errorf("%s is not the folder that was planned: %w", filepath.Join(m.Parent, m.Folder), runbook.ErrDrift)
	}
	err = dir.Move(m.Folder, dir, m.Becomes)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%w: there is a folder %s by now; move it aside, nothing in it is lost: %w", runbook.ErrDrift, filepath.Join(m.Parent, m.Becomes), err)
	}
	return err
}

// noFolder makes sure that there is still none.
func (m Move) noFolder(dir *disk.Dir) error {
	there, err := dir.Exists(m.Folder)
	if err == nil && there {
		err = fmt.Errorf("%s was not there when this was planned: %w", filepath.Join(m.Parent, m.Folder), runbook.ErrDrift)
	}
	return err
}

// Make goes the way, from wherever the account is. The error wraps runbook.ErrDrift if line or folder are not as planned.
func (t Trip) Make(ctx context.Context, rec runbook.Recorder) error {
	do := t.here
	if len(t.Command) > 0 {
		do = func(rec runbook.Recorder) error { return t.run(ctx, rec) }
	}
	if err := do(rec); err != nil {
		return fmt.Errorf("renaming %s@%s to %s: %w", t.From, t.Domain, t.To, err)
	}
	return nil
}
