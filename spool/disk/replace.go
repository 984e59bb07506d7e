package disk

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"golang.org/x/sys/unix"
)

// MaxFile is the size of the largest file that is read as a whole, in bytes.
const MaxFile = 256 << 20

// Hash returns the SHA-256 of data in hex.
func Hash(data []byte) string {
	h := sha256.Sum256(data)
	return hex.EncodeToString(h[:])
}

// ReadAll reads the regular file name, up to MaxFile bytes.
func (d *Dir) ReadAll(name string) ([]byte, error) {
	f, err := d.Read(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	fi, err := f.Stat()
	if err != nil {
		return nil, d.err("reading", name, err)
	}
	var data []byte
	if fi.Size() <= MaxFile {
		data, err = io.ReadAll(io.LimitReader(f, MaxFile+1))
	}
	if err != nil {
		return nil, d.err("reading", name, err)
	}
	if fi.Size() > MaxFile || len(data) > MaxFile {
		return nil, d.err("reading", name, fmt.Errorf("larger than %d bytes", MaxFile))
	}
	return data, nil
}

// Replace puts data in the place of the file name, whose content must have the hash old (see Hash), keeping owner, group, mode
// and extended attributes. The new file is written beside it under the name tmp and exchanged with it; what came out is hashed,
// and put back with ErrDrift if it is not what the caller had read. Replace can be called again with the same arguments after a
// crash at any moment. tmp is a name that nobody else uses. Where names cannot be exchanged the file is read once more just
// before the new one is renamed over it; what somebody writes in that moment is lost.
func (d *Dir) Replace(name, tmp, old string, data []byte) error {
	now, err := d.ReadAll(name)
	if err != nil {
		return err
	}
	if Hash(now) == Hash(data) {
		return d.finish(name, tmp, old, data)
	}
	if Hash(now) != old {
		return d.err("replacing", name, ErrDrift)
	}
	if err := d.prepare(name, tmp, old, data); err != nil {
		return err
	}
	if err := d.swap(name, tmp, old); err != nil {
		return err
	}
	return d.finish(name, tmp, old, data)
}

// Leftover says whether a Replace that was cut short left its temporary file.
func (d *Dir) Leftover(tmp string) (bool, error) { return d.Exists(tmp) }

// Discard takes away the temporary file of a Replace from the content of hash old to that of hash fresh that is not to be gone on
// with. One that holds an edit of somebody else stays, with ErrDrift.
func (d *Dir) Discard(tmp, old, fresh string) error {
	what, err := d.temporary(tmp, old, fresh)
	switch {
	case err != nil || what == nothing:
		return err
	case what == foreign:
		return d.err("discarding", tmp, fmt.Errorf("%w: it holds an edit of somebody else", ErrDrift))
	}
	return d.Remove(tmp)
}

// prepare writes the new file beside the old one.
func (d *Dir) prepare(name, tmp, old string, data []byte) error {
	what, err := d.temporary(tmp, old, Hash(data))
	if err != nil {
		return err
	}
	switch what {
	case foreign:
		return d.err("replacing", name, fmt.Errorf("%w: %s holds an edit of somebody else", ErrDrift, tmp))
	case ours:
		if err := d.Remove(tmp); err != nil {
			return err
		}
	}
	f, err := d.Read(name)
	if err != nil {
		return err
	}
	attrs, err := AttrsOf(f)
	f.Close()
	if err != nil {
		return d.err("reading attributes of", name, err)
	}
	return d.Create(tmp, bytes.NewReader(data), attrs)
}

// swap exchanges the two names, or renames over where the system knows no exchange.
func (d *Dir) swap(name, tmp, old string) error {
	err := d.Exchange(tmp, name)
	if !errors.Is(err, ErrNoExchange) {
		return err
	}
	now, err := d.ReadAll(name)
	if err != nil {
		return err
	}
	if Hash(now) != old {
		return errors.Join(d.err("replacing", name, ErrDrift), d.Remove(tmp))
	}
	return d.overwrite(tmp, name)
}

// finish looks at what came out of the exchange and takes it away if it is what was read before; else it goes back.
func (d *Dir) finish(name, tmp, old string, data []byte) error {
	what, err := d.temporary(tmp, old, Hash(data))
	switch {
	case err != nil:
		return err
	case what == nothing:
		return d.Sync()
	case what == ours:
		return d.Remove(tmp)
	}
	drift := d.err("replacing", name, ErrDrift)
	if err := d.Exchange(tmp, name); err != nil {
		return errors.Join(drift, err)
	}
	return errors.Join(drift, d.Remove(tmp))
}

// What stands under the name of the temporary file.
type what int

const (
	nothing what = iota
	ours         // the new file, finished or not, or the old one after the exchange
	foreign      // what somebody else wrote, and the exchange brought out
)

func (d *Dir) temporary(tmp, old, fresh string) (what, error) {
	var st unix.Stat_t
	err := retry(func() error { return unix.Fstatat(d.fd(), tmp, &st, unix.AT_SYMLINK_NOFOLLOW) })
	if errors.Is(err, fs.ErrNotExist) {
		return nothing, nil
	}
	if err != nil {
		return nothing, d.err("examining", tmp, err)
	}
	if uint32(st.Mode)&^unix.S_IFMT == 0 {
		return ours, nil // Create did not come to its end
	}
	out, err := d.ReadAll(tmp)
	if err != nil {
		return nothing, err
	}
	if h := Hash(out); h == old || h == fresh {
		return ours, nil
	}
	return foreign, nil
}
