package outlog

import (
	"context"
	"os"
	"path/filepath"
	"testing"
)

func TestCount(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "outlog")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "261121.log")
	const head = "B0000055688@mail.example.jp sent on [21/Nov/2026:10:29:51] to 192.0.2.99 mx.example.com from "
	write := func(text string) {
		f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
		if err == nil {
			_, err = f.WriteString(text)
		}
		if err == nil {
			err = f.Close()
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	write(head + "a@example.jp to before@example.com\n")
	m, err := Start(context.Background(), dir, []string{"example.jp", "Example.NET."})
	if err != nil {
		t.Fatal(err)
	}
	want := 0
	for _, c := range []struct {
		line string
		n    int
	}{
		{head + "a@example.jp to b@example.com", 1},
		{head + "- to b@example.com c@example.jp", 1},
		{head + "a@example.com to b@EXAMPLE.jp", 0},
		{head + "a@example.com to b@example.jp c@example.net", 0},
		{head + "\"x from y to z@example.jp\"@example.com to b@example.com", 1},
		{head + "\"x to z@example.com\"@example.com to b@example.jp", 0},
		{head + "a@example.com to a@example.jp@example.com", 1},
		{head + "a@example.com to root", 1},
		{"half a line", 1},
		{"", 0},
	} {
		write(c.line + "\n")
		want += c.n
		n, least, err := m.Count(context.Background())
		if n != want || least || err != nil {
			t.Fatalf("%q: %d, want %d, %v, %v", c.line, n, want, least, err)
		}
	}
}
