package journal

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"time"

	"hikeshi/runbook"
	"hikeshi/runbook/journal/ballast"
	"hikeshi/runbook/journal/proof"
	"hikeshi/runbook/journal/systemlog"
	"hikeshi/spool/disk"
)

// A Store is the folder of all incidents, and who works there.
type Store struct {
	State  string           // absolute path of the state folder; made when the first incident is opened
	Actor  runbook.Actor    // stands in every record
	Clock  func() time.Time // in the time zone of the ids
	System SystemLog        // takes what cannot be written; nil: nothing does
}

// A SystemLog is where records go that the journal cannot write.
type SystemLog interface {
	// Log writes text. It must come back soon, whatever the state of the machine.
	Log(text string) error
}

// Syslog is the SystemLog of the machine.
type Syslog = systemlog.Log

const incidentsDir = "incidents"

var idForm = regexp.MustCompile(`^\d{8}-\d{4}(-\d{2,6})?$`)

// NextID returns the id that an incident opened now would get.
func (s Store) NextID() (string, error) {
	base := s.Clock().Format("20060102-1504")
	ids, err := s.ids()
	if err != nil {
		return "", err
	}
	for id, n := base, 2; ; n++ {
		if !slices.Contains(ids, id) {
			return id, nil
		}
		id = fmt.Sprintf("%s-%02d", base, n)
	}
}

// Path is the folder of incident id.
func (s Store) Path(id string) string { return filepath.Join(s.State, incidentsDir, id) }

// Find returns the id that name stands for: a whole one, or one without its year. The error wraps fs.ErrNotExist if there is none.
func (s Store) Find(name string) (string, error) {
	ids, err := s.ids()
	if err != nil {
		return "", err
	}
	if slices.Contains(ids, name) {
		return name, nil
	}
	like := slices.DeleteFunc(ids, func(id string) bool { return id[len("2026"):] != name })
	switch len(like) {
	case 0:
		return "", fmt.Errorf("finding incident %q: %w", name, fs.ErrNotExist)
	case 1:
		return like[0], nil
	}
	return "", fmt.Errorf("finding incident %q: it may be any of %v", name, like)
}

// A Report is what Verify found.
type Report = proof.Report

// Verify checks the chain of the incident that name stands for, and everything it kept. head, unless empty, is any head noted
// earlier; see package proof.
func Verify(s Store, name, head string) (Report, error) {
	id, err := s.Find(name)
	if err != nil {
		return Report{}, err
	}
	d, err := disk.Open(s.Path(id))
	if err != nil {
		return Report{}, err
	}
	defer d.Close()
	rep, err := proof.Check(d, head)
	rep.Incident = id
	return rep, err
}

func (s Store) ballast() ballast.Dir { return ballast.Dir(s.State) }

// ids returns the ids of all incidents, oldest first.
func (s Store) ids() ([]string, error) {
	d, err := disk.Open(filepath.Join(s.State, incidentsDir))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer d.Close()
	names, err := d.Names()
	if err != nil {
		return nil, err
	}
	ids := slices.DeleteFunc(names, func(n string) bool { return !idForm.MatchString(n) })
	slices.SortFunc(ids, func(a, b string) int {
		n := len("20261121-0312")
		return cmp.Or(cmp.Compare(a[:n], b[:n]), cmp.Compare(len(a), len(b)), cmp.Compare(a, b))
	})
	return ids, nil
}

// An Entry is one incident in the list of all.
type Entry struct {
	ID      string
	Opening runbook.Opening
	State   runbook.IncidentState
	Opened  time.Time // UTC
	Closed  time.Time // UTC; zero while open
	Torn    bool      // a crash left the last line unfinished; the next resume or undo repairs it
	Err     error     // why it cannot be read; the rest is then what could be
}

// List returns all incidents, oldest first. An incident that cannot be read is an Entry with Err.
func List(s Store) ([]Entry, error) {
	ids, err := s.ids()
	if err != nil {
		return nil, err
	}
	var all []Entry
	for _, id := range ids {
		all = append(all, s.entry(id))
	}
	return all, nil
}

func (s Store) entry(id string) Entry {
	e := Entry{ID: id}
	j, err := Open(s, id)
	if err != nil {
		e.Err = err
		return e
	}
	defer j.Close()
	records, err := j.Records()
	e.Err, e.Torn = err, j.seen.torn > 0
	h, err := runbook.Fold(records)
	if err != nil {
		e.Err = errors.Join(e.Err, err)
		return e
	}
	e.Opening, e.State, e.Opened, e.Closed = h.Opening, h.State, h.Opened, h.Closed
	return e
}
