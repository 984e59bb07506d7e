package standin

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Write makes the file path with data and brings it to disk; a file of that name is overwritten, as the real server does.
func (s *Server) Write(path string, data []byte) error {
	f, err := s.Create(path)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Close())
}

// A File is being written by a daemon.
type File struct {
	f *os.File
	p *Power
}

// Create begins a file; one of that name is overwritten.
func (s *Server) Create(path string) (*File, error) {
	var f *os.File
	err := s.power.Do(func() (err error) {
		f, err = os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o640)
		return err
	})
	return &File{f: f, p: s.power}, err
}

// Write appends to the file.
func (f *File) Write(data []byte) (n int, err error) {
	err = f.p.Do(func() error { n, err = f.f.Write(data); return err })
	return n, err
}

// Close brings the file to disk and closes it.
func (f *File) Close() error { return errors.Join(f.p.Do(f.f.Sync), f.f.Close()) }

// Append adds data to the end of a file in one write and makes the file if it is not there.
func (s *Server) Append(path string, data []byte) error {
	return s.power.Do(func() error {
		f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o640)
		if err != nil {
			return err
		}
		_, err = f.Write(data)
		return errors.Join(err, f.Close())
	})
}

// Move renames a file; one of the new name is overwritten.
func (s *Server) Move(from, to string) error {
	return s.power.Do(func() error { return os.Rename(from, to) })
}

// Link gives a file a second name; if that is taken it stays as it is.
func (s *Server) Link(from, to string) error {
	err := s.power.Do(func() error { return os.Link(from, to) })
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	return err
}

// Remove deletes a file or an empty folder; nothing there is no error.
func (s *Server) Remove(path string) error {
	return IgnoreGone(s.power.Do(func() error { return os.Remove(path) }))
}

// Folders makes folders below the spool root that are missing.
func (s *Server) Folders(names ...string) error {
	for _, name := range names {
		err := s.power.Do(func() error { return os.MkdirAll(s.Spool(name), 0o750) })
		if err != nil {
			return err
		}
	}
	return nil
}

// Sync brings the entries of a folder to disk.
func (s *Server) Sync(dir string) error {
	return s.power.Do(func() error {
		f, err := os.Open(dir)
		if err != nil {
			return err
		}
		defer f.Close()
		return f.Sync()
	})
}

// List returns the paths of the files in dir whose extension is one of ext, letter case apart; a folder that vanished is empty.
func List(dir string, ext ...string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	var paths []string
	for _, e := range entries {
		for _, x := range ext {
			if e.Type().IsRegular() && strings.EqualFold(filepath.Ext(e.Name()), x) {
				paths = append(paths, filepath.Join(dir, e.Name()))
			}
		}
	}
	return paths, nil
}

// Exists says whether there is a file.
func Exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// IgnoreGone leaves errors out that say that a file is not there: it has moved on.
func IgnoreGone(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// CRLF returns a writer that gives every LF the CR that the reader of the SMTP dialogue took away.
func CRLF(w io.Writer) io.Writer { return crlf{w} }

type crlf struct{ w io.Writer }

// Write implements io.Writer.
func (c crlf) Write(data []byte) (int, error) {
	if _, err := c.w.Write(bytes.ReplaceAll(data, []byte("\n"), []byte("\r\n"))); err != nil {
		return 0, err
	}
	return len(data), nil
}
