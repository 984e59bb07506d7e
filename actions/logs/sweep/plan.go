package sweep

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"hikeshi/actions/logs/deed"
	"hikeshi/spool"
	"hikeshi/spool/lines"
)

// An input is one file of the span.
type input struct {
	log    *spool.Log
	info   spool.LogFile
	at     int32 // in Result.Files
	read   int   // in Result.Logs
	open   *lines.File
	wall   func([]byte) (int64, bool)
	cuts   []int64 // where the slices begin, in bytes; one more than slices
	weight int64   // bytes of the span
}

// A slice is a span of time.
type slice struct{ from, until int64 }

// A plan is what is read, in which slices.
type plan struct {
	inputs []*input
	slices []slice
	total  int64            // bytes
	used   chan *deed.Batch // that were taken, to be filled again
}

func (p *plan) close() {
	for _, in := range p.inputs {
		in.open.Close()
	}
}

// newPlan opens the files of the span and cuts it into slices.
func newPlan(ctx context.Context, o *Options, r *Result) (*plan, error) {
	p := &plan{used: make(chan *deed.Batch, ahead)}
	for i := range o.Logs {
		l := &o.Logs[i]
		r.Logs = append(r.Logs, LogRead{Name: l.Name})
		for _, f := range l.Files {
			if within(f, o.From, o.Until) {
				p.add(o, r, l, f)
			}
		}
	}
	edges, err := p.edges(ctx, o)
	if err != nil {
		p.close()
		return nil, err
	}
	for i := range len(edges) - 1 {
		p.slices = append(p.slices, slice{edges[i], edges[i+1]})
	}
	for _, in := range p.inputs {
		if err := in.cut(ctx, edges); err != nil {
			if ctx.Err() != nil {
				p.close()
				return nil, ctx.Err()
			}
			r.Files[in.at].Problem = err
			in.cuts = make([]int64, len(edges))
		}
		p.total += in.weight
	}
	return p, nil
}

// within says whether a file may have lines of the span. Where its name does not tell, the time of its last line does.
func within(f spool.LogFile, from, until int64) bool {
	if f.From != 0 || f.To != 0 {
		return f.From < until && f.To > from
	}
	return f.Modified.IsZero() || WallOf(f.Modified) >= from
}

// WallOf is the wall clock of a moment, in the zone that the time has.
func WallOf(t time.Time) int64 {
	_, offset := t.Zone()
	return t.Unix() + int64(offset)
}

func (p *plan) add(o *Options, r *Result, l *spool.Log, f spool.LogFile) {
	listed := File{Log: l.Name, Path: f.Path, Packed: f.Compressed != "", Session: l.Sessions, source: f}
	parser := o.Parser(l.Name, f)
	if parser == nil {
		return
	}
	in := &input{log: l, info: f, at: int32(len(r.Files)), read: len(r.Logs) - 1, wall: parser.Wall}
	if len(p.inputs) >= maxFiles {
		listed.Problem = fmt.Errorf("reading log %s: more than %d files are not read at a time", f.Path, maxFiles)
	} else if in.open, listed.Problem = lines.Open(f.Path, f.Compressed); listed.Problem == nil {
		p.inputs = append(p.inputs, in)
	}
	r.Files = append(r.Files, listed)
}

// A mark says that about so many bytes of a log lie before a time.
type mark struct{ wall, bytes int64 }

// edges are the times between the slices, the ends of the span with them.
func (p *plan) edges(ctx context.Context, o *Options) ([]int64, error) {
	size := o.slice
	if size == 0 {
		size = sliceBytes
	}
	var marks []mark
	var whole []slice // time that may not be cut
	for _, in := range p.inputs {
		if in.open.Compressed() {
			s, err := in.span(ctx)
			if err != nil {
				return nil, err
			}
			whole = append(whole, s)
			continue
		}
		more, err := in.marks(ctx, size/2)
		if err != nil {
			return nil, err
		}
		marks = append(marks, more...)
	}
	slices.SortFunc(marks, func(a, b mark) int { return cmp.Or(cmp.Compare(a.wall, b.wall), cmp.Compare(a.bytes, b.bytes)) })
	edges, sum := []int64{o.From}, int64(0)
	for _, m := range marks {
		last := edges[len(edges)-1]
		if sum += m.bytes; sum < size || m.wall <= last || m.wall >= o.Until {
			continue
		}
		if slices.ContainsFunc(whole, func(s slice) bool { return m.wall > s.from && m.wall < s.until }) {
			continue
		}
		edges, sum = append(edges, m.wall), 0
	}
	return append(edges, o.Until), nil
}

// marks looks at the file every step bytes. Lines that cannot be read for a while leave a mark out.
func (in *input) marks(ctx context.Context, step int64) ([]mark, error) {
	var all []mark
	var r lines.Reader
	const tries = 200
	for _, piece := range in.open.Pieces(step) {
		r.Reset(ctx, in.open, piece)
		for range tries {
			line, ok := r.Next()
			if !ok {
				break
			}
			if w, ok := in.wall(line.Text); ok {
				all = append(all, mark{w, piece.To - piece.From})
				break
			}
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// span is the time of a compressed file: as its name says, else from its first line to its last change.
func (in *input) span(ctx context.Context) (slice, error) {
	if in.info.From != 0 || in.info.To != 0 {
		return slice{in.info.From, in.info.To}, nil
	}
	s := slice{math.MinInt64, math.MaxInt64}
	if !in.info.Modified.IsZero() {
		s.until = WallOf(in.info.Modified) + 1
	}
	var r lines.Reader
	r.Reset(ctx, in.open, in.open.Whole())
	for range 200 {
		line, ok := r.Next()
		if !ok {
			break
		}
		if w, ok := in.wall(line.Text); ok {
			s.from = w
			break
		}
	}
	_, err := r.End()
	if err != nil && ctx.Err() == nil {
		err = nil // the reading itself will say so
	}
	return s, err
}

// cut finds where the slices begin in the file. A compressed file is whole in the slice that its beginning lies in.
func (in *input) cut(ctx context.Context, edges []int64) error {
	whole := in.open.Whole()
	in.cuts = make([]int64, len(edges))
	if in.open.Compressed() {
		s, err := in.span(ctx)
		if err != nil {
			return err
		}
		in.weight = in.open.Size()
		for i, e := range edges {
			if i > 0 && (e > s.from || i == len(edges)-1) {
				in.cuts[i] = whole.To
			}
		}
		return nil
	}
	for i, e := range edges {
		var err error
		if in.cuts[i], err = in.find(ctx, e, in.wall); err != nil {
			return err
		}
		if i > 0 { // a clock that was put back must not give bytes to two slices
			in.cuts[i] = max(in.cuts[i], in.cuts[i-1])
		}
	}
	in.weight = in.cuts[len(edges)-1] - in.cuts[0]
	return nil
}

// find is lines.File.Find, which need not look where the name of the file tells. A clock belongs to one goroutine.
func (in *input) find(ctx context.Context, wall int64, clock func([]byte) (int64, bool)) (int64, error) {
	known := in.info.From != 0 || in.info.To != 0
	switch {
	case known && wall <= in.info.From:
		return 0, nil
	case known && wall >= in.info.To:
		return in.open.Size(), nil
	}
	return in.open.Find(ctx, wall, clock)
}
