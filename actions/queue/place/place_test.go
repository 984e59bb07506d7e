package place

import (
	"context"
	"errors"
	"io/fs"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"hikeshi/runbook"
	"hikeshi/spool/aside/filesystem"
)

func paths(all ...string) func() []string { return func() []string { return all } }

func says(shared bool, err error) func() (runbook.Text, bool, error) {
	return func() (runbook.Text, bool, error) {
		return runbook.T("Clustering is 1", "Clustering が 1"), shared, err
	}
}

func lies(on map[string]filesystem.Type) func(string) (filesystem.Type, error) {
	return func(path string) (filesystem.Type, error) {
		t, ok := on[path]
		if !ok {
			return t, fs.ErrNotExist
		}
		return t, nil
	}
}

var (
	local     = filesystem.Type{Known: true}
	nfs       = filesystem.Type{Name: "nfs", Network: true, Known: true}
	unknown   = filesystem.Type{}
	errBroken = errors.New("no number")
)

func TestNodes(t *testing.T) {
	tests := map[string]struct {
		shared   func() (runbook.Text, bool, error)
		on       map[string]filesystem.Type
		want     bool
		why      string
		text     string // part of a finding
		err      error
		unasked  error             // of a quarantine without an answer
		answered map[string]string // part of the finding for an answer
	}{
		"alone":                          {says(false, nil), map[string]filesystem.Type{"/s": local, "/s/incoming": local}, false, "", "ok: nothing says", nil, nil, map[string]string{Stopped: "", Single: ""}},
		"no such setting":                {nil, map[string]filesystem.Type{"/s": local}, false, "", "info: no setting of this server", nil, nil, nil},
		"by its setting":                 {says(true, nil), map[string]filesystem.Type{"/s": local}, true, "Clustering is 1", "warn: another server may use this spool: Clustering is 1", nil, runbook.ErrInput, map[string]string{Stopped: "are stopped (Clustering is 1)", Single: "there is no other node"}},
		"by its filesystem":              {says(false, nil), map[string]filesystem.Type{"/s": nfs, "/s/incoming": nfs}, true, "/s lies on nfs", "warn: another server may use this spool: /s lies on nfs", nil, runbook.ErrInput, map[string]string{Single: "/s lies on nfs"}},
		"one folder of it":               {says(false, nil), map[string]filesystem.Type{"/s": local, "/s/incoming": nfs}, true, "/s/incoming lies on nfs", "warn: ", nil, runbook.ErrInput, nil},
		"both":                           {says(true, nil), map[string]filesystem.Type{"/s": nfs}, true, "Clustering is 1; /s lies on nfs", "warn: ", nil, runbook.ErrInput, nil},
		"a system that does not tell":    {says(false, nil), map[string]filesystem.Type{"/s": unknown}, false, "", "warn: whether the spool lies on a filesystem of the network cannot be told", nil, nil, nil},
		"a setting that nobody can read": {says(false, errBroken), map[string]filesystem.Type{"/s": local}, false, "", "", runbook.ErrUndetermined, runbook.ErrUndetermined, map[string]string{Stopped: "no number", Single: "no number"}},
		"that, and a filesystem":         {says(false, errBroken), map[string]filesystem.Type{"/s": nfs}, true, "/s lies on nfs", "warn: not all could be found out: no number", nil, runbook.ErrInput, nil},
		"no spool":                       {says(false, nil), nil, false, "", "", runbook.ErrUndetermined, runbook.ErrUndetermined, nil},
		"no spool, and a setting":        {says(true, nil), nil, true, "Clustering is 1", "warn: not all could be found out", nil, runbook.ErrInput, nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			env := Env{Paths: paths("/s", "/s/incoming"), Shared: test.shared, Type: lies(test.on)}
			out, err := Kind(env).Action.Plan(context.Background(), runbook.Input{})
			if !errors.Is(err, test.err) || err != nil && test.err == nil {
				t.Fatalf("got %v", err)
			}
			if test.err == nil {
				if f := out.Facts.(Facts); f.Shared != test.want || f.Why != test.why || len(out.Changes) > 0 {
					t.Errorf("%+v", f)
				}
				tell(t, out.Findings, test.text)
			}
			_, err = env.Answered(Unanswered)
			if !errors.Is(err, test.unasked) || err != nil && (test.unasked == nil || !strings.Contains(err.Error(), "--nodes stopped")) {
				t.Errorf("unanswered: %v", err)
			}
			for answer, text := range test.answered {
				all, err := env.Answered(answer)
				if err != nil || text == "" && len(all) > 0 {
					t.Errorf("%s: %+v (%v)", answer, all, err)
				}
				tell(t, all, text)
			}
			if _, err := env.Answered("perhaps"); !errors.Is(err, runbook.ErrInput) {
				t.Errorf("another answer: %v", err)
			}
		})
	}
}

func tell(t *testing.T, all []runbook.Finding, part string) {
	t.Helper()
	found := part == ""
	for _, f := range all {
		found = found || strings.Contains(string(f.Level)+": "+f.Text.EN, part)
		if f.Text.EN == "" || f.Text.JA == "" {
			t.Errorf("in one language: %+v", f)
		}
	}
	if !found {
		t.Errorf("%q is not in %+v", part, all)
	}
}

// The real thing: a temporary folder, and one that is not there.
func TestHere(t *testing.T) {
	dir := t.TempDir()
	env := Env{Paths: paths(dir, filepath.Join(dir, "none"))}
	if ok, f := env.Enough(); !ok || f.Evidence != dir {
		t.Errorf("%v %+v", ok, f)
	}
	gone := Env{Paths: paths(filepath.Join(dir, "none"))}
	if ok, f := gone.Enough(); ok || f.Level != runbook.Warn {
		t.Errorf("%v %+v", ok, f)
	}
	if _, err := Kind(gone).Action.Plan(context.Background(), runbook.Input{}); err == nil && runtime.GOOS != "linux" {
		t.Skip("this system does not tell types of filesystems")
	} else if !errors.Is(err, runbook.ErrUndetermined) {
		t.Error(err)
	}
}
