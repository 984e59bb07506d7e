package journal

import (
	"errors"
	"fmt"
	"io"

	"hikeshi/runbook"
	"hikeshi/runbook/journal/chain"
)

// seen is what was read of a journal so far; a run reads it after every record.
type seen struct {
	records []runbook.Record
	lines   int        // whole lines
	last    chain.Line // the last of them
	end     int64      // where it ends in the file
	torn    int64      // length of what follows
	broken  error      // the first thing that was not as it should be
}

// Records returns everything recorded so far, in order, with what could not be written yet at the end. A torn last line is passed
// over. With an error wrapping ErrBroken it returns what can be read: enough to look at, nothing to act upon. The records are shared
// with later calls and not to be changed.
func (j *Journal) Records() ([]runbook.Record, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	err := j.catchUp()
	all := j.seen.records[:len(j.seen.records):len(j.seen.records)]
	for _, r := range j.pending {
		r.Seq = len(all)
		all = append(all, r)
	}
	return all, err
}

// Head returns the hash of the last record on disk, with which Verify can prove later that nothing was changed; "" before there is
// one.
func (j *Journal) Head() (string, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	err := j.catchUp()
	return j.seen.last.Hash, err
}

// catchUp reads what was appended since the last look.
func (j *Journal) catchUp() error {
	if j.dir == nil {
		return nil
	}
	f, size, err := chain.Open(j.dir)
	if err != nil {
		return fmt.Errorf("reading the journal of %s: %w", j.id, err)
	}
	defer f.Close()
	if size < j.seen.end {
		j.seen = seen{}
	}
	lines, n, torn, err := chain.Read(io.NewSectionReader(f, j.seen.end, size-j.seen.end))
	for _, l := range lines {
		j.seen.add(l)
	}
	j.seen.end, j.seen.torn = j.seen.end+n, torn
	switch {
	case errors.Is(err, ErrBroken) && j.seen.broken == nil:
		j.seen.broken = fmt.Errorf("reading record %d: %w", j.seen.lines, err)
	case err != nil && !errors.Is(err, ErrBroken):
		return fmt.Errorf("reading the journal of %s: %w", j.id, err)
	}
	return j.seen.broken
}

func (s *seen) add(l chain.Line) {
	if err := l.Check(s.lines, s.last); err != nil && s.broken == nil {
		s.broken = err
	}
	if l.Err == nil {
		s.records = append(s.records, l.Record)
	}
	s.lines, s.last = s.lines+1, l
}
