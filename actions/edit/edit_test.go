package edit

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hikeshi/runbook"
	"hikeshi/spool/disk"
)

type quiet map[string]string

func (q quiet) Evidence(name string, r io.Reader) error { return q.Backup(name, r) }
func (q quiet) Progress(int64, int64)                   {}
func (q quiet) Backup(name string, r io.Reader) error {
	b, err := io.ReadAll(r)
	q[name] = string(b)
	return err
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func stand(t *testing.T, path string) File {
	t.Helper()
	f, err := Read(path)
	must(t, err)
	return f
}

func fixed(text string) func([]byte) ([]byte, error) {
	return func([]byte) ([]byte, error) { return []byte(text), nil }
}

func no([]byte) bool { return false }

func wantState(t *testing.T, e Edit, want runbook.State) {
	t.Helper()
	got, err := e.State(stand(t, e.File), no)
	if err != nil || got != want {
		t.Fatalf("state %s (%v), want %s", got, err, want)
	}
}

func TestExchangeAndUndo(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.dat")
	must(t, os.WriteFile(path, []byte("old"), 0o640))
	e, rec := New(stand(t, path), []byte("new")), quiet{}
	wantState(t, e, runbook.None)
	for range 2 {
		must(t, e.Apply(stand(t, path), rec, fixed("new")))
		wantState(t, e, runbook.Done)
	}
	if rec["a.dat"] != "old" {
		t.Errorf("backup %v", rec)
	}
	for range 2 {
		must(t, e.Undo(stand(t, path), rec, fixed("old")))
		wantState(t, e, runbook.None)
	}
	fi, err := os.Stat(path)
	if err != nil || fi.Mode() != 0o640 {
		t.Errorf("%v, %v", fi, err)
	}
	must(t, os.WriteFile(path, []byte("his"), 0o640))
	if err := e.Apply(stand(t, path), rec, fixed("new")); !errors.Is(err, runbook.ErrDrift) {
		t.Errorf("%v, want drift", err)
	}
	wantState(t, e, runbook.Drifted)
	must(t, os.WriteFile(path, []byte("old"), 0o640))
	if err := e.Apply(stand(t, path), rec, fixed("other")); !errors.Is(err, runbook.ErrDrift) {
		t.Errorf("another edit than was shown: %v", err)
	}
}

func TestNewFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.dat")
	e := New(stand(t, path), []byte("new"))
	e.Attrs = &disk.Attrs{Mode: 0o600, UID: -1, GID: -1}
	must(t, e.Apply(stand(t, path), quiet{}, fixed("new")))
	if fi, err := os.Stat(path); err != nil || fi.Mode() != 0o600 {
		t.Errorf("%v, %v", fi, err)
	}
	must(t, e.Undo(stand(t, path), quiet{}, fixed("")))
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Error("the file is still there")
	}
	must(t, os.WriteFile(path, []byte("his"), 0o644)) // somebody made one in the meantime
	if err := e.Apply(stand(t, path), quiet{}, fixed("new")); !errors.Is(err, runbook.ErrDrift) {
		t.Errorf("%v, want drift", err)
	}
}

// Below a base no symbolic link is followed, and nothing outside is reached.
func TestBelow(t *testing.T) {
	base := t.TempDir()
	must(t, os.MkdirAll(filepath.Join(base, "real/sub"), 0o755))
	must(t, os.WriteFile(filepath.Join(base, "real/sub/a"), []byte("x"), 0o644))
	must(t, os.Symlink("real", filepath.Join(base, "link")))
	must(t, os.Symlink("a", filepath.Join(base, "real/sub/b")))
	if f, err := Below(base, filepath.Join(base, "real/sub/a")); err != nil || string(f.Data) != "x" {
		t.Errorf("%+v, %v", f, err)
	}
	for _, path := range []string{"link/sub/a", "real/sub/b", "../x", "real/sub"} {
		if f, err := Below(base, filepath.Join(base, path)); err == nil {
			t.Errorf("%s: %+v", path, f)
		}
	}
	if f, err := Below(base, filepath.Join(base, "none/none/a")); err != nil || !f.Missing {
		t.Errorf("%+v, %v", f, err)
	}
	if _, err := Read(filepath.Join(base, "none/a")); !errors.Is(err, runbook.ErrUndetermined) {
		t.Errorf("%v", err)
	}
}

func TestDiffIsForPeople(t *testing.T) {
	d := Diff("a.dat", []byte("\x93\xfa true\n"), []byte("\x93\xfa default\n"))
	if !strings.Contains(d, `+\x93\xfa default`) {
		t.Errorf("%q", d)
	}
	if d := Diff("a.dat", nil, bytes.Repeat([]byte("x\n"), 10_000)); len(d) > maxDiff+20 || !strings.HasSuffix(d, "(cut)") {
		t.Errorf("%d bytes", len(d))
	}
}
