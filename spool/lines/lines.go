// Package lines reads logs in whole lines, each with the byte at which it begins, at the speed of memory.
//
// Open a file, cut it into pieces, and read each piece with a Reader; pieces may be read at the same time, each with a Reader of its
// own. Find gives the byte from which on a file tells of a time, so that a piece can be a span of time:
//
//	f, err := lines.Open(path, "")
//	for _, p := range f.Pieces(16 << 20) {
//		r.Reset(ctx, f, p)
//		for line, ok := r.Next(); ok; line, ok = r.Next() {
//			...
//		}
//		end, err := r.End()
//	}
//
// A line belongs to the piece in which it begins, so no line is read twice or left out where pieces meet. Lines end in LF or CR LF,
// which is taken off. Of a line of any length no more than Keep bytes are kept. Files that end in .gz or .zst are read as their
// text, and all offsets are those of the text; they come in one piece.
//
// Lines are read that began before the file was opened. A last line that lacks its line end is still being written: it is left out,
// and End says so. A file that becomes shorter or is renamed meanwhile ends no reading badly: what was read is right, and End
// says what happened. A file that was emptied and is already longer than before is not noticed.
package lines

import (
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"

	"hikeshi/spool/disk"
)

// Keep is how much of one line is kept, in bytes.
const Keep = 64 << 10

// Limit is how much text is taken out of one compressed file, in bytes.
const Limit = 64 << 30

// A File is an open log file. It may be used by several goroutines.
type File struct {
	f          *os.File
	path       string
	size       int64 // when it was opened
	compressed string
	limit      int64 // of text, if compressed
}

// Open opens the regular file at path, which must be no symbolic link; compressed is gz, zst or nothing, as in spool.LogFile. It
// never waits for a pipe.
func Open(path, compressed string) (*File, error) {
	if compressed != "" && compressed != gz && compressed != zst {
		return nil, fmt.Errorf("opening log %s: compression %q is not known", path, compressed)
	}
	d, err := disk.Open(filepath.Dir(path))
	if err != nil {
		return nil, fmt.Errorf("opening log: %w", err)
	}
	defer d.Close()
	f, err := d.Read(filepath.Base(path))
	if err != nil {
		return nil, fmt.Errorf("opening log: %w", err)
	}
	fi, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("opening log: %w", err)
	}
	return &File{f: f, path: path, size: fi.Size(), compressed: compressed, limit: Limit}, nil
}

// Close closes the file.
func (f *File) Close() error { return f.f.Close() }

// Path is the path that the file was opened by.
func (f *File) Path() string { return f.path }

// Size is how long the file was when it was opened, in bytes; of a compressed file the bytes on disk.
func (f *File) Size() int64 { return f.size }

// Compressed says whether the file comes in one piece, since its text cannot be entered in the middle.
func (f *File) Compressed() bool { return f.compressed != "" }

// A Piece is a part of a file: the lines that begin at From or later and before To, in bytes of the text.
type Piece struct{ From, To int64 }

// Whole is all of the file.
func (f *File) Whole() Piece {
	if f.Compressed() {
		return Piece{0, math.MaxInt64}
	}
	return Piece{0, f.size}
}

// Pieces are pieces of about size bytes that together are the whole file; one if it is compressed, none if it is empty.
func (f *File) Pieces(size int64) []Piece {
	if f.Compressed() {
		return []Piece{f.Whole()}
	}
	return Cut(f.Whole(), size)
}

// Cut cuts a piece into pieces of about size bytes.
func Cut(p Piece, size int64) []Piece {
	var all []Piece
	for size = max(size, 1); p.From < p.To; p.From += size {
		all = append(all, Piece{p.From, min(p.To, p.From+min(size, p.To-p.From))})
	}
	return all
}

// trim takes off the CR of a line whose LF is gone already.
func trim(line []byte) []byte {
	if n := len(line); n > 0 && line[n-1] == '\r' {
		return line[:n-1]
	}
	return line
}

// state says what became of the file since it was opened.
func (f *File) state() (shrunk, moved bool) {
	now, err := f.f.Stat()
	if err != nil {
		return false, false
	}
	there, err := os.Lstat(f.path)
	return now.Size() < f.size, err != nil || !os.SameFile(now, there)
}

// at is a reader of a plain file from one byte on, as far as the file goes now.
type at struct {
	f    *os.File
	next int64
}

func (a *at) Read(b []byte) (int, error) {
	n, err := a.f.ReadAt(b, a.next)
	a.next += int64(n)
	if n > 0 && err == io.EOF {
		err = nil
	}
	return n, err
}
