// Package queuefile reads queue files of Postfix without its tools, in the layout of Postfix 2.3 to 3.10 (src/global/rec_type.h, record.c).
//
// A file is a sequence of records: a byte for the type, the length in groups of seven bits, the lowest first (0x80: more follow), and the data.
//
//	C  content size, its offset, number of recipients, flags ...: the first record
//	T  seconds and microseconds of arrival      c  of making (older; A create_time in newer ones)
//	A  NAME=VALUE                               F  full name of a local sender
//	S  envelope sender; empty: the null sender
//	O  original recipient   R  recipient to do   D  done   /  cancelled: all of the one that follows, or stands here
//	M  the content begins   N  a line of it      L  a part of one, which goes on in the next record
//	X  what was extracted from the content begins: recipients, again
//	p  go on at an offset, 0: just here         w  padding   E  the end
//
// Recipients stand in front of the content for mail that came over SMTP, and behind it for mail of sendmail(1). A milter that edits a message
// leaves pointers: what none leads to is dead. A file without an E is not complete: it is being written, or was cut.
//
// Whatever is read is hostile: lengths, numbers of records and pointers are bounded, and every error names the offset.
package queuefile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// The bounds.
const (
	maxRecord  = 1 << 20    // bytes of one record
	maxRecords = 50_000_000 // in one file
	maxJumps   = 100_000    // pointers that are followed in one file
)

// ErrIncomplete says that a file ends without its E record: it is still being written, or was cut.
var ErrIncomplete = errors.New("the file has no end record: it is being written, or was cut")

// A Record is one record.
type Record struct {
	Offset int64 // in the file, bytes
	Type   byte
	Data   []byte // good until the next one is read
}

// A walker goes through the records of a file, wherever pointers lead.
type walker struct {
	r      io.ReaderAt
	size   int64
	at     int64
	jumps  int
	jumped map[int64]bool // offsets of pointers that were followed
	count  int
	buf    []byte // of the file from base on
	base   int64
	follow bool // pointers
}

const window = 4096

// types are all that Postfix has (src/global/rec_type.h).
const types = "CTcFILSDRO/WAK>fdMNwXrePpV<ionmE"

func newWalker(r io.ReaderAt, size int64) *walker { return &walker{r: r, size: size, follow: true} }

// bad is an error at an offset.
func bad(at int64, format string, args ...any) error {
	return fmt.Errorf("offset %d: "+format, append([]any{at}, args...)...)
}

// fill gives n bytes at an offset, or what there is up to the end of the file.
func (w *walker) fill(at int64, n int) ([]byte, error) {
	if at < w.base || at+int64(n) > w.base+int64(len(w.buf)) {
		want := max(n, window)
		if cap(w.buf) < want {
			w.buf = make([]byte, want)
		}
		got, err := w.r.ReadAt(w.buf[:want], at)
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, bad(at, "%w", err)
		}
		w.base, w.buf = at, w.buf[:got]
	}
	b := w.buf[at-w.base:]
	return b[:min(n, len(b))], nil
}

// next reads the record at w.at and goes behind it, or to where it points. io.EOF: the end of the file.
func (w *walker) next() (Record, error) {
	rec := Record{Offset: w.at}
	if w.count++; w.count > maxRecords {
		return rec, bad(w.at, "more than %d records", maxRecords)
	}
	head, err := w.fill(w.at, 7)
	if err != nil {
		return rec, err
	}
	if len(head) == 0 {
		return rec, io.EOF
	}
	if rec.Type = head[0]; strings.IndexByte(types, rec.Type) < 0 {
		return rec, bad(w.at, "a record of type %q, which there is not", rec.Type)
	}
	length, used := 0, 0
	for i, b := range head[1:] {
		if i == 5 {
			return rec, bad(w.at, "a length of more than five bytes")
		}
		length |= int(b&0x7f) << (7 * i)
		if used = i + 2; b&0x80 == 0 {
			break
		}
	}
	if used == 0 || head[used-1]&0x80 != 0 {
		return rec, bad(w.at, "the file ends in the length of a record: %w", ErrIncomplete)
	}
	if length > maxRecord {
		return rec, bad(w.at, "a record of %d bytes", length)
	}
	if rec.Data, err = w.fill(w.at+int64(used), length); err != nil {
		return rec, err
	}
	if len(rec.Data) < length {
		return rec, bad(w.at, "the file ends in a record: %w", ErrIncomplete)
	}
	w.at += int64(used + length)
	if rec.Type == 'p' && w.follow {
		return rec, w.jump(rec)
	}
	return rec, nil
}

// jump goes where a pointer leads.
func (w *walker) jump(rec Record) error {
	to, err := strconv.ParseInt(string(bytes.TrimSpace(rec.Data)), 10, 64)
	switch {
	case err != nil || to < 0 || to >= w.size:
		return bad(rec.Offset, "a pointer to %.20q, which is not in the file", rec.Data)
	case to == 0:
		return nil
	}
	if w.jumps++; w.jumps > maxJumps {
		return bad(rec.Offset, "more than %d pointers", maxJumps)
	}
	if w.jumped[rec.Offset] {
		return bad(rec.Offset, "the pointers lead in a circle")
	}
	if w.jumped == nil {
		w.jumped = map[int64]bool{}
	}
	w.jumped[rec.Offset] = true
	w.at = to
	return nil
}

// Records calls do for every record in the order of the message: pointers are given and followed. It ends with E, or with the error of do. A
// file without E gives an error that wraps ErrIncomplete.
func Records(r io.ReaderAt, size int64, do func(Record) error) error {
	w := newWalker(r, size)
	for {
		rec, err := w.next()
		if errors.Is(err, io.EOF) {
			return bad(rec.Offset, "%w", ErrIncomplete)
		}
		if err != nil {
			return err
		}
		if err := do(rec); err != nil || rec.Type == 'E' {
			return err
		}
	}
}
