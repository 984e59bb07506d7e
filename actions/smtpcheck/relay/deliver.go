package relay

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

// deliver sends the one message of a test, whose recipient was taken just now. This is the only place where DATA is said, and
// it says it for a grant only that allows it, to its probe mailbox only.
func (s *session) deliver(f, filled pattern.Form, res *judge.Result) {
	d := s.run.Deliver
	if d == nil || !s.grant.Deliver || s.grant.Probe != s.run.Probe {
		return
	}
	if !f.ToProbe() {
		res.Unsent, res.Why = true, runbook.T("not sent: the message would not go to the probe mailbox alone", "送信せず: プローブ用メールボックスだけに届くとは限らない")
		return
	}
	if s.rep.Given(res.ID) {
		res.Unsent, res.Why = true, runbook.T("not sent: the server has a message of this test already", "送信せず: この試験のメールは既にサーバに渡した")
		return
	}
	r, a, ok := s.say(judge.Data, res.Weight, "DATA")
	if !ok {
		res.Why = a.why
		return
	}
	if r.Code != 354 {
		res.Late(r)
		return
	}
	l := probe.Letter{Cookie: probe.Cookie(), Test: res.ID, Run: d.RunID, Target: s.rep.Listener(), From: s.run.Probe, To: s.run.Probe, Host: s.values()["d"], At: s.run.Clock()}
	res.Cookie = l.Cookie // from here on it may be on its way
	r, err := s.conn.Message(l.Text())
	if err != nil {
		_, res.Why = judge.Broken(judge.Data, err)
		s.close()
		return
	}
	if res.Late(r); r.Good() {
		res.Verdict = judge.Accepted
	}
}

// afterwards is how long is waited for a message after something else has come for all that are waited for: a bounce, an automatic reply.
const afterwards = time.Minute

// Await waits until the messages that were taken have arrived, or the window is over, and enters what came in the reports. It returns what
// arrived. Where ctx ends, it looks once more, and what was taken and has not come stays as it is.
func (r Run) Await(ctx context.Context, reports []judge.Report) ([]probe.Arrival, error) {
	if r.Deliver == nil {
		return nil, nil
	}
	sent := map[string]*judge.Result{}
	for _, res := range judge.Sent(reports) {
		sent[res.Cookie] = res
	}
	all, err := r.watch(ctx, sent)
	for _, res := range sent {
		if res.Verdict == judge.Accepted && err == nil {
			res.Verdict, res.Why = judge.NotSeen, runbook.Tf("nothing has arrived within %s", "%s 以内には届かなかった", r.Deliver.Window)
		}
	}
	for i := range reports {
		reports[i].Repeat(r.Table)
	}
	return all, err
}

// watch looks at the mailbox until there is nothing left to wait for.
func (r Run) watch(ctx context.Context, sent map[string]*judge.Result) (all []probe.Arrival, err error) {
	end, last := time.Now().Add(r.Deliver.Window), time.Time{}
	for len(sent) > 0 {
		arrived, err := r.Deliver.Mailbox.Poll()
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
		case <-time.After(min(r.Deliver.Every, time.Until(until)+time.Millisecond)):
		}
	}
	return all, nil
}
