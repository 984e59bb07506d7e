// Package arrive waits for the real messages of a relay test: what has come to the probe mailbox is entered in the reports of the listeners that
// took it.
package arrive

import (
	"context"
	"time"

	"hikeshi/actions/smtpcheck/pattern"
	"hikeshi/actions/smtpcheck/probe"
	"hikeshi/actions/smtpcheck/relay/judge"
	"hikeshi/runbook"
)

// A Delivery says how real messages are sent and seen to arrive.
type Delivery struct {
	Mailbox Mailbox
	Window  time.Duration // how long is waited for the last one
	Every   time.Duration // between looks
	RunID   string        // id of the incident or the run, for the header
}

// A Mailbox is where messages arrive; see package probe.
type Mailbox interface {
	Poll() ([]probe.Arrival, error)
}

// afterwards is how long is waited for a message after something else has come for all that are waited for: a bounce, an automatic reply.
const afterwards = time.Minute

// Await waits until the messages that were taken have arrived, or the window is over, and enters what came in the reports. It returns what
// arrived. Where ctx ends, it looks once more, and what was taken and has not come stays as it is.
func (d Delivery) Await(ctx context.Context, reports []judge.Report, table pattern.Table) ([]probe.Arrival, error) {
	sent := map[string]*judge.Result{}
	for _, res := range judge.Sent(reports) {
		sent[res.Cookie] = res
	}
	all, err := d.watch(ctx, sent)
	for _, res := range sent {
		if res.Verdict == judge.Accepted && err == nil {
			res.Verdict, res.Why = judge.NotSeen, runbook.Tf("nothing has arrived within %s", "%s 以内には届かなかった", d.Window)
		}
	}
	for i := range reports {
		reports[i].Repeat(table)
	}
	return all, err
}

// watch looks at the mailbox until there is nothing left to wait for.
func (d Delivery) watch(ctx context.Context, sent map[string]*judge.Result) (all []probe.Arrival, err error) {
	end, last := time.Now().Add(d.Window), time.Time{}
	for len(sent) > 0 {
		arrived, err := d.Mailbox.Poll()
		for _, a := range arrived {
			if res := sent[a.Cookie]; res != nil && res.Seen(a.Bounce, a.Quoted) {
				all, last = append(all, a), time.Now()
			}
		}
		if err != nil {
			return all, err
		}
		waits, returned := false, false
		for _, res := range sent {
			waits, returned = waits || res.Waits(), returned || res.Verdict == judge.Backscatter
		}
		until := end
		if returned && !waits && last.Add(afterwards).Before(end) {
			until = last.Add(afterwards)
		}
		if !waits && !returned || time.Now().After(until) {
			break
		}
		select {
		case <-ctx.Done():
			return all, ctx.Err()
		case <-time.After(min(d.Every, time.Until(until)+time.Millisecond)):
		}
	}
	return all, nil
}
