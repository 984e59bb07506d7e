package rename

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"hikeshi/spool/aside"
	"hikeshi/spool/aside/trial"
)

// ownMounts gives this test, on its own thread, mounts that nobody else sees.
func ownMounts(t *testing.T) {
	t.Helper()
	runtime.LockOSThread() // never unlocked: the thread ends with the test
	err := unix.Unshare(unix.CLONE_NEWNS)
	if err == nil {
		err = unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, "")
	}
	if err == nil {
		return
	}
	if strings.Contains(os.Getenv("HIKESHI_REQUIRE"), "root") {
		t.Fatalf("mounting: %v", err)
	}
	t.Skipf("needs root to mount something: %v", err)
}

func mount(t *testing.T, source, target, kind string, flags uintptr, data string) {
	t.Helper()
	if err := unix.Mount(source, target, kind, flags, data); err != nil {
		t.Fatalf("mounting %s: %v", target, err)
	}
}

func TestMountPoint(t *testing.T) {
	tests := map[string]func(t *testing.T, path string){
		"another filesystem":      func(t *testing.T, path string) { mount(t, "tmpfs", path, "tmpfs", 0, "") },
		"the same, mounted there": func(t *testing.T, path string) { mount(t, t.TempDir(), path, "", unix.MS_BIND, "") },
	}
	for name, prepare := range tests {
		t.Run(name, func(t *testing.T) {
			ownMounts(t)
			s := filled(t)
			path := filepath.Join(s.Base, "holding")
			prepare(t, path)
			defer unix.Unmount(path, unix.MNT_DETACH)
			_, err := Plan(s.Folders(), "x")
			if !errors.Is(err, aside.ErrFolder) {
				t.Errorf("got %v, want ErrFolder", err)
			}
		})
	}
}

// A mount that appears after the plan makes the third folder busy: what was done goes back.
func TestBusyFolder(t *testing.T) {
	ownMounts(t)
	s := filled(t)
	set := plan(t, s)
	before := s.Tree(t)
	path := filepath.Join(s.Base, "holding")
	mount(t, path, path, "", unix.MS_BIND, "")
	err := set.Apply(context.Background())
	trial.Must(t, unix.Unmount(path, unix.MNT_DETACH))
	if !errors.Is(err, unix.EBUSY) {
		t.Errorf("got %v, want that it is busy", err)
	}
	if d := cmp.Diff(before, s.Tree(t)); d != "" {
		t.Errorf("something was left changed:\n%s", d)
	}
}

// onDisk makes a server on a filesystem of its own.
func onDisk(t *testing.T, options string) trial.Server {
	ownMounts(t)
	from := filled(t)
	base := t.TempDir()
	mount(t, "tmpfs", base, "tmpfs", 0, options)
	t.Cleanup(func() { unix.Unmount(base, unix.MNT_DETACH) })
	trial.Must(t, os.CopyFS(base, os.DirFS(filepath.Join(from.Base, "lists"))))
	for _, f := range from.Folders() {
		trial.Must(t, os.MkdirAll(filepath.Join(base, f.Name, "x"), 0o750))
	}
	return trial.Server{Base: base}
}

func TestReadOnlyDisk(t *testing.T) {
	s := onDisk(t, "")
	set := plan(t, s)
	before := s.Tree(t)
	mount(t, "tmpfs", s.Base, "tmpfs", unix.MS_REMOUNT|unix.MS_RDONLY, "")
	if err := set.Apply(context.Background()); !errors.Is(err, unix.EROFS) {
		t.Errorf("got %v, want that it is read-only", err)
	}
	trial.Must(t, set.Undo(context.Background(), s, quiet))
	if d := cmp.Diff(before, s.Tree(t)); d != "" {
		t.Error(d)
	}
}

// With room for n more entries, for every n: all or none.
func TestFullDisk(t *testing.T) {
	s := onDisk(t, "nr_inodes=1000")
	set := plan(t, s)
	before := s.Tree(t)
	fill := filepath.Join(s.Base, "lists", "x")
	for n := 0; ; n++ {
		if err := os.WriteFile(filepath.Join(fill, fmt.Sprint(n)), nil, 0o600); errors.Is(err, unix.ENOSPC) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
	for room := range 4 {
		if err := set.Apply(context.Background()); !errors.Is(err, unix.ENOSPC) {
			t.Errorf("with room for %d: got %v, want that the disk is full", room, err)
		}
		want(t, set, aside.None)
		trial.Must(t, os.Remove(filepath.Join(fill, fmt.Sprint(room))))
	}
	trial.Must(t, set.Apply(context.Background()))
	want(t, set, aside.Done)
	trial.Must(t, set.Undo(context.Background(), s, quiet))
	trial.Must(t, os.RemoveAll(fill))
	trial.Must(t, os.Mkdir(fill, 0o750))
	if d := cmp.Diff(before, s.Tree(t)); d != "" {
		t.Error(d)
	}
}
