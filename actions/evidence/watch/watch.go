// Package watch looks whether mail leaves for outside while delivery runs alone: evidence.watch.
//
// It counts in up to three ways at once and believes the highest count, since each way can miss some: connections to port 25 of
// others in the kernel's tables, new lines in the log of deliveries, and mail for outside that appears in the retry folders because a
// delivery did not succeed at once. Zero is believed only when one of the first two has looked until the end.
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
		out.Findings = append(out.Findings, runbook.Finding{Level: runbook.Warn, Text: runbook.Tf("%s is shorter than two delivery scans (%s each)", "%s は配送スキャン 2 回分(1 回 %s)より短い", d, scan)})
	}
	if in.Planned != nil {
		out.Facts = Facts{How: []string{}}
		out.Findings = append(out.Findings, runbook.Finding{Level: runbook.Info, Text: runbook.Tf("it is watched for %s when delivery was started", "配送を起動した後に %s 見張る", d)})
		return out, nil
	}
	w := watcher{env: a.env, in: in, span: d, ways: a.ways()}
	if err := w.run(ctx); err != nil {
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
		runbook.Say(w.in.Rec, runbook.Tf("mail leaves for outside (%s: %d): if that is not what you want, stop delivery now: hikeshi service stop", "外部へメールが出ている(%s: %d)。意図したものでなければ、すぐ配送を止めること: hikeshi service stop", w.ways[r.way].name, r.n))
	}
}

// result says what was counted.
func (w *watcher) result() (Facts, []runbook.Finding) {
	f := Facts{How: []string{}, Seconds: int(w.span / time.Second)}
	var found []runbook.Finding
	for i, y := range w.ways {
		name := runbook.T(y.en, y.ja)
		switch r := w.last[i]; {
		case !w.ended[i]:
			found = append(found, look.NotSeen(name, look.Why("no answer in the end", "最後まで応答がない")))
		case r.err != nil:
			found = append(found, look.NotSeen(name, r.err))
		default:
			f.How = append(f.How, y.name)
			f.Known = f.Known || y.sure
			found = append(found, runbook.Finding{Level: runbook.Info, Text: runbook.T(fmt.Sprintf("%s: %d", y.en, r.n), fmt.Sprintf("%s: %d", y.ja, r.n))})
		}
		f.Outside = max(f.Outside, w.last[i].n)
	}
	f.Known = f.Known || f.Outside > 0
	return f, append([]runbook.Finding{headline(f, w.span)}, found...)
}

func headline(f Facts, span time.Duration) runbook.Finding {
	how := strings.Join(f.How, ", ")
	switch {
	case f.Outside > 0:
		return runbook.Finding{Level: runbook.Bad, Text: runbook.Tf("%d deliveries to outside within %s, at least (%s)", "外部への配送が少なくとも %d 件(%s 間。%s)", f.Outside, span, how)}
	case f.Known:
		return runbook.Finding{Level: runbook.OK, Text: runbook.Tf("nothing left for outside within %s (%s)", "%s の間、外部への配送はなかった(%s)", span, how)}
	}
	return runbook.Finding{Level: runbook.Warn, Text: runbook.Tf("whether anything left for outside within %s cannot be told", "%s の間に外部への配送があったかどうかは分からない", span)}
}
