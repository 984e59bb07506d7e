package sweep

import (
	"context"
	"math"
	"sync/atomic"

	"hikeshi/actions/logs/deed"
	"hikeshi/spool"
	"hikeshi/spool/lines"
)

// A stream is the lines of one file in one slice, one event at a time.
type stream struct {
	in      *input
	parser  spool.LogParser
	reader  lines.Reader
	from    int64 // offset; lines before it are the run-up
	event   spool.Event
	offset  int64 // of its line
	done    int64 // offset up to which progress was told
	framed  bool
	lines   int64
	unknown int64
	samples []deed.Ref
	long    int64
	moved   *atomic.Int64
	wall    int64 // of the last event
}

// newStream begins to read the lines of in that belong to slice i; nil if there are none.
func newStream(ctx context.Context, o *Options, p *plan, in *input, i int) (*stream, error) {
	piece := lines.Piece{From: in.cuts[i], To: in.cuts[i+1]}
	if piece.From >= piece.To {
		return nil, nil
	}
	s := &stream{in: in, parser: o.Parser(in.log.Name, in.info), from: piece.From, done: piece.From, framed: says(in.log, spool.EventConnect)}
	if (in.log.Sessions || in.log.Spread) && piece.From > 0 && !in.open.Compressed() {
		before, err := in.find(ctx, p.slices[i].from-runUp, s.parser.Wall)
		if err != nil {
			return nil, err
		}
		piece.From = min(piece.From, before)
	}
	s.reader.Reset(ctx, in.open, piece)
	return s, nil
}

func says(l *spool.Log, k spool.EventKind) bool {
	for _, s := range l.Says {
		if s == k {
			return true
		}
	}
	return false
}

// next goes to the next event of the slice; false at the end.
func (s *stream) next() bool {
	for {
		line, ok := s.reader.Next()
		if !ok {
			return false
		}
		if s.lines++; s.lines&0x3ff == 0 {
			s.tell(line.Offset)
		}
		reading := s.parser.Parse(line.Text, &s.event)
		if line.Offset < s.from {
			s.lines--
			continue
		}
		if line.Long {
			s.long++
		}
		s.offset = line.Offset
		switch reading {
		case spool.LineUnknown:
			if s.unknown++; len(s.samples) < maxSamples {
				s.samples = append(s.samples, deed.Ref{File: s.in.at, Offset: line.Offset})
			}
		case spool.LineSaid:
			s.wall = s.event.Wall
			return true
		}
	}
}

// tell adds to the bytes that were read. Those of a compressed file are not known before its end.
func (s *stream) tell(offset int64) {
	if s.moved != nil && !s.in.open.Compressed() && offset > s.done {
		s.moved.Add(offset - s.done)
		s.done = offset
	}
}

// finish writes down how the reading ended.
func (s *stream) finish(i int, out *outcome) {
	end, err := s.reader.End()
	if s.in.open.Compressed() {
		s.moved.Add(s.in.open.Size())
	} else {
		s.tell(s.in.cuts[i+1])
	}
	out.streams = append(out.streams, ended{s.in, s.lines, s.unknown, s.samples, s.long, Note{end.Shrunk, end.Rotated, end.Cut}, err})
}

// An ended stream is what becomes of the result's files and logs.
type ended struct {
	in             *input
	lines, unknown int64
	samples        []deed.Ref
	long           int64
	note           Note
	err            error
}

// earliest is the stream whose event is the first; the order of the logs decides between equals.
func earliest(all []*stream) int {
	best, at := int64(math.MaxInt64), 0
	for i, s := range all {
		if s.wall < best {
			best, at = s.wall, i
		}
	}
	return at
}
