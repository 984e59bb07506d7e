package disk

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"hikeshi/spool/disk/internal/sys"
)

// Move gives name the new name as in to, which must be on the same filesystem. It never replaces anything: an existing name
// gives fs.ErrExist. Both directories are on disk when it returns. MoveNoSync leaves that to the caller, for many files at once.
func (d *Dir) Move(name string, to *Dir, as string) error {
	if err := d.MoveNoSync(name, to, as); err != nil {
		return err
	}
	if err := to.Sync(); err != nil {
		return err
	}
	return d.Sync()
}

// MoveNoSync is Move without the fsync of the directories.
func (d *Dir) MoveNoSync(name string, to *Dir, as string) error {
	if err := errors.Join(single(name), single(as)); err != nil {
		return err
	}
	err := point(func() error {
		return retry(func() error { return sys.RenameNew(d.fd(), name, to.fd(), as) })
	})
	if err != nil {
		return d.err("moving", name, err)
	}
	return nil
}

// Exchange swaps what stands under a and b in one step, so that neither name ever vanishes. The error wraps ErrNoExchange where
// the system or the filesystem cannot do that. The directory is on disk when it returns; ExchangeNoSync leaves that to the caller.
func (d *Dir) Exchange(a, b string) error {
	if err := d.ExchangeNoSync(a, b); err != nil {
		return err
	}
	return d.Sync()
}

// ExchangeNoSync is Exchange without the fsync of the directory.
func (d *Dir) ExchangeNoSync(a, b string) error {
	if err := errors.Join(single(a), single(b)); err != nil {
		return err
	}
	if err := point(func() error { return retry(func() error { return sys.Exchange(d.fd(), a, b) }) }); err != nil {
		return d.err("exchanging", a, err)
	}
	return nil
}

// OpenOrMake opens the directory at path and makes it, and those above it, with attrs where there is none.
func OpenOrMake(path string, attrs Attrs) (*Dir, error) {
	d, err := Open(path)
	if !errors.Is(err, fs.ErrNotExist) || path == filepath.Dir(path) {
		return d, err
	}
	up, err := OpenOrMake(filepath.Dir(path), attrs)
	if err != nil {
		return nil, err
	}
	defer up.Close()
	err = up.Mkdir(filepath.Base(path), attrs)
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	return Open(path)
}

// Mkdir makes the directory name with the attributes of attrs, and makes sure of them if the directory is there already and empty.
func (d *Dir) Mkdir(name string, attrs Attrs) error {
	if err := d.MkdirNoSync(name, attrs); err != nil {
		return err
	}
	sub, err := d.Sub(name)
	if err != nil {
		return err
	}
	defer sub.Close()
	return errors.Join(sub.Sync(), d.Sync())
}

// MkdirNoSync is Mkdir without the fsync of both directories.
func (d *Dir) MkdirNoSync(name string, attrs Attrs) error {
	if err := single(name); err != nil {
		return err
	}
	err := point(func() error { return unix.Mkdirat(d.fd(), name, 0o700) })
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return d.err("making directory", name, err)
	}
	sub, serr := d.Sub(name)
	if serr != nil {
		return serr
	}
	defer sub.Close()
	if err != nil {
		if empty, eerr := sub.Empty(); eerr != nil || !empty {
			return errors.Join(d.err("making directory", name, fs.ErrExist), eerr)
		}
	}
	if err := attrs.apply(sub.f); err != nil {
		return d.err("giving owner and mode to", name, err)
	}
	return nil
}

// Rmdir removes the empty directory name.
func (d *Dir) Rmdir(name string) error {
	if err := single(name); err != nil {
		return err
	}
	if err := point(func() error { return unix.Unlinkat(d.fd(), name, unix.AT_REMOVEDIR) }); err != nil {
		return d.err("removing directory", name, err)
	}
	return d.Sync()
}

// Remove removes the file name. Only temporary files of our own and what a person asked to purge are ever removed. RemoveNoSync
// leaves the fsync of the directory to the caller, for many files at once.
func (d *Dir) Remove(name string) error {
	if err := d.RemoveNoSync(name); err != nil {
		return err
	}
	return d.Sync()
}

// RemoveNoSync is Remove without the fsync of the directory.
func (d *Dir) RemoveNoSync(name string) error {
	if err := single(name); err != nil {
		return err
	}
	if err := point(func() error { return unix.Unlinkat(d.fd(), name, 0) }); err != nil {
		return d.err("removing", name, err)
	}
	return nil
}

// Create writes a new file with all of r and the given attributes. An existing name gives fs.ErrExist; a file that could not be
// written whole is taken away again. Until the data is on disk the file has mode 0, so that one left by a crash can be told.
func (d *Dir) Create(name string, r io.Reader, attrs Attrs) (err error) {
	if err := single(name); err != nil {
		return err
	}
	var f *os.File
	err = point(func() (err error) {
		f, err = d.openat(name, unix.O_WRONLY|unix.O_CREAT|unix.O_EXCL, 0)
		return err
	})
	if err != nil {
		return err
	}
	defer func() {
		f.Close()
		if err != nil {
			err = errors.Join(err, d.Remove(name))
		}
	}()
	if err := point(func() error { _, err := io.Copy(f, r); return err }); err != nil {
		return d.err("writing", name, err)
	}
	if err := point(f.Sync); err != nil {
		return d.err("syncing", name, err)
	}
	if err := attrs.apply(f); err != nil {
		return d.err("giving owner and mode to", name, err)
	}
	if err := point(f.Sync); err != nil {
		return d.err("syncing", name, err)
	}
	return d.Sync()
}

// Sync brings the directory's entries to disk.
func (d *Dir) Sync() error {
	err := point(d.f.Sync)
	if err != nil && !errors.Is(err, unix.EINVAL) && !errors.Is(err, unix.ENOTSUP) {
		return d.err("syncing", ".", err)
	}
	return nil
}

// overwrite is the step of Replace on systems that cannot exchange: rename(2) over the old file.
func (d *Dir) overwrite(tmp, name string) error {
	if err := point(func() error { return unix.Renameat(d.fd(), tmp, d.fd(), name) }); err != nil {
		return d.err("replacing", name, err)
	}
	return d.Sync()
}
