package chain

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"hikeshi/spool/disk"
)

// FileName is the name of a journal in the folder of its incident.
const FileName = "journal.jsonl"

// ErrBusy says that another process had the journal locked for too long.
var ErrBusy = errors.New("another process keeps the journal busy")

// busyFor is how long the short lock is waited for. An append takes milliseconds; one that takes longer must not hold up a stop.
const busyFor = 5 * time.Second

// ReadDir reads the journal in dir. The error wraps ErrBroken where a part cannot be read.
func ReadDir(dir *disk.Dir) (lines []Line, torn int64, err error) {
	f, size, err := Open(dir)
	if err != nil {
		return nil, 0, err
	}
	defer f.Close()
	lines, _, torn, err = Read(io.NewSectionReader(f, 0, size))
	return lines, torn, err
}

// Open opens the journal in dir and returns the size it has between two appends.
func Open(dir *disk.Dir) (*os.File, int64, error) {
	f, err := dir.Read(FileName)
	if err != nil {
		return nil, 0, err
	}
	// Without the lock a line may be seen half written and be called torn; that is no reason not to read.
	if Lock(f, unix.LOCK_SH) == nil {
		defer Unlock(f)
	}
	fi, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, 0, err
	}
	return f, fi.Size(), nil
}

// Lock takes the short lock on an open journal.
func Lock(f *os.File, how int) error {
	for end := time.Now().Add(busyFor); ; time.Sleep(time.Millisecond) {
		err := unix.Flock(int(f.Fd()), how|unix.LOCK_NB)
		switch {
		case err == nil:
			return nil
		case !errors.Is(err, unix.EWOULDBLOCK) && !errors.Is(err, unix.EINTR):
			return fmt.Errorf("locking %s: %w", f.Name(), err)
		case time.Now().After(end):
			return fmt.Errorf("locking %s: %w", f.Name(), ErrBusy)
		}
	}
}

// Unlock gives it back.
func Unlock(f *os.File) { unix.Flock(int(f.Fd()), unix.LOCK_UN) }

// A Tail is the end of a journal, where the next record goes.
type Tail struct {
	End  int64  // where the last whole line ends, in bytes
	Size int64  // of the file; more than End when the last line is torn
	Next int    // number of the next record
	Head string // hash of the last whole line
}

// ReadTail reads as much of the end of a journal of size bytes as it must.
func ReadTail(f io.ReaderAt, size int64) (Tail, error) {
	for window := int64(64 << 10); ; window *= 4 {
		start := max(0, size-window)
		text := make([]byte, size-start)
		if _, err := f.ReadAt(text, start); err != nil && err != io.EOF {
			return Tail{}, err
		}
		end, last, ok := lastLine(text, start == 0)
		if long := ok && len(text)-end > MaxLine; long || !ok && window > 2*MaxLine {
			return Tail{}, fmt.Errorf("%w: the last line is longer than %d bytes", ErrBroken, MaxLine)
		}
		if !ok {
			continue
		}
		t := Tail{End: start + int64(end), Size: size, Head: disk.Hash(last)}
		if t.End == 0 {
			return t, nil
		}
		rec, err := decode(last)
		if err != nil {
			return t, fmt.Errorf("%w: the last line is no record: %w", ErrBroken, err)
		}
		t.Next = rec.Seq + 1
		return t, nil
	}
}

// lastLine finds the last line of text that is not torn, and its end in text. whole says that text begins where the file does;
// ok is false if text does not reach back far enough.
func lastLine(text []byte, whole bool) (end int, last []byte, ok bool) {
	end = bytes.LastIndexByte(text, '\n') + 1
	for range 2 {
		if end == 0 {
			return 0, nil, whole
		}
		start := bytes.LastIndexByte(text[:end-1], '\n') + 1
		if start == 0 && !whole {
			return 0, nil, false
		}
		last = text[start : end-1]
		if end < len(text) || bytes.IndexByte(last, 0) < 0 {
			break
		}
		end = start
	}
	return end, last, true
}
