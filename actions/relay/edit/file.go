package edit

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"hikeshi/runbook"
	"hikeshi/spool"
	"hikeshi/spool/disk"
)

// File is the deny file as it stands now.
type File struct {
	Denier  spool.Denier
	Path    string
	Data    []byte
	Missing bool // there is none, which counts as an empty one
}

// Read reads the deny file of s. The error wraps errors.ErrUnsupported if s has none, and runbook.ErrUndetermined if it cannot be read.
func Read(s spool.Server) (File, error) {
	d, ok := s.(spool.Denier)
	if !ok {
		return File{}, fmt.Errorf("denying sources: %w by this server", errors.ErrUnsupported)
	}
	f := File{Denier: d, Path: d.DenyFile()}
	dir, err := disk.Open(filepath.Dir(f.Path))
	if err != nil {
		return f, fmt.Errorf("%w: reading the deny file: %w", runbook.ErrUndetermined, err)
	}
	defer dir.Close()
	f.Data, err = dir.ReadAll(filepath.Base(f.Path))
	if errors.Is(err, fs.ErrNotExist) {
		f.Missing = true
		return f, nil
	}
	if err != nil {
		return f, fmt.Errorf("%w: reading the deny file: %w", runbook.ErrUndetermined, err)
	}
	return f, nil
}
