package watch

import (
	"context"
	"slices"
	"time"

	"hikeshi/actions/evidence/envelope"
	"hikeshi/actions/evidence/look"
	"hikeshi/actions/evidence/scene"
	"hikeshi/spool"
	"hikeshi/spool/machine"
)

// sampled bounds the envelopes that are read in the retry folders.
const sampled = 5000

// requeuer is the ability that tells which folders are those of a retry.
type requeuer interface {
	Requeue(folder string) (into string, ok bool)
}

// ways are the ways of counting.
func (e env) ways() []way {
	first := way{"connections", "接続", "connections to port 25 of others", "他サーバーのポート 25 への接続", often, true, e.connections}
	if e.Left != nil {
		first.start = e.left
	}
	return []way{
		first,
		{"outlog", "配送ログ", "deliveries in the log", "配送ログに記録された配送", seldom, true, e.logged},
		{"retries", "再送待ち", "mail for outside that waits for another try", "再送待ちになった外部あてメール", seldom, false, e.retries},
	}
}

// delivers says why it is not known that delivery runs: then nothing proves that nothing leaves.
func (e env) delivers(ctx context.Context) error {
	if e.Running == nil {
		return look.Why("nobody can tell here whether it runs", "動いているかどうか、ここでは確かめられない")
	}
	names, err := e.Running(ctx, slices.DeleteFunc(slices.Clone(e.Server.Services()), func(s spool.Service) bool { return s.Role != spool.Delivery }))
	if err == nil && len(names) == 0 {
		err = look.Why("it does not run", "動いていない")
	}
	return err
}

// left asks who knows for sure.
func (e env) left(context.Context) (func(context.Context) (int, error), error) {
	since := e.Now()
	return func(context.Context) (int, error) { return e.Left(since) }, nil
}

// connections counts different connections to port 25 of others. One that is over before the next look is still seen for a minute,
// in the state time-wait; those that were over at the first look are not counted.
func (e env) connections(context.Context) (func(context.Context) (int, error), error) {
	if e.Connections == nil {
		return nil, scene.ErrNobody
	}
	known, n, first := map[machine.Connection]bool{}, 0, true
	return func(context.Context) (int, error) {
		all, err := e.Connections()
		for _, c := range all {
			state := c.State
			c.State = machine.Established
			if !e.Outbound(c) || known[c] {
				continue
			}
			known[c] = true
			if !first || state == machine.Established || state == machine.SynSent {
				n++
			}
		}
		first = false
		return n, err
	}, nil
}

// logged counts what the log of deliveries tells.
func (e env) logged(ctx context.Context) (func(context.Context) (int, error), error) {
	if e.Sent == nil {
		return nil, scene.ErrNobody
	}
	count, err := e.Sent(ctx)
	if err == nil && count == nil {
		err = look.Why("the log of deliveries is off", "配送のログが記録されていない")
	}
	return count, err
}

// retries counts mail for outside that was not in the retry folders at the beginning.
func (e env) retries(ctx context.Context) (func(context.Context) (int, error), error) {
	queue, ok := e.Server.(spool.Queue)
	again, known := e.Server.(requeuer)
	if !ok || !known {
		return nil, scene.ErrNobody
	}
	var folders []spool.Folder
	for _, f := range e.Set() {
		if _, retry := again.Requeue(f.Name); retry {
			folders = append(folders, f)
		}
	}
	there := func(ctx context.Context, visit func(path string)) error {
		ctx, stop := context.WithTimeout(ctx, 30*time.Second)
		defer stop()
		s, err := envelope.Draw(ctx, envelope.Drawing{Queue: queue, Folders: folders, Own: e.Own, Size: sampled})
		for _, m := range s.Messages {
			if m.Outside {
				visit(m.Path)
			}
		}
		return err
	}
	seen, n := map[string]bool{}, 0
	if err := there(ctx, func(path string) { seen[path] = true }); err != nil {
		return nil, err
	}
	return func(ctx context.Context) (int, error) {
		err := there(ctx, func(path string) {
			if !seen[path] {
				seen[path] = true
				n++
			}
		})
		return n, err
	}, nil
}
