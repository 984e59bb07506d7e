package inner

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// kept is a file or folder of the machine, taken hold of before it is hidden.
type kept struct {
	fd int
	to string
}

// layMounts turns the new mount namespace, still a copy of the machine's, into what the package comment promises. First of all it
// stops the changes below from being passed on to the machine.
func layMounts(p Plan) error {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("making the mounts private: %w", err)
	}
	unix.Umask(0)
	defer unix.Umask(0o022)
	// What is taken before the rest is made read-only stays writable.
	var all []kept
	err := keep(&all, p.Console, "/dev/console")
	for _, dir := range append([]string{p.Dir}, p.Writable...) {
		err = errors.Join(err, keep(&all, dir, dir))
	}
	err = errors.Join(err, keep(&all, p.Config, "/etc/systemd"))
	if err != nil {
		return err
	}
	if err := makeReadOnly("/"); err != nil {
		return err
	}
	if err := keep(&all, p.Self, p.Self); err != nil {
		return err
	}
	for _, step := range []func() error{mountOwn, guardProc, makeDevices} {
		if err := step(); err != nil {
			return err
		}
	}
	for _, k := range all {
		if err := k.place(); err != nil {
			return fmt.Errorf("placing %s: %w", k.to, err)
		}
	}
	return nil
}

func keep(all *[]kept, from, to string) error {
	fd, err := unix.OpenTree(unix.AT_FDCWD, from, unix.OPEN_TREE_CLONE|unix.OPEN_TREE_CLOEXEC|unix.AT_RECURSIVE)
	if err != nil {
		return fmt.Errorf("keeping %s: %w", from, err)
	}
	*all = append(*all, kept{fd, to})
	return nil
}

// place mounts what was kept, making the path where a new temporary folder hid it.
func (k kept) place() error {
	var st unix.Stat_t
	if err := unix.Fstat(k.fd, &st); err != nil {
		return err
	}
	var err error
	if _, gone := os.Lstat(k.to); gone != nil {
		if err = os.MkdirAll(filepath.Dir(k.to), 0o755); err == nil && st.Mode&unix.S_IFMT == unix.S_IFDIR {
			err = os.Mkdir(k.to, 0o755)
		} else if err == nil {
			err = os.WriteFile(k.to, nil, 0o644)
		}
	}
	if err == nil {
		err = unix.MoveMount(k.fd, "", unix.AT_FDCWD, k.to, unix.MOVE_MOUNT_F_EMPTY_PATH)
	}
	return errors.Join(err, unix.Close(k.fd))
}

// mountOwn mounts the folders a nest has of its own. The namespace of the control groups is made here and not when the process is
// cloned, because its root is the group the process is in when it is made.
func mountOwn() error {
	if err := errors.Join(unix.Unshare(unix.CLONE_NEWCGROUP), unix.Unmount("/sys/fs/cgroup", unix.MNT_DETACH)); err != nil {
		return fmt.Errorf("leaving the machine's control groups: %w", err)
	}
	const plain = unix.MS_NOSUID | unix.MS_NODEV
	for _, m := range []struct {
		path, kind string
		flags      uintptr
		data       string
	}{
		{"/sys/fs/cgroup", "cgroup2", plain | unix.MS_NOEXEC, ""},
		{"/proc", "proc", plain | unix.MS_NOEXEC, ""},
		{"/run", "tmpfs", plain, "size=25%,mode=0755"},
		{"/tmp", "tmpfs", plain, "size=25%,mode=1777"},
		{"/var/tmp", "tmpfs", plain, "size=25%,mode=1777"},
		{"/dev", "tmpfs", unix.MS_NOSUID, "size=1m,mode=0755"},
	} {
		if err := unix.Mount(m.kind, m.path, m.kind, m.flags, m.data); err != nil {
			return fmt.Errorf("mounting %s: %w", m.path, err)
		}
	}
	return nil
}

// guardProc keeps the files of /proc read-only that belong to the whole machine.
func guardProc() error {
	for _, path := range []string{"/proc/sys", "/proc/sysrq-trigger", "/proc/irq", "/proc/bus", "/proc/fs"} {
		err := unix.Mount(path, path, "", unix.MS_BIND, "")
		if err == unix.ENOENT { // not every kernel has all of them
			continue
		}
		if err = errors.Join(err, makeReadOnly(path)); err != nil {
			return err
		}
	}
	return nil
}

func makeReadOnly(path string) error {
	attr := unix.MountAttr{Attr_set: unix.MOUNT_ATTR_RDONLY}
	if err := unix.MountSetattr(unix.AT_FDCWD, path, unix.AT_RECURSIVE, &attr); err != nil {
		return fmt.Errorf("making %s read-only: %w", path, err)
	}
	return nil
}

// makeDevices makes the few devices every program expects, so that no disk, kernel log or terminal of the machine is in reach.
// The manager adds links, /dev/pts and /dev/shm.
func makeDevices() error {
	for name, dev := range map[string]uint64{
		"null": unix.Mkdev(1, 3), "zero": unix.Mkdev(1, 5), "full": unix.Mkdev(1, 7),
		"random": unix.Mkdev(1, 8), "urandom": unix.Mkdev(1, 9), "tty": unix.Mkdev(5, 0),
	} {
		if err := unix.Mknod("/dev/"+name, unix.S_IFCHR|0o666, int(dev)); err != nil {
			return fmt.Errorf("making /dev/%s: %w", name, err)
		}
	}
	return nil
}
