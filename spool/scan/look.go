package scan

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"sync"
	"syscall"
	"time"

	"hikeshi/spool"
	"hikeshi/spool/scan/sample"
	"hikeshi/spool/scan/tally"
)

// Options say how closely Look looks. The zero value is a good one.
type Options struct {
	Sample int              // queue entries that are read in a folder with more; 0: 5,000
	Exact  bool             // every file is read, however many there are
	Top    int              // length of the lists of names; 0: 10
	Own    spool.Own        // tells mail for own domains from mail for outside
	Clock  func() time.Time // nil: the clock of the system
}

// Look looks at all folders of the queue. A folder that is not there, or cannot be read, is a result and no error. The total is
// that of all folders but those that are for information only. The error wraps errors.ErrUnsupported when the queue of this
// server cannot be read, else it is that of ctx.
func Look(ctx context.Context, server spool.Server, o Options) (spool.Backlog, error) {
	queue, ok := server.(spool.Queue)
	if !ok {
		return spool.Backlog{}, fmt.Errorf("looking at the queue of %s: %w", server.Name(), errors.ErrUnsupported)
	}
	o.fill()
	b := spool.Backlog{Time: o.Clock().UTC()}
	namer, _ := server.(Namer)
	var jobs []*job
	for _, f := range server.Folders() {
		j := &job{sample: sample.New(o.Sample)}
		j.walker = walker{ctx: ctx, queue: queue, namer: namer, folder: f}
		jobs = append(jobs, j)
	}
	own := ownDomains(o.Own)
	if o.Exact {
		for _, j := range jobs {
			j.everything(own)
		}
	} else {
		names(jobs)
		contents(jobs, own)
	}
	if err := ctx.Err(); err != nil {
		return spool.Backlog{}, fmt.Errorf("looking at the queue: %w", err)
	}
	report(&b, jobs, o.Top)
	return b, nil
}

func (o *Options) fill() {
	if o.Sample <= 0 {
		o.Sample = 5000
	}
	if o.Top <= 0 {
		o.Top = 10
	}
	if o.Clock == nil {
		o.Clock = time.Now
	}
}

// names goes through the names of all folders, two at a time, and draws the samples.
func names(jobs []*job) {
	var wg sync.WaitGroup
	slots := make(chan struct{}, 2)
	for _, j := range jobs {
		j.found = func(r sample.Ref) {
			if j.sample.Wants(r.Hash) {
				j.sample.Add(r)
			}
		}
		wg.Go(func() {
			slots <- struct{}{}
			j.err = j.walk()
			<-slots
		})
	}
	wg.Wait()
}

// contents reads the files of the samples.
func contents(jobs []*job, own map[string]bool) {
	bound := commonBound(jobs)
	for _, j := range jobs {
		batches := make(chan []sample.Ref, readers)
		go j.send(batches)
		j.readAll(batches, own, bound)
		if j.sample.Dropped {
			j.readExtremes()
		}
	}
}

// everything reads each file of a folder as its name comes up.
func (j *job) everything(own map[string]bool) {
	batches := make(chan []sample.Ref, readers)
	var batch []sample.Ref
	j.found = func(r sample.Ref) {
		r.Name = strings.Clone(r.Name)
		if batch = append(batch, r); len(batch) == batchSize {
			batches <- batch
			batch = nil
		}
	}
	go func() {
		defer close(batches)
		j.err = j.walk()
		batches <- batch
	}()
	j.readAll(batches, own, ^uint64(0))
}

// commonBound is the hash value up to which the samples of all folders that make up the total are complete.
func commonBound(jobs []*job) uint64 {
	bound := ^uint64(0)
	for _, j := range jobs {
		if !j.folder.Info {
			bound = min(bound, j.sample.Bound())
		}
	}
	return bound
}

// report writes down what was found.
func report(b *spool.Backlog, jobs []*job, top int) {
	b.Total.Name = "total"
	var set Set
	var common tally.Tally
	drawn, sampled := map[uint64]bool{}, false
	bound := commonBound(jobs)
	for _, j := range jobs {
		f := j.backlog(top)
		b.Folders = append(b.Folders, f)
		if j.folder.Info {
			continue
		}
		b.Total.Files += f.Files
		b.Total.Bytes += f.Bytes
		b.Total.Odd += f.Odd
		set.Merge(&j.set)
		common.Merge(&j.common)
		span(&b.Total, f)
		sampled = sampled || f.Sampled > 0
		for _, h := range j.sample.Hashes() {
			if h <= bound {
				drawn[h] = true
			}
		}
	}
	b.Total.Messages = set.Len()
	common.Figures(&b.Total, top)
	if sampled {
		b.Total.Sampled = len(drawn)
	}
}

// span widens the times of the total by those of a folder.
func span(total *spool.FolderBacklog, f spool.FolderBacklog) {
	if f.Oldest.IsZero() {
		return
	}
	if total.Oldest.IsZero() || f.Oldest.Before(total.Oldest) {
		total.Oldest = f.Oldest
	}
	if f.Newest.After(total.Newest) {
		total.Newest = f.Newest
	}
}

// backlog is what was found in one folder.
func (j *job) backlog(top int) spool.FolderBacklog {
	f := spool.FolderBacklog{Name: j.folder.Name, Path: j.folder.Path, Files: j.files, Messages: j.set.Len(), Odd: j.odd}
	f.Missing = gone(j.err)
	if !f.Missing {
		f.Unreadable = j.unreadable()
		f.Incomplete = j.err != nil || j.hidden > 0
	}
	j.all.Times(&f)
	j.all.Figures(&f, top)
	f.Bytes = j.all.Bytes
	if j.sample.Dropped {
		f.Sampled = j.sample.Len()
		if j.all.Files > 0 {
			f.Bytes = int64(float64(j.all.Bytes) / float64(j.all.Files) * float64(j.files))
		}
	}
	return f
}

// unreadable says what could not be read, in one line.
func (j *job) unreadable() string {
	switch {
	case errors.Is(j.err, syscall.ELOOP), errors.Is(j.err, syscall.ENOTDIR):
		return "not a folder"
	case j.err != nil:
		return reason(j.err)
	case j.hidden > 0:
		return fmt.Sprintf("%d sub-folders: %s", j.hidden, reason(j.hiddenErr))
	case j.all.Denied > 0:
		return fmt.Sprintf("%d of %d files: %s", j.all.Denied, max(j.all.Files, j.all.Denied), reason(j.all.DeniedErr))
	case j.all.Broken > 0:
		return fmt.Sprintf("%d envelopes make no sense", j.all.Broken)
	}
	return ""
}

// reason is the cause without the names, which strangers may have chosen.
func reason(err error) string {
	var errno syscall.Errno
	if errors.As(err, &errno) {
		return errno.Error()
	}
	if errors.Is(err, fs.ErrPermission) {
		return fs.ErrPermission.Error()
	}
	return tally.Clean(err.Error())
}

// ownDomains are the domains whose mail stays on this server.
func ownDomains(o spool.Own) map[string]bool {
	own := map[string]bool{}
	for _, d := range append([]string{o.Hostname}, o.Domains...) {
		if d != "" {
			own[tally.Clean(strings.TrimSuffix(d, "."))] = true
		}
	}
	return own
}
