// Package trace reads what a server leaves beside its mail: failure counters, account files, mailboxes of the administrator. What is
// secret in a file is hashed with a key and never shown: a plain hash of a password file could be cracked.
//
// Everything is bounded, follows no symbolic link below the folders it is given, and never waits for a pipe.
package trace

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"hikeshi/spool"
	"hikeshi/spool/disk"
)

// The bounds of looking.
const (
	maxNames   = 100_000  // of one folder
	maxFolders = 20_000   // of the mailboxes
	maxFiles   = 20_000   // counters, or files hashed
	maxCounter = 64       // bytes of a counter
	maxHashed  = 64 << 20 // bytes of a file that is hashed
	chunk      = 1024     // names read at once
)

// A Counter is a failure counter: how often a peer has failed since its last success.
type Counter struct {
	Path  string
	Peer  string // as the file is named
	Count string // as it stands there, bounded; foreign text
	Time  time.Time
}

// A Digest is the keyed hash of a file.
type Digest struct {
	Path   string
	Size   int64
	Time   time.Time
	Hash   string // hexadecimal
	Broken string // why there is none
}

// A Haul is what was found.
type Haul struct {
	Counters []Counter
	Digests  []Digest
	Folders  int    // of mailboxes
	Cut      bool   // there may be more
	Why      string // why something could not be read, of one of the places
}

// A Look goes through the places. It is used once.
type Look struct {
	Traces spool.Traces
	Key    []byte // of the hashes; with none, nothing is hashed
	haul   Haul
	err    error // that haul.Why tells of
	ctx    context.Context
}

// failed notes what could not be read.
func (l *Look) failed(err error) { l.err, l.haul.Why = err, err.Error() }

// Counters reads the failure counters: those of the folders for them, and those in the mailboxes. On the way through the mailboxes
// the files that let their owners log in are hashed. When ctx ends, what was seen is returned as cut.
func (l *Look) Counters(ctx context.Context) Haul {
	l.ctx = ctx
	for _, dir := range l.Traces.Counters {
		l.folder(dir, "", -1)
	}
	if l.Traces.Mailboxes != "" {
		l.folder(l.Traces.Mailboxes, "", 2)
	}
	return l.haul
}

// Accounts hashes the account files.
func (l *Look) Accounts(ctx context.Context) Haul {
	l.ctx = ctx
	d, err := disk.Open(l.Traces.Accounts)
	if l.Traces.Accounts == "" || errors.Is(err, fs.ErrNotExist) {
		return l.haul
	}
	if err != nil {
		l.failed(err)
		return l.haul
	}
	defer d.Close()
	l.names(d, func(name string) {
		if e, err := d.Lstat(name); err == nil && e.Type == 0 && strings.HasSuffix(strings.ToLower(name), l.Traces.Account) {
			l.digest(d, name)
		}
	})
	return l.haul
}

// folder looks at one folder: path, or path/name if it is to be no symbolic link. Depth says how many levels of folders below it may
// be mailboxes; one with a file to log in is one, and has none below it.
func (l *Look) folder(path, name string, depth int) {
	d, err := open(path, name)
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	if err != nil {
		l.failed(err)
		return
	}
	defer d.Close()
	mailbox := false
	var below []string
	l.names(d, func(name string) {
		counter := l.Traces.Counter != "" && strings.HasSuffix(strings.ToLower(name), l.Traces.Counter)
		login := depth >= 0 && name == l.Traces.Login
		if !counter && !login && (depth <= 0 || strings.HasSuffix(strings.ToUpper(name), ".MSG")) {
			return
		}
		e, err := d.Lstat(name)
		switch {
		case err != nil:
		case e.Type == fs.ModeDir:
			below = append(below, name)
		case e.Type == 0 && login:
			mailbox = true
			l.digest(d, name)
		case e.Type == 0 && counter:
			l.counter(d, name, e)
		}
	})
	if mailbox || depth <= 0 {
		return
	}
	slices.Sort(below)
	for _, name := range below {
		if l.haul.Folders++; l.full(l.haul.Folders >= maxFolders) {
			return
		}
		l.folder(d.Path(), name, depth-1)
	}
}

// full says whether to stop, and remembers that there may be more.
func (l *Look) full(yes bool) bool {
	yes = yes || l.ctx.Err() != nil
	l.haul.Cut = l.haul.Cut || yes
	return yes
}

// names calls visit for the names in d.
func (l *Look) names(d *disk.Dir, visit func(string)) {
	for n := 0; ; {
		names, err := d.File().Readdirnames(chunk)
		for _, name := range names {
			if l.full(false) {
				return
			}
			visit(name)
		}
		if n += len(names); errors.Is(err, io.EOF) || l.full(n >= maxNames) {
			return
		}
		if err != nil {
			l.failed(err)
			return
		}
	}
}

func (l *Look) counter(d *disk.Dir, name string, e disk.Entry) {
	if l.full(len(l.haul.Counters) >= maxFiles) {
		return
	}
	f, err := d.Read(name)
	if err != nil {
		l.failed(err)
		return
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxCounter))
	if err != nil {
		l.failed(err)
		return
	}
	l.haul.Counters = append(l.haul.Counters, Counter{
		Path: filepath.Join(d.Path(), name), Peer: name[:len(name)-len(l.Traces.Counter)], Count: strings.TrimSpace(string(b)), Time: time.Unix(e.Sec, 0).UTC(),
	})
}

// digest hashes a file with the key.
func (l *Look) digest(d *disk.Dir, name string) {
	if len(l.Key) == 0 || l.full(len(l.haul.Digests) >= maxFiles) {
		return
	}
	r := Digest{Path: filepath.Join(d.Path(), name)}
	if err := r.take(d, name, l.Key); err != nil {
		r.Broken = err.Error()
	}
	l.haul.Digests = append(l.haul.Digests, r)
}

func (r *Digest) take(d *disk.Dir, name string, key []byte) error {
	f, err := d.Read(name)
	if err != nil {
		return err
	}
	defer f.Close()
	if fi, err := f.Stat(); err == nil {
		r.Size, r.Time = fi.Size(), fi.ModTime().UTC()
	}
	h := hmac.New(sha256.New, key)
	n, err := io.Copy(h, io.LimitReader(f, maxHashed+1))
	if err != nil {
		return err
	}
	if n > maxHashed {
		return fmt.Errorf("larger than %d bytes", maxHashed)
	}
	r.Hash = hex.EncodeToString(h.Sum(nil))
	return nil
}

func open(path, name string) (*disk.Dir, error) {
	d, err := disk.Open(path)
	if err != nil || name == "" {
		return d, err
	}
	defer d.Close()
	return d.Sub(name)
}

// Recent counts the files with a name that ends so, in letters of any case, that are newer than since, in a folder. The name and the
// time alone are looked at. Least says that there may be more.
func Recent(ctx context.Context, dir, suffix string, since time.Time) (n int, least bool, err error) {
	d, err := disk.Open(dir)
	if err != nil {
		return 0, false, err
	}
	defer d.Close()
	l := Look{ctx: ctx}
	l.names(d, func(name string) {
		if len(name) < len(suffix) || !strings.EqualFold(name[len(name)-len(suffix):], suffix) {
			return
		}
		if e, err := d.Lstat(name); err == nil && e.Type == 0 && e.Sec > since.Unix() {
			n++
		}
	})
	return n, l.haul.Cut, l.err
}

// ReadFile reads a control file up to limit bytes, following no symbolic link in its place.
func ReadFile(path string, limit int64) ([]byte, time.Time, error) {
	d, err := disk.Open(filepath.Dir(path))
	if err != nil {
		return nil, time.Time{}, err
	}
	defer d.Close()
	f, err := d.Read(filepath.Base(path))
	if err != nil {
		return nil, time.Time{}, err
	}
	defer f.Close()
	fi, err := f.Stat()
	if err != nil {
		return nil, time.Time{}, err
	}
	b, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(b)) > limit {
		err = fmt.Errorf("reading %q: larger than %d bytes", path, limit)
	}
	return b, fi.ModTime().UTC(), err
}
