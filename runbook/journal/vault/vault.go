// Package vault keeps copies of files in the folder of an incident.
//
// [Dir.Evidence] keeps bounded copies, under a new name where the name is taken. [Dir.Backup] keeps whole ones and never
// replaces any. A copy is written under another name first (.part-…), so that half of one is never taken for the whole; a crash
// can leave such a file, which nobody reads and [Dir.Sweep] takes away.
package vault

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/sys/unix"

	"hikeshi/runbook"
	"hikeshi/spool/disk"
)

// Evidence is copied up to these many bytes.
const (
	MaxFile = 32 << 20  // of one file
	MaxAll  = 256 << 20 // of all files of one incident
)

// partial begins the name of a copy that is being written; the number of the process follows.
const partial = ".part-"

// The folders of an incident.
const (
	Evidence = "evidence"
	Backup   = "backup"
	Drafts   = "drafts"
)

// A Dir is an open incident.
type Dir struct{ *disk.Dir }

// Evidence keeps up to MaxFile bytes of r under name or, where that is taken, a numbered one. The reference says Cut if that was
// not all; a SHA256 of "" says that nothing was kept, since the incident holds MaxAll bytes already.
func (v Dir) Evidence(name string, r io.Reader) (runbook.EvidenceRef, error) {
	ref := runbook.EvidenceRef{Name: path.Join(Evidence, name)}
	d, err := v.Sub(Evidence)
	if err != nil {
		return ref, err
	}
	defer d.Close()
	used, err := sizeOf(d)
	if err != nil {
		return ref, err
	}
	limit := min(MaxFile, MaxAll-used)
	if limit <= 0 {
		ref.Cut = true
		return ref, nil
	}
	part, err := copyIn(d, name, io.LimitReader(r, limit), &ref)
	if err != nil {
		return ref, err
	}
	if ref.Size == limit {
		n, _ := io.ReadFull(r, make([]byte, 1))
		ref.Cut = n > 0
	}
	for n := 1; ; n++ {
		as := numbered(name, n)
		if err = d.Move(part, d, as); errors.Is(err, fs.ErrExist) {
			continue
		}
		ref.Name = path.Join(Evidence, as)
		return ref, err
	}
}

// Backup keeps all of r under name and returns made. One that is there already stays as it is, and is what the reference tells of.
func (v Dir) Backup(name string, r io.Reader) (ref runbook.EvidenceRef, made bool, err error) {
	ref = runbook.EvidenceRef{Name: path.Join(Backup, name), Backup: true}
	d, err := v.Sub(Backup)
	if err != nil {
		return ref, false, err
	}
	defer d.Close()
	there, err := d.Exists(name)
	if err != nil {
		return ref, false, err
	}
	if there {
		ref.Size, ref.SHA256, err = hashFile(d, name)
		return ref, false, err
	}
	part, err := copyIn(d, name, r, &ref)
	if err == nil {
		err = d.Move(part, d, name)
	}
	return ref, true, err
}

// Draft lays text down under name in the folder of drafts or, where that is taken, under a numbered one, and returns its path. It is for
// people to work on; no record holds its hash.
func (v Dir) Draft(name string, text []byte) (string, error) {
	d, err := v.Sub(Drafts)
	if err != nil {
		return "", err
	}
	defer d.Close()
	var ref runbook.EvidenceRef
	part, err := copyIn(d, name, bytes.NewReader(text), &ref)
	if err != nil {
		return "", err
	}
	for n := 1; ; n++ {
		as := numbered(name, n)
		if err = d.Move(part, d, as); errors.Is(err, fs.ErrExist) {
			continue
		}
		return path.Join(Drafts, as), err
	}
}

// Read returns the whole of a kept file by its path of two elements, following no symbolic link.
func (v Dir) Read(name string) ([]byte, error) {
	folder, file := path.Split(name)
	d, err := v.Sub(strings.TrimSuffix(folder, "/"))
	if err != nil {
		return nil, err
	}
	defer d.Close()
	return d.ReadAll(file)
}

// Hash returns the size and the SHA-256 of a kept file by its path, of one or two elements, following no symbolic link.
func (v Dir) Hash(name string) (int64, string, error) {
	folder, file := path.Split(name)
	if folder == "" {
		return hashFile(v.Dir, file)
	}
	d, err := v.Sub(strings.TrimSuffix(folder, "/"))
	if err != nil {
		return 0, "", err
	}
	defer d.Close()
	return hashFile(d, file)
}

// copyIn copies r to a file beside name, whose name it returns.
func copyIn(d *disk.Dir, name string, r io.Reader, ref *runbook.EvidenceRef) (string, error) {
	part := fmt.Sprint(partial, os.Getpid(), "-", name)
	if there, err := d.Exists(part); err != nil {
		return "", err
	} else if there { // of a crashed process that had this number
		if err := d.Remove(part); err != nil {
			return "", err
		}
	}
	h := sha256.New()
	err := d.Create(part, io.TeeReader(r, io.MultiWriter(h, (*counter)(&ref.Size))), disk.Private(0o600))
	ref.SHA256 = hex.EncodeToString(h.Sum(nil))
	return part, err
}

// Sweep takes away what dead processes left of copies. What cannot be taken away stays, and does no harm.
func (v Dir) Sweep() {
	for _, folder := range []string{Evidence, Backup, Drafts} {
		d, err := v.Sub(folder)
		if err != nil {
			continue
		}
		names, _ := d.Names()
		for _, name := range names {
			if Abandoned(name, partial) {
				_ = d.Remove(name)
			}
		}
		d.Close()
	}
}

// Stray returns the paths of the plain files that were kept and are not known by theirs; copies that are being written are none.
func (v Dir) Stray(known map[string]bool) ([]string, error) {
	var all []string
	for _, folder := range []string{Evidence, Backup} {
		d, err := v.Sub(folder)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		defer d.Close()
		names, err := d.Names()
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			e, err := d.Lstat(name)
			if p := path.Join(folder, name); err == nil && e.Type.IsRegular() && !strings.HasPrefix(name, partial) && !known[p] {
				all = append(all, p)
			}
		}
	}
	return all, nil
}

// Abandoned says whether name is prefix, the number of a process that is gone, and a dash with whatever follows it.
func Abandoned(name, prefix string) bool {
	rest, ok := strings.CutPrefix(name, prefix)
	number, _, dash := strings.Cut(rest, "-")
	pid, err := strconv.Atoi(number)
	return ok && dash && err == nil && pid > 0 && errors.Is(unix.Kill(pid, 0), unix.ESRCH)
}

type counter int64

func (c *counter) Write(p []byte) (int, error) {
	*c += counter(len(p))
	return len(p), nil
}

func sizeOf(d *disk.Dir) (int64, error) {
	names, err := d.Names()
	if err != nil {
		return 0, err
	}
	var sum int64
	for _, name := range names {
		if e, err := d.Lstat(name); err == nil {
			sum += e.Size
		}
	}
	return sum, nil
}

func hashFile(d *disk.Dir, name string) (int64, string, error) {
	f, err := d.Read(name)
	if err != nil {
		return 0, "", err
	}
	defer f.Close()
	h := sha256.New()
	n, err := io.Copy(h, f)
	return n, hex.EncodeToString(h.Sum(nil)), err
}

// maxName bounds the name of a kept file, in bytes.
const maxName = 120

// Name makes a name for a file of step that is safe on every terminal and in every program: letters, digits, dot, dash, underscore.
func Name(step, name string) string {
	if step != "" {
		name = step + "-" + name
	}
	name = strings.Map(func(r rune) rune {
		if r == utf8.RuneError || !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("._-", r) {
			return '_'
		}
		return r
	}, name)
	name = strings.TrimLeft(name, ".-")
	if name == "" {
		return "file"
	}
	for len(name) > maxName {
		_, n := utf8.DecodeLastRuneInString(name)
		name = name[:len(name)-n]
	}
	return name
}

// numbered puts n before the ending of name.
func numbered(name string, n int) string {
	if n == 1 {
		return name
	}
	ext := path.Ext(name)
	return fmt.Sprintf("%s-%d%s", strings.TrimSuffix(name, ext), n, ext)
}
