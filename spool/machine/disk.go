package machine

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

// Space is what is left on a filesystem for an ordinary user.
type Space struct {
	Bytes  int64
	Free   float64 // percent of all bytes
	Inodes float64 // percent of all inodes; 100 where the filesystem has no fixed number of them
}

// ReadSpace looks at the filesystem of path.
func ReadSpace(path string) (Space, error) {
	var st unix.Statfs_t
	err := unix.Statfs(path, &st)
	if err == nil && st.Blocks == 0 {
		err = errors.New("the filesystem does not tell")
	}
	if err != nil {
		return Space{}, fmt.Errorf("reading the free space of %s: %w", path, err)
	}
	left := max(0, int64(st.Bavail)) // a system may count what is kept for root as less than nothing
	s := Space{Bytes: left * int64(st.Bsize), Free: 100 * float64(left) / float64(st.Blocks), Inodes: 100}
	if st.Files > 0 {
		s.Inodes = 100 * float64(st.Ffree) / float64(st.Files)
	}
	return s, nil
}
