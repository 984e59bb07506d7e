package tail

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func put(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString(text); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

func join(parts []Part) string {
	var s strings.Builder
	for _, p := range parts {
		fmt.Fprintf(&s, "%s/%s", filepath.Base(filepath.Dir(p.Path)), filepath.Base(p.Path))
		if p.Cut {
			s.WriteString(" cut")
		}
		fmt.Fprintf(&s, ": %q\n", p.Data)
	}
	return s.String()
}

func TestLast(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "acceptlog")
	ctx := context.Background()
	if parts, err := Last(ctx, dir, 100); err != nil || len(parts) != 0 {
		t.Errorf("no folder: %v, %v", parts, err)
	}
	put(t, filepath.Join(dir, "mail1", "261120.log"), "one\ntwo\n")
	put(t, filepath.Join(dir, "mail1", "261121.log"), "three\nfour\n")
	put(t, filepath.Join(dir, "mail2", "261121_03.LOG"), "five\nsix")
	put(t, filepath.Join(dir, "261119.log"), "zero\n")
	for _, other := range []string{"261121.log.gz", "x.log", "2611211.log", "261121_3.log", "26112a.log"} {
		put(t, filepath.Join(dir, other), "not a log\n")
	}
	if err := os.Symlink("/etc/passwd", filepath.Join(dir, "261122.log")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("/etc", filepath.Join(dir, "etc")); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(filepath.Join(dir, "261123.log"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		limit int64
		want  string
	}{
		{1000, "acceptlog/261119.log: \"zero\\n\"\nmail1/261120.log: \"one\\ntwo\\n\"\nmail1/261121.log: \"three\\nfour\\n\"\nmail2/261121_03.LOG: \"five\\nsix\"\n"},
		{19, "mail1/261121.log: \"three\\nfour\\n\"\nmail2/261121_03.LOG: \"five\\nsix\"\n"},
		{13, "mail1/261121.log cut: \"four\\n\"\nmail2/261121_03.LOG: \"five\\nsix\"\n"},
		{3, "mail2/261121_03.LOG cut: \"six\"\n"},
	} {
		parts, err := Last(ctx, dir, c.limit)
		if got := join(parts); err != nil || got != c.want {
			t.Errorf("%d bytes: %v\n%swant\n%s", c.limit, err, got, c.want)
		}
	}
	ended, stop := context.WithCancel(ctx)
	stop()
	if _, err := Last(ended, dir, 1000); err == nil {
		t.Error("goes on after its end")
	}
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(dir, link); err != nil {
		t.Fatal(err)
	}
	if parts, err := Last(ctx, link, 1000); err == nil {
		t.Errorf("follows a link: %s", join(parts))
	}
}

func TestSince(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "outlog")
	ctx := context.Background()
	old, grows, shrinks, fresh := filepath.Join(dir, "261119.log"), filepath.Join(dir, "261120.log"), filepath.Join(dir, "m/261121.log"), filepath.Join(dir, "m/261122.log")
	for _, f := range []string{old, grows, shrinks} {
		put(t, f, "before\nbefore too\n")
	}
	m, err := Now(ctx, dir)
	if err != nil {
		t.Fatal(err)
	}
	if parts, err := m.Since(ctx, 100); err != nil || len(parts) != 0 {
		t.Errorf("nothing new: %s, %v", join(parts), err)
	}
	put(t, grows, "after\nand on\n")
	put(t, fresh, "fresh\n")
	if err := os.Truncate(shrinks, 0); err != nil {
		t.Fatal(err)
	}
	put(t, shrinks, "anew\n")
	parts, err := m.Since(ctx, 100)
	want := "outlog/261120.log: \"after\\nand on\\n\"\nm/261121.log: \"anew\\n\"\nm/261122.log: \"fresh\\n\"\n"
	if got := join(parts); err != nil || got != want {
		t.Errorf("%v\n%s", err, got)
	}
	parts, err = m.Since(ctx, 8)
	want = "outlog/261120.log cut: \"and on\\n\"\nm/261121.log: \"anew\\n\"\nm/261122.log: \"fresh\\n\"\n"
	if got := join(parts); err != nil || got != want {
		t.Errorf("%v\n%s", err, got)
	}
}
