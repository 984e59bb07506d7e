package disk

import (
	"os"

	"golang.org/x/sys/unix"

	"hikeshi/spool/disk/internal/sys"
)

// Attrs are the owner, mode and extended attributes of a file or directory; POSIX ACLs are among the latter on Linux.
type Attrs struct {
	Mode   uint32            `json:"mode"` // permission bits with setuid, setgid and sticky
	UID    int               `json:"uid"`  // -1: leave as it is
	GID    int               `json:"gid"`
	Xattrs map[string][]byte `json:"xattrs,omitempty"`
}

// Private are the attributes of what only the responder may read.
func Private(mode uint32) Attrs { return Attrs{Mode: mode, UID: -1, GID: -1} }

// AttrsOf reads the attributes of an open file or directory.
func AttrsOf(f *os.File) (Attrs, error) {
	var st unix.Stat_t
	if err := retry(func() error { return unix.Fstat(int(f.Fd()), &st) }); err != nil {
		return Attrs{}, err
	}
	x, err := sys.Xattrs(int(f.Fd()))
	if err != nil {
		return Attrs{}, err
	}
	return Attrs{Mode: uint32(st.Mode) & 0o7777, UID: int(st.Uid), GID: int(st.Gid), Xattrs: x}, nil
}

// Attrs reads the attributes of the directory.
func (d *Dir) Attrs() (Attrs, error) {
	a, err := AttrsOf(d.f)
	if err != nil {
		return a, d.err("reading attributes of", ".", err)
	}
	return a, nil
}

// apply gives f exactly these attributes: owner before mode, since a chown clears setuid and setgid. What f inherited from the
// directory, such as an ACL, goes if it is not among them.
func (a Attrs) apply(f *os.File) error {
	if err := a.chown(f); err != nil {
		return err
	}
	has, err := sys.Xattrs(int(f.Fd()))
	if err != nil {
		return err
	}
	for name := range has {
		if _, wanted := a.Xattrs[name]; !wanted {
			if err := point(func() error { return sys.RemoveXattr(int(f.Fd()), name) }); err != nil {
				return err
			}
		}
	}
	if err := point(func() error { return unix.Fchmod(int(f.Fd()), a.Mode) }); err != nil {
		return err
	}
	for name, value := range a.Xattrs {
		if err := point(func() error { return sys.SetXattr(int(f.Fd()), name, value) }); err != nil {
			return err
		}
	}
	return nil
}

func (a Attrs) chown(f *os.File) error {
	if a.UID < 0 {
		return nil
	}
	var st unix.Stat_t
	if err := unix.Fstat(int(f.Fd()), &st); err != nil {
		return err
	}
	if int(st.Uid) == a.UID && int(st.Gid) == a.GID {
		return nil
	}
	return point(func() error { return unix.Fchown(int(f.Fd()), a.UID, a.GID) })
}
