package rename

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"hikeshi/spool/aside"
	"hikeshi/spool/aside/trial"
)

func bind(t *testing.T, source, target string) {
	t.Helper()
	trial.Must(t, unix.Mount(source, target, "", unix.MS_BIND, ""))
	t.Cleanup(func() { _ = unix.Unmount(target, unix.MNT_DETACH) })
}

func TestMountPoint(t *testing.T) {
	if !trial.OwnMounts(t) {
		return
	}
	tests := map[string]func(t *testing.T, path string){
		"another filesystem":      func(t *testing.T, path string) { trial.Mount(t, path, "") },
		"the same, mounted there": func(t *testing.T, path string) { bind(t, t.TempDir(), path) },
	}
	for name, prepare := range tests {
		t.Run(name, func(t *testing.T) {
			s := filled(t)
			path := filepath.Join(s.Base, "holding")
			prepare(t, path)
			_, err := Plan(s.Folders(), "x")
			if !errors.Is(err, aside.ErrFolder) {
				t.Errorf("got %v, want ErrFolder", err)
			}
		})
	}
}

// A mount that appears after the plan makes the third folder busy: what was done goes back.
func TestBusyFolder(t *testing.T) {
	if !trial.OwnMounts(t) {
		return
	}
	s := filled(t)
	set := plan(t, s)
	before := s.Tree(t)
	path := filepath.Join(s.Base, "holding")
	bind(t, path, path)
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
	from := filled(t)
	base := t.TempDir()
	trial.Mount(t, base, options)
	trial.Must(t, os.CopyFS(base, os.DirFS(filepath.Join(from.Base, "lists"))))
	for _, f := range from.Folders() {
		trial.Must(t, os.MkdirAll(filepath.Join(base, f.Name, "x"), 0o750))
	}
	return trial.Server{Base: base}
}

func TestReadOnlyDisk(t *testing.T) {
	if !trial.OwnMounts(t) {
		return
	}
	s := onDisk(t, "")
	set := plan(t, s)
	before := s.Tree(t)
	trial.Lock(t, s.Base)
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
	if !trial.OwnMounts(t) {
		return
	}
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
