package lines

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

func pack(t testing.TB, text []byte, how string) []byte {
	t.Helper()
	var b bytes.Buffer
	var w io.WriteCloser = gzip.NewWriter(&b)
	if how == zst {
		z, err := zstd.NewWriter(&b)
		if err != nil {
			t.Fatal(err)
		}
		w = z
	}
	if _, err := w.Write(text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestCompressed(t *testing.T) {
	var b bytes.Buffer
	for i := range 40_000 {
		fmt.Fprintf(&b, "%d line with something in it\n", i)
	}
	b.WriteString("long " + strings.Repeat("x", 400_000) + "\nlast")
	want, _, long := plainly(append(b.Bytes(), '\n'))
	for _, how := range []string{gz, zst} {
		half := len(b.Bytes()) / 2
		two := append(pack(t, b.Bytes()[:half], how), pack(t, b.Bytes()[half:], how)...) // as appended by a log rotation
		f := open(t, write(t, two), how)
		lines, end := all(t, f, f.Pieces(1000))
		if d := cmp.Diff(want, lines); d != "" || end != (End{Long: long}) {
			t.Errorf("%s: %+v\n%.300s", how, end, d)
		}
		at, err := f.Find(context.Background(), 30_000, number)
		lines, _ = all(t, f, []Piece{{at, at + 40}})
		if err != nil || len(lines) != 2 || lines[0] != want[30_000] {
			t.Errorf("%s: %d, %v, %v", how, at, lines, err)
		}
		if at, err := f.Find(context.Background(), 50_000, number); at != math.MaxInt64 || err != nil {
			t.Errorf("%s: %d, %v", how, at, err)
		}
		if lines, _ := all(t, f, []Piece{{1 << 40, 1 << 41}}); lines != nil {
			t.Errorf("%s: %v behind the end", how, lines)
		}
	}
}

// A small file of a huge text is read up to the limit, and no further.
func TestBomb(t *testing.T) {
	text := bytes.Repeat([]byte("\n"), 8<<20)
	for _, how := range []string{gz, zst} {
		f := open(t, write(t, pack(t, text, how)), how)
		for limit, want := range map[int64]End{1 << 20: {Cut: true}, 8 << 20: {}, 8<<20 - 1: {Cut: true}} {
			f.limit = limit
			var r Reader
			n := int64(0)
			r.Reset(context.Background(), f, f.Whole())
			for _, ok := r.Next(); ok; _, ok = r.Next() {
				n++
			}
			if end, err := r.End(); n != limit || end != want || err != nil {
				t.Errorf("%s %d: %d lines, %+v, %v", how, limit, n, end, err)
			}
		}
	}
}

// What can be read of a broken file is read, and the error says the rest.
func TestBroken(t *testing.T) {
	var b bytes.Buffer
	for i := range 200_000 {
		fmt.Fprintf(&b, "%d %x\n", i, uint32(i)*2654435761)
	}
	for _, how := range []string{gz, zst} {
		packed := pack(t, b.Bytes(), how)
		for _, data := range [][]byte{packed[:len(packed)/2], []byte("no such thing"), {}} {
			f := open(t, write(t, data), how)
			var r Reader
			n := 0
			r.Reset(context.Background(), f, f.Whole())
			for line, ok := r.Next(); ok; line, ok = r.Next() {
				if want := fmt.Sprintf("%d ", n); !strings.HasPrefix(string(line.Text), want) {
					t.Fatalf("%s: %q", how, line.Text)
				}
				n++
			}
			_, err := r.End()
			if (err == nil) != (len(data) == 0) || len(data) > 100 && n < 10_000 {
				t.Errorf("%s: %d bytes, %d lines, %v", how, len(data), n, err)
			}
		}
	}
}

func FuzzCompressed(f *testing.F) {
	f.Add([]byte("\x1f\x8b\x08\x00"), true)
	f.Add(pack(f, []byte("one\ntwo\n"), gz), true)
	f.Add(pack(f, []byte("one\ntwo\n"), zst), false)
	f.Fuzz(func(t *testing.T, data []byte, gzipped bool) {
		how := zst
		if gzipped {
			how = gz
		}
		file := open(t, write(t, data), how)
		file.limit = 1 << 20
		var r Reader
		var n int64
		r.Reset(context.Background(), file, file.Whole())
		for line, ok := r.Next(); ok; line, ok = r.Next() {
			n += int64(len(line.Text)) + 1
		}
		if r.End(); n > 1<<20+1 {
			t.Errorf("%d bytes", n)
		}
	})
}

// The length of a text is that of all its parts, whatever the last of them says, and no more is unpacked than asked for.
func TestLength(t *testing.T) {
	one, two := bytes.Repeat([]byte("a line\n"), 100_000), []byte("the last one\n")
	whole := int64(len(one) + len(two))
	for _, how := range []string{gz, zst} {
		f := open(t, write(t, append(pack(t, one, how), pack(t, two, how)...)), how)
		for limit, want := range map[int64]int64{1 << 30: whole, whole: whole, 1000: 1000} {
			if n, cut, err := f.Length(context.Background(), limit); n != want || cut != (want < whole) || err != nil {
				t.Errorf("%s %d: %d, %t, %v", how, limit, n, cut, err)
			}
		}
		if _, _, err := open(t, write(t, pack(t, one, how)[:100]), how).Length(context.Background(), 1<<30); err == nil {
			t.Errorf("%s: half a file has a length", how)
		}
	}
	if n, cut, err := open(t, write(t, one), "").Length(context.Background(), 1); n != int64(len(one)) || cut || err != nil {
		t.Errorf("%d, %t, %v", n, cut, err)
	}
}
