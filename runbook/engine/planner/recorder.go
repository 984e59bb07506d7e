package planner

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"hikeshi/runbook"
)

// A Recorder keeps in the journal what a step wants kept; without a journal it keeps nothing. It is a runbook.Recorder.
type Recorder struct {
	Step    string
	Journal runbook.Journal // may be nil
	Told    func(step string, done, total int64)
}

// Evidence keeps a bounded copy.
func (r Recorder) Evidence(name string, src io.Reader) error { return r.keep(name, src, false) }

// Backup keeps a whole copy.
func (r Recorder) Backup(name string, src io.Reader) error { return r.keep(name, src, true) }

// Kept returns a whole copy that was kept.
func (r Recorder) Kept(name string) ([]byte, error) {
	if k, ok := r.Journal.(runbook.Keeper); ok {
		return k.Kept(name)
	}
	return nil, fmt.Errorf("reading the kept copy %s: %w", name, fs.ErrNotExist)
}

// Draft writes a letter down.
func (r Recorder) Draft(l runbook.Letter, name string, text []byte) error {
	if d, ok := r.Journal.(runbook.Drafter); ok {
		return d.Draft(l, name, text)
	}
	return nil
}

// Withhold takes back that a letter may be sent.
func (r Recorder) Withhold(id, why string) error {
	if h, ok := r.Journal.(runbook.Withholder); ok {
		return h.Withhold(id, why)
	}
	return nil
}

// Progress tells how far a long operation is.
func (r Recorder) Progress(done, total int64) { r.Told(r.Step, done, total) }

// Say writes a note. One that cannot be written is no reason to stop.
func (r Recorder) Say(text runbook.Text) {
	if r.Journal != nil {
		_ = r.Journal.Append(runbook.Record{Event: runbook.Noted, Step: r.Step, Text: text.EN})
	}
}

// Attach keeps a file that the responder named.
func (r Recorder) Attach(path string) error {
	// Opening a pipe would wait for somebody to write into it.
	if st, err := os.Stat(path); err != nil {
		return fmt.Errorf("attaching evidence: %w", err)
	} else if !st.Mode().IsRegular() {
		return fmt.Errorf("attaching evidence: %s is not a plain file", path)
	}
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("attaching evidence: %w", err)
	}
	defer f.Close()
	return r.keep(filepath.Base(path), f, false)
}

func (r Recorder) keep(name string, src io.Reader, backup bool) error {
	if r.Journal == nil {
		return nil
	}
	return r.Journal.Keep(r.Step, name, src, backup)
}
