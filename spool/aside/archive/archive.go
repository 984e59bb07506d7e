// Package archive packs small folders into a tar, so that what a service wipes at its start can be kept as evidence.
package archive

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"

	"hikeshi/spool/disk"
)

// The bounds of an archive.
const (
	MaxFile  = 1 << 20 // bytes of a file
	MaxTotal = 8 << 20 // bytes of all files
	MaxFiles = 2000
	maxDepth = 3
)

// An Archive is what was packed.
type Archive struct {
	Tar    []byte // the files, and a list NOT-COPIED.txt if there is anything to list
	Files  int    // that are in it
	Bytes  int64
	Listed int // entries that are only listed: too large, too many, not regular files, unreadable
}

// Folder packs the regular files of the folder at path and of its sub-folders, in the order of their names, as far as the bounds
// allow. The rest is listed. No symbolic link below path is followed. The error wraps fs.ErrNotExist if there is no such folder.
func Folder(ctx context.Context, at string) (Archive, error) {
	d, err := disk.Open(at)
	if err != nil {
		return Archive{}, err
	}
	defer d.Close()
	p := &packing{ctx: ctx}
	p.tar = tar.NewWriter(&p.buf)
	if err := p.folder(d, "", 0); err != nil {
		return Archive{}, err
	}
	if p.a.Listed > 0 {
		if err := p.write("NOT-COPIED.txt", []byte(p.list.String()), 0); err != nil {
			return Archive{}, err
		}
	}
	if err := p.tar.Close(); err != nil {
		return Archive{}, fmt.Errorf("packing %s: %w", at, err)
	}
	p.a.Tar = p.buf.Bytes()
	return p.a, nil
}

type packing struct {
	ctx  context.Context
	buf  bytes.Buffer
	tar  *tar.Writer
	list strings.Builder
	a    Archive
}

func (p *packing) folder(d *disk.Dir, rel string, depth int) error {
	names, err := d.Names()
	if err != nil {
		return err
	}
	slices.Sort(names)
	for _, name := range names {
		if err := p.ctx.Err(); err != nil {
			return err
		}
		e, err := d.Lstat(name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err == nil {
			err = p.entry(d, path.Join(rel, name), e, depth)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (p *packing) entry(d *disk.Dir, rel string, e disk.Entry, depth int) error {
	switch {
	case e.Type == fs.ModeDir && depth < maxDepth:
		sub, err := d.Sub(path.Base(rel))
		if err != nil {
			p.note(rel, e, "unreadable")
			return nil
		}
		defer sub.Close()
		return p.folder(sub, rel, depth+1)
	case e.Type != 0:
		p.note(rel, e, "not a regular file")
		return nil
	case e.Size > MaxFile:
		p.note(rel, e, "too large")
		return nil
	case p.a.Bytes+e.Size > MaxTotal || p.a.Files >= MaxFiles:
		p.note(rel, e, "beyond the bound of what is copied")
		return nil
	}
	data, err := read(d, path.Base(rel))
	if err != nil {
		p.note(rel, e, "unreadable")
		return nil
	}
	p.a.Files++
	p.a.Bytes += int64(len(data))
	return p.write(rel, data, e.Sec)
}

func read(d *disk.Dir, name string) ([]byte, error) {
	f, err := d.Read(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, MaxFile))
}

// note lists what is not copied; the name is quoted, since a stranger may have chosen it.
func (p *packing) note(rel string, e disk.Entry, why string) {
	p.a.Listed++
	if p.list.Len() < MaxFile {
		fmt.Fprintf(&p.list, "%q\t%d bytes\t%s\t%s\n", rel, e.Size, time.Unix(e.Sec, 0).UTC().Format(time.RFC3339), why)
	}
}

func (p *packing) write(name string, data []byte, sec int64) error {
	h := &tar.Header{Name: name, Mode: 0o600, Size: int64(len(data)), ModTime: time.Unix(sec, 0).UTC(), Format: tar.FormatPAX}
	if err := p.tar.WriteHeader(h); err != nil {
		p.note(name, disk.Entry{Size: int64(len(data)), Sec: sec}, "its name does not fit into an archive")
		p.a.Files--
		return nil
	}
	_, err := p.tar.Write(data)
	return err
}
