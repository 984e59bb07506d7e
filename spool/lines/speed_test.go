package lines

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

func wc(path string) error { return exec.Command("wc", "-l", path).Run() }

func FuzzReader(f *testing.F) {
	f.Add([]byte("one\ntwo\r\n\nhalf"), int64(3))
	f.Add([]byte("\r\n"), int64(1))
	path := filepath.Join(f.TempDir(), "fuzz.log")
	f.Fuzz(func(t *testing.T, text []byte, size int64) {
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		file := open(t, path, "")
		compare(t, text, file, file.Pieces(max(size, int64(len(text)/50))))
		want, _, _ := plainly(text)
		at, err := file.Find(context.Background(), 'm', first)
		for _, l := range want {
			if w, ok := first([]byte(l.Text)); ok && w >= 'm' {
				if at != l.Offset || err != nil {
					t.Errorf("found %d, %v, want %d", at, err, l.Offset)
				}
				return
			}
		}
		if at != int64(len(text)) || err != nil {
			t.Errorf("found %d, %v, of %d", at, err, len(text))
		}
	})
}

// first takes the first letter of a line for its time.
func first(line []byte) (int64, bool) {
	if len(line) == 0 || line[0] < 'a' || line[0] > 'z' {
		return 0, false
	}
	return int64(line[0]), true
}

// Compare with `wc -l` on the same file.
func BenchmarkCount(b *testing.B) {
	var text bytes.Buffer
	for i := range 2_000_000 {
		fmt.Fprintf(&text, "[21/Nov/2026:02:00:%02d], (example.jp), 192.0.2.7[192.0.2.7], AUTH-LOGIN:taro@example.jp [success],<B%010d>,ok\n", i%60, i)
	}
	path := write(b, text.Bytes())
	b.Run("lines", func(b *testing.B) {
		f := open(b, path, "")
		b.SetBytes(f.Size())
		var r Reader
		for b.Loop() {
			n := 0
			r.Reset(b.Context(), f, f.Whole())
			for _, ok := r.Next(); ok; _, ok = r.Next() {
				n++
			}
			if n != 2_000_000 {
				b.Fatal(n)
			}
		}
	})
	b.Run("wc", func(b *testing.B) {
		b.SetBytes(int64(text.Len()))
		for b.Loop() {
			if err := wc(path); err != nil {
				b.Skip(err)
			}
		}
	})
}
