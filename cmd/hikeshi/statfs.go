package main

import "golang.org/x/sys/unix"

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
	return d
}

// readable says whether this user may list the directory.
func readable(dir string) bool { return unix.Access(dir, unix.R_OK|unix.X_OK) == nil }

// writable says whether this user may make entries in the directory.
func writable(dir string) bool { return unix.Access(dir, unix.W_OK|unix.X_OK) == nil }
