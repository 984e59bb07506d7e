package scan

import (
	"errors"
	"path/filepath"
	"strings"
	"sync"

	"hikeshi/spool"
	"hikeshi/spool/disk"
	"hikeshi/spool/scan/sample"
	"hikeshi/spool/scan/tally"
)

const (
	readers   = 4   // more than two cores can use: a file that is not in memory is waited for
	batchSize = 128 // files handed to a reader at once
)

// A job is the look at one folder.
type job struct {
	walker
	sample *sample.Sample
	err    error       // why the folder could not be read, or not to its end
	all    tally.Tally // of what was read
	common tally.Tally // the part of it that counts for the total
}

// readAll reads the files of every batch that comes in. Only files whose entries have hash values up to bound count for the
// total, so that every folder has the same weight there.
func (j *job) readAll(batches <-chan []sample.Ref, own map[string]bool, bound uint64) {
	var wg sync.WaitGroup
	all := make([]reader, readers)
	for i := range all {
		all[i] = reader{of: j, own: own, bound: bound}
		wg.Go(func() { all[i].run(batches) })
	}
	wg.Wait()
	for i := range all {
		j.all.Merge(&all[i].all)
		j.common.Merge(&all[i].common)
	}
}

// A reader reads files of one folder.
type reader struct {
	of          *job
	own         map[string]bool
	bound       uint64
	all, common tally.Tally

	top, dir *disk.Dir // the queue folder, and the folder that was used last
	sub      string    // where dir stands below top
}

func (r *reader) run(batches <-chan []sample.Ref) {
	defer r.close()
	for batch := range batches {
		for _, f := range batch {
			if r.of.ctx.Err() == nil {
				r.read(f)
			}
		}
	}
}

// read looks at one file; one that has vanished since its name was read leaves no trace.
func (r *reader) read(f sample.Ref) {
	d, err := r.enter(f.Sub)
	if err != nil {
		if !gone(err) {
			r.all.Refused(err)
		}
		return
	}
	if f.Odd || !f.Part.Envelope() && f.Part != spool.Body {
		r.stat(d, f)
		return
	}
	g, err := d.Read(f.Name)
	if err != nil {
		if !gone(err) {
			r.all.Refused(err)
			r.stat(d, f)
		}
		return
	}
	defer g.Close()
	var e spool.MessageEnvelope
	if f.Part.Envelope() {
		e, err = r.of.queue.ReadEnvelope(g)
	}
	if fi, oops := g.Stat(); oops == nil {
		at := fi.ModTime()
		if !e.Arrived.IsZero() {
			at = e.Arrived
		}
		r.each(f, func(t *tally.Tally) { t.Size(fi.Size(), at.Unix()) })
	}
	switch {
	case f.Part == spool.Body:
		if a, err := r.of.queue.ReadClient(g); err == nil {
			r.each(f, func(t *tally.Tally) { t.Client(a) })
		}
	case errors.Is(err, spool.ErrUnfinished):
	case err != nil:
		r.all.Broken++
	default:
		list := r.of.namer != nil && r.of.namer.ListMail(r.of.folder.Name, f.Name)
		r.each(f, func(t *tally.Tally) {
			t.Envelope(e, list, r.own)
			if f.Part == spool.Whole {
				t.Client(e.Client)
			}
		})
	}
}

// stat is for what is not opened.
func (r *reader) stat(d *disk.Dir, f sample.Ref) {
	e, err := d.Lstat(f.Name)
	if err == nil && e.Type == 0 {
		r.each(f, func(t *tally.Tally) { t.Size(e.Size, e.Sec) })
	}
}

func (r *reader) each(f sample.Ref, do func(*tally.Tally)) {
	do(&r.all)
	if f.Hash <= r.bound {
		do(&r.common)
	}
}

// enter opens the folder sub, step by step, following no symbolic link.
func (r *reader) enter(sub string) (*disk.Dir, error) {
	if r.top == nil {
		parent, err := disk.Open(filepath.Dir(r.of.folder.Path))
		if err != nil {
			return nil, err
		}
		defer parent.Close()
		if r.top, err = parent.Sub(filepath.Base(r.of.folder.Path)); err != nil {
			return nil, err
		}
	}
	if sub == "" {
		return r.top, nil
	}
	if r.dir != nil && r.sub == sub {
		return r.dir, nil
	}
	if r.dir != nil {
		r.dir.Close()
		r.dir = nil
	}
	at := r.top
	for name := range strings.SplitSeq(sub, "/") {
		next, err := at.Sub(name)
		if at != r.top {
			at.Close()
		}
		if err != nil {
			return nil, err
		}
		at = next
	}
	r.dir, r.sub = at, sub
	return at, nil
}

func (r *reader) close() {
	for _, d := range []*disk.Dir{r.top, r.dir} {
		if d != nil {
			d.Close()
		}
	}
}

// send hands the sample to the readers.
func (j *job) send(batches chan<- []sample.Ref) {
	defer close(batches)
	var batch []sample.Ref
	for _, h := range j.sample.Hashes() {
		batch = append(batch, j.sample.Files(h)...)
		if len(batch) >= batchSize {
			batches <- batch
			batch = nil
		}
	}
	batches <- batch
}

// time is when a message came, in seconds since 1970: what its envelope says where it does, else the time of the file.
func (r *reader) time(d *disk.Dir, f sample.Ref) (at int64, ok bool) {
	if f.Part == spool.Whole {
		g, err := d.Read(f.Name)
		if err != nil {
			return 0, false
		}
		defer g.Close()
		e, err := r.of.queue.ReadEnvelope(g)
		return e.Arrived.Unix(), err == nil && !e.Arrived.IsZero()
	}
	e, err := d.Lstat(f.Name)
	return e.Sec, err == nil && e.Type == 0
}

// readExtremes takes the times of the messages with the lowest and the highest name.
func (j *job) readExtremes() {
	r := reader{of: j}
	defer r.close()
	for _, f := range []sample.Ref{j.lowRef, j.highRef} {
		if f.Name == "" {
			continue
		}
		d, err := r.enter(f.Sub)
		if err != nil {
			continue
		}
		if at, ok := r.time(d, f); ok {
			j.all.Time(at)
		}
	}
}
