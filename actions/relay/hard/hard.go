// Package hard holds relay.hard: cutting peers off when they connect, through the tables of a server's services.
//
// Rows go to the end of a table in one appending write, as the services append their own, so that none of theirs is ever lost; a row
// that has to stand above one that allows needs a rewrite while the service is stopped. Undo takes out exactly the rows that were
// added, whatever was appended since. Which row goes where is the knowledge of the server (spool.HardDenier).
package hard

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"hikeshi/actions/edit"
	"hikeshi/actions/relay/guard"
	"hikeshi/runbook"
	"hikeshi/spool"
)

// Env is what the kind works with.
type Env struct {
	Server spool.Server
	Refuse func(targets []string) error // why some must not be denied
	// InUse names which of the services run now; nil means that nobody can tell.
	InUse func(ctx context.Context, services []spool.Service) ([]string, error)
	Clock func() time.Time
}

// Facts are the facts of relay.hard.
type Facts struct {
	Denied []string `json:"denied" expr:"denied"` // all targets
	Added  int      `json:"added" expr:"added"`   // rows added for them, in all tables
	Tables []string `json:"tables" expr:"tables"` // files that get rows
}

// A Cut is a target that a change put into a table.
type Cut struct {
	Table  string // smtp
	Target string
	Back   json.RawMessage // for Lifter
	Review time.Time       // UTC
}

const dataV = 1

// Kind is relay.hard.
func Kind(env Env) runbook.Kind {
	return runbook.Kind{Name: "relay.hard", Short: runbook.T("cut the sources off when they connect", "送信元を接続時に遮断する"), Params: []runbook.Param{
		{Name: "targets", Type: runbook.Strings, Required: true, Short: "addresses, or IPv4 networks of /24"},
		{Name: "review", Type: runbook.Duration, Short: "after which the denial is to be looked at again (default 720h, 30 days)"}},
		Facts: Facts{}, MaxRisk: runbook.Reversible, Reads: []string{"tables", "services"}, Touches: []string{"tables"}, Action: action{env}}
}

type action struct{ env Env }

// planning makes the changes of one plan.
type planning struct {
	env    Env
	denier spool.HardDenier
	data   data // what is the same for all tables
	facts  Facts
	out    runbook.Outcome
	first  bool // the table that is looked at is that of the receiver
}

func (pl *planning) find(l runbook.Level, text runbook.Text, evidence string) {
	pl.out.Findings = append(pl.out.Findings, runbook.Finding{Level: l, Text: text, Evidence: evidence})
}

// Plan plans the rows of each table.
func (a action) Plan(ctx context.Context, in runbook.Input) (runbook.Outcome, error) {
	targets, review, err := guard.Asked(in)
	if err != nil {
		return runbook.Outcome{}, err
	}
	if err := a.env.Refuse(targets); err != nil {
		return runbook.Outcome{}, err
	}
	denier, err := a.denier()
	if err != nil {
		return runbook.Outcome{}, err
	}
	pl := planning{env: a.env, denier: denier, facts: Facts{Denied: targets, Tables: []string{}}, data: data{Targets: targets, Review: a.env.Clock().Add(review).UTC()}}
	if len(targets) == 0 {
		pl.facts.Denied = []string{}
		pl.find(runbook.Warn, runbook.T("no source was named, so none is cut off", "送信元の指定がないため、遮断はしていない"), "")
		pl.out.Facts = pl.facts
		return pl.out, nil
	}
	for i, table := range denier.HardTables() {
		pl.first = i == 0
		if err := pl.table(ctx, in, table); err != nil {
			return runbook.Outcome{}, err
		}
	}
	pl.said()
	pl.out.Facts = pl.facts
	return pl.out, nil
}

func (a action) denier() (spool.HardDenier, error) {
	d, ok := a.env.Server.(spool.HardDenier)
	if !ok {
		return nil, fmt.Errorf("cutting sources off: %w by this server", errors.ErrUnsupported)
	}
	return d, nil
}

// table plans the change of one table. Only that of the receiver is made where there is none.
func (pl *planning) table(ctx context.Context, in runbook.Input, t spool.HardTable) error {
	f, err := edit.Read(t.Path)
	if err != nil {
		return err
	}
	if f.Missing && !pl.first {
		pl.find(runbook.Info, runbook.T("there is no such table, so nothing is cut off there", "この表はないため、ここでは遮断しない"), t.Path)
		return nil
	}
	made, err := pl.denier.HardDeny(f.Data, pl.data.Targets)
	if err != nil {
		return fmt.Errorf("%w: planning the cut: %w", runbook.ErrInput, err)
	}
	if len(made.Already) > 0 {
		pl.find(runbook.OK, runbook.Tf("cut off already: %s", "すでに遮断済み: %s", strings.Join(made.Already, ", ")), t.Path)
	}
	if len(made.Rows) == 0 {
		return nil
	}
	if made.Insert {
		if err := pl.stopped(ctx, in, t); err != nil {
			return err
		}
	}
	return pl.change(t, f, made)
}

// stopped says that the service of a table that has to be rewritten does not run, or that an earlier step of this plan sees to it.
func (pl *planning) stopped(ctx context.Context, in runbook.Input, t spool.HardTable) error {
	running, err := pl.env.running(ctx, t.Service)
	if err != nil {
		return err
	}
	why := runbook.T("a row of the table allows some of the sources; the new rows go above it", "許可の行に当てはまる送信元があるため、新しい行はその上に入れる")
	pl.find(runbook.Info, why, t.Path)
	if pl.env.InUse == nil {
		pl.find(runbook.Warn, runbook.T("whether the service that appends to this table runs cannot be told here; make sure that it does not",
			"この表に追記するサービスが動いているか、ここでは確かめられない。動いていないことを確認すること"), t.Path)
	}
	if len(running) > 0 && !stops(in.Planned, t.Service) {
		return inUse(t, running)
	}
	return nil
}

// stops says whether a planned change stops a service. Its target names the units.
func stops(planned []runbook.Change, s spool.Service) bool {
	return slices.ContainsFunc(planned, func(c runbook.Change) bool {
		return c.Kind == "service.stop" && slices.Contains(strings.Split(c.Target, ", "), s.Unit)
	})
}

func (e Env) running(ctx context.Context, s spool.Service) ([]string, error) {
	if e.InUse == nil || s.Process == "" {
		return nil, nil
	}
	names, err := e.InUse(ctx, []spool.Service{s})
	if err != nil {
		return nil, fmt.Errorf("%w: finding out whether %s runs: %w", runbook.ErrUndetermined, s.Unit, err)
	}
	return names, nil
}

// inUse names the unit: without it a stop is one of the services that use the queue, and those of the mailboxes go on.
func inUse(t spool.HardTable, names []string) error {
	return fmt.Errorf("%s has to be rewritten, since a row of it allows some of the sources, and %s appends to it: stop it first (hikeshi service stop %s)", t.Path, strings.Join(names, ", "), t.Service.Unit)
}

func (pl *planning) change(t spool.HardTable, f edit.File, made spool.HardEdit) error {
	d := pl.data
	d.Table, d.Service, d.Made, d.Size, d.Append = t.Name, t.Service, made, int64(len(f.Data)), !made.Insert && !f.Missing
	after := slices.Concat(f.Data[:made.Offset], made.Bytes(), f.Data[made.Offset:])
	d.Edit = edit.New(f, after)
	if f.Missing {
		attrs, err := like(t.Like)
		if err != nil {
			return err
		}
		d.Attrs = attrs
	}
	c, err := runbook.NewChange("relay.hard", "cut", t.Path, d)
	if err != nil {
		return err
	}
	c.UndoRisk = runbook.Reopening
	c.After = edit.Diff(t.Path, f.Data, after)
	pl.out.Changes = append(pl.out.Changes, c)
	pl.facts.Added += len(made.Rows)
	pl.facts.Tables = append(pl.facts.Tables, t.Path)
	return nil
}

// said tells what a cut is not.
func (pl *planning) said() {
	if len(pl.out.Changes) == 0 {
		return
	}
	pl.find(runbook.Warn, runbook.T("a peer that is cut off is closed at once, on every port and whoever logs in from it, and leaves no line in acceptlog: its further tries are not seen",
		"遮断した相手は、どのポートでも誰の認証でも接続直後に切断され、acceptlog に残らない。その後の試行は見えなくなる"), "")
	pl.find(runbook.Info, runbook.T("sessions that are open stay until the receiver is restarted; no restart is needed for new ones", "接続中のセッションは受信サービスの再起動まで続く。新しい接続には再起動なしで効く"), "")
}
