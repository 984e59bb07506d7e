package disk

import (
	"errors"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// A Log is a file that only grows, line by line.
type Log struct {
	f *os.File
	d *Dir
	n string
}

// OpenLog opens the regular file name for appending and makes it, private, if it is not there.
func (d *Dir) OpenLog(name string) (*Log, error) {
	if err := single(name); err != nil {
		return nil, err
	}
	there, err := d.Exists(name)
	if err != nil {
		return nil, err
	}
	var f *os.File
	err = point(func() (err error) {
		f, err = d.openat(name, unix.O_RDWR|unix.O_APPEND|unix.O_CREAT|unix.O_NONBLOCK, 0o600)
		return err
	})
	if err != nil {
		return nil, err
	}
	if err = regular(f); err != nil {
		err = d.err("opening", name, err)
	} else if !there {
		err = d.Sync()
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return &Log{f: f, d: d, n: name}, nil
}

// Append writes line in one write and brings it to disk. What was written of a line that did not fit is cut off again.
func (l *Log) Append(line []byte) error {
	size, err := l.f.Seek(0, io.SeekEnd)
	if err != nil {
		return l.d.err("appending to", l.n, err)
	}
	err = point(func() error { _, err := l.f.Write(line); return err })
	if err == nil {
		err = point(l.f.Sync)
	}
	if err != nil {
		cut := point(func() error { return l.f.Truncate(size) })
		return errors.Join(l.d.err("appending to", l.n, err), cut)
	}
	return nil
}

// Truncate cuts the file to size bytes and brings that to disk.
func (l *Log) Truncate(size int64) error {
	err := point(func() error { return l.f.Truncate(size) })
	if err == nil {
		err = point(l.f.Sync)
	}
	if err != nil {
		return l.d.err("cutting", l.n, err)
	}
	return nil
}

// File is the open file, for reading and for locks.
func (l *Log) File() *os.File { return l.f }

// Close closes the file.
func (l *Log) Close() error { return l.f.Close() }
