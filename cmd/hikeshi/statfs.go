package main

import (
	"errors"

	"golang.org/x/sys/unix"
)

// diskOf looks at the filesystem of path; nil if it does not tell.
func diskOf(path string) *diskRow {
	var st unix.Statfs_t
	if err := unix.Statfs(path, &st); err != nil || st.Blocks == 0 {
		return nil
	}
	d := &diskRow{Free: uint64(st.Bavail) * uint64(st.Bsize), FreePercent: 100 * float64(st.Bavail) / float64(st.Blocks), InodesFreePercent: 100}
	if st.Files > 0 {
		d.InodesFreePercent = 100 * float64(st.Ffree) / float64(st.Files)
	}
	d.ReadOnly = errors.Is(unix.Access(path, unix.W_OK), unix.EROFS)
	return d
}

// readable says whether this user may list the directory.
func readable(dir string) bool { return unix.Access(dir, unix.R_OK|unix.X_OK) == nil }

// cannotWrite says why this user cannot make entries in the directory, or nil: permission denied, or a read-only file system.
func cannotWrite(dir string) error { return unix.Access(dir, unix.W_OK|unix.X_OK) }

// full says that there is hardly any room for bytes or for names.
func (d diskRow) full() bool { return d.FreePercent < 5 || d.InodesFreePercent < 5 }
