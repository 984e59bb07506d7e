package settings

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"

	"hikeshi/spool/disk"
)

// maxNumber is the size of the largest file that is taken for a number.
const maxNumber = 64

// ErrNoNumber says that the file of a value holds something else than a number. What it holds is not told: it may be anything.
var ErrNoNumber = errors.New("the file holds no number")

// A Number is the file of a number as it stands.
type Number struct {
	Raw []byte // whole, with its line end; nil if there is no file
	N   int64
	Set bool
}

// File is the file of the number below the tree.
func (k Key) File() string { return k.Value + ".1" }

// Lock is the file that stands beside it while somebody writes it.
func (k Key) Lock() string { return k.Value + ".lck" }

// Look reads the number of a key. The error wraps ErrNoNumber if there is none in its file.
func (t Tree) Look(k Key) (Number, error) {
	raw, ok, err := t.read(k.File())
	if err != nil || !ok {
		return Number{}, err
	}
	text := strings.Trim(string(raw), " \t\r\n\x00")
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || len(raw) > maxNumber {
		return Number{Set: true}, ErrNoNumber
	}
	return Number{Raw: raw, N: n, Set: true}, nil
}

// With returns the content of the file with the number n: what stands around the old number stays. like is the file of another
// number, after which a new one is shaped.
func (was Number) With(n int64, like []byte) []byte {
	digits := []byte(strconv.FormatInt(n, 10))
	if was.Raw == nil {
		end := like[len(bytes.TrimRight(like, "\r\n")):]
		return append(digits, end...)
	}
	text := bytes.Trim(was.Raw, " \t\r\n\x00")
	i := bytes.Index(was.Raw, text)
	return slices.Concat(was.Raw[:i], digits, was.Raw[i+len(text):])
}

// Sibling returns the name of a file beside value, below the tree, and its content if it is a number: after which a new one is shaped.
// Where there is none, one of the key above is taken; name is "" if there is none at all.
func (t Tree) Sibling(value string) (name string, content []byte) {
	for key := path.Dir(value); ; key = path.Dir(key) {
		names, _ := t.names(key)
		for _, n := range names {
			if strings.HasSuffix(n, ".1") && !strings.HasPrefix(n, ".") {
				if raw, ok, err := t.read(path.Join(key, n)); err == nil && ok && len(raw) <= maxNumber {
					return path.Join(key, n), raw
				}
			}
		}
		if key == "." {
			return "", nil
		}
	}
}

// Missing returns the keys above value that are not there, the outermost first, and the innermost that is.
func (t Tree) Missing(value string) (missing []string, above string) {
	above = path.Dir(value)
	for above != "." {
		if _, err := t.names(above); !errors.Is(err, fs.ErrNotExist) {
			return missing, above
		}
		missing = slices.Insert(missing, 0, above)
		above = path.Dir(above)
	}
	return missing, above
}

// names lists the entries of a key, sorted.
func (t Tree) names(key string) ([]string, error) {
	d, err := disk.Open(t.dir)
	if err != nil {
		return nil, err
	}
	defer func() { d.Close() }()
	if key != "." {
		for _, name := range strings.Split(key, "/") {
			sub, err := d.Sub(name)
			if err != nil {
				return nil, err
			}
			d.Close()
			d = sub
		}
	}
	names, err := d.Names()
	if errors.Is(err, io.EOF) {
		err = nil
	}
	slices.Sort(names)
	return names, err
}

// Exists says whether a file or key stands in the tree; a symbolic link counts.
func (t Tree) Exists(name string) (bool, error) {
	names, err := t.names(path.Dir(name))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return slices.Contains(names, path.Base(name)), err
}
