package aside

import (
	"golang.org/x/sys/unix"

	"hikeshi/spool/disk"
)

// mountPoint says whether name is a filesystem of its own, or a part of one mounted there: such a folder cannot be renamed.
func mountPoint(d *disk.Dir, name string, e disk.Entry) (bool, error) {
	at, err := d.ID()
	if err != nil || at.Dev != e.Dev {
		return err == nil, err
	}
	var st unix.Statx_t
	flags := unix.AT_SYMLINK_NOFOLLOW | unix.AT_NO_AUTOMOUNT
	if err := unix.Statx(int(d.File().Fd()), name, flags, unix.STATX_TYPE, &st); err != nil {
		return false, nil // a kernel before 4.11; what follows says EBUSY and goes back
	}
	return st.Attributes_mask&st.Attributes&unix.STATX_ATTR_MOUNT_ROOT != 0, nil
}

// CanExchange says whether the filesystem of path is one of those that are known to exchange two names in one step; others are
// only found out by doing it.
func CanExchange(path string) bool {
	var st unix.Statfs_t
	if unix.Statfs(path, &st) != nil {
		return false
	}
	switch int64(st.Type) {
	case unix.EXT4_SUPER_MAGIC, unix.XFS_SUPER_MAGIC, unix.BTRFS_SUPER_MAGIC, unix.TMPFS_MAGIC, unix.F2FS_SUPER_MAGIC:
		return true
	}
	return false
}

// Layered says whether path lies on an overlay, where folders of a lower layer cannot be renamed.
func Layered(path string) bool {
	var st unix.Statfs_t
	return unix.Statfs(path, &st) == nil && int64(st.Type) == unix.OVERLAYFS_SUPER_MAGIC
}
