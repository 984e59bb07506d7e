package guard

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"hikeshi/spool/disk"
)

// Posts are the files of one guard as a change puts them up or takes them away, in plain data. What is not marked as theirs stood there
// before and stays.
type Posts struct {
	Unit     string `json:"unit"`
	Dir      string `json:"dir"`       // folder of the drop-in
	File     string `json:"file"`      // what the condition asks for
	DropIn   string `json:"dropin"`    // text of the drop-in
	FileText string `json:"file_text"` // text of the file
	TheDir   bool   `json:"the_dir"`
	TheConf  bool   `json:"the_dropin"`
	TheFile  bool   `json:"the_file"`
}

// Missing are the posts that make g whole, for incident, at the time now.
func (g Guard) Missing(incident string, now time.Time) (Posts, error) {
	if s := g.place.State; !filepath.IsAbs(s) || strings.ContainsAny(s, "\n\r") || strings.TrimSpace(s) != s {
		return Posts{}, fmt.Errorf("the state folder %q cannot be named in a unit file", s)
	}
	p := Posts{Unit: g.Unit, Dir: g.place.folder(g.Unit), TheConf: !g.whole, TheFile: g.file == nil}
	if _, err := os.Lstat(p.Dir); errors.Is(err, fs.ErrNotExist) {
		p.TheDir = true
	} else if err != nil {
		return Posts{}, err
	}
	if p.TheConf {
		g.Incident, g.Since, g.made = incident, now.UTC().Truncate(time.Second), p.TheDir
	}
	p.File, p.DropIn, p.FileText = g.path, g.text(), g.Incident+" "+g.Since.Format(time.RFC3339)+"\n"
	return p, nil
}

// Standing are the posts of all that stands of g.
func (g Guard) Standing() Posts {
	p := Posts{Unit: g.Unit, Dir: g.place.folder(g.Unit), File: g.path, TheDir: g.made, TheConf: g.dropIn != nil, TheFile: g.file != nil}
	if p.TheConf {
		p.DropIn = *g.dropIn
	}
	if p.TheFile {
		p.FileText = *g.file
	}
	return p
}

// Parts is how many files the posts are.
func (p Posts) Parts() int { return len(p.files()) }

// Count counts the files that stand there; foreign says that one was put or edited by somebody else.
func (p Posts) Count() (n int, foreign bool, err error) {
	for _, f := range p.files() {
		now, err := readSmall(f.path)
		switch {
		case err != nil:
			return 0, false, err
		case now == nil:
		case f.ours(*now):
			n++
		case !f.torn(*now):
			foreign = true
		}
	}
	return n, foreign, nil
}

// post is one of the files.
type post struct {
	path, text string
	bare       bool // counts by being there: the condition asks for nothing else
}

func (p Posts) files() []post {
	var all []post
	if p.TheFile {
		all = append(all, post{path: p.File, text: p.FileText, bare: true})
	}
	if p.TheConf {
		all = append(all, post{path: filepath.Join(p.Dir, dropInName), text: p.DropIn})
	}
	return all
}

// ours says whether a file with this content is the one that was written.
func (f post) ours(now string) bool { return now == f.text || f.bare && f.torn(now) }

// torn says whether it is one whose writing was cut short.
func (f post) torn(now string) bool { return strings.HasPrefix(f.text, now) }

// Put makes what is not there. It can be repeated after a crash at any moment. The error wraps disk.ErrDrift where something else
// stands in a file's place.
func (p Posts) Put() error {
	holds, err := disk.OpenOrMake(filepath.Dir(p.File), disk.Private(0o700))
	if err != nil {
		return err
	}
	defer holds.Close()
	folder, err := p.openFolder()
	if err != nil {
		return err
	}
	defer folder.Close()
	for _, f := range p.files() {
		dir, mode := folder, uint32(0o644)
		if f.bare {
			dir, mode = holds, 0o600
		}
		if err := f.put(dir, mode); err != nil {
			return err
		}
	}
	return nil
}

func (p Posts) openFolder() (*disk.Dir, error) {
	units, err := disk.Open(filepath.Dir(p.Dir))
	if err != nil {
		return nil, err
	}
	defer units.Close()
	name := filepath.Base(p.Dir)
	there, err := units.Exists(name)
	if err == nil && !there {
		err = units.Mkdir(name, disk.Private(0o755))
	}
	if err != nil {
		return nil, err
	}
	return units.Sub(name)
}

func (f post) put(dir *disk.Dir, mode uint32) error {
	name := filepath.Base(f.path)
	now, err := dir.ReadAll(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return err
	case f.ours(string(now)):
		return nil
	case !f.torn(string(now)):
		return fmt.Errorf("%s: %w", f.path, disk.ErrDrift)
	default:
		if err := dir.Remove(name); err != nil {
			return err
		}
	}
	err = dir.Create(name, strings.NewReader(f.text), disk.Private(mode))
	if f.bare && (errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)) {
		// An empty file needs no space, and bars as well.
		err = dir.Create(name, strings.NewReader(""), disk.Private(mode))
	}
	return err
}

// Take removes the files, as far as they stand there and are as they were put; then their folder, if it is empty. It can be repeated.
// The error wraps disk.ErrDrift where something else stands in a file's place.
func (p Posts) Take() error {
	var errs []error
	for _, f := range p.files() {
		errs = append(errs, f.take())
	}
	if err := errors.Join(errs...); err != nil || !p.TheDir {
		return err
	}
	units, err := disk.Open(filepath.Dir(p.Dir))
	if err != nil {
		return err
	}
	defer units.Close()
	folder, err := units.Sub(filepath.Base(p.Dir))
	if err != nil {
		return unlessGone(err)
	}
	defer folder.Close()
	if empty, err := folder.Empty(); err != nil || !empty {
		return err // somebody has put a drop-in of his own there
	}
	return units.Rmdir(filepath.Base(p.Dir))
}

func (f post) take() error {
	dir, err := disk.Open(filepath.Dir(f.path))
	if err != nil {
		return unlessGone(err)
	}
	defer dir.Close()
	now, err := dir.ReadAll(filepath.Base(f.path))
	if err != nil {
		return unlessGone(err)
	}
	if !f.ours(string(now)) && !f.torn(string(now)) {
		return fmt.Errorf("%s: %w", f.path, disk.ErrDrift)
	}
	return dir.Remove(filepath.Base(f.path))
}

func unlessGone(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
