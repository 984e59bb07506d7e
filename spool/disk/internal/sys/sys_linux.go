package sys

import (
	"errors"
	"fmt"
	"strings"

	"golang.org/x/sys/unix"
)

// RenameNew renames without ever replacing anything; see RenameChecked for where the system cannot do that in one step.
func RenameNew(fromFD int, from string, toFD int, to string) error {
	err := unix.Renameat2(fromFD, from, toFD, to, unix.RENAME_NOREPLACE)
	if errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOSYS) {
		return RenameChecked(fromFD, from, toFD, to) // NFS, some FUSE filesystems
	}
	return err
}

// Exchange swaps what stands under a and b in one step, or gives ErrNoExchange.
func Exchange(fd int, a, b string) error {
	err := unix.Renameat2(fd, a, fd, b, unix.RENAME_EXCHANGE)
	if errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOSYS) || errors.Is(err, unix.EXDEV) {
		return fmt.Errorf("%w: %w", ErrNoExchange, err)
	}
	return err
}

// Xattrs reads what a copy should carry: ACLs and user attributes; security labels are given by the system to what is made there.
func Xattrs(fd int) (map[string][]byte, error) {
	buf := make([]byte, 64<<10)
	n, err := unix.Flistxattr(fd, buf)
	if errors.Is(err, unix.ENOTSUP) || n == 0 {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	all := map[string][]byte{}
	for _, name := range strings.Split(strings.TrimRight(string(buf[:n]), "\x00"), "\x00") {
		v := make([]byte, 64<<10)
		m, err := unix.Fgetxattr(fd, name, v)
		if errors.Is(err, unix.ENODATA) {
			continue
		}
		if err != nil {
			return nil, err
		}
		all[name] = v[:m]
	}
	return all, nil
}

// SetXattr gives an attribute. A security label that may not be given is left to the system.
func SetXattr(fd int, name string, value []byte) error {
	err := unix.Fsetxattr(fd, name, value, 0)
	if errors.Is(err, unix.EPERM) && strings.HasPrefix(name, "security.") {
		return nil
	}
	return err
}

// RemoveXattr takes an attribute away. It leaves labels alone, which the system gives and takes.
func RemoveXattr(fd int, name string) error {
	if strings.HasPrefix(name, "security.") || strings.HasPrefix(name, "trusted.") {
		return nil
	}
	return unix.Fremovexattr(fd, name)
}
