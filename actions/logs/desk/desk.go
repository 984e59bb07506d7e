// Package desk is what the kinds of package logs work at: the server, the window that is asked about, one reading of the logs, and the
// words for what it shows.
package desk

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/netip"
	"strings"
	"time"

	"hikeshi/actions/logs/ask"
	"hikeshi/actions/logs/deed"
	"hikeshi/actions/logs/entry"
	"hikeshi/actions/logs/estimate"
	"hikeshi/actions/logs/ledger"
	"hikeshi/actions/logs/names"
	"hikeshi/actions/logs/peek"
	"hikeshi/actions/logs/signals"
	"hikeshi/actions/logs/sweep"
	"hikeshi/runbook"
	"hikeshi/spool"
)

// Env is what the kinds of this package work with.
type Env struct {
	Server         spool.Server // with the ability spool.Logs
	Own            spool.Own
	Clock          func() time.Time // nil: the newest line ends the window, whatever its date; time.Now where there is none
	Zone           *time.Location   // of the server's wall clock; nil: that of this machine
	ExemptAccounts []string         // never called suspects
	ExemptSources  []netip.Prefix   // the same
	Budget         time.Duration    // read only the newest part that can be read in it; 0: all
	Workers        int              // 0: one for each processor

	// Estimate tells what can be known without logs; nil: nothing. It is asked where no log tells of messages or logins of the window, and
	// never with a budget: it takes some seconds.
	Estimate func(ctx context.Context) ([]estimate.Estimate, error)

	span int64 // seconds that are asked about when nothing else is said; 0: Window
}

// Params are the parameters that the kinds have in common.
type Params struct {
	Since          string   `json:"since"`
	Until          string   `json:"until"`
	Accounts       []string `json:"accounts"`
	Sources        []string `json:"sources"`
	Top            int      `json:"top"`
	ExemptAccounts []string `json:"exempt_accounts"`
	ExemptSources  []string `json:"exempt_sources"`
}

// Days of history that are read, and the window that is asked about when nothing else is said.
const (
	History = 14 * 86400
	Window  = 86400
	Top     = 20
)

// A Reading is one reading of the logs.
type Reading struct {
	Env     Env
	Params  Params
	Ability spool.Logs
	Logs    []spool.Log
	Span    ledger.Options
	Book    *ledger.Book
	Result  sweep.Result
	Known   Known // that the logs tell of the whole window
	Some    Known // of a part of it, at least
	Names   *names.Names
	Each    func(e *spool.Event, at deed.Ref) // as in sweep.Options; nil: nobody looks

	Future  int64 // wall clock of the newest line, if that is in the future
	sources []netip.Prefix
	asked   []*ledger.Account // that are named; once the logs were read
	exempt  []netip.Prefix
}

// Open reads the parameters and finds the logs and the window; it reads no log but for the time of the last lines.
func (e Env) Open(ctx context.Context, in runbook.Input) (*Reading, error) {
	r := &Reading{Env: e}
	if err := in.Decode(&r.Params); err != nil {
		return nil, err
	}
	if r.Params.Top <= 0 {
		r.Params.Top = Top
	}
	var ok bool
	if r.Ability, ok = e.Server.(spool.Logs); !ok {
		return nil, fmt.Errorf("reading the logs: %w", errors.ErrUnsupported)
	}
	var err error
	if r.sources, err = ask.Prefixes("sources", r.Params.Sources); err != nil {
		return nil, err
	}
	if r.exempt, err = ask.Prefixes("exempt_sources", r.Params.ExemptSources); err != nil {
		return nil, err
	}
	r.exempt = append(r.exempt, e.ExemptSources...)
	if r.Logs, err = r.Ability.Logs(ctx); err != nil {
		return nil, fmt.Errorf("looking for the logs: %w: %w", runbook.ErrUndetermined, err)
	}
	newest, err := peek.Newest(ctx, r.Logs, r.Ability.Parser)
	if err != nil {
		return nil, err
	}
	now := newest
	if e.Clock != nil || newest == 0 {
		now = e.Now()
	}
	switch {
	case newest > now+ahead:
		r.Future, newest = newest, now
	case newest == 0:
		newest = now
	}
	if err := r.window(newest); err != nil {
		return nil, err
	}
	if r.Params.Until != "" && r.Span.Until < now-ahead {
		r.Env.Estimate = nil // what is to be seen now tells nothing of the past
	}
	return r, nil
}

// ahead is by how much the stamps of a log may be before the clock of this machine, in seconds.
const ahead = 3600

// steps are how many a timeline has at most, about.
const steps = 2880

// Widths are how many seconds a step of a timeline has, or a row of its table. One that divides another begins at the same round times of
// the clock.
func Widths() []int64 {
	return []int64{60, 120, 300, 600, 1800, 3600, 3 * 3600, 6 * 3600, 86400}
}

// window settles the span that is read.
func (r *Reading) window(newest int64) error {
	o, asked := &r.Span, ask.Span{Since: r.Params.Since, Until: r.Params.Until, Zone: r.Zone()}
	var err error
	if o.Until, err = asked.End(newest); err != nil {
		return err
	}
	if o.Since, err = asked.Begin(o.Until, o.Until-r.length()); err != nil {
		return err
	}
	if r.Params.Since == "" {
		o.Since -= o.Since % 60 // nobody asked for the second
	}
	o.History = o.Since - History
	for _, o.Step = range Widths() {
		if o.Until-o.Since <= steps*o.Step {
			break
		}
	}
	o.Inside, o.Taken = r.Env.inside, r.taken()
	r.know()
	o.Logins, o.Accepts = r.Some.Logins, r.Some.Accepts
	return nil
}

// Says says whether the lines of a log tell of a kind of event.
func Says(l spool.Log, k spool.EventKind) bool {
	for _, s := range l.Says {
		if s == k {
			return true
		}
	}
	return false
}

// inside says whether a peer is the server itself or in a private network.
func (e Env) inside(p netip.Prefix) bool {
	a := p.Addr()
	if a.IsLoopback() || a.IsPrivate() || a.IsLinkLocalUnicast() || a.IsUnspecified() {
		return true
	}
	for _, own := range e.Own.Addresses {
		if own.Contains(a) {
			return true
		}
	}
	return false
}

// For returns an Env that is asked about so many seconds when nothing else is said: about less, but not less than Window, where the
// logs are so young that too few days before them would be left to say what is usual.
func (e Env) For(seconds int64) Env {
	e.span = seconds
	return e
}

// length is that of the window when nothing else is said, in seconds.
func (r *Reading) length() int64 {
	oldest := int64(math.MaxInt64)
	for _, l := range r.Logs {
		for _, f := range l.Files {
			if Says(l, spool.EventLogin) && f.From != 0 {
				oldest = min(oldest, f.From)
			}
		}
	}
	const before = (entry.Enough + 1) * Window // days are counted back from the hour of the window
	return max(Window, min(r.Env.span, r.Span.Until-oldest-before))
}

// Look opens and reads.
func (e Env) Look(ctx context.Context, in runbook.Input) (*Reading, error) {
	r, err := e.Open(ctx, in)
	if err != nil {
		return nil, err
	}
	return r, r.Read(ctx, in.Rec)
}

// Read reads the logs of the window and of the history before it. That none can be read is no error: see Nothing.
func (r *Reading) Read(ctx context.Context, rec runbook.Recorder) error {
	own := map[string]bool{}
	for _, d := range r.Env.Own.Domains {
		own[strings.ToLower(strings.TrimSuffix(d, "."))] = true
	}
	r.Book = ledger.New(r.Span)
	r.Names = names.New(r.Env.Server, r.Env.Own.Domains, func(name string) bool {
		a := r.Book.Accounts[name]
		return a != nil && a.Logins+a.Past.Logins > 0
	})
	o := sweep.Options{Logs: r.Logs, Short: r.Names.Short(), Parser: r.Ability.Parser, From: r.Span.History, Until: r.Span.Until, Own: own, Budget: r.Env.Budget, Workers: r.Env.Workers, Each: r.Each}
	if rec != nil {
		o.Progress = rec.Progress
	}
	var err error
	if r.Result, err = sweep.Run(ctx, o, r.Book.Take); err != nil {
		return fmt.Errorf("reading the logs: %w", err)
	}
	r.Book.Close()
	r.Result.Hide = func(login []byte) bool { return r.Names.Hides(strings.ToLower(string(login))) }
	r.know() // what could not be read to its end tells less
	for name, a := range r.Book.Accounts {
		if len(r.Params.Accounts) > 0 && r.Account(name) {
			r.asked = append(r.asked, a)
		}
	}
	return nil
}

// Nothing says that no log could be read.
func (r *Reading) Nothing() bool { return r.read() == 0 }

// Empty says that logs could be read, or need not be, and that none has a line of the window.
func (r *Reading) Empty() bool {
	if !r.Nothing() {
		return r.Book.First == 0
	}
	there := false
	for _, l := range r.Logs {
		there = there || len(l.Files) > 0
	}
	return there && len(r.Result.Files) == 0
}

// read is the number of files that could be read.
func (r *Reading) read() int {
	n := 0
	for _, f := range r.Result.Files {
		if f.Problem == nil {
			n++
		}
	}
	return n
}

// Judge says who looks abused, without those that are exempt.
func (r *Reading) Judge() signals.Verdict {
	exempt := map[string]bool{}
	for _, a := range append(r.Params.ExemptAccounts, r.Env.ExemptAccounts...) {
		exempt[strings.ToLower(a)] = true
	}
	return signals.Judge(r.Book, signals.Options{
		Account: func(name string) bool {
			local, _, _ := strings.Cut(name, "@")
			return exempt[name] || exempt[local]
		},
		Source: func(p netip.Prefix) bool { return overlaps(r.exempt, p) },
	})
}

// Zone is that of the server's wall clock.
func (r *Reading) Zone() *time.Location { return r.Env.WallZone() }

// WallZone is the zone of the server's wall clock.
func (e Env) WallZone() *time.Location {
	if e.Zone == nil {
		return time.Local
	}
	return e.Zone
}

// Now is the time of the server's wall clock.
func (e Env) Now() int64 {
	now := time.Now
	if e.Clock != nil {
		now = e.Clock
	}
	return sweep.WallOf(now().In(e.WallZone()))
}
