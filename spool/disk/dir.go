// Package disk is the only place where Hikeshi changes anything on disk: every rename, write, fsync, unlink, chown and mkdir of
// the program goes through it, so that one test can stop the process before and after each of them.
//
// A Dir is an open directory, pinned by its descriptor. The names given to its methods are single path elements below it; a
// symbolic link is never followed there. Nothing is ever replaced: Move and Create fail with fs.ErrExist, and Replace exchanges
// a file only for the one it was computed from. What a method returns without error is on disk, directory entries included.
//
// It does not promise anything against somebody with the same rights who changes things on purpose at the same moment; a
// colleague's edit is found and reported as ErrDrift, never overwritten.
package disk

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"hikeshi/spool/disk/internal/sys"
)

// ErrDrift says that a file is not what the caller read before.
var ErrDrift = errors.New("changed meanwhile by somebody else")

// ErrNoExchange says that this system or filesystem cannot exchange two names in one step.
var ErrNoExchange = sys.ErrNoExchange

// ID names a file or directory whatever it is called: device and inode.
type ID struct {
	Dev uint64 `json:"dev"`
	Ino uint64 `json:"ino"`
}

// A Dir is an open directory.
type Dir struct {
	f    *os.File
	path string
}

// Open opens the directory at path; symbolic links in path are followed, as the administrator laid them.
func Open(path string) (*Dir, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_DIRECTORY, 0)
	if err != nil {
		return nil, fmt.Errorf("opening directory: %w", err)
	}
	return &Dir{f: f, path: path}, nil
}

// Sub opens the directory name below d, which must not be a symbolic link.
func (d *Dir) Sub(name string) (*Dir, error) {
	if err := single(name); err != nil {
		return nil, err
	}
	f, err := d.openat(name, unix.O_RDONLY|unix.O_DIRECTORY, 0)
	if err != nil {
		return nil, err
	}
	return &Dir{f: f, path: filepath.Join(d.path, name)}, nil
}

// Close closes the descriptor.
func (d *Dir) Close() error { return d.f.Close() }

// Path is the path that the directory was opened by.
func (d *Dir) Path() string { return d.path }

// File is the open descriptor, for reading entries and for locks.
func (d *Dir) File() *os.File { return d.f }

// ID returns the identity of the directory itself.
func (d *Dir) ID() (ID, error) {
	var st unix.Stat_t
	if err := retry(func() error { return unix.Fstat(d.fd(), &st) }); err != nil {
		return ID{}, d.err("examining", ".", err)
	}
	return ID{Dev: uint64(st.Dev), Ino: uint64(st.Ino)}, nil
}

// An Entry is what stands under a name.
type Entry struct {
	ID
	Type fs.FileMode // type bits only; 0 for a regular file
	Size int64
	Sec  int64 // modification time, seconds since 1970 UTC
}

// Lstat says what stands under name, without following it. The error wraps fs.ErrNotExist if there is nothing.
func (d *Dir) Lstat(name string) (Entry, error) {
	if err := single(name); err != nil {
		return Entry{}, err
	}
	var st unix.Stat_t
	err := retry(func() error { return unix.Fstatat(d.fd(), name, &st, unix.AT_SYMLINK_NOFOLLOW) })
	if err != nil {
		return Entry{}, d.err("examining", name, err)
	}
	return Entry{ID: ID{uint64(st.Dev), uint64(st.Ino)}, Type: sys.TypeOf(uint32(st.Mode)), Size: st.Size, Sec: int64(st.Mtim.Sec)}, nil
}

// Exists says whether anything stands under name.
func (d *Dir) Exists(name string) (bool, error) {
	_, err := d.Lstat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// Read opens the regular file name for reading. It never blocks on a FIFO and refuses everything that is no regular file.
func (d *Dir) Read(name string) (*os.File, error) {
	f, err := d.openat(name, unix.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	if err := regular(f); err != nil {
		f.Close()
		return nil, d.err("reading", name, err)
	}
	return f, nil
}

// regular refuses everything that is no regular file.
func regular(f *os.File) error {
	fi, err := f.Stat()
	if err == nil && !fi.Mode().IsRegular() {
		err = errors.New("not a regular file")
	}
	return err
}

// Names returns the names in the directory, unsorted.
func (d *Dir) Names() ([]string, error) {
	g, err := d.again()
	if err != nil {
		return nil, err
	}
	defer g.Close()
	names, err := g.Readdirnames(-1)
	if err != nil {
		return nil, d.err("listing", ".", err)
	}
	return names, nil
}

// Empty says whether the directory has no entries; it reads no more than it must.
func (d *Dir) Empty() (bool, error) {
	g, err := d.again()
	if err != nil {
		return false, err
	}
	defer g.Close()
	names, err := g.Readdirnames(1)
	if err != nil && err != io.EOF {
		return false, d.err("listing", ".", err)
	}
	return len(names) == 0, nil
}

// again opens the same directory anew, so that reading it starts at the beginning.
func (d *Dir) again() (*os.File, error) {
	return d.openat(".", unix.O_RDONLY|unix.O_DIRECTORY, 0)
}

func (d *Dir) fd() int { return int(d.f.Fd()) }

func (d *Dir) openat(name string, flags int, mode uint32) (*os.File, error) {
	if name != "." {
		if err := single(name); err != nil {
			return nil, err
		}
	}
	var fd int
	err := retry(func() (err error) {
		fd, err = unix.Openat(d.fd(), name, flags|unix.O_NOFOLLOW|unix.O_CLOEXEC, mode)
		return err
	})
	if errors.Is(err, unix.ELOOP) || errors.Is(err, unix.EMLINK) { // EMLINK is what FreeBSD says
		err = fmt.Errorf("it is a symbolic link, which is not followed: %w", err)
	}
	if err != nil {
		return nil, d.err("opening", name, err)
	}
	return os.NewFile(uintptr(fd), filepath.Join(d.path, name)), nil
}

func (d *Dir) err(doing, name string, err error) error {
	return fmt.Errorf("%s %q: %w", doing, filepath.Join(d.path, name), err)
}

// single refuses everything that is not one path element.
func single(name string) error {
	if name == "" || name == "." || name == ".." || strings.ContainsAny(name, "/\x00") {
		return fmt.Errorf("name %q: not a single path element", name)
	}
	return nil
}

func retry(f func() error) error {
	for {
		if err := f(); err != unix.EINTR {
			return err
		}
	}
}
