// Package filesystem says what a folder lies on: whether other machines may use it at the same moment, and how much room is left.
//
// A filesystem of the network is known by the number that statfs(2) gives. It cannot be told that a block device below an ordinary
// filesystem is shared, such as a DRBD mirror; nor can a FUSE filesystem be told from another one, so that each of them counts as one of
// the network: GlusterFS is one.
package filesystem

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

// A Type is the type of a filesystem.
type Type struct {
	Name    string // nfs; "" if it is none of the network
	Network bool   // other machines may use it
	Known   bool   // this system tells the type; Network means nothing otherwise
}

// Room is what is left on a filesystem.
type Room struct {
	Free, Total uint64  // bytes, for an ordinary user
	Inodes      float64 // percent that are free; 100 where the filesystem has no fixed number of them
}

// RoomAt looks at the filesystem of path.
func RoomAt(path string) (Room, error) {
	var st unix.Statfs_t
	err := unix.Statfs(path, &st)
	if err == nil && st.Blocks == 0 {
		err = errors.New("the filesystem does not tell")
	}
	if err != nil {
		return Room{}, fmt.Errorf("reading the free space of %s: %w", path, err)
	}
	free := uint64(max(0, int64(st.Bavail))) // a system may count what is kept for root as less than nothing
	r := Room{Free: free * uint64(st.Bsize), Total: uint64(st.Blocks) * uint64(st.Bsize), Inodes: 100}
	if st.Files > 0 {
		r.Inodes = 100 * float64(st.Ffree) / float64(st.Files)
	}
	return r, nil
}
