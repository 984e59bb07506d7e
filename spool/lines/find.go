package lines

import "context"

// Bounds of Find.
const (
	slack = 30       // seconds by which lines may be out of order: sessions write theirs when they get to it
	near  = 64 << 10 // bytes that are read through rather than searched
	sip   = 4 << 10  // bytes that are read first where the search looks
)

// Find returns where the first line begins that is of wall or later, in bytes of the text; the end of Whole if there is none. read
// tells the time of a line, as spool.LogParser.Wall. Lines without a time, and lines up to half a minute out of order, do no harm; a
// clock that was put back by more makes the result one of the places where that time begins.
//
// Only few places of a plain file are looked at. A compressed file is read from its beginning.
func (f *File) Find(ctx context.Context, wall int64, read func(line []byte) (int64, bool)) (int64, error) {
	var r Reader
	whole := f.Whole()
	lo, hi := whole.From, whole.To // no line before lo is of wall-slack or later; the one at hi is, or what follows it
	for !f.Compressed() && hi-lo > near {
		mid := lo + (hi-lo)/2
		r.reset(ctx, f, Piece{mid, hi}, sip)
		early, after := r.seek(wall-slack, read)
		if r.err != nil {
			return 0, r.err
		}
		if early {
			lo = after
		} else {
			hi = mid
		}
	}
	r.reset(ctx, f, Piece{lo, whole.To}, sip)
	for line, ok := r.Next(); ok; line, ok = r.Next() {
		if w, ok := read(line.Text); ok && w >= wall {
			r.stop()
			return line.Offset, nil
		}
	}
	return whole.To, r.err
}

// seek reads on to the first line that has a time. early says that it is before wall, and after where the next line begins.
func (r *Reader) seek(wall int64, read func(line []byte) (int64, bool)) (early bool, after int64) {
	for line, ok := r.Next(); ok; line, ok = r.Next() {
		if w, ok := read(line.Text); ok {
			return w < wall, r.offset
		}
	}
	return false, 0
}
