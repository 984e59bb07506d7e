package disk

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"hikeshi/spool/disk/internal/sys"
)

func TestMoveNeverReplaces(t *testing.T) {
	d := temp(t)
	for _, name := range []string{"from", "to"} {
		if err := d.Mkdir(name, Private(0o700)); err != nil {
			t.Fatal(err)
		}
	}
	from, to := open(t, filepath.Join(d.Path(), "from")), open(t, filepath.Join(d.Path(), "to"))
	put(t, from, "file", "from")
	put(t, to, "file", "to")
	for _, name := range []string{"empty", "full"} {
		if err := errors.Join(from.Mkdir(name, Private(0o700)), to.Mkdir(name, Private(0o700))); err != nil {
			t.Fatal(err)
		}
	}
	put(t, to, "full/x", "x")
	if err := os.Symlink("nowhere", filepath.Join(to.Path(), "link")); err != nil {
		t.Fatal(err)
	}
	before := tree(t, d)
	for _, c := range [][2]string{{"file", "file"}, {"empty", "empty"}, {"full", "full"}, {"file", "empty"}, {"empty", "file"}, {"file", "link"}, {"empty", "link"}} {
		if err := from.Move(c[0], to, c[1]); !errors.Is(err, fs.ErrExist) {
			t.Errorf("moving %s over %s: %v", c[0], c[1], err)
		}
		if err := from.MoveNoSync(c[0], to, c[1]); !errors.Is(err, fs.ErrExist) {
			t.Errorf("moving %s over %s: %v", c[0], c[1], err)
		}
	}
	if after := tree(t, d); after != before {
		t.Errorf("something changed:\nbefore\n%s\nafter\n%s", before, after)
	}
	if err := from.Move("none", to, "x"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("moving what is not there: %v", err)
	}
	if err := errors.Join(from.Move("file", to, "new"), from.Move("empty", to, "new-dir")); err != nil {
		t.Fatal(err)
	}
	if got := get(t, to, "new"); got != "from" {
		t.Errorf("new holds %q", got)
	}
}

// TestMoveWithoutTheSystemCall goes the way of filesystems that cannot refuse an existing name by themselves.
func TestMoveWithoutTheSystemCall(t *testing.T) {
	d := temp(t)
	put(t, d, "a", "a")
	put(t, d, "b", "b")
	if err := errors.Join(d.Mkdir("dir", Private(0o700)), d.Mkdir("dir2", Private(0o700))); err != nil {
		t.Fatal(err)
	}
	fd := d.fd()
	before := tree(t, d)
	for _, c := range [][2]string{{"a", "b"}, {"a", "dir"}, {"dir", "a"}, {"dir", "dir2"}} {
		if err := sys.RenameChecked(fd, c[0], fd, c[1]); !errors.Is(err, fs.ErrExist) {
			t.Errorf("moving %s over %s: %v", c[0], c[1], err)
		}
	}
	if after := tree(t, d); after != before {
		t.Errorf("something changed:\n%s", after)
	}
	if err := errors.Join(sys.RenameChecked(fd, "a", fd, "c"), sys.RenameChecked(fd, "dir", fd, "dir3")); err != nil {
		t.Fatal(err)
	}
	if err := sys.RenameChecked(fd, "none", fd, "x"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("moving what is not there: %v", err)
	}
	// A crash between link and unlink leaves both names of one file; the next call ends it.
	if err := unix.Linkat(fd, "c", fd, "e", 0); err != nil {
		t.Fatal(err)
	}
	if err := sys.RenameChecked(fd, "c", fd, "e"); err != nil {
		t.Fatal(err)
	}
	if there, _ := d.Exists("c"); there || get(t, d, "e") != "a" {
		t.Error("the second call did not end what the first began")
	}
}

func TestExchange(t *testing.T) {
	d := temp(t)
	if err := errors.Join(d.Mkdir("a", Private(0o700)), d.Mkdir("b", Private(0o700))); err != nil {
		t.Fatal(err)
	}
	put(t, d, "a/x", "x")
	if err := d.Exchange("a", "b"); errors.Is(err, ErrNoExchange) {
		need(t, "root", "names cannot be exchanged here")
	} else if err != nil {
		t.Fatal(err)
	}
	if get(t, d, "b/x") != "x" {
		t.Error("not exchanged")
	}
	if err := d.Exchange("a", "none"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("exchanging with nothing: %v", err)
	}
}

func TestMkdirCanBeRepeated(t *testing.T) {
	d := temp(t)
	want := Attrs{Mode: 0o2775, UID: os.Getuid(), GID: os.Getgid(), Xattrs: map[string][]byte{}}
	for range 3 {
		if err := d.Mkdir("dir", want); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(filepath.Join(d.Path(), "dir"), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := d.Mkdir("dir", want); err != nil {
		t.Fatal(err)
	}
	s := open(t, filepath.Join(d.Path(), "dir"))
	if a, err := s.Attrs(); err != nil || a.Mode != want.Mode || a.UID != want.UID {
		t.Errorf("Attrs = %+v, %v", a, err)
	}
	put(t, s, "x", "x")
	if err := d.Mkdir("dir", want); !errors.Is(err, fs.ErrExist) {
		t.Errorf("making a directory that is not empty: %v", err)
	}
	put(t, d, "file", "")
	if err := os.Symlink("dir", filepath.Join(d.Path(), "link")); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"file", "link"} {
		if err := d.Mkdir(name, want); err == nil {
			t.Errorf("made a directory of the %s", name)
		}
	}
	if err := d.Rmdir("dir"); err == nil {
		t.Error("removed a directory that is not empty")
	}
	if err := errors.Join(s.Remove("x"), d.Rmdir("dir")); err != nil {
		t.Error(err)
	}
	if err := d.Rmdir("file"); err == nil {
		t.Error("removed a file as a directory")
	}
	if err := d.Remove("none"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("removing nothing: %v", err)
	}
}

func TestCreate(t *testing.T) {
	d := temp(t)
	if err := d.Create("a", strings.NewReader("text"), Private(0o640)); err != nil {
		t.Fatal(err)
	}
	if fi, err := os.Stat(filepath.Join(d.Path(), "a")); err != nil || fi.Mode() != 0o640 || get(t, d, "a") != "text" {
		t.Errorf("%v, %v", fi, err)
	}
	if err := d.Create("a", strings.NewReader("other"), Private(0o600)); !errors.Is(err, fs.ErrExist) || get(t, d, "a") != "text" {
		t.Errorf("creating what is there: %v", err)
	}
	if err := os.Symlink("target", filepath.Join(d.Path(), "link")); err != nil {
		t.Fatal(err)
	}
	if err := d.Create("link", strings.NewReader("x"), Private(0o600)); !errors.Is(err, fs.ErrExist) {
		t.Errorf("creating through a symbolic link: %v", err)
	}
	broken := errors.New("the source broke")
	if err := d.Create("half", io.MultiReader(strings.NewReader("x"), errReader{broken}), Private(0o600)); !errors.Is(err, broken) {
		t.Errorf("creating from a broken source: %v", err)
	}
	if there, _ := d.Exists("half"); there {
		t.Error("half a file was left")
	}
}

type errReader struct{ err error }

func (r errReader) Read([]byte) (int, error) { return 0, r.err }

func TestAttributesAreCopied(t *testing.T) {
	needRoot(t)
	d := temp(t)
	put(t, d, "file", "old")
	path := filepath.Join(d.Path(), "file")
	want := Attrs{Mode: 0o4640, UID: 1234, GID: 4321, Xattrs: map[string][]byte{"user.note": []byte("x\x00y")}}
	if err := errors.Join(os.Chown(path, want.UID, want.GID), os.Chmod(path, 0o640|fs.ModeSetuid), unix.Setxattr(path, "user.note", want.Xattrs["user.note"], 0)); err != nil {
		need(t, "root", fmt.Sprintf("the filesystem of the test has no extended attributes: %v", err))
	}
	if err := d.Replace("file", ".tmp", Hash([]byte("old")), []byte("new")); err != nil {
		t.Fatal(err)
	}
	f, err := d.Read("file")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	got, err := AttrsOf(f)
	if err != nil || got.Mode != want.Mode || got.UID != want.UID || got.GID != want.GID || !maps.EqualFunc(got.Xattrs, want.Xattrs, func(a, b []byte) bool { return string(a) == string(b) }) {
		t.Errorf("Attrs = %+v, %v", got, err)
	}
}

// TestInheritedACLsGo gives the directory a default ACL, which everything made in it inherits.
func TestInheritedACLsGo(t *testing.T) {
	d := temp(t)
	put(t, d, "file", "old")
	// version 2; user rwx, user 1234 rwx, group r-x, mask rwx, other r-x
	acl := "\x02\x00\x00\x00" + "\x01\x00\x07\x00\xff\xff\xff\xff" + "\x02\x00\x07\x00\xd2\x04\x00\x00" + "\x04\x00\x05\x00\xff\xff\xff\xff" + "\x10\x00\x07\x00\xff\xff\xff\xff" + "\x20\x00\x05\x00\xff\xff\xff\xff"
	if err := unix.Setxattr(d.Path(), "system.posix_acl_default", []byte(acl), 0); err != nil {
		need(t, "root", fmt.Sprintf("the filesystem of the test has no ACLs: %v", err))
	}
	if err := d.Replace("file", ".tmp", Hash([]byte("old")), []byte("new")); err != nil {
		t.Fatal(err)
	}
	f, err := d.Read("file")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if a, err := AttrsOf(f); err != nil || len(a.Xattrs) > 0 || a.Mode != 0o644 {
		t.Errorf("the new file has %+v, %v", a, err)
	}
	if err := d.Mkdir("dir", Private(0o750)); err != nil {
		t.Fatal(err)
	}
	s := open(t, filepath.Join(d.Path(), "dir"))
	if a, err := s.Attrs(); err != nil || len(a.Xattrs) > 0 || a.Mode != 0o750 {
		t.Errorf("the new directory has %+v, %v", a, err)
	}
}

func TestReadOnlyDirectory(t *testing.T) {
	var d *Dir
	if os.Geteuid() == 0 {
		d = small(t, "1m")
	} else {
		d = temp(t)
	}
	put(t, d, "file", "old")
	if err := d.Mkdir("dir", Private(0o700)); err != nil {
		t.Fatal(err)
	}
	if os.Geteuid() == 0 {
		if err := remountReadOnly(d.Path()); err != nil {
			t.Fatal(err)
		}
	} else {
		if err := os.Chmod(d.Path(), 0o555); err != nil {
			t.Fatal(err)
		}
		defer os.Chmod(d.Path(), 0o755)
	}
	before := tree(t, d)
	_, log := d.OpenLog("log")
	for call, err := range map[string]error{
		"Create": d.Create("x", strings.NewReader("x"), Private(0o600)), "Mkdir": d.Mkdir("x", Private(0o700)), "Remove": d.Remove("file"), "Rmdir": d.Rmdir("dir"),
		"Move": d.Move("file", d, "x"), "Exchange": d.Exchange("file", "dir"), "Replace": d.Replace("file", ".tmp", Hash([]byte("old")), []byte("new")), "OpenLog": log,
	} {
		if !errors.Is(err, fs.ErrPermission) && !errors.Is(err, syscall.EROFS) {
			t.Errorf("%s: %v", call, err)
		}
	}
	if after := tree(t, d); after != before {
		t.Errorf("something changed:\n%s", after)
	}
}

func TestFullDisk(t *testing.T) {
	d := small(t, "256k")
	put(t, d, "file", "old")
	log, err := d.OpenLog("log")
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	if err := log.Append([]byte("first\n")); err != nil {
		t.Fatal(err)
	}
	before := tree(t, d)
	big := strings.Repeat("x", 1<<20)
	for call, err := range map[string]error{
		"Create": d.Create("x", strings.NewReader(big), Private(0o600)), "Append": log.Append([]byte(big)),
		"Replace": d.Replace("file", ".tmp", Hash([]byte("old")), []byte(big)),
	} {
		if !errors.Is(err, syscall.ENOSPC) {
			t.Errorf("%s: %v", call, err)
		}
	}
	if after := tree(t, d); after != before {
		t.Errorf("something changed:\n%s", after)
	}
	if err := log.Append([]byte("second\n")); err != nil || get(t, d, "log") != "first\nsecond\n" {
		t.Errorf("going on afterwards: %v, %q", err, get(t, d, "log"))
	}
}
