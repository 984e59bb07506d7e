package disk

import (
	"errors"
	"io/fs"
	"path/filepath"
)

// OpenOrMake opens the directory at path and makes it, and those above it, with attrs where there is none.
func OpenOrMake(path string, attrs Attrs) (*Dir, error) {
	d, err := Open(path)
	if !errors.Is(err, fs.ErrNotExist) || path == filepath.Dir(path) {
		return d, err
	}
	up, err := OpenOrMake(filepath.Dir(path), attrs)
	if err != nil {
		return nil, err
	}
	defer up.Close()
	err = up.Mkdir(filepath.Base(path), attrs)
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	return Open(path)
}
