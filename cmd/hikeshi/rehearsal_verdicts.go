package main

import (
	"encoding/json"
	"fmt"
	"slices"

	"hikeshi/actions/smtpcheck/denied"
	"hikeshi/actions/smtpcheck/hygiene"
	"hikeshi/actions/smtpcheck/relay/judge"
	"hikeshi/actions/smtpcheck/relaytest"
	"hikeshi/actions/trace"
	"hikeshi/actions/trace/facts"
	"hikeshi/runbook"
	letter "hikeshi/spool/lab/complaint"
	labjudge "hikeshi/spool/lab/judge"
)

// complain lets a complaint about the spam come in.
func (r *rehearsal) complain() error {
	s := r.scenario
	c := letter.Case{Config: r.lab.Config(), Host: s.Host, Addr: s.Addr, Sender: s.Senders[0]}
	if s.Cause == labjudge.NotOurs {
		c.Forger = s.Bounces[len(s.Bounces)/2]
	}
	if err := c.Write(); err != nil {
		return err
	}
	r.say("a complaint has come in: %s", "苦情が届いた: %s", letter.File(c.Config))
	return nil
}

// verdicts are those of the steps that ask: the last ones, as the record has them.
func (r *rehearsal) verdicts(records []runbook.Record) []labjudge.Verdict {
	var test relaytest.Facts
	var denials denied.Facts
	var tidy hygiene.Facts
	var traced trace.Facts
	last(records, "smtp.relaytest", &test)
	last(records, "smtp.denied", &denials)
	last(records, "smtp.hygiene", &tidy)
	all := []labjudge.Verdict{{Name: "relay test of the runbook", NameJA: "ランブックの中継試験", Seen: test.State, Want: string(judge.Safe), Door: true}}
	if len(r.scenario.Sources) > 0 {
		all = append(all, labjudge.Verdict{Name: "denial verified by the runbook", NameJA: "ランブックによる拒否の確認", Seen: proof(denials), Want: proof(denied.Facts{State: denied.Denied, Proven: true}), Door: true})
	}
	all = append(all, labjudge.Verdict{Name: "names of accounts told to strangers, by the runbook", NameJA: "他人に明かすアカウント名 (ランブックの確認)", Seen: namesTold(tidy), Want: told(r.scenario.Way.Names)})
	if last(records, "trace.received", &traced) {
		all = append(all, labjudge.Verdict{Name: "complaint traced by the runbook", NameJA: "ランブックによる苦情の追跡", Seen: string(traced.State), Want: string(r.way())})
	}
	return all
}

// way is how the spam of the scenario got out.
func (r *rehearsal) way() trace.State {
	switch {
	case r.scenario.Cause == labjudge.NotOurs:
		return facts.Not
	case r.scenario.Stolen:
		return facts.Login
	}
	return facts.NoLogin
}

// namesTold says whether VRFY or EXPN were seen to tell accounts apart; "" if nobody has asked.
func namesTold(f hygiene.Facts) string {
	asks := []string{"H03", "H04"} // VRFY, EXPN
	either := func(ids []string) bool {
		return slices.ContainsFunc(ids, func(id string) bool { return slices.Contains(asks, id) })
	}
	switch {
	case f.State == "":
		return ""
	case !either(f.Bad) && either(f.Unknown):
		return "unknown"
	}
	return told(either(f.Bad))
}

func told(yes bool) string {
	if yes {
		return "told"
	}
	return "not told"
}

func proof(f denied.Facts) string {
	if f.State == "" {
		return ""
	}
	return fmt.Sprintf("%s, proven %v", f.State, f.Proven)
}

// last reads the facts of the last step of a kind that was done, and says whether there is one.
func last(records []runbook.Record, kind string, into any) bool {
	h, err := runbook.Fold(records)
	if err != nil {
		return false
	}
	found := false
	for _, step := range h.Steps {
		if step.Head.Uses == kind && step.Result == runbook.ResultDone {
			found = json.Unmarshal(step.Facts, into) == nil
		}
	}
	return found
}
