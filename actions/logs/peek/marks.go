package peek

import (
	"context"

	"hikeshi/spool"
	"hikeshi/spool/lines"
)

// A Mark is the time of a line.
type Mark struct{ Wall, Offset int64 }

// look is how much of a file is read to look at one place, in bytes.
const look = 256 << 10

// Marks are the times of lines of a file that is not compressed: how it grew. They are those of all lines that tell one, where the file
// is no longer than it takes to look at n places; else of about n, evenly spread.
func Marks(ctx context.Context, f spool.LogFile, p spool.LogParser, n int64) ([]Mark, error) {
	file, err := lines.Open(f.Path, "")
	if err != nil {
		return nil, err
	}
	defer file.Close()
	if file.Size() <= n*look {
		return every(ctx, file, p)
	}
	var all []Mark
	var r lines.Reader
	for _, piece := range file.Pieces(file.Size() / n) {
		r.Reset(ctx, file, piece)
		for range 200 {
			line, ok := r.Next()
			if !ok {
				break
			}
			if w, ok := p.Wall(line.Text); ok {
				all = append(all, Mark{w, line.Offset})
				break
			}
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// every has one mark for each second that lines tell, that of its last line.
func every(ctx context.Context, file *lines.File, p spool.LogParser) ([]Mark, error) {
	var all []Mark
	var r lines.Reader
	r.Reset(ctx, file, file.Whole())
	for line, ok := r.Next(); ok; line, ok = r.Next() {
		w, ok := p.Wall(line.Text)
		switch n := len(all); {
		case !ok:
		case n > 0 && all[n-1].Wall == w:
			all[n-1].Offset = line.Offset
		default:
			all = append(all, Mark{w, line.Offset})
		}
	}
	if _, err := r.End(); err != nil {
		return all, err
	}
	return all, ctx.Err()
}
