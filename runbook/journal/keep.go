package journal

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"

	"hikeshi/runbook"
	"hikeshi/runbook/journal/vault"
)

// Keep copies r into the incident and records it; readable by its owner only. Evidence is bounded (see package vault); what is cut
// or left out is recorded as such and is no error. A backup is whole, or an error; one that is there already stays as it is. The
// error wraps runbook.ErrUnrecorded where the disk would not take the copy; that is recorded too.
func (j *Journal) Keep(step, name string, r io.Reader, backup bool) error {
	j.keeping.Lock()
	defer j.keeping.Unlock()
	ref, made, err := j.copyIn(vault.Name(step, name), r, backup)
	if err == nil && !made {
		if known, err := j.knows(ref); err != nil || known {
			return err
		}
	}
	rec := runbook.Record{Event: runbook.Evidenced, Step: step, Evidence: &ref}
	if err != nil {
		rec.Evidence = &runbook.EvidenceRef{Name: ref.Name, Cut: true, Backup: backup}
		rec.Error = fmt.Sprintf("not kept: %v", err)
		err = fmt.Errorf("keeping %s: %w", ref.Name, err)
		if unwritable(err) {
			err = fmt.Errorf("%w: %w", runbook.ErrUnrecorded, err)
		}
	}
	return errors.Join(err, j.Append(rec))
}

// Draft keeps text as evidence, lays a working copy down in the folder of drafts, and records l with both. The working copy is for people
// to change: what was drafted is proved by the evidence.
func (j *Journal) Draft(l runbook.Letter, name string, text []byte) error {
	j.keeping.Lock()
	defer j.keeping.Unlock()
	name = vault.Name("", name)
	ref, _, err := j.copyIn(name, bytes.NewReader(text), false)
	if err != nil {
		return fmt.Errorf("keeping the draft %s: %w", name, err)
	}
	v, err := j.vault()
	if err == nil {
		l.Name, err = v.Draft(name, text)
	}
	if err != nil {
		return fmt.Errorf("writing the draft %s: %w", name, err)
	}
	return j.Append(runbook.Record{Event: runbook.Drafted, Letter: &l, Evidence: &ref})
}

// Withhold records that the letter id is not to be sent as it stands.
func (j *Journal) Withhold(id, why string) error {
	return j.Append(runbook.Record{Event: runbook.Held, Letter: &runbook.Letter{ID: id}, Text: why})
}

func (j *Journal) copyIn(name string, r io.Reader, backup bool) (ref runbook.EvidenceRef, made bool, err error) {
	ref = runbook.EvidenceRef{Name: name}
	v, err := j.vault()
	if err != nil {
		return ref, false, err
	}
	if backup {
		return v.Backup(name, r)
	}
	ref, err = v.Evidence(name, r)
	return ref, true, err
}

// vault returns the folder of the incident, which is made now if the disk was full before.
func (j *Journal) vault() (vault.Dir, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.dir == nil {
		if err := j.flushAll(); err != nil {
			return vault.Dir{}, err
		}
	}
	return vault.Dir{Dir: j.dir}, nil
}

// knows says whether a record tells of a backup that was there: a crash can come between the two.
func (j *Journal) knows(ref runbook.EvidenceRef) (bool, error) {
	records, err := j.Records()
	return slices.ContainsFunc(records, func(r runbook.Record) bool {
		return r.Evidence != nil && r.Evidence.Name == ref.Name && r.Evidence.SHA256 != ""
	}), err
}

// Kept returns the backup that was kept first under name in this incident, by any step. The error wraps fs.ErrNotExist if there is none
// that is recorded.
func (j *Journal) Kept(name string) ([]byte, error) {
	records, err := j.Records()
	if err != nil {
		return nil, err
	}
	for _, r := range records {
		if e := r.Evidence; e == nil || !e.Backup || e.SHA256 == "" || e.Name != path.Join(vault.Backup, vault.Name(r.Step, name)) {
			continue
		}
		v, err := j.vault()
		if err != nil {
			return nil, err
		}
		return v.Read(r.Evidence.Name)
	}
	return nil, fmt.Errorf("reading the kept copy %s: %w", name, fs.ErrNotExist)
}
