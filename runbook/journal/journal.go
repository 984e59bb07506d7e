package journal

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"hikeshi/runbook"
	"hikeshi/runbook/journal/chain"
	"hikeshi/spool/disk"
)

// ErrTorn says that the last line is unfinished and that only the holder of the lock may cut it off: resume and undo do.
var ErrTorn = errors.New("the last line of the journal is unfinished after a crash")

// ErrBroken says that the journal is not as it was written; Verify says where.
var ErrBroken = chain.ErrBroken

var errGone = errors.New("the journal was deleted")

// A Journal is one incident. Its methods can be called from several goroutines.
type Journal struct {
	store Store
	id    string

	keeping sync.Mutex // one Keep at a time
	mu      sync.Mutex // guards what follows
	dir     *disk.Dir  // nil while the incident is in memory only
	log     *disk.Log  // nil before the first append
	holder  bool       // this process holds the lock
	book    []byte     // for the folder that is still to be made
	pending []runbook.Record
	late    []time.Time // of the pending records that Append called unrecorded
	cause   error       // why they are
	mute    error       // why the system log did not take one of them
	seen    seen        // what was read so far
}

// Open finds the incident that name stands for (see Store.Find).
func Open(s Store, name string) (*Journal, error) {
	id, err := s.Find(name)
	if err != nil {
		return nil, err
	}
	dir, err := disk.Open(s.Path(id))
	if err != nil {
		return nil, err
	}
	return &Journal{store: s, id: id, dir: dir}, nil
}

// ID is the id of the incident.
func (j *Journal) ID() string { return j.id }

// Path is the folder of the incident; it may be missing while the disk is full.
func (j *Journal) Path() string { return j.store.Path(j.id) }

// Close closes the files. Records that could not be written are tried a last time; see Unrecorded.
func (j *Journal) Close() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	var err error
	if len(j.pending) > 0 {
		err = j.flushAll()
	}
	if j.log != nil {
		err = errors.Join(err, j.log.Close())
	}
	if j.dir != nil {
		err = errors.Join(err, j.dir.Close())
	}
	return err
}

// Append gives r its number, time, actor and hash, and returns once it is on disk. An error wrapping runbook.ErrUnrecorded means
// that the disk would not take it: it is kept in memory, was sent to the system log, and is written before the next record if
// there is room then. Any other error means that nothing was recorded.
func (j *Journal) Append(r runbook.Record) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	r = j.signed(r)
	if _, err := chain.Encode(r); err != nil {
		return err
	}
	j.pending = append(j.pending, r)
	err := j.flushAll()
	switch {
	case err == nil:
		return nil
	case !unwritable(err):
		j.pending = j.pending[:len(j.pending)-1]
		return err
	}
	j.cause, j.late = err, append(j.late, r.Time)
	if terr := j.tell(r); terr != nil {
		j.mute = terr
		err = fmt.Errorf("%w; %w", err, terr)
	}
	return fmt.Errorf("recording %s: %w: %w", r.Event, runbook.ErrUnrecorded, err)
}

// signed returns r with who and when.
func (j *Journal) signed(r runbook.Record) runbook.Record {
	r.Time, r.Actor = j.store.Clock().UTC().Round(0), j.store.Actor
	return r
}

// flushAll writes what is pending, and then that some of it came late.
func (j *Journal) flushAll() error {
	if err := j.flush(); err != nil || len(j.late) == 0 {
		return err
	}
	_, text := j.unrecorded()
	j.pending = []runbook.Record{j.signed(runbook.Record{Event: runbook.Noted, Error: text.EN})}
	j.late, j.mute = nil, nil
	if err := j.flush(); err != nil {
		j.cause = err // the remark is written before the next record
	}
	return nil
}

// flush writes what is pending, in order.
func (j *Journal) flush() error {
	if j.dir == nil {
		if err := j.build(); err != nil {
			return err
		}
	}
	if err := j.openLog(); err != nil {
		return err
	}
	if err := chain.Lock(j.log.File(), unix.LOCK_EX); err != nil {
		return err
	}
	defer chain.Unlock(j.log.File())
	t, err := j.settled()
	for err == nil && len(j.pending) > 0 {
		if t, err = j.write(t, j.pending[0]); err == nil {
			j.pending = j.pending[1:]
		}
	}
	return err
}

// settled returns the end of the journal as this process may write after it, a torn line cut off if it holds the lock.
func (j *Journal) settled() (chain.Tail, error) {
	var st unix.Stat_t
	err := unix.Fstat(int(j.log.File().Fd()), &st)
	if err == nil && st.Nlink == 0 {
		err = errGone
	}
	var t chain.Tail
	if err == nil {
		t, err = chain.ReadTail(j.log.File(), st.Size)
	}
	switch {
	case err != nil:
		return t, fmt.Errorf("recording in %s: %w", j.id, err)
	case t.Size > t.End && !j.holder:
		return t, fmt.Errorf("recording in %s: %w", j.id, ErrTorn)
	case t.Size > t.End:
		return j.repair(t)
	case t.Next == 0:
		return t, fmt.Errorf("recording in %s: %w: it is empty", j.id, ErrBroken)
	}
	return t, nil
}

// write appends r after t.
func (j *Journal) write(t chain.Tail, r runbook.Record) (chain.Tail, error) {
	r.Seq, r.Prev = t.Next, t.Head
	text, err := chain.Encode(r)
	if err != nil {
		return t, err
	}
	if err := j.store.ballast().Room(func() error { return j.log.Append(text) }); err != nil {
		return t, err
	}
	end := t.End + int64(len(text))
	return chain.Tail{End: end, Size: end, Next: t.Next + 1, Head: disk.Hash(text[:len(text)-1])}, nil
}

func (j *Journal) openLog() (err error) {
	if j.log != nil {
		return nil
	}
	if there, err := j.dir.Exists(chain.FileName); err != nil || !there {
		return errors.Join(err, fmt.Errorf("recording in %s: %w: %s is missing", j.id, ErrBroken, chain.FileName))
	}
	j.log, err = j.dir.OpenLog(chain.FileName)
	return err
}

// unwritable says that err comes from the disk or from what happened to the file, not from a mistake or a missing right.
func unwritable(err error) bool {
	is := func(e error) bool { return errors.Is(err, e) }
	disk := []error{unix.ENOSPC, unix.EDQUOT, unix.EROFS, unix.EIO, unix.ESTALE, chain.ErrBusy, errGone}
	return slices.ContainsFunc(disk, is) && !is(fs.ErrPermission)
}
