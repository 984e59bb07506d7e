package transfer

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"hikeshi/spool"
	"hikeshi/spool/aside/folders"
)

func TestNameJSON(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := Name(rapid.SliceOf(rapid.Byte()).Draw(t, "name"))
		b, err := json.Marshal(Item{Name: want})
		if err != nil {
			t.Fatal(err)
		}
		var got Item
		if err := json.Unmarshal(b, &got); err != nil || got.Name != want {
			t.Fatalf("%q became %q through %s (%v)", want, got.Name, b, err)
		}
	})
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func quiet(int64, int64) {}

// pair is a base with aside/ and live/ and one message in aside/sub, and the transfer of it to live/sub.
func pair(t *testing.T) (string, Transfer) {
	base := t.TempDir()
	must(t, os.MkdirAll(filepath.Join(base, "aside/sub"), 0o700))
	must(t, os.Chmod(filepath.Join(base, "aside/sub"), 0o715))
	must(t, os.Mkdir(filepath.Join(base, "live"), 0o700))
	tree, err := folders.Open(base)
	must(t, err)
	defer tree.Close()
	b := NewBuilder(base, tree, false)
	var u Unit
	for name, part := range map[string]spool.Part{"b.MSG": spool.Body, "b.RCP": spool.Envelope} {
		must(t, os.WriteFile(filepath.Join(base, "aside/sub", name), []byte(name), 0o600))
		it, ok, err := b.Item(Way{From: "aside/sub", To: "live/sub"}, name, part)
		if err != nil || !ok {
			t.Fatalf("%v %v", ok, err)
		}
		u = append(u, it)
	}
	b.Add(u)
	return base, b.Transfer()
}

func files(t *testing.T, base string) []string {
	var all []string
	for _, dir := range []string{"aside/sub", "live/sub"} {
		entries, err := os.ReadDir(filepath.Join(base, dir))
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		for _, e := range entries {
			b, err := os.ReadFile(filepath.Join(base, dir, e.Name()))
			must(t, err)
			all = append(all, dir+"/"+e.Name()+" "+string(b))
		}
	}
	return all
}

func TestRun(t *testing.T) {
	remove := func(rel string) func(t *testing.T, base string) {
		return func(t *testing.T, base string) { must(t, os.Remove(filepath.Join(base, rel))) }
	}
	write := func(t *testing.T, base, rel string) {
		must(t, os.MkdirAll(filepath.Join(base, filepath.Dir(rel)), 0o700))
		must(t, os.WriteFile(filepath.Join(base, rel), []byte("foreign"), 0o600))
	}
	half := func(t *testing.T, base string) { // as after a stop: the body has gone, the envelope not
		must(t, os.Mkdir(filepath.Join(base, "live/sub"), 0o700))
		must(t, os.Rename(filepath.Join(base, "aside/sub/b.MSG"), filepath.Join(base, "live/sub/b.MSG")))
	}
	whole := []string{"live/sub/b.MSG b.MSG", "live/sub/b.RCP b.RCP"}
	stay := []string{"aside/sub/b.MSG b.MSG", "aside/sub/b.RCP b.RCP"}
	tests := []struct {
		name   string
		before func(t *testing.T, base string)
		want   []string
		report Report
	}{
		{"plain", func(*testing.T, string) {}, whole, Report{}},
		{"half done", half, whole, Report{}},
		{"the body is at both ends", func(t *testing.T, base string) {
			must(t, os.Mkdir(filepath.Join(base, "live/sub"), 0o700))
			must(t, os.Link(filepath.Join(base, "aside/sub/b.MSG"), filepath.Join(base, "live/sub/b.MSG")))
		}, whole, Report{}},
		{"a name is taken", func(t *testing.T, base string) { write(t, base, "live/sub/b.RCP") },
			append([]string{stay[0], stay[1]}, "live/sub/b.RCP foreign"), Report{Taken: []string{"live/sub/b.RCP"}}},
		{"half done, then a name is taken", func(t *testing.T, base string) {
			half(t, base)
			write(t, base, "live/sub/b.RCP")
		}, append([]string{stay[0], stay[1]}, "live/sub/b.RCP foreign"), Report{Taken: []string{"live/sub/b.RCP"}}},
		{"a symbolic link has the name", func(t *testing.T, base string) {
			must(t, os.Mkdir(filepath.Join(base, "live/sub"), 0o700))
			must(t, os.Symlink("../../aside/sub/b.RCP", filepath.Join(base, "live/sub/b.RCP")))
		}, append([]string{stay[0], stay[1]}, "live/sub/b.RCP b.RCP"), Report{Taken: []string{"live/sub/b.RCP"}}},
		{"the body has vanished", remove("aside/sub/b.MSG"), stay[1:], Report{Torn: []string{"aside/sub/b.RCP"}}},
		{"the envelope was delivered after a stop", func(t *testing.T, base string) {
			half(t, base)
			must(t, os.Remove(filepath.Join(base, "aside/sub/b.RCP")))
		}, whole[:1], Report{Gone: 1}},
		{"all has vanished", func(t *testing.T, base string) {
			remove("aside/sub/b.MSG")(t, base)
			remove("aside/sub/b.RCP")(t, base)
		}, nil, Report{Gone: 1}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			base, tr := pair(t)
			test.before(t, base)
			for i := range 2 {
				rep, err := tr.Run(context.Background(), Forth, quiet)
				must(t, err)
				if d := cmp.Diff(test.report, rep); d != "" {
					t.Errorf("run %d: report:\n%s", i+1, d)
				}
				if d := cmp.Diff(test.want, files(t, base)); d != "" {
					t.Errorf("run %d: files:\n%s", i+1, d)
				}
			}
		})
	}
}

func TestSubFolderIsMadeAlike(t *testing.T) {
	base, tr := pair(t)
	_, err := tr.Run(context.Background(), Forth, quiet)
	must(t, err)
	st, err := os.Stat(filepath.Join(base, "live/sub"))
	must(t, err)
	if st.Mode().Perm() != 0o715 {
		t.Errorf("mode is %o", st.Mode().Perm())
	}
	must(t, os.RemoveAll(filepath.Join(base, "aside")))
	if _, err := tr.Run(context.Background(), Back, quiet); err == nil {
		t.Error("a folder directly below the base was invented")
	}
	if got := files(t, base); !slices.Equal(got, []string{"live/sub/b.MSG b.MSG", "live/sub/b.RCP b.RCP"}) {
		t.Errorf("files are %q", got)
	}
}

// More folders than are kept open at once.
func TestManyFolders(t *testing.T) {
	base := t.TempDir()
	tree, err := folders.Open(base)
	must(t, err)
	defer tree.Close()
	b := NewBuilder(base, tree, true)
	must(t, os.Mkdir(filepath.Join(base, "live"), 0o700))
	must(t, os.Mkdir(filepath.Join(base, "aside"), 0o700))
	for i := range 3 * folders.MaxOpen {
		dir := filepath.Join("live", string(rune('a'+i%26))+string(rune('a'+i/26)))
		must(t, os.Mkdir(filepath.Join(base, dir), 0o700))
		must(t, os.WriteFile(filepath.Join(base, dir, "f"), nil, 0o600))
		it, _, err := b.Item(Way{From: Name(dir), To: Name("aside" + dir[4:])}, "f", spool.Body)
		must(t, err)
		b.Add(Unit{it})
	}
	tr := b.Transfer()
	for _, d := range []Direction{Forth, Back, Forth} {
		rep, err := tr.Run(context.Background(), d, quiet)
		if err != nil || len(rep.Taken)+len(rep.Torn)+rep.Gone > 0 {
			t.Fatalf("%v %v", rep, err)
		}
	}
	n, err := tr.Count(context.Background())
	if want := (Count{To: 3 * folders.MaxOpen}); err != nil || n != want {
		t.Errorf("counted %v (%v), want %v", n, err, want)
	}
}

func TestClear(t *testing.T) {
	base, tr := pair(t)
	live, aside := filepath.Join(base, "live/sub"), filepath.Join(base, "aside")
	back := func() {
		t.Helper()
		_, err := tr.Run(context.Background(), Back, quiet)
		must(t, err)
		must(t, tr.Clear())
	}
	gone := func() bool {
		_, err := os.Lstat(live)
		return os.IsNotExist(err)
	}
	back()
	_, err := tr.Run(context.Background(), Forth, quiet)
	must(t, err)
	must(t, os.WriteFile(filepath.Join(live, "new"), nil, 0o600))
	if back(); gone() {
		t.Error("a folder in which something lies is gone")
	}
	must(t, os.Remove(filepath.Join(live, "new")))
	must(t, os.Rename(aside, aside+"2"))
	if must(t, tr.Clear()); gone() {
		t.Error("a folder is gone that may have been there before")
	}
	must(t, os.Rename(aside+"2", aside))
	if must(t, tr.Clear()); !gone() {
		t.Error("the folder that was made stays")
	}
	must(t, tr.Clear())
	if _, err := os.Lstat(filepath.Join(base, "live")); err != nil {
		t.Error(err)
	}
}
