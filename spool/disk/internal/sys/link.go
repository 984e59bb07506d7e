// Package sys is where systems differ: calls that change something on disk and that not every system, or filesystem, has. Directories are
// given by their descriptors.
package sys

import (
	"errors"
	"io/fs"

	"golang.org/x/sys/unix"
)

// ErrNoExchange says that this system or filesystem cannot exchange two names in one step.
var ErrNoExchange = errors.New("names cannot be exchanged in one step here")

var errIsDir = errors.New("is a directory")

// RenameChecked refuses an existing name before renaming, where the system or the filesystem cannot do both in one step. For files
// link and unlink make that one step; a directory cannot be linked, so there a name made in between by somebody else is replaced
// only if it is an empty directory, as rename(2) says.
func RenameChecked(fromFD int, from string, toFD int, to string) error {
	err := linkNew(fromFD, from, toFD, to)
	if !errors.Is(err, errIsDir) {
		return err
	}
	var st unix.Stat_t
	if err := unix.Fstatat(toFD, to, &st, unix.AT_SYMLINK_NOFOLLOW); !errors.Is(err, unix.ENOENT) {
		if err == nil {
			err = fs.ErrExist
		}
		return err
	}
	return unix.Renameat(fromFD, from, toFD, to)
}

// linkNew moves a file without ever replacing one: link refuses an existing name, then the old name goes. A crash in between
// leaves both names of the same file, which the next call sees and finishes.
func linkNew(fromFD int, from string, toFD int, to string) error {
	var a, b unix.Stat_t
	if err := unix.Fstatat(fromFD, from, &a, unix.AT_SYMLINK_NOFOLLOW); err != nil {
		return err
	}
	if uint32(a.Mode)&unix.S_IFMT == unix.S_IFDIR {
		return errIsDir
	}
	err := unix.Linkat(fromFD, from, toFD, to, 0)
	if errors.Is(err, unix.EEXIST) {
		if serr := unix.Fstatat(toFD, to, &b, unix.AT_SYMLINK_NOFOLLOW); serr != nil || a.Dev != b.Dev || a.Ino != b.Ino {
			return err
		}
	} else if err != nil {
		return err
	}
	return unix.Unlinkat(fromFD, from, 0)
}
