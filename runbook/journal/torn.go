package journal

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"hikeshi/runbook"
	"hikeshi/runbook/journal/chain"
	"hikeshi/runbook/journal/lock"
	"hikeshi/runbook/journal/proof"
	"hikeshi/runbook/journal/vault"
	"hikeshi/spool/disk"
)

// Hold tells the journal that this process holds l, and cuts off a line that a crash left unfinished; its bytes are kept beside
// the journal. Half-made copies of dead processes go, whole ones that no record names yet are recorded. A full disk is no error; the repair then waits for room like every record.
func (j *Journal) Hold(l *lock.Lock) error {
	if l == nil {
		return errors.New("repairing the journal: the lock is not held")
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.holder = true
	err := j.flushAll()
	if err == nil {
		err = j.recordStray()
	}
	if err != nil && !unwritable(err) {
		return err
	}
	if j.dir != nil {
		vault.Dir{Dir: j.dir}.Sweep()
	}
	j.store.ballast().Fill()
	return nil
}

// recordStray records what was kept and, since a process died in between, not recorded.
func (j *Journal) recordStray() error {
	if err := j.catchUp(); err != nil {
		return err
	}
	known := map[string]bool{}
	for _, r := range j.seen.records {
		if r.Evidence != nil && r.Evidence.SHA256 != "" {
			known[r.Evidence.Name] = true
		}
	}
	v := vault.Dir{Dir: j.dir}
	stray, err := v.Stray(known)
	if err != nil {
		return err
	}
	torn, err := j.dir.Names()
	if err != nil {
		return err
	}
	for _, name := range torn {
		if strings.HasPrefix(name, proof.TornPrefix) && !known[name] {
			stray = append(stray, name)
		}
	}
	slices.Sort(stray)
	for _, name := range stray {
		ref := runbook.EvidenceRef{Name: name, Backup: path.Dir(name) == vault.Backup}
		if ref.Size, ref.SHA256, err = v.Hash(name); err != nil {
			return err
		}
		j.pending = append(j.pending, j.strayRecord(ref))
	}
	return j.flush()
}

func (j *Journal) strayRecord(ref runbook.EvidenceRef) runbook.Record {
	if path.Dir(ref.Name) == "." {
		return j.tornRecord(ref)
	}
	return j.signed(runbook.Record{Event: runbook.Evidenced, Evidence: &ref, Text: "found after an interruption: it was kept and not yet recorded"})
}

func (j *Journal) tornRecord(ref runbook.EvidenceRef) runbook.Record {
	text := fmt.Sprintf("%d bytes of an unfinished line were cut off and kept in %s", ref.Size, ref.Name)
	return j.signed(runbook.Record{Event: runbook.Torn, Evidence: &ref, Text: text})
}

// repair cuts off what follows the last whole line and records where its bytes are kept. It can be cut short anywhere: the bytes
// are kept before the cut, and Hold records a file that no record names.
func (j *Journal) repair(t chain.Tail) (chain.Tail, error) {
	text := make([]byte, t.Size-t.End)
	if _, err := j.log.File().ReadAt(text, t.End); err != nil && err != io.EOF {
		return t, fmt.Errorf("reading the torn line of %s: %w", j.id, err)
	}
	ref, err := j.keepTorn(text)
	if err != nil {
		return t, err
	}
	if err := j.log.Truncate(t.End); err != nil {
		return t, err
	}
	return j.write(chain.Tail{End: t.End, Size: t.End, Next: t.Next, Head: t.Head}, j.tornRecord(ref))
}

// keepTorn writes the bytes of a torn line to a file of its own.
func (j *Journal) keepTorn(text []byte) (runbook.EvidenceRef, error) {
	for n := 1; ; n++ {
		ref := runbook.EvidenceRef{Name: fmt.Sprint(proof.TornPrefix, n), Size: int64(len(text)), SHA256: disk.Hash(text)}
		if there, err := j.dir.Exists(ref.Name); err != nil {
			return ref, err
		} else if there {
			if old, err := j.dir.ReadAll(ref.Name); err == nil && bytes.Equal(old, text) {
				return ref, nil // of a repair that was cut short
			}
			continue
		}
		err := j.store.ballast().Room(func() error {
			return j.dir.Create(ref.Name, bytes.NewReader(text), disk.Private(0o600))
		})
		return ref, err
	}
}
