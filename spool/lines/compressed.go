package lines

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// The compressions.
const (
	gz  = "gz"
	zst = "zst"
)

// maxWindow is how far back a .zst file may refer, in bytes: the memory that it takes to read it. It is enough for all levels of
// zstd up to 20; what was made with --ultra -22 or --long is refused.
const maxWindow = 32 << 20

var errLimit = errors.New("the text of the compressed file is too long")

// text is the text of a compressed file from its beginning on; done gives back what it holds.
func (f *File) text() (text io.Reader, done func(), err error) {
	raw := io.NewSectionReader(f.f, 0, f.size)
	if f.size == 0 {
		return raw, nil, nil
	}
	if f.compressed == gz {
		g, err := gzip.NewReader(raw)
		if err != nil {
			return nil, nil, fmt.Errorf("reading log %s: %w", f.path, err)
		}
		return &limited{g, f.limit}, nil, nil
	}
	z, err := zstd.NewReader(raw, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxWindow))
	if err != nil {
		return nil, nil, fmt.Errorf("reading log %s: %w", f.path, err)
	}
	return &limited{z, f.limit}, z.Close, nil
}

// limited reads no more than left bytes, and says when there are more.
type limited struct {
	r    io.Reader
	left int64
}

func (l *limited) Read(b []byte) (int, error) {
	if l.left > 0 {
		n, err := l.r.Read(b[:min(int64(len(b)), l.left)])
		l.left -= int64(n)
		return n, err
	}
	var one [1]byte
	if n, err := io.ReadFull(l.r, one[:]); n == 0 {
		return 0, err
	}
	return 0, errLimit
}

// Length is how long the text is, in bytes. Of a compressed file no more than limit is unpacked: what its end says of its length (RFC 1952
// section 2.3.1) is that of its last part only, and modulo 4 GiB. cut says that the text is longer than limit.
func (f *File) Length(ctx context.Context, limit int64) (n int64, cut bool, err error) {
	if !f.Compressed() {
		return f.size, false, nil
	}
	part := *f
	part.limit = limit
	text, done, err := part.text()
	if err != nil {
		return 0, false, err
	}
	if done != nil {
		defer done()
	}
	buf := make([]byte, bufferSize)
	for {
		k, err := text.Read(buf)
		n += int64(k)
		switch {
		case err == io.EOF:
			return n, false, nil
		case errors.Is(err, errLimit):
			return n, true, nil
		case err != nil:
			return n, false, fmt.Errorf("reading log %s: %w", f.path, err)
		case ctx.Err() != nil:
			return n, false, ctx.Err()
		}
	}
}
