package peek

import (
	"context"

	"hikeshi/spool"
	"hikeshi/spool/lines"
)

// A Mark is the time of a line.
type Mark struct{ Wall, Offset int64 }

// Marks are the times of about n lines, evenly spread over a file that is not compressed: how it grew.
func Marks(ctx context.Context, f spool.LogFile, p spool.LogParser, n int64) ([]Mark, error) {
	file, err := lines.Open(f.Path, "")
	if err != nil {
		return nil, err
	}
	defer file.Close()
	var all []Mark
	var r lines.Reader
	for _, piece := range file.Pieces(max(file.Size()/n, 4<<10)) {
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
