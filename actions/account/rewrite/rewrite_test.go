package rewrite

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hikeshi/runbook"
)

type keeper map[string][]byte

func (k keeper) Evidence(string, io.Reader) error { return nil }
func (k keeper) Progress(int64, int64)            {}
func (k keeper) Backup(name string, r io.Reader) error {
	data, err := io.ReadAll(r)
	if _, there := k[name]; !there {
		k[name] = data
	}
	return err
}
func (k keeper) Kept(name string) ([]byte, error) {
	if data, ok := k[name]; ok {
		return data, nil
	}
	return nil, fmt.Errorf("%s: %w", name, fs.ErrNotExist)
}

// The file of these tests is a value on the first line, and more lines. The new value begins with new and is another one each time.
func split(file []byte) (value, rest string) {
	value, rest, _ = strings.Cut(string(file), "\n")
	return value, rest
}

var tries = 0

func toNew(path string) Rewrite {
	return Rewrite{Path: path, Tag: "x", Keep: "copy", Random: rand.Reader,
		Done: func(file []byte) (bool, error) { v, _ := split(file); return strings.HasPrefix(v, "new"), nil },
		Make: func(file []byte) ([]byte, error) {
			tries++
			_, rest := split(file)
			return fmt.Appendf(nil, "new%d\n%s", tries, rest), nil
		},
		Same: func(a, b []byte) bool { _, x := split(a); _, y := split(b); return x == y }}
}

func TestApply(t *testing.T) {
	tmp := "." + "file.hikeshi-x"
	for name, test := range map[string]struct {
		file, left string // "" is no temporary file
		mode       fs.FileMode
		kept       string // "" is none
		rest       string // "" is drift
	}{
		"fresh":                               {"old\na", "", 0o640, "", "a"},
		"done":                                {"new1\na", "", 0o640, "old\na", "a"},
		"half of the new file":                {"old\na", "ne", 0, "old\na", "a"},
		"the new file":                        {"old\na", "new1\na", 0o640, "old\na", "a"},
		"the new file, and a colleague since": {"old\na+b", "new1\na", 0o640, "old\na", "a+b"},
		"the old file":                        {"new1\na", "old\na", 0o640, "old\na", "a"},
		"the old file, and a colleague since": {"new1\na+b", "old\na", 0o640, "old\na", "a+b"},
		"a colleague's file came out":         {"new1\na", "old\na+b", 0o640, "old\na", "a+b"},
		"a colleague's file came out, and another since": {"new1\na+c", "old\na+b", 0o640, "old\na", ""},
		"no copy to tell by":                             {"new1\na", "old\na+b", 0o640, "", ""},
		"somebody's own file of that name":               {"old\na", "what\nb", 0o640, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, "file")
			put := func(name, text string, mode fs.FileMode) {
				if err := errors.Join(os.WriteFile(filepath.Join(dir, name), []byte(text), 0o640), os.Chmod(filepath.Join(dir, name), mode)); err != nil {
					t.Fatal(err)
				}
			}
			put("file", test.file, 0o604)
			if test.left != "" {
				put(tmp, test.left, test.mode)
			}
			rec := keeper{}
			if test.kept != "" {
				sealed, err := Seal(rand.Reader, []byte(test.kept))
				if err != nil {
					t.Fatal(err)
				}
				rec["copy"] = sealed
			}
			r := toNew(path)
			err := r.Apply(rec)
			left, lerr := r.Left()
			now, rerr := os.ReadFile(path)
			if lerr != nil || rerr != nil {
				t.Fatal(lerr, rerr)
			}
			value, rest := split(now)
			if test.rest == "" {
				if !errors.Is(err, runbook.ErrDrift) || !left || string(now) != test.file {
					t.Errorf("%v, left %v, file %q", err, left, now)
				}
				return
			}
			if err != nil || left || rest != test.rest || !strings.HasPrefix(value, "new") {
				t.Errorf("%v, left %v, file %q", err, left, now)
			}
			if fi, err := os.Stat(path); err != nil || fi.Mode().Perm() != 0o604 && test.left == "" {
				t.Errorf("mode %v, %v", fi.Mode(), err)
			}
		})
	}
}

func TestKeep(t *testing.T) {
	rec := keeper{}
	for _, data := range []string{"one", "one", "two", "two"} {
		if err := Keep(rec, rand.Reader, "copy", []byte(data)); err != nil {
			t.Fatal(err)
		}
		if last, err := Last(rec, "copy"); err != nil || string(last) != data {
			t.Errorf("%q, %v", last, err)
		}
	}
	if first, err := First(rec, "copy"); err != nil || string(first) != "one" || len(rec) != 2 {
		t.Errorf("%q, %v, %d copies", first, err, len(rec))
	}
	if _, err := Last(rec, "other"); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	if bytes.Equal(rec["copy"][:sealLen], rec["copy.2"][:sealLen]) {
		t.Error("the same seal twice")
	}
	rec["bare"] = []byte("no seal")
	if _, err := First(rec, "bare"); err == nil || strings.Contains(err.Error(), "no seal") {
		t.Error(err)
	}
	if err := Keep(rec, strings.NewReader("short"), "third", []byte("x")); err == nil || len(rec) != 3 {
		t.Error("kept without a seal")
	}
}
