// Package tail reads the newest part of a log of E-Post Mail Server V.
//
// A log is a folder of files named by local date, YYMMDD.log, or with the hour, YYMMDD_HH.log; they lie in it or in folders named
// after the computers that write them (FAQ bsd/05-03, bsd/05-04):
//
//	/var/spool/epms/acceptlog/261121.log
//	/var/spool/epms/acceptlog/mail1/261121.log
//
// Last gives the lines at the end of the newest files. Now and Since give the lines that come in between two moments. Both are
// bounded, follow no symbolic link below the folder and never wait for a pipe.
package tail

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"hikeshi/spool/disk"
)

// Bounds of looking for files.
const (
	maxNames     = 50_000 // entries of a folder that are looked at
	maxComputers = 64
)

// A Part is the end of one file.
type Part struct {
	Path string
	Data []byte // whole lines, but for a last one that is being written
	Cut  bool   // the file begins before
}

// Last returns up to limit bytes from the ends of the newest files, oldest first. A log without a file, or without its folder, is
// empty.
func Last(ctx context.Context, dir string, limit int64) ([]Part, error) {
	files, err := list(ctx, dir)
	if err != nil {
		return nil, err
	}
	var parts []Part
	for _, f := range slices.Backward(files) {
		if limit <= 0 {
			break
		}
		if err := ctx.Err(); err != nil {
			return nil, fmt.Errorf("reading log %s: %w", dir, err)
		}
		p, err := f.read(max(0, f.size-limit))
		if errors.Is(err, fs.ErrNotExist) {
			continue // taken away meanwhile
		}
		if err != nil {
			return nil, err
		}
		limit -= int64(len(p.Data))
		parts = append(parts, p)
	}
	slices.Reverse(parts)
	return parts, nil
}

// A Mark is how far a log has come at one moment.
type Mark struct {
	dir   string
	sizes map[string]int64
}

// Now marks the end of a log.
func Now(ctx context.Context, dir string) (Mark, error) {
	m := Mark{dir: dir, sizes: map[string]int64{}}
	files, err := list(ctx, dir)
	for _, f := range files {
		m.sizes[f.path()] = f.size
	}
	return m, err
}

// Since returns what was written after m, up to limit bytes of each file. A file that has become shorter is taken for a new one.
func (m Mark) Since(ctx context.Context, limit int64) ([]Part, error) {
	files, err := list(ctx, m.dir)
	if err != nil {
		return nil, err
	}
	var parts []Part
	for _, f := range files {
		from := m.sizes[f.path()]
		if from == f.size {
			continue
		}
		if from > f.size {
			from = 0
		}
		p, err := f.read(max(from, f.size-limit))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		p.Cut = f.size-limit > from
		parts = append(parts, p)
	}
	return parts, nil
}

// A file is one file of a log.
type file struct {
	dir, name string
	size      int64
}

func (f file) path() string { return filepath.Join(f.dir, f.name) }

// read returns what stands from offset on. Unless a line begins there, the rest of the line is left out.
func (f file) read(offset int64) (Part, error) {
	p := Part{Path: f.path(), Cut: offset > 0}
	d, err := openBelow(f.dir)
	if err != nil {
		return p, err
	}
	defer d.Close()
	g, err := d.Read(f.name)
	if err != nil {
		return p, err
	}
	defer g.Close()
	begin := max(0, offset-1) // the byte before tells whether a line begins at offset
	p.Data, err = io.ReadAll(io.NewSectionReader(g, begin, f.size-begin))
	if err != nil {
		return p, fmt.Errorf("reading log: %w", err)
	}
	if offset > 0 {
		if i := bytes.IndexByte(p.Data, '\n'); i >= 0 {
			p.Data = p.Data[i+1:]
		} else {
			p.Data = nil
		}
	}
	return p, nil
}

// list returns the files of a log, oldest date first.
func list(ctx context.Context, dir string) ([]file, error) {
	files, folders, err := look(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	for _, name := range folders[:min(len(folders), maxComputers)] {
		if err := ctx.Err(); err != nil {
			return nil, fmt.Errorf("looking for files of log %s: %w", dir, err)
		}
		more, _, err := look(filepath.Join(dir, name))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		files = append(files, more...)
	}
	slices.SortFunc(files, func(a, b file) int {
		if a.name != b.name {
			return strings.Compare(a.name, b.name)
		}
		return strings.Compare(a.dir, b.dir)
	})
	return files, nil
}

// look returns the log files in one folder, and its folders.
func look(dir string) (files []file, folders []string, err error) {
	d, err := openBelow(dir)
	if err != nil {
		return nil, nil, err
	}
	defer d.Close()
	names, err := d.File().Readdirnames(maxNames)
	if err != nil && err != io.EOF {
		return nil, nil, fmt.Errorf("looking for log files: %w", err)
	}
	slices.Sort(names)
	for _, name := range names {
		e, err := d.Lstat(name)
		switch {
		case err != nil:
		case e.Type == 0 && dated(name):
			files = append(files, file{dir, name, e.Size})
		case e.Type == fs.ModeDir:
			folders = append(folders, name)
		}
	}
	return files, folders, nil
}

// openBelow opens a folder that must be no symbolic link itself.
func openBelow(dir string) (*disk.Dir, error) {
	parent, err := disk.Open(filepath.Dir(dir))
	if err != nil {
		return nil, err
	}
	defer parent.Close()
	return parent.Sub(filepath.Base(dir))
}

// dated says whether name is YYMMDD.log or YYMMDD_HH.log.
func dated(name string) bool {
	date, ok := strings.CutSuffix(strings.ToLower(name), ".log")
	day, hour, hourly := strings.Cut(date, "_")
	return ok && len(day) == 6 && digits(day) && (!hourly || len(hour) == 2 && digits(hour))
}

func digits(s string) bool { return strings.Trim(s, "0123456789") == "" }
