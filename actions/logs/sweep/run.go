package sweep

import (
	"context"
	"runtime"
	"sync/atomic"
	"time"

	"hikeshi/actions/logs/deed"
)

// outcome is what came of one slice, beside its batches.
type outcome struct {
	streams []ended
	err     error
}

// work is one slice on its way to the taker.
type work struct {
	batches chan *deed.Batch
	outcome outcome // once batches is closed
	used    chan *deed.Batch
}

// Run reads the span and gives take everything in it, in about the order of time, on the goroutine of the caller. A file that cannot
// be read is told in the result, and the others count. The error is that of ctx.
func Run(ctx context.Context, o Options, take func(*deed.Batch)) (Result, error) {
	if o.Workers == 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	began := time.Now()
	r := Result{From: o.From}
	p, err := newPlan(ctx, &o, &r)
	if err != nil {
		return r, err
	}
	first := 0
	if o.Budget > 0 {
		first = p.affordable(ctx, &o, o.Budget-time.Since(began))
		r.From = p.slices[first].from
		p.total = p.weigh(first)
	}
	var moved atomic.Int64
	all := p.start(ctx, &o, first, &moved)
	told := time.Time{}
	for i := range all {
		for b := range all[i].batches {
			take(b)
			select {
			case p.used <- b:
			default:
			}
			if o.Progress != nil && time.Since(told) > 100*time.Millisecond {
				told = time.Now()
				o.Progress(min(moved.Load(), p.total), p.total)
			}
		}
		r.add(&all[i].outcome)
		err = firstError(err, all[i].outcome.err)
	}
	p.close() // all workers are done
	r.Bytes = min(moved.Load(), p.total)
	if o.Progress != nil && err == nil {
		o.Progress(p.total, p.total)
	}
	return r, err
}

func firstError(a, b error) error {
	if a != nil {
		return a
	}
	return b
}

// weigh is how many bytes lie in the slices from the first on.
func (p *plan) weigh(first int) int64 {
	n := int64(0)
	for _, in := range p.inputs {
		if in.open.Compressed() && in.cuts[len(in.cuts)-1] > in.cuts[first] {
			n += in.open.Size()
		} else if !in.open.Compressed() {
			n += in.cuts[len(in.cuts)-1] - in.cuts[first]
		}
	}
	return n
}

// affordable is the first slice of those that can be read in the time: the last one is read to see how fast that is.
func (p *plan) affordable(ctx context.Context, o *Options, left time.Duration) int {
	last := len(p.slices) - 1
	began := time.Now()
	w := work{batches: make(chan *deed.Batch, ahead)}
	var moved atomic.Int64
	trial := *o
	trial.Each = nil // the slice is read once more
	go p.read(ctx, &trial, last, &w, &moved)
	for range w.batches {
	}
	took := max(time.Since(began), time.Microsecond)
	left -= took
	// Taking the batches costs about as much as reading them and shares the processors with it, and others may want these too.
	bytes := float64(max(moved.Load(), 1)) * float64(left) / float64(took) * float64(o.Workers) / 4
	for first := last; first > 0; first-- {
		if float64(p.weigh(first-1)) > bytes {
			return first
		}
	}
	return 0
}

// start lets workers read the slices in their order. None runs further ahead than its channel can hold.
func (p *plan) start(ctx context.Context, o *Options, first int, moved *atomic.Int64) []*work {
	all := make([]*work, len(p.slices)-first)
	for i := range all {
		all[i] = &work{batches: make(chan *deed.Batch, ahead), used: p.used}
	}
	var next atomic.Int64
	for range min(o.Workers, len(all)) {
		go func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= len(all) {
					return
				}
				p.read(ctx, o, first+i, all[i], moved)
			}
		}()
	}
	return all
}

// read reads one slice and closes its channel.
func (p *plan) read(ctx context.Context, o *Options, i int, w *work, moved *atomic.Int64) {
	defer close(w.batches)
	if w.outcome.err = ctx.Err(); w.outcome.err != nil {
		return
	}
	streams := p.streams(ctx, o, i, w, moved)
	f := deed.NewFiller(o.Own, o.Short)
	for len(streams) > 0 {
		at := earliest(streams)
		s := streams[at]
		ref := deed.Ref{File: s.in.at, Offset: s.offset}
		if o.Each != nil {
			o.Each(&s.event, ref)
		}
		f.Add(&s.event, ref, s.in.log, s.framed)
		if !s.next() {
			s.finish(i, &w.outcome)
			streams = append(streams[:at], streams[at+1:]...)
		}
		if len(f.Batch.Deeds) == deed.Full || len(streams) == 0 {
			if w.outcome.err = w.give(ctx, f); w.outcome.err != nil {
				break
			}
		}
	}
	if err := ctx.Err(); err != nil {
		w.outcome.err = err
	}
}

// old is a batch that was taken already, nil if there is none.
func (w *work) old() *deed.Batch {
	select {
	case b := <-w.used:
		return b
	default:
		return nil
	}
}

func (w *work) give(ctx context.Context, f *deed.Filler) error {
	select {
	case w.batches <- f.Batch:
		f.Fresh(w.old())
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// streams are the files that have an event in slice i.
func (p *plan) streams(ctx context.Context, o *Options, i int, w *work, moved *atomic.Int64) []*stream {
	var all []*stream
	for _, in := range p.inputs {
		s, err := newStream(ctx, o, p, in, i)
		if err != nil {
			w.outcome.streams = append(w.outcome.streams, ended{in: in, err: err})
		}
		if s == nil {
			continue
		}
		s.moved = moved
		if s.next() {
			all = append(all, s)
		} else {
			s.finish(i, &w.outcome)
		}
	}
	return all
}

// add writes down what came of a slice.
func (r *Result) add(o *outcome) {
	for _, s := range o.streams {
		f, l := &r.Files[s.in.at], &r.Logs[s.in.read]
		f.Lines, f.Unknown, f.Long = f.Lines+s.lines, f.Unknown+s.unknown, f.Long+s.long
		f.Note = Note{f.Note.Shrunk || s.note.Shrunk, f.Note.Rotated || s.note.Rotated, f.Note.Cut || s.note.Cut}
		f.Problem = firstError(f.Problem, s.err)
		l.Lines += s.lines
		l.Unknown += s.unknown
		l.Samples = append(l.Samples, s.samples[:min(len(s.samples), maxSamples-len(l.Samples))]...)
	}
}
