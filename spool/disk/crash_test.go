package disk

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"hikeshi/spool/disk/internal/sys"
)

// The deeds that a child does; each can be done again after a crash at any moment.
var deeds = map[string]func(*Dir) error{
	"short":   short,
	"replace": replace,
	"create": func(d *Dir) error {
		// What a crash left of the file is of mode 0, or whole.
		if fi, err := os.Lstat(filepath.Join(d.Path(), "new")); err == nil && fi.Mode() == 0o640 {
			return nil
		} else if err == nil {
			if err := d.Remove("new"); err != nil {
				return err
			}
		}
		return d.Create("new", strings.NewReader(newText), Private(0o640))
	},
	"mkdir": func(d *Dir) error { return d.Mkdir("dir", Private(0o2770)) },
	"move": func(d *Dir) error {
		if there, err := d.Exists("moved"); err != nil || there {
			return errors.Join(err, d.Sync())
		}
		return d.Move("file", d, "moved")
	},
	"link": func(d *Dir) error { // the way of filesystems without RENAME_NOREPLACE
		err := point(func() error { return sys.RenameChecked(d.fd(), "file", d.fd(), "moved") })
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	},
	"exchange": func(d *Dir) error {
		if e, err := d.Lstat("other"); err != nil || e.Size == int64(len(oldText)) {
			return err
		}
		return d.Exchange("file", "other")
	},
}

// TestMain is also the child that does a deed and may be ended in the middle of it.
func TestMain(m *testing.M) {
	deed, ok := deeds[os.Getenv("HIKESHI_DISK_DEED")]
	if !ok {
		os.Exit(m.Run())
	}
	d, err := Open(os.Getenv("HIKESHI_DISK_DIR"))
	if err == nil {
		err = deed(d)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// child runs a deed in another process: this test binary, or the one named.
func child(t *testing.T, env []string, d *Dir, deed string) (string, error) {
	t.Helper()
	c := exec.Command(os.Args[0])
	for _, e := range env {
		if bin, ok := strings.CutPrefix(e, "BINARY="); ok {
			c = exec.Command(bin)
		}
	}
	c.Env = append(append(os.Environ(), env...), "HIKESHI_DISK_DEED="+deed, "HIKESHI_DISK_DIR="+d.Path())
	out, err := c.CombinedOutput()
	return string(out), err
}

// TestCrashAtEveryCall ends a process before and after each of its writing calls; the deed is then done again and must end as it
// does without a crash. In between, the file under its name is always the old or the new one, whole.
func TestCrashAtEveryCall(t *testing.T) {
	binary := crashBinary(t)
	for name := range deeds {
		if name == "short" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			want := ""
			for n := 0; ; n++ { // 0: no crash
				for _, when := range []string{"before", "after"} {
					d := temp(t)
					put(t, d, "file", oldText)
					put(t, d, "other", newText)
					out, err := child(t, []string{"BINARY=" + binary, fmt.Sprintf("HIKESHI_CRASH=%s:%d", when, n)}, d, name)
					if n == 0 && err != nil {
						t.Fatalf("%v: %s", err, out)
					}
					if n > 0 && err == nil {
						if n < 2 {
							t.Fatal("nothing was written")
						}
						return
					}
					whole(t, d, name)
					if out, err := child(t, nil, d, name); err != nil {
						t.Fatalf("after a crash %s call %d: %v: %s", when, n, err, out)
					}
					if n == 0 {
						want = tree(t, d)
					} else if got := tree(t, d); got != want {
						t.Fatalf("after a crash %s call %d:\n%s\nwithout:\n%s", when, n, got, want)
					}
				}
			}
		})
	}
}

func whole(t *testing.T, d *Dir, deed string) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(d.Path(), "file"))
	if (deed == "move" || deed == "link") && errors.Is(err, fs.ErrNotExist) {
		b, err = os.ReadFile(filepath.Join(d.Path(), "moved"))
	}
	if err != nil || string(b) != oldText && string(b) != newText {
		t.Fatalf("the file holds %q, %v", b, err)
	}
}

// crashBinary builds this test with the tag that makes a process end at a chosen call.
func crashBinary(t *testing.T) string {
	t.Helper()
	if testing.Short() {
		t.Skip("builds a second test binary: not with -short")
	}
	bin := filepath.Join(t.TempDir(), "disk.test")
	if out, err := exec.Command("go", "test", "-c", "-tags", "crash", "-o", bin, ".").CombinedOutput(); err != nil {
		if errors.Is(err, exec.ErrNotFound) {
			need(t, "root", "no go command to build the test with")
		}
		t.Fatalf("%v: %s", err, out)
	}
	return bin
}
