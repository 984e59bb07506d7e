package lines

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func write(t testing.TB, text []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "261121.log")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func open(t testing.TB, path, compressed string) *File {
	t.Helper()
	f, err := Open(path, compressed)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

type got struct {
	Text   string
	Offset int64
	Long   bool
}

// all reads pieces one after another with one Reader.
func all(t testing.TB, f *File, pieces []Piece) (lines []got, end End) {
	t.Helper()
	var r Reader
	for _, p := range pieces {
		r.Reset(context.Background(), f, p)
		for line, ok := r.Next(); ok; line, ok = r.Next() {
			if line.Offset < p.From || line.Offset >= p.To {
				t.Fatalf("line at %d in piece %v", line.Offset, p)
			}
			lines = append(lines, got{string(line.Text), line.Offset, line.Long})
		}
		e, err := r.End()
		if err != nil {
			t.Fatal(err)
		}
		end.Open, end.Long = end.Open+e.Open, end.Long+e.Long
		end.Shrunk, end.Rotated, end.Cut = end.Shrunk || e.Shrunk, end.Rotated || e.Rotated, end.Cut || e.Cut
	}
	return lines, end
}

// plainly is what all should find, told in the simplest way.
func plainly(text []byte) (lines []got, open, long int64) {
	var offset int64
	for line := range bytes.Lines(text) {
		whole, ended := bytes.CutSuffix(line, []byte("\n"))
		switch {
		case !ended:
			open = int64(len(line))
		case len(whole) > Keep:
			lines = append(lines, got{string(whole[:Keep]), offset, true})
			long++
		default:
			lines = append(lines, got{string(bytes.TrimSuffix(whole, []byte("\r"))), offset, false})
		}
		offset += int64(len(line))
	}
	return lines, open, long
}

func compare(t testing.TB, text []byte, f *File, pieces []Piece) {
	t.Helper()
	lines, end := all(t, f, pieces)
	want, open, long := plainly(text)
	if !slices.Equal(lines, want) || end.Open != open || end.Long != long {
		t.Errorf("pieces %v: %d lines, open %d, long %d; want %d, %d, %d", pieces[:min(3, len(pieces))], len(lines), end.Open, end.Long, len(want), open, long)
	}
}

func TestPieces(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for round := range 60 {
		var b bytes.Buffer
		for range rng.IntN(60) {
			n := rng.IntN(30)
			switch rng.IntN(8) {
			case 0:
				n = 0
			case 1:
				n = Keep - 2 + rng.IntN(5)
			case 2:
				n = rng.IntN(700_000)
			}
			b.WriteString(strings.Repeat(string(rune('a'+rng.IntN(26))), n))
			b.WriteString([]string{"\n", "\r\n", "\n", "\r\r\n"}[rng.IntN(4)])
		}
		if round%3 == 0 {
			b.WriteString("half a line")
		}
		text := b.Bytes()
		f := open(t, write(t, text), "")
		for _, size := range []int64{1 << 40, 300_000, 65_537, 4_000, max(1, int64(len(text)/7))} {
			if f.Size()/size < 2_000 {
				compare(t, text, f, f.Pieces(size))
			}
		}
	}
}

func TestSmallPieces(t *testing.T) {
	text := []byte("\none\r\n\n\ntwo\nthree\n\nhalf")
	f := open(t, write(t, text), "")
	for size := range int64(len(text) + 2) {
		compare(t, text, f, f.Pieces(size))
	}
	if p := open(t, write(t, nil), "").Pieces(10); p != nil {
		t.Errorf("an empty file has pieces %v", p)
	}
	if d := cmp.Diff([]Piece{{5, 8}, {8, 11}, {11, 12}}, Cut(Piece{5, 12}, 3)); d != "" {
		t.Error(d)
	}
}

// A long line of which the end is not written yet is left out, as every other.
func TestLongAndOpen(t *testing.T) {
	text := []byte("one\n" + strings.Repeat("x", 5<<20))
	f := open(t, write(t, text), "")
	lines, end := all(t, f, []Piece{f.Whole()})
	if d := cmp.Diff([]got{{"one", 0, false}}, lines); d != "" || end.Open != 5<<20 || end.Long != 0 {
		t.Errorf("%+v\n%s", end, d)
	}
}

// A hundred megabytes without a line end take no more memory than a line.
func TestHugeLine(t *testing.T) {
	const size = 100 << 20
	path := write(t, nil)
	file, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if _, err := file.WriteAt([]byte("\nlast\n"), size); err != nil {
		t.Fatal(err)
	}
	f := open(t, path, "")
	want := []got{{strings.Repeat("\x00", Keep), 0, true}, {"last", size + 1, false}}
	if lines, end := all(t, f, f.Pieces(16<<20)); !slices.Equal(lines, want) || end != (End{Long: 1}) {
		t.Errorf("%d lines, %+v", len(lines), end)
	}
}

func TestGrows(t *testing.T) {
	path := write(t, []byte("one\ntwo\nthr"))
	f := open(t, path, "")
	more, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer more.Close()
	lines, end := all(t, f, []Piece{f.Whole()})
	if len(lines) != 2 || end != (End{Open: 3}) {
		t.Errorf("%v %+v", lines, end)
	}
	if _, err := more.WriteString("ee\nfour\n"); err != nil {
		t.Fatal(err)
	}
	lines, end = all(t, f, []Piece{f.Whole()})
	if d := cmp.Diff([]got{{"one", 0, false}, {"two", 4, false}, {"three", 8, false}}, lines); d != "" || end != (End{}) {
		t.Errorf("%+v\n%s", end, d)
	}
}

// A file that is emptied or cut while it is read ends the reading, after lines that are whole.
func TestShrinks(t *testing.T) {
	line := strings.Repeat("y", 99) + "\n"
	for _, left := range []int64{0, 50, 250_000, 300_050} {
		path := write(t, []byte(strings.Repeat(line, 10_000)))
		f := open(t, path, "")
		var r Reader
		r.Reset(context.Background(), f, f.Whole())
		if _, ok := r.Next(); !ok {
			t.Fatal("no line")
		}
		if err := os.Truncate(path, left); err != nil {
			t.Fatal(err)
		}
		n := int64(1)
		for got, ok := r.Next(); ok; got, ok = r.Next() {
			if n++; string(got.Text)+"\n" != line {
				t.Fatalf("%d: %q", left, got.Text)
			}
		}
		end, err := r.End()
		if err != nil || !end.Shrunk || end.Rotated || n < left/100 || n > max(left, bufferSize)/100+1 {
			t.Errorf("%d: %d lines, %+v, %v", left, n, end, err)
		}
	}
}

// A file that is renamed while it is read is read to its end, and not the one that takes its name.
func TestRotated(t *testing.T) {
	path := write(t, []byte("one\ntwo\n"))
	f := open(t, path, "")
	if err := os.Rename(path, path+".1"); err != nil {
		t.Fatal(err)
	}
	want := []got{{"one", 0, false}, {"two", 4, false}}
	for range 2 {
		lines, end := all(t, f, []Piece{f.Whole()})
		if d := cmp.Diff(want, lines); d != "" || end != (End{Rotated: true}) {
			t.Errorf("%+v\n%s", end, d)
		}
		if err := os.WriteFile(path, []byte("new\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	if err := errors.Join(syscall.Mkfifo(at("pipe"), 0o600), os.WriteFile(at("file"), nil, 0o600), os.Symlink(at("file"), at("link")), os.Mkdir(at("dir"), 0o700)); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"pipe", "link", "dir", "none"} {
		if f, err := Open(at(name), ""); err == nil {
			f.Close()
			t.Errorf("%s was opened", name)
		} else if name == "none" != errors.Is(err, fs.ErrNotExist) {
			t.Error(err)
		}
	}
	if _, err := Open(at("file"), "bz2"); err == nil {
		t.Error("bz2 is not known")
	}
}

func TestCancelled(t *testing.T) {
	f := open(t, write(t, bytes.Repeat([]byte("x"), 1<<20)), "")
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	var r Reader
	r.Reset(ctx, f, f.Whole())
	_, ok := r.Next()
	if _, err := r.End(); ok || !errors.Is(err, context.Canceled) {
		t.Error(ok, err)
	}
	if _, err := f.Find(ctx, 5, func([]byte) (int64, bool) { return 0, false }); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestNoAllocation(t *testing.T) {
	f := open(t, write(t, bytes.Repeat([]byte("a line of some length\n"), 50_000)), "")
	var r Reader
	n, ctx := 0, context.Background()
	r.Reset(ctx, f, f.Whole())
	allocs := testing.AllocsPerRun(5, func() {
		r.Reset(ctx, f, f.Whole())
		for _, ok := r.Next(); ok; _, ok = r.Next() {
			n++
		}
	})
	if allocs > 2 || n != 300_000 {
		t.Errorf("%v allocations for %d lines", allocs, n)
	}
}
