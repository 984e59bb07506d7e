package main

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"hikeshi/spool/disk"
)

// readFile reads a regular file that the responder named, bounded; a FIFO or a device is refused rather than waited for.
func readFile(name string) ([]byte, error) {
	real, err := filepath.EvalSymlinks(name)
	if err != nil {
		return nil, err
	}
	dir, err := disk.Open(filepath.Dir(real))
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	return dir.ReadAll(filepath.Base(real))
}

// readOwn reads a file of the mail server as what changes it does: no link is followed, and one that is missing is empty.
func readOwn(name string) ([]byte, error) {
	dir, err := disk.Open(filepath.Dir(name))
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	data, err := dir.ReadAll(filepath.Base(name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return data, err
}

// createFile writes a new file of the responder's; one that is there already is never replaced.
func createFile(name string, data []byte) error {
	dir, err := disk.Open(filepath.Dir(name))
	if err != nil {
		return err
	}
	defer dir.Close()
	err = dir.Create(filepath.Base(name), bytes.NewReader(data), disk.Private(0o600))
	if errors.Is(err, fs.ErrExist) {
		return failf(exitError, "name another file", "%s is there already and is not replaced", name)
	}
	if errors.Is(err, os.ErrPermission) {
		return failf(exitError, "", "%w", err)
	}
	return err
}
