package journal

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"hikeshi/runbook"
	"hikeshi/runbook/journal/chain"
	"hikeshi/runbook/journal/proof"
	"hikeshi/runbook/journal/vault"
	"hikeshi/spool/disk"
)

// Create opens an incident with opening as its record 0 and book as its runbook.yaml; it fills in the id, the format and the
// hash of the book. The caller holds the lock. A disk that takes nothing is no error: the incident is then in memory until there
// is room, and Unrecorded says so.
func Create(s Store, opening runbook.Opening, book []byte) (*Journal, error) {
	var err error
	for range 100 { // another responder, of another server, may be faster
		var id string
		if id, err = s.NextID(); err != nil {
			break
		}
		o := opening
		o.Incident, o.Format, o.BookHash = id, chain.Format, disk.Hash(book)
		j := &Journal{store: s, id: id, book: book, holder: true}
		err = j.Append(runbook.Record{Event: runbook.Opened, Opening: &o})
		if err == nil || errors.Is(err, runbook.ErrUnrecorded) {
			return j, nil
		}
		if !errors.Is(err, fs.ErrExist) {
			break
		}
	}
	return nil, fmt.Errorf("opening an incident: %w", err)
}

// build makes the folder of the incident with the first record. It appears under its name in one step, so that a crash leaves
// either no incident or a whole one.
func (j *Journal) build() error {
	return j.store.ballast().Room(func() error {
		d, err := disk.OpenOrMake(j.store.State, disk.Private(0o755))
		if err != nil {
			return err
		}
		d.Close()
		all, err := disk.OpenOrMake(j.store.Path(""), disk.Private(0o700))
		if err != nil {
			return err
		}
		defer all.Close()
		sweep(all)
		tmp := fmt.Sprint(unborn, os.Getpid(), "-", j.id)
		wipe(all, tmp) // of a crashed process that had this number
		err = all.Mkdir(tmp, disk.Private(0o700))
		if err == nil {
			err = j.fill(all, tmp)
		}
		if err == nil {
			err = all.Move(tmp, all, j.id)
		}
		if err != nil {
			wipe(all, tmp)
			return err
		}
		j.pending = j.pending[1:]
		j.dir, err = all.Sub(j.id)
		j.store.ballast().Fill()
		return err
	})
}

func (j *Journal) fill(all *disk.Dir, tmp string) error {
	d, err := all.Sub(tmp)
	if err != nil {
		return err
	}
	defer d.Close()
	for _, name := range []string{vault.Evidence, vault.Backup, vault.Drafts} {
		if err := d.Mkdir(name, disk.Private(0o700)); err != nil {
			return err
		}
	}
	r := j.pending[0]
	r.Prev = disk.Hash(nil)
	text, err := chain.Encode(r)
	if err != nil {
		return err
	}
	if err := d.Create(proof.BookName, bytes.NewReader(j.book), disk.Private(0o600)); err != nil {
		return err
	}
	return d.Create(chain.FileName, bytes.NewReader(text), disk.Private(0o600))
}

// unborn begins the name of an incident that is being made; the number of the process follows.
const unborn = ".new-"

// sweep takes away what dead processes left of incidents that they were making.
func sweep(all *disk.Dir) {
	names, _ := all.Names()
	for _, name := range names {
		if vault.Abandoned(name, unborn) {
			wipe(all, name)
		}
	}
}

// wipe takes away what a build that did not end had begun. What it leaves is never taken for an incident.
func wipe(all *disk.Dir, tmp string) {
	d, err := all.Sub(tmp)
	if err != nil {
		return
	}
	defer d.Close()
	names, _ := d.Names()
	for _, name := range names {
		if d.Rmdir(name) != nil {
			d.Remove(name)
		}
	}
	all.Rmdir(tmp)
}
