// Package settings reads the settings tree of E-Post Mail Server V, which stands for the registry of its Windows build.
//
// A key is a folder, a value a file in it named <Value>.<n>: .0 binary, .1 a number as decimal text, .2 a string (its first line);
// a file that is missing means the built-in default (FAQ bsd/10-82, bsd/10-95). Below reg/epost/ims/, for example:
//
//	LastMsgId.1                       97588
//	EPST5RS/AcceptlogEnabled.1        1
//	DomainNamesAreLocal.0             example.jp NUL example.net NUL NUL
package settings

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strconv"
	"strings"

	"hikeshi/spool/disk"
)

// maxValue is the size of the largest value that is read, in bytes: 512 domains of 255 characters fit in.
const maxValue = 1 << 20

// A Tree is a settings tree.
type Tree struct{ dir string }

// At returns the tree at dir, which needs not be there.
func At(dir string) Tree { return Tree{dir} }

// Path is the file of a value.
func (t Tree) Path(value string) string { return path.Join(t.dir, value) }

// Number reads EPST5RS/AcceptlogEnabled from its .1 file; ok is false when it is not set.
func (t Tree) Number(value string) (n int64, ok bool, err error) {
	b, ok, err := t.read(value + ".1")
	if err != nil || !ok {
		return 0, false, err
	}
	if n, err = strconv.ParseInt(strings.Trim(string(b), " \t\r\n\x00"), 10, 64); err != nil {
		return 0, false, fmt.Errorf("reading setting %s: the %d bytes in it are no number", t.Path(value+".1"), len(b)) // they may be anything, a password too
	}
	return n, true, nil
}

// Text reads the first line of a value from its .2 file.
func (t Tree) Text(value string) (s string, ok bool, err error) {
	b, ok, err := t.read(value + ".2")
	line, _, _ := strings.Cut(string(b), "\n")
	return strings.TrimRight(line, "\r\x00"), ok, err
}

// List reads a value of several strings, each ended by a NUL, from its .0 file.
func (t Tree) List(value string) (all []string, ok bool, err error) {
	b, ok, err := t.read(value + ".0")
	for s := range strings.SplitSeq(string(b), "\x00") {
		if s = strings.TrimSpace(s); s != "" {
			all = append(all, s)
		}
	}
	return all, ok, err
}

// read reads the file of a value, following no symbolic link below the tree.
func (t Tree) read(value string) ([]byte, bool, error) {
	f, err := t.open(value)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, fmt.Errorf("reading setting: %w", err)
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxValue+1))
	if err != nil {
		return nil, false, fmt.Errorf("reading setting %s: %w", t.Path(value), err)
	}
	if len(b) > maxValue {
		return nil, false, fmt.Errorf("reading setting %s: larger than %d bytes", t.Path(value), maxValue)
	}
	return b, true, nil
}

func (t Tree) open(value string) (*os.File, error) {
	d, err := disk.Open(t.dir)
	if err != nil {
		return nil, err
	}
	defer func() { d.Close() }()
	keys := strings.Split(value, "/")
	for _, key := range keys[:len(keys)-1] {
		sub, err := d.Sub(key)
		if err != nil {
			return nil, err
		}
		d.Close()
		d = sub
	}
	return d.Read(keys[len(keys)-1])
}
