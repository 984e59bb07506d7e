package rename

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"hikeshi/spool/aside"
	"hikeshi/spool/aside/trial"
	"hikeshi/spool/disk"
)

func quiet(int64, int64) {}

// filled is a server with messages in every folder, and with what does not belong there.
func filled(t testing.TB) trial.Server {
	s := trial.New(t)
	s.Incoming(t, "B0000000001", "taro@example.jp", "a@example.com")
	s.Incoming(t, "B0000000002-001", "taro@example.jp", "b@example.com")
	s.Retry(t, "B0000000003-R0001", "", "c@example.net")
	s.Put(t, "lists/news-B0000000004/B0000000004-M00000001.MSG", "list")
	s.Put(t, "lists/news-B0000000004/B0000000004-M00000001.RCP", trial.Envelope("news@example.jp", "d@example.org"))
	s.Put(t, "incoming/\x1b[2Jescape\n.MSG", "odd")
	trial.Must(t, os.Symlink("/etc/passwd", filepath.Join(s.Base, "incoming/B0000000009.MSG")))
	trial.Must(t, unix.Mkfifo(filepath.Join(s.Base, "domains/pipe"), 0o600))
	return s
}

func plan(t testing.TB, s trial.Server) Set {
	t.Helper()
	set, err := Plan(s.Folders(), "20261121-031200")
	trial.Must(t, err)
	return set
}

func want(t testing.TB, set Set, state aside.State) {
	t.Helper()
	got, err := set.State(context.Background())
	if err != nil || got != state {
		t.Fatalf("state is %v (%v), want %v", got, err, state)
	}
}

// ways runs a test for both ways of exchanging names.
func ways(t *testing.T, test func(t *testing.T, inSteps bool)) {
	t.Run("exchange", func(t *testing.T) { test(t, false) })
	t.Run("three renames", func(t *testing.T) { test(t, true) })
}

func TestApplyUndo(t *testing.T) {
	ways(t, func(t *testing.T, inSteps bool) {
		s := filled(t)
		before := s.Tree(t)
		set := plan(t, s)
		set.inSteps = inSteps
		want(t, set, aside.None)
		for range 2 {
			trial.Must(t, set.Apply(context.Background()))
			want(t, set, aside.Done)
		}
		after := s.Tree(t)
		for _, name := range []string{"incoming", "lists", "holding", "domains"} {
			if after[name] != before[name] || after[name+".q-20261121-031200"] != before[name] {
				t.Errorf("%s: was %q, is %q, set aside %q", name, before[name], after[name], after[name+".q-20261121-031200"])
			}
			if entries, err := os.ReadDir(filepath.Join(s.Base, name)); err != nil || len(entries) > 0 {
				t.Errorf("%s holds %d entries (%v), want none", name, len(entries), err)
			}
		}
		for range 2 {
			trial.Must(t, set.Undo(context.Background(), s, quiet))
			want(t, set, aside.None)
			if d := cmp.Diff(before, s.Tree(t)); d != "" {
				t.Fatalf("undo left a difference (-before +after):\n%s", d)
			}
		}
	})
}

func TestUndoWithoutApply(t *testing.T) {
	s := filled(t)
	before := s.Tree(t)
	trial.Must(t, plan(t, s).Undo(context.Background(), s, quiet))
	if d := cmp.Diff(before, s.Tree(t)); d != "" {
		t.Errorf("undo of what never happened changed something:\n%s", d)
	}
}

func TestUndoMerges(t *testing.T) {
	ways(t, func(t *testing.T, inSteps bool) {
		s := filled(t)
		set := plan(t, s)
		set.inSteps = inSteps
		trial.Must(t, set.Apply(context.Background()))
		s.Incoming(t, "B0000000011", "hanako@example.jp", "e@example.com")
		s.Retry(t, "B0000000012-R0001", "hanako@example.jp", "f@example.com")
		files := s.Files(t)
		trial.Must(t, set.Undo(context.Background(), s, quiet))
		if d := cmp.Diff(files, s.Files(t)); d != "" {
			t.Errorf("files differ:\n%s", d)
		}
		for _, rel := range []string{"incoming/B0000000001.RCP", "incoming/B0000000011.RCP", "domains/example.com-B0000000012-R0001/B0000000012-R0001.RCP", "domains/example.net-B0000000003-R0001/Domain.mri"} {
			if _, err := os.Stat(filepath.Join(s.Base, rel)); err != nil {
				t.Error(err)
			}
		}
		want(t, set, aside.None)
	})
}

// A message whose name is taken in one folder stays aside as a whole, with its half in another folder.
func TestUndoLeavesWhatIsTaken(t *testing.T) {
	s := filled(t)
	set := plan(t, s)
	trial.Must(t, set.Apply(context.Background()))
	s.Put(t, "holding/B0000000003-R0001.MSG", "newer body")
	s.Put(t, "domains/other-B0000000003-R0001/B0000000003-R0001.RCP", trial.Envelope("x@example.jp", "y@example.com"))
	s.Incoming(t, "B0000000011", "hanako@example.jp", "e@example.com")
	files := s.Files(t)
	for range 2 {
		err := set.Undo(context.Background(), s, quiet)
		var left *aside.LeftError
		if !errors.As(err, &left) {
			t.Fatalf("undo says %v, want a LeftError", err)
		}
		if d := cmp.Diff([]string{"holding/B0000000003-R0001.MSG"}, left.Taken); d != "" {
			t.Error(d)
		}
		if d := cmp.Diff(files, s.Files(t)); d != "" {
			t.Errorf("files differ:\n%s", d)
		}
		for _, rel := range []string{"domains.q-20261121-031200/other-B0000000003-R0001/B0000000003-R0001.RCP", "holding.q-20261121-031200/B0000000003-R0001.MSG", "incoming/B0000000011.RCP"} {
			if _, err := os.Stat(filepath.Join(s.Base, rel)); err != nil {
				t.Error(err)
			}
		}
	}
	want(t, set, aside.Partial)
}

func TestDrift(t *testing.T) {
	s := filled(t)
	set := plan(t, s)
	trial.Must(t, os.Rename(filepath.Join(s.Base, "holding"), filepath.Join(s.Base, "elsewhere")))
	trial.Must(t, os.Mkdir(filepath.Join(s.Base, "holding"), 0o700))
	before := s.Tree(t)
	want(t, set, aside.Drifted)
	for _, err := range []error{set.Apply(context.Background()), set.Undo(context.Background(), s, quiet)} {
		if !errors.Is(err, disk.ErrDrift) {
			t.Errorf("got %v, want a drift", err)
		}
	}
	if d := cmp.Diff(before, s.Tree(t)); d != "" {
		t.Errorf("something was changed:\n%s", d)
	}
}

// Something foreign under the new name of the third folder: the first two go back.
func TestApplyGoesBack(t *testing.T) {
	ways(t, func(t *testing.T, inSteps bool) {
		s := filled(t)
		set := plan(t, s)
		set.inSteps = inSteps
		s.Put(t, "holding.q-20261121-031200/somebody", "x")
		before := s.Tree(t)
		if err := set.Apply(context.Background()); !errors.Is(err, os.ErrExist) {
			t.Errorf("got %v, want that it exists", err)
		}
		if d := cmp.Diff(before, s.Tree(t)); d != "" {
			t.Errorf("something was left changed:\n%s", d)
		}
	})
}

func TestMissingFolder(t *testing.T) {
	s := filled(t)
	trial.Must(t, os.RemoveAll(filepath.Join(s.Base, "lists")))
	before := s.Tree(t)
	set := plan(t, s)
	if len(set.Parts) != 3 {
		t.Fatalf("%d parts, want 3", len(set.Parts))
	}
	trial.Must(t, set.Apply(context.Background()))
	trial.Must(t, set.Undo(context.Background(), s, quiet))
	if d := cmp.Diff(before, s.Tree(t)); d != "" {
		t.Error(d)
	}
}

func TestPlanRefuses(t *testing.T) {
	tests := map[string]func(t *testing.T, path string){
		"a symbolic link": func(t *testing.T, path string) {
			trial.Must(t, os.Rename(path, path+"-real"))
			trial.Must(t, os.Symlink(path+"-real", path))
		},
		"a file": func(t *testing.T, path string) {
			trial.Must(t, os.RemoveAll(path))
			trial.Must(t, os.WriteFile(path, nil, 0o600))
		},
	}
	for name, prepare := range tests {
		t.Run(name, func(t *testing.T) {
			s := filled(t)
			prepare(t, filepath.Join(s.Base, "holding"))
			if _, err := Plan(s.Folders(), "x"); !errors.Is(err, aside.ErrFolder) {
				t.Errorf("got %v, want ErrFolder", err)
			}
		})
	}
}

func TestWayBack(t *testing.T) {
	var got []string
	for _, p := range plan(t, filled(t)).wayBack() {
		got = append(got, p.Name)
	}
	if d := cmp.Diff([]string{"holding", "domains", "lists", "incoming"}, got); d != "" {
		t.Error(d)
	}
}
