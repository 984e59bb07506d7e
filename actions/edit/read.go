package edit

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

	"hikeshi/runbook"
	"hikeshi/spool/disk"
)

// File is a file as it stands now.
type File struct {
	Path    string
	Base    string // the folder below which no symbolic link is followed; "" if there is none
	Data    []byte
	Missing bool // there is none, which counts as an empty one
}

// Diff is the difference to after, for people; see the function of that name.
func (f File) Diff(after []byte) string { return Diff(f.Path, f.Data, after) }

// Read reads the file at path. The error wraps runbook.ErrUndetermined if it, or its folder, cannot be read.
func Read(path string) (File, error) { return read(File{Path: path}) }

// Below reads the file at path, which lies below base: no symbolic link is followed on the way from there. Folders that are not there
// count as a file that is missing.
func Below(base, path string) (File, error) { return read(File{Path: path, Base: base}) }

func read(f File) (File, error) {
	dir, err := Edit{File: f.Path, Base: f.Base}.open()
	if f.Base != "" && errors.Is(err, fs.ErrNotExist) {
		f.Missing = true
		return f, nil
	}
	if err != nil {
		return f, fmt.Errorf("%w: reading %s: %w", runbook.ErrUndetermined, f.Path, err)
	}
	defer dir.Close()
	f.Data, err = dir.ReadAll(filepath.Base(f.Path))
	if errors.Is(err, fs.ErrNotExist) {
		f.Missing = true
		return f, nil
	}
	if err != nil {
		return f, fmt.Errorf("%w: reading %s: %w", runbook.ErrUndetermined, f.Path, err)
	}
	return f, nil
}

// open opens the folder of the file.
func (e Edit) open() (*disk.Dir, error) { return Open(e.Base, filepath.Dir(e.File)) }

// Open opens the folder path, following no symbolic link below base; with no base path is opened as it is.
func Open(base, path string) (*disk.Dir, error) {
	if base == "" {
		return disk.Open(path)
	}
	rel, err := filepath.Rel(base, path)
	if err != nil || rel == ".." || strings.HasPrefix(rel, "../") {
		return nil, fmt.Errorf("opening %s: it does not lie below %s", path, base)
	}
	dir, err := disk.Open(base)
	if err != nil || rel == "." {
		return dir, err
	}
	for _, name := range strings.Split(rel, "/") {
		sub, err := dir.Sub(name)
		dir.Close()
		if err != nil {
			return nil, err
		}
		dir = sub
	}
	return dir, nil
}
