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
		res.Why = runbook.T("not sent: the message would not go to the probe mailbox alone", "送信せず: プローブ用メールボックスだけに届くとは限らない")
		return
	}
	r, a, ok := s.say(judge.Data, res.Weight, "DATA")
	if !ok {
		res.Why = a.why
		return
	}
	if r.Code != 354 {
		res.Verdict, res.Reply = late(r.Hard(), r.Soft(), res.Verdict), r.String()
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
	res.Reply = r.String()
	if r.Good() {
		res.Verdict = judge.Accepted
		return
	}
	res.Verdict = late(r.Hard(), r.Soft(), res.Verdict)
}

// late is the verdict of a refusal after RCPT.
func late(hard, soft bool, otherwise judge.Verdict) judge.Verdict {
	if hard || soft {
		return judge.RefusedLate
	}
	return otherwise
}

// Await waits until the messages that were taken have arrived, or the window is over, and enters what came in the reports. It returns what
// arrived.
func (r Run) Await(ctx context.Context, reports []judge.Report) ([]probe.Arrival, error) {
	if r.Deliver == nil {
		return nil, nil
	}
	waiting := map[string]*judge.Result{}
	for i := range reports {
		for j := range reports[i].Results {
			if res := &reports[i].Results[j]; res.Cookie != "" {
				waiting[res.Cookie] = res
			}
		}
	}
	var all []probe.Arrival
	end := time.Now().Add(r.Deliver.Window)
	for len(waiting) > 0 {
		arrived, err := r.Deliver.Mailbox.Poll()
		if err != nil {
			return all, err
		}
		for _, a := range arrived {
			if res := waiting[a.Cookie]; res != nil {
				all = append(all, a)
				seen(res, a)
				delete(waiting, a.Cookie)
			}
		}
		if len(waiting) == 0 || time.Now().After(end) {
			break
		}
		select {
		case <-ctx.Done():
			return all, ctx.Err()
		case <-time.After(min(r.Deliver.Every, time.Until(end)+time.Millisecond)):
		}
	}
	for _, res := range waiting {
		if res.Verdict == judge.Accepted {
			res.Verdict, res.Why = judge.NotSeen, runbook.Tf("nothing has arrived within %s", "%s 以内には届かなかった", r.Deliver.Window)
		}
	}
	for i := range reports {
		repeat(&reports[i], r.Table)
	}
	return all, nil
}

func seen(res *judge.Result, a probe.Arrival) {
	if a.Bounce {
		res.Verdict, res.Why = judge.Backscatter, runbook.T("taken, and returned to the sender of the envelope", "受理した後、エンベロープの差出人へ返送")
		return
	}
	res.Verdict, res.Why = judge.Proven, runbook.T("the message has arrived", "メールが実際に届いた")
}

// repeat enters the verdicts again of those tests that stand for others.
func repeat(r *judge.Report, t pattern.Table) {
	for _, p := range t.Patterns {
		if len(p.Same) == 0 || !p.On(r.At.Port()) {
			continue
		}
		for i := range r.Results {
			if r.Results[i].ID == p.ID {
				r.Results[i].Worst(r.Results, p.Same)
			}
		}
	}
}
