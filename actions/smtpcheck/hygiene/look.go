package hygiene

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"hikeshi/actions/smtpcheck/consent"
	"hikeshi/actions/smtpcheck/hygiene/advice"
	"hikeshi/actions/smtpcheck/hygiene/ask"
	"hikeshi/actions/smtpcheck/hygiene/compare"
	"hikeshi/actions/smtpcheck/hygiene/session"
	"hikeshi/actions/smtpcheck/probe"
	"hikeshi/actions/smtpcheck/relay"
	"hikeshi/actions/smtpcheck/relaytest"
	"hikeshi/actions/smtpcheck/talk"
	"hikeshi/actions/smtpcheck/target"
	"hikeshi/actions/smtpcheck/visit"
	"hikeshi/runbook"
)

// A Request says what to look at, and how. What it leaves out is as the Env says.
type Request struct {
	Targets  []string                `json:"targets"`
	Account  string                  `json:"account"`
	Domain   string                  `json:"domain"`
	Probe    string                  `json:"probe"`
	From     string                  `json:"from"`
	Server   string                  `json:"server"`
	Before   []string                `json:"before"`
	Matched  bool                    `json:"-"` // refuse to ask what Before does not tell of
	Fast     bool                    `json:"fast"`
	Deliver  bool                    `json:"deliver"`
	POP      bool                    `json:"pop"`
	Limit    time.Duration           `json:"-"`
	RunID    string                  `json:"-"` // id of the incident; "" makes one up
	Progress func(done, total int64) `json:"-"`
}

// A Report is what was seen.
type Report struct {
	Listeners []session.Report
	Words     advice.Table
	Log       *talk.Log
	Server    string // whose settings are named; "" if it is not known
	Account   string // that was used, U@T; "" if none is known
	Delivered bool   // a message was allowed
	MadeUp    bool   // the addresses of the test are those of a dry run
	Before    []compare.Seen
	Compared  bool   // there was something to compare with
	Demanded  Demand // in force now
	Took      time.Duration
}

// Hygiene makes the test. Its errors are those of relaytest.Env.RelayTest.
func (e Env) Hygiene(ctx context.Context, q Request) (Report, error) {
	began := time.Now()
	rep := Report{Log: &talk.Log{}, Delivered: q.Deliver, Compared: len(q.Before) > 0}
	var err error
	if rep.Words, err = advice.Load(e.Words); err != nil {
		return rep, err
	}
	if q.Server != "" && !slices.Contains(advice.Servers(), q.Server) {
		return rep, fmt.Errorf("%w: server %q is none of %s", runbook.ErrInput, talk.Safe(q.Server), strings.Join(advice.Servers(), ", "))
	}
	if rep.Before, err = compare.Parse(q.Before); err != nil {
		return rep, err
	}
	base := e.Relay
	base.Patterns = "" // own relay tests are not asked here
	run, all, err := base.Prepare(ctx, relaytest.Request{Targets: q.Targets, Account: q.Account, Domain: q.Domain, Probe: q.Probe, From: q.From, Fast: q.Fast, Deliver: q.Deliver, POP: q.POP, Limit: q.Limit})
	if err != nil {
		return rep, err
	}
	if q.Matched {
		if err := elsewhere(rep.Before, all); err != nil {
			return rep, err
		}
	}
	if rep.Compared && e.Demanded != nil {
		rep.Demanded = e.Demanded()
	}
	s := e.session(run, q)
	rep.Log, rep.MadeUp = run.Log, strings.HasSuffix(run.Probe, ".example") || strings.HasSuffix(run.Sender, ".example")
	if s.Account != "" && s.Domain != "" {
		rep.Account = s.Account + "@" + s.Domain
	}
	for i, l := range all {
		s.Progress = visit.Part(q.Progress, i, len(all))
		one, err := ask.Listener(ctx, s, l)
		if err != nil {
			return rep, err
		}
		rep.Listeners = append(rep.Listeners, one)
	}
	rep.Server = e.server(q, all, rep.Listeners)
	rep.Took = time.Since(began)
	return rep, ctx.Err()
}

// elsewhere is the error for listeners that the earlier look was not at. What nobody named may be missing there.
func elsewhere(before []compare.Seen, all []target.Listener) error {
	var named, every []string
	for _, l := range all {
		every = append(every, l.At.String())
		if !l.Optional {
			named = append(named, l.At.String())
		}
	}
	return compare.Elsewhere(before, named, every)
}

// session is a run of the relay test, as hygiene tests want it.
func (e Env) session(r relay.Run, q Request) session.Run {
	account, _, _ := strings.Cut(r.Account, "@")
	return session.Run{Dial: r.Dial, Clock: r.Clock, Log: r.Log, Wait: r.Wait, Pause: r.Pause, Limit: r.Limit, Helo: r.Helo, Probe: r.Probe, Sender: r.Sender, Account: account, Domain: r.Domain,
		Login: r.Login, POP: r.POP, Names: e.Names, Own: consent.Table{Own: e.Relay.Book.Own}.IsOwn, Deliver: q.Deliver, RunID: cmp.Or(q.RunID, "run-"+probe.Cookie()[8:16])}
}

// server says whose settings are named: as it is told, as it says of itself, or the one of this machine where the targets are its own addresses.
func (e Env) server(q Request, all []target.Listener, seen []session.Report) string {
	if q.Server != "" {
		return q.Server
	}
	for _, l := range seen {
		_, said, _ := strings.Cut(l.Said, " ") // without its own name
		if s := advice.Detect(said); s != "" {
			return s
		}
	}
	if e.Server != "" && !slices.ContainsFunc(all, func(l target.Listener) bool { return !l.Grant.Own }) {
		return e.Server
	}
	return ""
}
