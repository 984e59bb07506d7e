package aside_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"hikeshi/spool/aside"
	"hikeshi/spool/aside/index"
	"hikeshi/spool/aside/trial"
	"hikeshi/spool/disk"
)

const stamp = "20261121-031200"

func quiet(int64, int64) {}

func everything(string) bool { return true }

func only(bases ...string) func(string) bool {
	return func(base string) bool { return slices.Contains(bases, base) }
}

// planMove plans as a caller does, and sends the plan through JSON as a journal does.
func planMove(t testing.TB, s trial.Server, want func(string) bool) (aside.Move, []string) {
	t.Helper()
	names := map[string]bool{}
	for _, f := range s.Folders() {
		names[f.Name] = f.Tree
	}
	tree, x, err := index.Read(context.Background(), s.Base, names, s)
	trial.Must(t, err)
	defer tree.Close()
	m, _, odd, err := aside.Selection{Folders: s.Folders(), Stamp: stamp, Tree: tree, Index: x, Want: want}.Move()
	trial.Must(t, err)
	b, err := json.Marshal(m)
	trial.Must(t, err)
	var out aside.Move
	trial.Must(t, json.Unmarshal(b, &out))
	if d := cmp.Diff(m, out); d != "" {
		t.Fatalf("JSON changes the plan:\n%s", d)
	}
	return out, odd
}

func wantState(t testing.TB, m aside.Move, state aside.State) {
	t.Helper()
	got, err := m.State(context.Background())
	if err != nil || got != state {
		t.Fatalf("state is %v (%v), want %v", got, err, state)
	}
}

// mixed has messages in every folder, one of them in several, one folder with two, and what is no message.
func mixed(t testing.TB) trial.Server {
	s := trial.New(t)
	s.Incoming(t, "B0000000001", "taro@example.jp", "a@example.com")
	s.Incoming(t, "B0000000001-002", "taro@example.jp", "a@example.com")
	s.Retry(t, "B0000000001-R0001", "taro@example.jp", "c@example.net")
	s.Incoming(t, "B0000000002", "hanako@example.jp", "b@example.com")
	s.Retry(t, "B0000000003-R0001", "hanako@example.jp", "c@example.com")
	for _, stem := range []string{"B0000000004-R0001", "B0000000005-R0002"} {
		s.Put(t, "domains/example.org/"+stem+".RCP", trial.Envelope("taro@example.jp", "d@example.org"))
		s.Put(t, "holding/"+stem+".MSG", trial.Body("203.0.113.9", stem))
	}
	s.Put(t, "domains/example.org/Domain.mri", "Domain-name: example.org\n")
	s.Put(t, "domains/bad \x1b\xff%41 name-B0000000006-R0001/B0000000006-R0001.RCP", trial.Envelope("x@example.jp", "y@example.com"))
	s.Put(t, "holding/B0000000006-R0001.MSG", "body")
	s.Put(t, "incoming/notes.txt", "odd")
	trial.Must(t, os.Symlink("/etc/passwd", filepath.Join(s.Base, "holding/B0000000007.MSG")))
	trial.Must(t, unix.Mkfifo(filepath.Join(s.Base, "domains/B0000000008.RCP"), 0o600))
	return s
}

// names lists the files below a folder, sorted; folders end in a slash.
func names(t testing.TB, s trial.Server, folder string) []string {
	t.Helper()
	var all []string
	for name, what := range s.Tree(t) {
		if strings.HasPrefix(name, folder+"/") {
			if strings.HasPrefix(what, "4") { // S_IFDIR in octal
				name += "/"
			}
			all = append(all, strings.TrimPrefix(name, folder+"/"))
		}
	}
	slices.Sort(all)
	return all
}

func TestMove(t *testing.T) {
	tests := []struct {
		name           string
		want           func(string) bool
		in, hold, doms []string // what stays
	}{
		{"one message with all its parts", only("B0000000001"),
			[]string{"B0000000002.MSG", "B0000000002.RCP", "notes.txt"},
			[]string{"B0000000003-R0001.MSG", "B0000000004-R0001.MSG", "B0000000005-R0002.MSG", "B0000000006-R0001.MSG", "B0000000007.MSG"},
			[]string{"B0000000008.RCP", "bad \x1b\xff%41 name-B0000000006-R0001/", "bad \x1b\xff%41 name-B0000000006-R0001/B0000000006-R0001.RCP", "example.com-B0000000003-R0001/",
				"example.com-B0000000003-R0001/B0000000003-R0001.RCP", "example.com-B0000000003-R0001/Domain.mri",
				"example.org/", "example.org/B0000000004-R0001.RCP", "example.org/B0000000005-R0002.RCP", "example.org/Domain.mri"}},
		{"one of two in a folder", only("B0000000004", "B0000000006", "B0000000003"),
			[]string{"B0000000001-002.MSG", "B0000000001-002.RCP", "B0000000001.MSG", "B0000000001.RCP", "B0000000002.MSG", "B0000000002.RCP", "notes.txt"},
			[]string{"B0000000001-R0001.MSG", "B0000000005-R0002.MSG", "B0000000007.MSG"},
			[]string{"B0000000008.RCP", "example.net-B0000000001-R0001/", "example.net-B0000000001-R0001/B0000000001-R0001.RCP", "example.net-B0000000001-R0001/Domain.mri",
				"example.org/", "example.org/B0000000005-R0002.RCP", "example.org/Domain.mri"}},
		{"everything", everything, []string{"notes.txt"}, []string{"B0000000007.MSG"}, []string{"B0000000008.RCP"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := mixed(t)
			before := s.Tree(t)
			m, odd := planMove(t, s, test.want)
			if d := cmp.Diff([]string{"domains/B0000000008.RCP", "holding/B0000000007.MSG", "incoming/notes.txt"}, slices.Sorted(slices.Values(odd))); d != "" {
				t.Errorf("odd:\n%s", d)
			}
			wantState(t, m, aside.None)
			for range 2 {
				trial.Must(t, m.Apply(context.Background(), quiet))
				wantState(t, m, aside.Done)
			}
			for folder, want := range map[string][]string{"incoming": test.in, "holding": test.hold, "domains": test.doms} {
				if d := cmp.Diff(want, names(t, s, folder)); d != "" {
					t.Errorf("%s:\n%s", folder, d)
				}
			}
			sets, err := aside.Find(s.Folders())
			if err != nil || len(sets) != 1 || len(sets[0].Folders) != 4 {
				t.Errorf("found %v (%v), want one set of four", sets, err)
			}
			for range 2 {
				_, err := m.Undo(context.Background(), s, quiet)
				trial.Must(t, err)
				wantState(t, m, aside.None)
				if d := cmp.Diff(before, s.Tree(t)); d != "" {
					t.Fatalf("undo left a difference:\n%s", d)
				}
			}
		})
	}
}

// Whatever happens to one message between plan and apply, all go back.
func TestMoveGoesBack(t *testing.T) {
	tests := map[string]struct {
		meddle func(t *testing.T, s trial.Server)
		want   error
	}{
		"a file vanished": {func(t *testing.T, s trial.Server) {
			trial.Must(t, os.Remove(filepath.Join(s.Base, "incoming/B0000000002.RCP")))
		}, disk.ErrDrift},
		"a message vanished": {func(t *testing.T, s trial.Server) {
			trial.Must(t, os.Remove(filepath.Join(s.Base, "incoming/B0000000002.RCP")))
			trial.Must(t, os.Remove(filepath.Join(s.Base, "incoming/B0000000002.MSG")))
		}, disk.ErrDrift},
		"a file was written anew": {func(t *testing.T, s trial.Server) {
			trial.Must(t, os.Rename(filepath.Join(s.Base, "incoming/B0000000002.MSG"), filepath.Join(s.Base, "kept")))
			s.Put(t, "incoming/B0000000002.MSG", "another")
		}, disk.ErrDrift},
		"a name is taken": {func(t *testing.T, s trial.Server) { s.Put(t, "incoming.q-"+stamp+"/B0000000002.RCP", "foreign") }, nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := mixed(t)
			m, _ := planMove(t, s, everything)
			test.meddle(t, s)
			before := s.Tree(t)
			err := m.Apply(context.Background(), quiet)
			var left *aside.LeftError
			if test.want != nil && !errors.Is(err, test.want) || test.want == nil && !errors.As(err, &left) {
				t.Errorf("got %v", err)
			}
			if d := cmp.Diff(before, s.Tree(t)); d != "" {
				t.Errorf("something was left changed:\n%s", d)
			}
		})
	}
}

// A message of which one name is taken stays aside whole; the others come back.
func TestMoveUndoLeavesWhatIsTaken(t *testing.T) {
	s := mixed(t)
	m, _ := planMove(t, s, everything)
	trial.Must(t, m.Apply(context.Background(), quiet))
	s.Put(t, "holding/B0000000005-R0002.MSG", "newer")
	files := s.Files(t)
	for range 2 {
		_, err := m.Undo(context.Background(), s, quiet)
		var left *aside.LeftError
		if !errors.As(err, &left) || !slices.Equal(left.Taken, []string{"holding/B0000000005-R0002.MSG"}) {
			t.Fatalf("got %v", err)
		}
		if d := cmp.Diff(files, s.Files(t)); d != "" {
			t.Errorf("files differ:\n%s", d)
		}
		// 4 and 5 shared a folder that went as a whole: they are one unit.
		if d := cmp.Diff([]string{"B0000000004-R0001.MSG", "B0000000005-R0002.MSG"}, names(t, s, "holding.q-"+stamp)); d != "" {
			t.Error(d)
		}
		if d := cmp.Diff([]string{"example.org/", "example.org/B0000000004-R0001.RCP", "example.org/B0000000005-R0002.RCP", "example.org/Domain.mri"}, names(t, s, "domains.q-"+stamp)); d != "" {
			t.Error(d)
		}
	}
}

func TestNames(t *testing.T) {
	tests := []struct {
		name, folder, stamp, incident string
		ok                            bool
	}{
		{"incoming.q-20261121-031200", "incoming", "20261121-031200", "20261121-031200", true},
		{"incoming.q-20261121-031200_2", "incoming", "20261121-031200_2", "20261121-031200", true},
		{"incoming.q-a_b", "incoming", "a_b", "a_b", true},
		{"incoming.q-", "", "", "", false},
		{"incoming", "", "", "", false},
		{".q-1", "", "", "", false},
		{"incoming.q-1/2", "", "", "", false},
		{"incoming.q-1\n", "", "", "", false},
		{"incoming.q-1.bak", "", "", "", false},
	}
	for _, test := range tests {
		folder, st, ok := aside.Parse(test.name)
		if ok != test.ok || ok && (folder != test.folder || st != test.stamp || aside.Incident(st) != test.incident || aside.Name(folder, st) != test.name) {
			t.Errorf("%q is %q, %q, %v", test.name, folder, st, ok)
		}
	}
}

func TestStamp(t *testing.T) {
	s := trial.New(t)
	for _, want := range []string{"x1", "x1_2", "x1_3"} {
		got, err := aside.Stamp(s.Folders(), "x1")
		if err != nil || got != want {
			t.Fatalf("got %q (%v), want %q", got, err, want)
		}
		s.Put(t, "holding.q-"+got+"/file", "")
	}
	for _, bad := range []string{"", "../x", "a b", "a.b", strings.Repeat("x", 101)} {
		if got, err := aside.Stamp(s.Folders(), bad); err == nil {
			t.Errorf("%q gives the stamp %q", bad, got)
		}
	}
}

func TestFind(t *testing.T) {
	s := trial.New(t)
	s.Put(t, "incoming.q-b/x", "")
	s.Put(t, "domains.q-b/x/y", "")
	s.Put(t, "incoming.q-a/x", "")
	s.Put(t, "elsewhere.q-a/x", "")
	trial.Must(t, os.Symlink("/etc", filepath.Join(s.Base, "holding.q-a")))
	sets, err := aside.Find(s.Folders())
	trial.Must(t, err)
	var got []string
	for _, set := range sets {
		for _, f := range set.Folders {
			got = append(got, f.Name)
		}
		got = append(got, set.Missing...)
	}
	if d := cmp.Diff([]string{"incoming.q-a", "lists", "holding", "domains", "incoming.q-b", "domains.q-b", "lists", "holding"}, got); d != "" {
		t.Error(d)
	}
}
