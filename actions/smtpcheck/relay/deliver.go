package relay

import (
	"context"

	"hikeshi/actions/smtpcheck/pattern"
	"hikeshi/actions/smtpcheck/probe"
	"hikeshi/actions/smtpcheck/relay/arrive"
	"hikeshi/actions/smtpcheck/relay/judge"
	"hikeshi/runbook"
)

// A Delivery says how real messages are sent and seen to arrive.
type Delivery = arrive.Delivery

// Await waits for the messages that were taken; see package arrive.
func (r Run) Await(ctx context.Context, reports []judge.Report) ([]probe.Arrival, error) {
	if r.Deliver == nil {
		return nil, nil
	}
	return r.Deliver.Await(ctx, reports, r.Table)
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
