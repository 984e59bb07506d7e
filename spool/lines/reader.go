package lines

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
)

// bufferSize is how much is read at once, in bytes: much more than a line, and no more than the second cache of a processor holds.
const bufferSize = 256 << 10

// maxIdle is how often in a row a decompressor may give nothing and no error.
const maxIdle = 100

// A Line is one line. Text holds until the next call of Next.
type Line struct {
	Text   []byte // without its line end; the first Keep bytes
	Offset int64  // of its first byte in the file, or in the text of a compressed one
	Long   bool   // it was longer
}

// End says how the reading of a piece ended.
type End struct {
	Open    int64 // bytes of a last line without a line end, which is still being written and was left out
	Long    int64 // lines that were longer than Keep
	Shrunk  bool  // the file has become shorter since it was opened; what was cut off was not read
	Rotated bool  // the path names another file by now, or none
	Cut     bool  // the text of the compressed file is longer than Limit; the rest was not read
}

// A Reader reads the lines of pieces, one after another. The zero value is ready for Reset, and one Reader after Reset is used for
// any number of pieces and files, so that its buffer is made once.
type Reader struct {
	ctx   context.Context // of the Reset: one line may take longer than anybody waits
	file  *File
	piece Piece
	from  io.Reader
	done  func() // gives back what a decompressor holds

	buf        []byte
	hold       int   // bytes at the beginning of buf that are handed out and stay
	begin, end int   // the bytes of buf that are read and not yet handed out
	offset     int64 // of buf[begin]
	chunk      int   // how much is read at once
	over       bool  // nothing more to come from the file
	ended      End
	err        error
}

// Reset begins to read a piece of f.
func (r *Reader) Reset(ctx context.Context, f *File, p Piece) { r.reset(ctx, f, p, bufferSize) }

func (r *Reader) reset(ctx context.Context, f *File, p Piece, chunk int) {
	r.stop()
	*r = Reader{ctx: ctx, file: f, piece: p, buf: r.buf, chunk: chunk}
	if r.buf == nil {
		r.buf = make([]byte, bufferSize)
	}
	before := max(0, p.From-1) // this byte tells whether a line begins at From
	if !f.Compressed() {
		r.from, r.offset = &at{f.f, before}, before
	} else if r.from, r.done, r.err = f.text(); r.err != nil {
		r.over = true
	}
	if r.skip(before) && p.From > 0 {
		r.nextLine()
	}
}

// stop gives back what the reading of a piece held.
func (r *Reader) stop() {
	if r.done != nil {
		r.done()
		r.done = nil
	}
}

// Next returns the next line of the piece; ok is false at its end, and when it cannot be read any further: End says which.
func (r *Reader) Next() (line Line, ok bool) {
	if r.offset >= r.piece.To {
		r.stop()
		return Line{}, false
	}
	line.Offset = r.offset
	if i := bytes.IndexByte(r.buf[r.begin:r.end], '\n'); i >= 0 && i <= Keep {
		line.Text = trim(r.buf[r.begin : r.begin+i])
		r.pass(i + 1)
		return line, true
	}
	return r.slow(line)
}

// pass goes n bytes on.
func (r *Reader) pass(n int) {
	r.begin += n
	r.offset += int64(n)
}

// slow is Next where no whole line is in the buffer, or one that is too long.
func (r *Reader) slow(line Line) (Line, bool) {
	r.hold = 0
	for {
		text := r.buf[r.begin:r.end]
		i := bytes.IndexByte(text, '\n')
		switch {
		case i >= 0 && i <= Keep:
			line.Text = trim(text[:i])
			r.pass(i + 1)
			return line, true
		case len(text) > Keep:
			return r.long(line)
		case !r.fill():
			line.Text = text
			r.pass(len(text))
			return r.last(line)
		}
	}
}

// long hands out the beginning of a line that is too long. It stays at the beginning of the buffer while the rest is read behind it.
func (r *Reader) long(line Line) (Line, bool) {
	copy(r.buf, r.buf[r.begin:r.end])
	r.begin, r.end, r.hold = 0, r.end-r.begin, Keep
	line.Text, line.Long = r.buf[:Keep], true
	r.pass(Keep)
	if !r.nextLine() {
		return r.last(line)
	}
	r.ended.Long++
	return line, true
}

// last ends the piece with what stands behind the last line end. In a compressed file that is a line, since nobody writes it any
// more.
func (r *Reader) last(line Line) (Line, bool) {
	n := r.offset - line.Offset
	r.offset = max(r.offset, r.piece.To)
	r.stop()
	if n == 0 || !r.file.Compressed() || r.err != nil || r.ended.Cut {
		r.ended.Open = n
		return Line{}, false
	}
	if line.Long {
		r.ended.Long++
	} else {
		line.Text = trim(line.Text)
	}
	return line, true
}

// nextLine goes behind the next line end, or to the end of the file; ok is false if there is no line end.
func (r *Reader) nextLine() (ok bool) {
	for {
		if i := bytes.IndexByte(r.buf[r.begin:r.end], '\n'); i >= 0 {
			r.pass(i + 1)
			return true
		}
		r.pass(r.end - r.begin)
		if !r.fill() {
			return false
		}
	}
}

// skip goes to the byte offset; false if the text ends before.
func (r *Reader) skip(offset int64) bool {
	for r.offset < offset {
		if r.begin == r.end && !r.fill() {
			return false
		}
		r.pass(int(min(offset-r.offset, int64(r.end-r.begin))))
	}
	return true
}

// fill reads more behind what is there; false if there is nothing more.
func (r *Reader) fill() bool {
	copy(r.buf[r.hold:], r.buf[r.begin:r.end])
	r.begin, r.end = r.hold, r.hold+r.end-r.begin
	for range maxIdle {
		if r.over {
			return false
		}
		if err := r.ctx.Err(); err != nil {
			return r.fail(err)
		}
		n, err := r.from.Read(r.buf[r.end:min(len(r.buf), r.end+r.chunk)])
		r.end += n
		r.chunk = min(r.chunk*4, bufferSize)
		if err != nil {
			r.fail(err)
		}
		if n > 0 {
			return true
		}
	}
	return r.fail(io.ErrNoProgress)
}

// fail ends the reading with an error, which may be the end of the text.
func (r *Reader) fail(err error) bool {
	r.over = true
	switch {
	case errors.Is(err, io.EOF):
	case errors.Is(err, errLimit):
		r.ended.Cut = true
	default:
		r.err = fmt.Errorf("reading log %s: %w", r.file.path, err)
	}
	return false
}

// End says how the piece ended, once Next has found no more lines. With an error what came before it is right all the same.
func (r *Reader) End() (End, error) {
	r.stop()
	r.ended.Shrunk, r.ended.Rotated = r.file.state()
	return r.ended, r.err
}
