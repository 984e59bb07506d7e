package relaytest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"hikeshi/actions/smtpcheck/consent"
	"hikeshi/actions/smtpcheck/pattern"
	"hikeshi/actions/smtpcheck/pop"
	"hikeshi/actions/smtpcheck/probe"
	"hikeshi/actions/smtpcheck/relay"
	"hikeshi/actions/smtpcheck/relay/judge"
	"hikeshi/actions/smtpcheck/relay/parties"
	"hikeshi/actions/smtpcheck/talk"
	"hikeshi/actions/smtpcheck/target"
	"hikeshi/actions/smtpcheck/visit"
	"hikeshi/runbook"
)

// DefaultWindow is how long is waited for the messages of a test.
const DefaultWindow = 30 * time.Minute

// RetryAfter is how long is waited before what was put off is asked again; the second time it is twice that.
const RetryAfter = 5 * time.Minute

// A Request says what to test, and how. What it leaves out is as the Env says.
type Request struct {
	Targets      []string                `json:"targets"`
	Account      string                  `json:"account"`
	Domain       string                  `json:"domain"`
	Backup       string                  `json:"backup_domain"`
	Probe        string                  `json:"probe"`
	From         string                  `json:"from"`
	Patterns     string                  `json:"patterns"`
	Fast         bool                    `json:"fast"`
	Deliver      bool                    `json:"deliver"`
	FailingLogin bool                    `json:"failing_login"`
	POP          bool                    `json:"pop"`
	Retry        bool                    `json:"retry_deferred"`
	Window       time.Duration           `json:"-"`
	Limit        time.Duration           `json:"-"`
	RunID        string                  `json:"-"` // id of the incident; "" makes one up
	Progress     func(done, total int64) `json:"-"`
}

// A Report is what a test has shown.
type Report struct {
	Listeners []judge.Report
	Table     pattern.Table
	Log       *talk.Log
	Arrived   []probe.Arrival
	Account   string // that was used, U@T; "" if none is known
	Probe     string
	Sender    string
	Delivered bool  // real messages were allowed
	Mailbox   error // why the probe mailbox could not be read
	Cut       bool  // it was interrupted, and tells what was found until then
	Took      time.Duration
}

// State is the state in a word.
func (r Report) State() judge.State {
	if r.Cut {
		return judge.Interrupted
	}
	return judge.Overall(r.Listeners)
}

// RelayTest makes the test. The error wraps runbook.ErrInput where it is refused, before anything is connected to, and runbook.ErrUndetermined where
// a name cannot be looked up; a server that does not answer is no error. A target that nobody allowed is a *target.Unauthorised. Where ctx ends
// after the first connection the report is there with the error.
func (e Env) RelayTest(ctx context.Context, q Request) (Report, error) {
	began := time.Now()
	run, all, err := e.Prepare(ctx, q)
	rep := Report{Table: run.Table, Log: run.Log, Probe: run.Probe, Sender: run.Sender, Delivered: q.Deliver}
	if err != nil {
		return rep, err
	}
	rep.Account = account(run)
	if q.Deliver {
		m, err := e.openMailbox(ctx, run.Probe, run.Log)
		if err != nil {
			return rep, err
		}
		defer m.Close()
		run.Deliver = &relay.Delivery{Mailbox: m, Window: cmp.Or(q.Window, DefaultWindow), Every: e.every(), RunID: cmp.Or(q.RunID, "run-"+probe.Cookie()[8:16])}
	}
	err = rep.ask(ctx, run, all, q.Progress)
	rep.Took = time.Since(began)
	return rep, err
}

// ask asks all listeners, and waits for what was sent. What ctx cuts short is entered as that.
func (r *Report) ask(ctx context.Context, run relay.Run, all []target.Listener, progress func(done, total int64)) error {
	for i, l := range all {
		if i > 0 {
			rest(ctx, run.Pause)
		}
		run.Progress = visit.Part(progress, i, len(all))
		one, err := run.Test(ctx, l.At, l.Host, l.Grant)
		if err != nil && ctx.Err() == nil {
			return err
		}
		one.Spare = l.Optional
		r.Cut = r.Cut || err != nil
		r.Listeners = append(r.Listeners, one)
	}
	for i := range r.Listeners {
		if err := run.After(ctx, &r.Listeners[i], all[i].Grant); err != nil && ctx.Err() == nil {
			return err
		}
		r.Cut = r.Cut || ctx.Err() != nil
	}
	r.Arrived, r.Mailbox = run.Await(ctx, r.Listeners)
	if r.Mailbox != nil && errors.Is(r.Mailbox, ctx.Err()) {
		r.Cut, r.Mailbox = true, nil
	}
	if r.Cut {
		return ctx.Err()
	}
	return nil
}

// Prepare checks a request, finds what it is for and asks for the leave, before anything is connected to: for a test of the same listeners by
// the same parties. Its errors are those of RelayTest.
func (e Env) Prepare(ctx context.Context, q Request) (relay.Run, []target.Listener, error) {
	run, err := e.run(q)
	if err != nil {
		return relay.Run{}, nil, err
	}
	all, err := e.Book.Listeners(ctx, q.Targets)
	if err != nil {
		return run, nil, err
	}
	mailbox := ""
	if q.Deliver {
		mailbox = run.Probe
	}
	if err := e.Book.Authorise(all, mailbox); err != nil {
		return run, nil, err
	}
	return run, all, e.suit(&run, q, all)
}

// run checks the request and makes a run of it, without what depends on the listeners.
func (e Env) run(q Request) (relay.Run, error) {
	r := relay.Run{Dial: e.Dial, Clock: e.Clock, Log: &talk.Log{}, Wait: e.Wait, Pause: relay.Pause, Limit: q.Limit,
		Parties: parties.Parties{Backup: q.Backup, Failing: q.FailingLogin, Probe: cmp.Or(q.Probe, e.Probe, DryProbe), Sender: cmp.Or(q.From, e.Sender, DrySender), Account: cmp.Or(q.Account, e.Account), Domain: q.Domain}, Own: consent.Table{Own: e.Book.Own}.IsOwn}
	if e.Dial == nil || e.Book.Resolver == nil {
		return r, fmt.Errorf("%w: there is no network to test over", runbook.ErrUndetermined)
	}
	if q.Fast {
		r.Pause = 0
	}
	if q.Retry {
		r.Again = RetryAfter
	}
	if _, domain, ok := strings.Cut(r.Account, "@"); r.Domain == "" && ok {
		r.Domain = domain
	}
	r.Domain = cmp.Or(r.Domain, e.Domain)
	_, r.Helo, _ = strings.Cut(r.Sender, "@")
	for what, s := range map[string]string{"probe": r.Probe, "from": r.Sender} {
		if !consent.IsMailbox(s) {
			return r, fmt.Errorf("%w: %s %q is no mail address such as relaytest@probe.example", runbook.ErrInput, what, talk.Safe(s))
		}
	}
	if u, _, _ := strings.Cut(r.Account, "@"); r.Account != "" && !consent.IsMailbox(u+"@x") {
		return r, fmt.Errorf("%w: account %q is no name or address of letters, digits and ._+-", runbook.ErrInput, talk.Safe(r.Account))
	}
	for what, s := range map[string]string{"domain": r.Domain, "backup_domain": r.Backup} {
		if s != "" && !target.IsName(s) {
			return r, fmt.Errorf("%w: %s %q is no domain", runbook.ErrInput, what, talk.Safe(s))
		}
	}
	var err error
	r.Table, err = e.Table(q.Patterns)
	return r, err
}

// suit fits a run to its listeners: what is for own addresses only, and what must not be the same.
func (e Env) suit(r *relay.Run, q Request, all []target.Listener) error {
	strange := slices.IndexFunc(all, func(l target.Listener) bool { return !l.Grant.Own })
	if q.Fast && strange >= 0 {
		return fmt.Errorf("%w: %s is no own address, and others are tested with pauses", runbook.ErrInput, all[strange].At)
	}
	if strange < 0 && r.Account == "" && e.Find != nil {
		if _, domain, _ := strings.Cut(e.Find(), "@"); domain == cmp.Or(r.Domain, domain) {
			r.Account, r.Domain = e.Find(), domain
		}
	}
	if strange < 0 && e.Fast {
		r.Pause = 0
	}
	if strange < 0 && r.Domain == "" && len(e.Domains) > 0 {
		r.Domain = e.Domains[0]
	}
	if r.Account = cmp.Or(account(*r), r.Account); account(*r) == "" && r.Account != "" {
		return fmt.Errorf("%w: account %q has no domain, and none is known: user@domain is wanted", runbook.ErrInput, r.Account)
	}
	for what, s := range map[string]string{"probe": r.Probe, "from": r.Sender} {
		_, domain, _ := strings.Cut(s, "@")
		if r.Domain != "" && strings.EqualFold(domain, r.Domain) || strange < 0 && slices.ContainsFunc(e.Domains, func(d string) bool { return strings.EqualFold(d, domain) }) {
			return fmt.Errorf("%w: %s %s is at a domain of the target, and has to be foreign to it", runbook.ErrInput, what, s)
		}
	}
	if e.Login != nil {
		login, err := e.Login()
		if err != nil {
			return fmt.Errorf("%w: %w", runbook.ErrInput, err)
		}
		r.Login = login
	}
	if q.POP {
		r.POP = e.pop
	}
	return nil
}

// pop logs in over POP3 with TLS, and in clear on loopback only; each port needs the leave to be asked.
func (e Env) pop(ctx context.Context, at netip.Addr, l relay.Login) error {
	table, err := e.Book.Consents()
	if err != nil {
		return err
	}
	var errs []error
	for _, port := range []uint16{995, 110} {
		if port == 110 && !at.IsLoopback() {
			continue
		}
		to := netip.AddrPortFrom(at, port)
		if _, err := table.Ask(to, e.Clock()); err != nil {
			errs = append(errs, err)
			continue
		}
		client := pop.Client{Dial: e.Dial, Wait: cmp.Or(e.Wait, talk.DefaultWait), TLS: port == 995}
		if err := client.Login(ctx, to.String(), l.User, l.Password); err != nil {
			errs = append(errs, err)
			continue
		}
		return nil
	}
	return errors.Join(errs...)
}

func account(r relay.Run) string {
	u, _, _ := strings.Cut(r.Account, "@")
	if u == "" || r.Domain == "" {
		return ""
	}
	return u + "@" + r.Domain
}

func rest(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
