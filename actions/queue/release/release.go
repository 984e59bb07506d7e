// Package release brings messages that were set aside back into the queue: queue.release. Only whole messages go, bodies before
// envelopes and never over an existing name, so it may be done while the services run.
package release

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"hikeshi/actions/queue/setaside"
	"hikeshi/runbook"
	"hikeshi/spool"
	"hikeshi/spool/aside"
	"hikeshi/spool/aside/index"
	"hikeshi/spool/aside/pick"
	"hikeshi/spool/aside/transfer"
	"hikeshi/spool/disk"
)

// maxRelease is how many messages one release brings back: every file of them stands in the change.
const maxRelease = 10_000

// Release is queue.release: it brings messages that were set aside back into the queue.
type Release struct{ env setaside.Env }

// Facts are what later steps may use.
type Facts struct {
	Messages int `json:"messages" expr:"messages"` // that go back
	Files    int `json:"files" expr:"files"`
	Left     int `json:"left" expr:"left"`         // messages of which something stays set aside
	LeftOut  int `json:"left_out" expr:"left_out"` // of these: asked for, and kept back by an exclusion or by the rules of clean mail
}

// Kind is the kind queue.release.
func Kind(env setaside.Env) runbook.Kind {
	return runbook.Kind{
		Name:   "queue.release",
		Short:  runbook.T("bring messages that were set aside back into the queue", "退避したメールをキューに戻す"),
		Params: params(), Facts: Facts{}, MaxRisk: runbook.Reopening, Reads: []string{"queue"}, Touches: []string{"queue"}, Action: Release{env},
	}
}

// Plan chooses the messages.
func (r Release) Plan(ctx context.Context, in runbook.Input) (runbook.Outcome, error) {
	var p releaseParams
	if err := in.Decode(&p); err != nil {
		return runbook.Outcome{}, err
	}
	if p.Incident == "" {
		p.Incident = in.Incident
	}
	queue, ok := r.env.Server.(spool.Queue)
	origins, tells := r.env.Server.(spool.Origins)
	if !ok || p.Clean && !tells {
		return runbook.Outcome{}, fmt.Errorf("releasing messages of %s: %w", r.env.Server.Name(), errors.ErrUnsupported)
	}
	c, err := p.criteria(r.env)
	if err != nil {
		return runbook.Outcome{}, err
	}
	pace, err := p.pace()
	if err != nil {
		return runbook.Outcome{}, err
	}
	sets, err := aside.Of(r.env.Set(), p.Incident)
	if err != nil {
		return runbook.Outcome{}, err
	}
	if len(sets) == 0 {
		return runbook.Outcome{Facts: Facts{}, Findings: []runbook.Finding{{Level: runbook.Info, Text: runbook.Tf("incident %s has set nothing aside", "事案 %s で退避したものはない", p.Incident)}}}, nil
	}
	base, err := aside.Base(r.env.Set())
	if err != nil {
		return runbook.Outcome{}, err
	}
	tree, x, err := index.Read(ctx, base, aside.Names(sets), queue)
	if err != nil {
		return runbook.Outcome{}, err
	}
	defer tree.Close()
	source := pick.Source{Base: base, Tree: tree, Index: x, Queue: queue, To: func(dir string) string { return WayBack(r.env.Server, dir) }}
	if tells {
		source.Origin = func(dir, file string) spool.Origin { return origins.Origin(folder(dir), file) }
	}
	rel, err := source.Release(ctx, c, maxRelease)
	if err != nil {
		return runbook.Outcome{}, err
	}
	return outcome{p: p, c: c, rel: rel, pace: pace, base: base}.outcome()
}

// Verify counts where the files are. Those that are nowhere have been delivered.
func (r Release) Verify(ctx context.Context, c runbook.Change, _ runbook.Recorder) (runbook.State, error) {
	var t releaseData
	if err := c.Decode(dataV, &t); err != nil {
		return "", err
	}
	n, err := t.Count(ctx)
	switch {
	case err != nil:
		return "", err
	case n.From == 0:
		return runbook.Done, nil
	case n.To == 0 && n.Gone == 0:
		return runbook.None, nil
	}
	return runbook.Partial, nil
}

// Undo sets aside again what is still in the queue. What the services have taken meanwhile is listed, and no error.
func (r Release) Undo(ctx context.Context, c runbook.Change, rec runbook.Recorder) error {
	var t releaseData
	if err := c.Decode(dataV, &t); err != nil {
		return err
	}
	rep, err := t.Run(ctx, transfer.Back, rec.Progress)
	if err == nil {
		err = t.Clear()
	}
	if errors.Is(err, fs.ErrNotExist) {
		err = fmt.Errorf("%w: the folders in which the messages were set aside are no longer there: %w", disk.ErrDrift, err)
	}
	if err != nil {
		return setaside.Drift(fmt.Errorf("setting released messages aside again: %w", err))
	}
	if n := rep.Gone + len(rep.Torn); n > 0 {
		text := fmt.Sprintf("%d of %d messages are delivered or on their way and could not be set aside again\n", n, len(t.Units))
		for _, name := range rep.Torn {
			text += fmt.Sprintf("on its way\t%q\n", name)
		}
		runbook.Say(rec, runbook.T(strings.SplitN(text, "\n", 2)[0], fmt.Sprintf("%d 通のうち %d 通は配送済みか配送中で、退避し直せなかった", len(t.Units), n)))
		if err := rec.Evidence("not-set-aside-again.txt", strings.NewReader(text)); err != nil {
			return err
		}
	}
	rep.Torn = nil
	return setaside.KeepLeft(rec, aside.Left("setting released messages aside again", rep))
}
