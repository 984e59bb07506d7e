package probe

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"
)

// A Maildir is a folder with new and cur, which some mail server delivers to. It is only read.
type Maildir struct {
	root  *os.Root
	clock func() time.Time
	seen  map[string]bool
}

// Open opens a maildir. What is in it already does not count.
func Open(dir string, clock func() time.Time) (*Maildir, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("opening the probe mailbox: %w", err)
	}
	m := &Maildir{root, clock, map[string]bool{}}
	if _, err := root.Stat("new"); err != nil {
		root.Close()
		return nil, fmt.Errorf("opening the probe mailbox: it is no maildir: %w", err)
	}
	if _, err := m.each(func(string) {}); err != nil {
		root.Close()
		return nil, err
	}
	return m, nil
}

// each calls do for every file that was not seen before.
func (m *Maildir) each(do func(name string)) (n int, err error) {
	for _, sub := range []string{"new", "cur"} {
		entries, err := fs.ReadDir(m.root.FS(), sub)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return n, fmt.Errorf("reading the probe mailbox: %w", err)
		}
		for _, e := range entries {
			if !e.Type().IsRegular() || m.seen[e.Name()] || len(m.seen) >= 100*maxArrivals {
				continue
			}
			m.seen[e.Name()] = true
			n++
			do(sub + "/" + e.Name())
		}
	}
	return n, nil
}

// Poll returns what has come since the last call.
func (m *Maildir) Poll() ([]Arrival, error) {
	var all []Arrival
	var failed error
	_, err := m.each(func(name string) {
		f, err := m.root.Open(name)
		if errors.Is(err, fs.ErrNotExist) { // read and moved meanwhile
			return
		}
		if err != nil {
			failed = fmt.Errorf("reading the probe mailbox: %w", err)
			return
		}
		defer f.Close()
		raw, err := io.ReadAll(io.LimitReader(f, maxMessage))
		if err != nil {
			failed = fmt.Errorf("reading the probe mailbox: %w", err)
			return
		}
		if a, ok := Read(raw, m.clock()); ok && len(all) < maxArrivals {
			all = append(all, a)
		}
	})
	return all, errors.Join(err, failed)
}

// Close closes the folder.
func (m *Maildir) Close() error { return m.root.Close() }
