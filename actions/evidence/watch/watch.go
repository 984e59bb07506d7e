// Package watch looks whether mail leaves for outside while delivery runs alone: evidence.watch.
//
// It counts in up to three ways at once and believes the highest count, since each way can miss some: connections to port 25 of
// others in the kernel's tables, new lines in the log of deliveries, and mail for outside that appears in the retry folders because a
// delivery did not succeed at once. Zero is believed only when one of the first two has looked until the end, and delivery was seen to
// run before and after: a service that is down, or on a mounted disk, sends nothing whatever waits there.
package watch

import (
	"context"
	"fmt"
	"strings"
	"time"

	"hikeshi/actions/evidence/look"
	"hikeshi/actions/evidence/scene"
	"hikeshi/runbook"
)

// Facts are the facts of evidence.watch.
type Facts struct {
	Outside int      `json:"outside" expr:"outside"` // deliveries to outside, at least
	Known   bool     `json:"known" expr:"known"`     // 0 means none
	How     []string `json:"how" expr:"how"`         // ways that have counted: connections, outlog, retries
	Seconds int      `json:"seconds" expr:"seconds"` // how long it was watched
}

const (
	often  = time.Second      // between two readings of the kernel's tables
	seldom = 10 * time.Second // between two readings of files
	grace  = 3 * time.Second  // for the last reading of all ways
)

type action struct{ env }

// env has the ways of counting as its methods.
type env struct{ scene.Env }

// New returns the action of evidence.watch.
func New(e scene.Env) runbook.Action { return action{env{e}} }

// A way is one way of counting. Start returns a function that says how many have left since then.
type way struct {
	name  string
	short string // the same in Japanese
	en    string
	ja    string
	every time.Duration
	sure  bool // sees every delivery, so that its 0 is believed
	start func(context.Context) (count func(context.Context) (int, error), err error)
}

// Plan watches. In a plan it does not wait, since delivery is not started yet.
func (a action) Plan(ctx context.Context, in runbook.Input) (runbook.Outcome, error) {
	var p scene.Times
	if err := in.Decode(&p); err != nil {
		return runbook.Outcome{}, err
	}
	d, err := scene.Span("for", p.For, 5*time.Minute)
	if err != nil {
		return runbook.Outcome{}, err
	}
	var out runbook.Outcome
	if scan := a.Traces.DeliveryScan; scan > 0 && d < 2*scan {
		out.Findings = append(out.Findings, runbook.Finding{Level: runbook.Warn, Text: runbook.Tf("%[1]s is shorter than two delivery scans (%[2]s each)", "%[3]sは配送スキャン 2 回分(1 回 %[4]s)より短い", d, scan, look.Long(d), look.Long(scan))})
	}
	if in.Planned != nil {
		out.Facts = Facts{How: []string{}}
		out.Findings = append(out.Findings, runbook.Finding{Level: runbook.Info, Text: runbook.Tf("it is watched for %[1]s when delivery was started", "配送を起動した後に %[2]s見張る", d, look.Long(d))})
		return out, nil
	}
	w := watcher{env: a.env, in: in, span: d, ways: a.ways(), idle: a.delivers(ctx)}
	if w.idle == nil {
		if err := w.run(ctx); err != nil {
			return out, fmt.Errorf("watching what leaves: %w", err)
		}
		w.idle = a.delivers(ctx)
	}
	if err := ctx.Err(); err != nil {
		return out, fmt.Errorf("watching what leaves: %w", err)
	}
	facts, found := w.result()
	out.Facts, out.Findings = facts, append(out.Findings, found...)
	return out, nil
}

// A reading is what one way has counted so far.
type reading struct {
	way  int
	n    int
	err  error
	over bool // the last one
}

// A watcher watches once.
type watcher struct {
	env
	in     runbook.Input
	span   time.Duration
	ways   []way
	last   []reading // of each way
	ended  []bool    // the way has made its last reading
	warned bool
	idle   error // why it is not known that delivery runs; nil if it does
}

func (w *watcher) run(ctx context.Context) error {
	own, stop := context.WithCancel(ctx)
	defer stop()
	readings, ending := make(chan reading), make(chan struct{})
	w.last, w.ended = make([]reading, len(w.ways)), make([]bool, len(w.ways))
	for i, one := range w.ways {
		one.every = min(one.every, max(w.span/4, time.Millisecond))
		go one.follow(own, i, readings, ending)
	}
	began := time.Now()
	tick, up := time.NewTicker(min(time.Second, w.span)), time.NewTimer(w.span)
	defer tick.Stop()
	defer up.Stop()
	var late <-chan time.Time
	for left := len(w.ways); left > 0; {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case r := <-readings:
			w.take(r)
			if r.over {
				left--
			}
		case <-tick.C:
			w.in.Rec.Progress(int64(min(time.Since(began), w.span)/time.Second), int64(w.span/time.Second))
		case <-up.C:
			close(ending)
			late = time.After(grace)
		case <-late:
			return nil // who has not come back has not counted
		}
	}
	return nil
}

// follow counts until the end, and once more then. A way that cannot begin waits for the end, so that it is told with the others.
func (y way) follow(ctx context.Context, i int, readings chan<- reading, ending <-chan struct{}) {
	count, err := y.start(ctx)
	for over := false; ; {
		r := reading{way: i, err: err, over: over}
		if err == nil {
			r.n, r.err = count(ctx)
		}
		select {
		case readings <- r:
		case <-ctx.Done():
			return
		}
		if over {
			return
		}
		timer := time.NewTimer(y.every)
		select {
		case <-timer.C:
		case <-ending:
			over = true
		case <-ctx.Done():
			return
		}
		timer.Stop()
	}
}

// take takes in a reading, and warns at once when something leaves.
func (w *watcher) take(r reading) {
	if r.err != nil {
		r.n = max(r.n, w.last[r.way].n)
	}
	w.last[r.way], w.ended[r.way] = r, r.over
	if r.n > 0 && !w.warned {
		w.warned = true
		runbook.Say(w.in.Rec, runbook.Tf("mail leaves for outside (%[1]s: %[2]d): if that is not what you want, stop delivery now: hikeshi service stop", "外部へメールが出ている(%[3]s: %[2]d)。意図したものでなければ、すぐ配送を止めること: hikeshi service stop", w.ways[r.way].name, r.n, w.ways[r.way].short))
	}
}

// result says what was counted.
func (w *watcher) result() (Facts, []runbook.Finding) {
	f := Facts{How: []string{}, Seconds: int(w.span / time.Second)}
	var found []runbook.Finding
	var how []string // in Japanese
	if w.idle != nil {
		f.Seconds = 0
		found = append(found, look.NotSeen(runbook.T("that delivery runs", "配送サービスの稼働"), w.idle))
	}
	for i, y := range w.ways[:len(w.last)] {
		name := runbook.T(y.en, y.ja)
		switch r := w.last[i]; {
		case !w.ended[i]:
			found = append(found, look.NotSeen(name, look.Why("no answer in the end", "最後まで応答がない")))
		case r.err != nil:
			found = append(found, look.NotSeen(name, r.err))
		default:
			f.How, how = append(f.How, y.name), append(how, y.short)
			f.Known = f.Known || y.sure && w.idle == nil
			found = append(found, runbook.Finding{Level: runbook.Info, Text: runbook.T(fmt.Sprintf("%s: %d", y.en, r.n), fmt.Sprintf("%s: %d", y.ja, r.n))})
		}
		f.Outside = max(f.Outside, w.last[i].n)
	}
	f.Known = f.Known || f.Outside > 0
	return f, append([]runbook.Finding{headline(f, w.span, strings.Join(how, "、"))}, found...)
}

// headline is what the watch comes to; how are the ways that have counted, in Japanese.
func headline(f Facts, span time.Duration, how string) runbook.Finding {
	ways, long := strings.Join(f.How, ", "), look.Long(span)
	switch {
	case f.Outside > 0:
		return runbook.Finding{Level: runbook.Bad, Text: runbook.T(fmt.Sprintf("%d deliveries to outside within %s, at least (%s)", f.Outside, span, ways), fmt.Sprintf("外部への配送が少なくとも %d 件(%s間。%s)", f.Outside, long, how))}
	case f.Known:
		return runbook.Finding{Level: runbook.OK, Text: runbook.T(fmt.Sprintf("nothing left for outside within %s (%s)", span, ways), fmt.Sprintf("%sの間、外部への配送はなかった(%s)", long, how))}
	}
	return runbook.Finding{Level: runbook.Warn, Text: runbook.T(fmt.Sprintf("whether anything left for outside within %s cannot be told", span), long+"の間に外部への配送があったかどうかは分からない")}
}
