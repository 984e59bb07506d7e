package disk

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// need skips a test that wants more than this machine gives, or fails where HIKESHI_REQUIRE asks for it.
func need(t *testing.T, what, why string) {
	t.Helper()
	if strings.Contains(os.Getenv("HIKESHI_REQUIRE"), what) {
		t.Fatalf("HIKESHI_REQUIRE asks for %s: %s", what, why)
	}
	t.Skip(why)
}

func needRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		need(t, "root", "needs root")
	}
}

// open makes a directory for a test and opens it.
func open(t *testing.T, path string) *Dir {
	t.Helper()
	d, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

func temp(t *testing.T) *Dir { return open(t, t.TempDir()) }

// small makes a tmpfs of size bytes.
func small(t *testing.T, size string) *Dir {
	t.Helper()
	needRoot(t)
	path := t.TempDir()
	if err := mountTmpfs(path, "mode=755,size="+size); err != nil {
		need(t, "root", "cannot mount a tmpfs: "+err.Error())
	}
	t.Cleanup(func() { unix.Unmount(path, 0) })
	return open(t, path)
}

func put(t *testing.T, d *Dir, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(d.Path(), name), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func get(t *testing.T, d *Dir, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(d.Path(), name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// tree is everything in d: names, types, modes and content.
func tree(t *testing.T, d *Dir) string {
	t.Helper()
	var b strings.Builder
	err := filepath.WalkDir(d.Path(), func(path string, e os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		fi, err := e.Info()
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(d.Path(), path)
		b.WriteString(rel + " " + fi.Mode().String())
		if fi.Mode().IsRegular() {
			text, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			b.WriteString(" " + string(text))
		}
		b.WriteString("\n")
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}
