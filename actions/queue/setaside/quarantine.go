package setaside

import (
	"context"
	"errors"
	"fmt"

	"hikeshi/actions/queue/place"
	"hikeshi/runbook"
	"hikeshi/spool"
	"hikeshi/spool/aside"
	"hikeshi/spool/aside/rename"
	"hikeshi/spool/disk"
)

// Quarantine is queue.quarantine: it sets the queue aside, all or none.
type Quarantine struct{ env Env }

// QuarantineFacts are what later steps may use.
type QuarantineFacts struct {
	Strategy string   `json:"strategy" expr:"strategy"` // rename, move; "" when there is nothing to set aside
	Messages int      `json:"messages" expr:"messages"`
	Files    int      `json:"files" expr:"files"`
	Folders  []string `json:"folders" expr:"folders"` // absolute paths of the folders with what was set aside
}

type quarantineParams struct {
	Strategy string   `json:"strategy"`
	Senders  []string `json:"senders"`
	Limit    int      `json:"limit"`
	Nodes    string   `json:"nodes"`
}

// quarantineData is the Data of a change: one of both, and how many there were when it was planned.
type quarantineData struct {
	Rename   *rename.Set `json:"rename,omitempty"`
	Move     *aside.Move `json:"move,omitempty"`
	Messages int64       `json:"messages,omitempty"`
	Files    int64       `json:"files,omitempty"`
}

// Kind is the kind queue.quarantine.
func Kind(env Env) runbook.Kind {
	return runbook.Kind{
		Name:  "queue.quarantine",
		Short: runbook.T("set the queue aside as one set, without losing a message", "キューの一式を、1通も失わずに退避する"),
		Params: []runbook.Param{
			{Name: "strategy", Type: runbook.Choice, Choices: []string{"auto", "move", "rename"}, Short: "rename the folders, move the files, or the one that fits the number of messages"},
			{Name: "senders", Type: runbook.Strings, Short: "with move: only messages of these envelope senders (addresses, domains, <>)"},
			{Name: "limit", Type: runbook.Int, Short: "move up to so many messages, rename above; 0: as configured"},
			{Name: "nodes", Type: runbook.Choice, Choices: place.Answers(), Short: "where other servers may use this spool: stopped if their mail services are, single if there is none"},
		},
		Facts: QuarantineFacts{}, MaxRisk: runbook.Reversible, Reads: []string{"services", "queue"}, Touches: []string{"queue"}, Action: Quarantine{env},
	}
}

// Plan counts what lies in the queue, keeps as evidence what a start of the services would wipe, and plans one change.
func (q Quarantine) Plan(ctx context.Context, in runbook.Input) (runbook.Outcome, error) {
	p := quarantineParams{Strategy: "auto"}
	if err := in.Decode(&p); err != nil {
		return runbook.Outcome{}, err
	}
	queue, ok := q.env.Server.(spool.Queue)
	if !ok {
		return runbook.Outcome{}, fmt.Errorf("setting the queue of %s aside: %w", q.env.Server.Name(), errors.ErrUnsupported)
	}
	out := runbook.Outcome{Facts: QuarantineFacts{Folders: []string{}}}
	var err error
	if out.Findings, err = q.env.alone(ctx, in, p.Nodes); err != nil {
		return runbook.Outcome{}, err
	}
	count, err := look(ctx, q.env.Server, q.env.Set(), 1)
	if err != nil {
		return runbook.Outcome{}, err
	}
	out.Findings = append(out.Findings, q.env.keep(ctx, in.Rec)...)
	p.Strategy = q.strategy(p, count.Total)
	if nothing(p.Strategy, count.Total) {
		out.Findings = append(out.Findings, runbook.Finding{Level: runbook.OK, Text: runbook.T("the queue is empty; there is nothing to set aside", "キューは空で、退避するものはない")})
		return out, unreadable(count)
	}
	stamp, err := aside.Stamp(q.env.Set(), in.Incident)
	if err != nil {
		return runbook.Outcome{}, err
	}
	pl := &planning{env: q.env, queue: queue, p: p, count: count, stamp: stamp, out: &out}
	if p.Strategy == "rename" {
		err = pl.rename()
	} else {
		err = pl.move(ctx)
	}
	return out, err
}

// Apply sets the queue aside.
func (q Quarantine) Apply(ctx context.Context, c runbook.Change, rec runbook.Recorder) error {
	d, err := decodeQuarantine(c)
	if err == nil {
		err = q.env.mustBeStopped(ctx)
	}
	if err != nil {
		return err
	}
	if d.Rename != nil {
		return Drift(d.Rename.Apply(ctx))
	}
	return Drift(d.Move.Apply(ctx, rec.Progress))
}

// Verify looks under which names the folders, or files, stand.
func (q Quarantine) Verify(ctx context.Context, c runbook.Change, _ runbook.Recorder) (runbook.State, error) {
	d, err := decodeQuarantine(c)
	if err != nil {
		return "", err
	}
	if d.Rename != nil {
		return state(d.Rename.State(ctx))
	}
	return state(d.Move.State(ctx))
}

// Undo puts back what was set aside. What came meanwhile stays, beside it in the same folders.
func (q Quarantine) Undo(ctx context.Context, c runbook.Change, rec runbook.Recorder) error {
	d, err := decodeQuarantine(c)
	if err == nil {
		err = q.env.mustBeStopped(ctx)
	}
	queue, ok := q.env.Server.(spool.Queue)
	if err == nil && !ok {
		err = errors.ErrUnsupported
	}
	if err != nil {
		return err
	}
	if d.Rename != nil {
		return Drift(KeepLeft(rec, d.Rename.Undo(ctx, queue, rec.Progress)))
	}
	gone, err := d.Move.Undo(ctx, queue, rec.Progress)
	if gone > 0 {
		runbook.Say(rec, runbook.T(fmt.Sprintf("%d of %d messages that were set aside are no longer there to be put back: released, purged or taken away since", gone, len(d.Move.Transfer.Units)),
			fmt.Sprintf("退避した %d 通のうち %d 通はすでになく、戻せない (解放、削除、または持ち出し済み)", len(d.Move.Transfer.Units), gone)))
	}
	return Drift(KeepLeft(rec, err))
}

func decodeQuarantine(c runbook.Change) (d quarantineData, err error) {
	if err = c.Decode(1, &d); err == nil && (d.Rename == nil) == (d.Move == nil) {
		err = fmt.Errorf("change %s of %s says not what was set aside", c.ID, c.Kind)
	}
	return d, err
}

// Recorded returns the identities of the folders and files that a change of queue.quarantine sets aside, and nothing for other
// changes: what queue.purge may remove.
func Recorded(c runbook.Change) ([]disk.ID, error) {
	if c.Kind != "queue.quarantine" {
		return nil, nil
	}
	d, err := decodeQuarantine(c)
	if err != nil {
		return nil, err
	}
	var ids []disk.ID
	if d.Rename != nil {
		for _, p := range d.Rename.Parts {
			ids = append(ids, p.ID)
		}
		return ids, nil
	}
	for _, u := range d.Move.Transfer.Units {
		for _, it := range u {
			ids = append(ids, disk.ID{Ino: it.Ino})
		}
	}
	return ids, nil
}
