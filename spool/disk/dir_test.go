package disk

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"golang.org/x/sys/unix"
)

func TestOpenFollowsThePathButNotTheNamesBelow(t *testing.T) {
	d := temp(t)
	if err := d.Mkdir("real", Private(0o755)); err != nil {
		t.Fatal(err)
	}
	for name, to := range map[string]string{"link": "real", "loop": "loop", "file-link": "real/file"} {
		if err := os.Symlink(to, filepath.Join(d.Path(), name)); err != nil {
			t.Fatal(err)
		}
	}
	put(t, d, "real/file", "x")
	open(t, filepath.Join(d.Path(), "link"))
	for _, name := range []string{"link", "loop", "file-link"} {
		if s, err := d.Sub(name); err == nil {
			s.Close()
			t.Errorf("Sub followed the symbolic link %s", name)
		}
		if f, err := d.Read(name); err == nil {
			f.Close()
			t.Errorf("Read followed the symbolic link %s", name)
		}
		if l, err := d.OpenLog(name); err == nil {
			l.Close()
			t.Errorf("OpenLog followed the symbolic link %s", name)
		}
		if e, err := d.Lstat(name); err != nil || e.Type != fs.ModeSymlink {
			t.Errorf("Lstat(%s) = %v, %v", name, e, err)
		}
	}
}

func TestOnlyRegularFilesAreRead(t *testing.T) {
	d := temp(t)
	path := filepath.Join(d.Path(), "fifo")
	if err := unix.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := d.Mkdir("dir", Private(0o700)); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"fifo", "dir"} {
		if f, err := d.Read(name); err == nil {
			f.Close()
			t.Errorf("Read opened %s", name)
		}
		if _, err := d.ReadAll(name); err == nil {
			t.Errorf("ReadAll read %s", name)
		}
		if l, err := d.OpenLog(name); err == nil {
			l.Close()
			t.Errorf("OpenLog opened %s", name)
		}
		if err := d.Replace(name, "tmp", Hash(nil), []byte("x")); err == nil {
			t.Errorf("Replace replaced %s", name)
		}
	}
	for name, want := range map[string]fs.FileMode{"fifo": fs.ModeNamedPipe, "dir": fs.ModeDir} {
		if e, err := d.Lstat(name); err != nil || e.Type != want {
			t.Errorf("Lstat(%s) = %v, %v", name, e, err)
		}
	}
}

func TestNamesAreSinglePathElements(t *testing.T) {
	d := temp(t)
	if err := d.Mkdir("sub", Private(0o700)); err != nil {
		t.Fatal(err)
	}
	before := tree(t, d)
	for _, name := range []string{"", ".", "..", "sub/x", "../x", "/etc", "a\x00b"} {
		_, lstat := d.Lstat(name)
		_, sub := d.Sub(name)
		_, read := d.Read(name)
		_, log := d.OpenLog(name)
		calls := map[string]error{
			"Lstat": lstat, "Sub": sub, "Read": read, "OpenLog": log,
			"Create": d.Create(name, nil, Private(0o600)), "Mkdir": d.Mkdir(name, Private(0o700)), "Remove": d.Remove(name), "Rmdir": d.Rmdir(name),
			"Move from": d.Move(name, d, "x"), "Move to": d.Move("sub", d, name), "Exchange": d.Exchange("sub", name),
			"Replace": d.Replace("sub", name, "", nil),
		}
		for call, err := range calls {
			if err == nil {
				t.Errorf("%s took the name %q", call, name)
			}
		}
	}
	if after := tree(t, d); after != before {
		t.Errorf("something changed:\n%s", after)
	}
}

func TestLooking(t *testing.T) {
	d := temp(t)
	if empty, err := d.Empty(); err != nil || !empty {
		t.Errorf("Empty = %v, %v", empty, err)
	}
	put(t, d, "a", "12345")
	put(t, d, "b", "")
	for range 2 { // reading the names begins anew each time
		names, err := d.Names()
		if slices.Sort(names); err != nil || !slices.Equal(names, []string{"a", "b"}) {
			t.Errorf("Names = %q, %v", names, err)
		}
		if empty, err := d.Empty(); err != nil || empty {
			t.Errorf("Empty = %v, %v", empty, err)
		}
	}
	e, err := d.Lstat("a")
	if err != nil || e.Size != 5 || e.Type != 0 || e.Sec == 0 || e.Ino == 0 {
		t.Errorf("Lstat = %+v, %v", e, err)
	}
	if there, err := d.Exists("a"); err != nil || !there {
		t.Errorf("Exists(a) = %v, %v", there, err)
	}
	if there, err := d.Exists("none"); err != nil || there {
		t.Errorf("Exists(none) = %v, %v", there, err)
	}
	if _, err := d.Lstat("none"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Lstat(none): %v", err)
	}
	if text, err := d.ReadAll("a"); err != nil || string(text) != "12345" {
		t.Errorf("ReadAll = %q, %v", text, err)
	}
	big := filepath.Join(d.Path(), "big")
	put(t, d, "big", "")
	if err := os.Truncate(big, MaxFile+1); err != nil {
		t.Fatal(err)
	}
	if _, err := d.ReadAll("big"); err == nil {
		t.Error("ReadAll took a file above its bound")
	}
}

func TestTheIdentityStaysOverARename(t *testing.T) {
	d := temp(t)
	if err := d.Mkdir("a", Private(0o700)); err != nil {
		t.Fatal(err)
	}
	a, err := d.Sub("a")
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	before, err := a.ID()
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Move("a", d, "b"); err != nil {
		t.Fatal(err)
	}
	if e, err := d.Lstat("b"); err != nil || e.ID != before {
		t.Errorf("b is %v, was %v: %v", e.ID, before, err)
	}
	if now, err := a.ID(); err != nil || now != before {
		t.Errorf("the open directory is %v, was %v: %v", now, before, err)
	}
}

func TestOpenOrMake(t *testing.T) {
	d := temp(t)
	path := filepath.Join(d.Path(), "a", "b", "c")
	for range 2 {
		got, err := OpenOrMake(path, Private(0o750))
		if err != nil {
			t.Fatal(err)
		}
		got.Close()
	}
	for _, p := range []string{"a", "a/b", "a/b/c"} {
		if fi, err := os.Stat(filepath.Join(d.Path(), p)); err != nil || fi.Mode().Perm() != 0o750 {
			t.Errorf("%s: %v, %v", p, fi, err)
		}
	}
	put(t, d, "file", "")
	if _, err := OpenOrMake(filepath.Join(d.Path(), "file", "x"), Private(0o700)); err == nil {
		t.Error("made a folder below a file")
	}
}
