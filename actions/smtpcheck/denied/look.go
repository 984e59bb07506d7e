package denied

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"

	"hikeshi/actions/smtpcheck/consent"
	"hikeshi/actions/smtpcheck/denied/call"
	"hikeshi/actions/smtpcheck/denied/weigh"
	"hikeshi/actions/smtpcheck/relay"
	"hikeshi/actions/smtpcheck/relaytest"
	"hikeshi/actions/smtpcheck/talk"
	"hikeshi/actions/smtpcheck/target"
	"hikeshi/runbook"
)

// maxDenied bounds what is verified in one run.
const maxDenied = 200

// A Request says what was denied, and where.
type Request struct {
	Denied  []string                `json:"denied"`
	Targets []string                `json:"targets"`
	Account string                  `json:"account"`
	Probe   string                  `json:"probe"`
	From    string                  `json:"from"`
	Tell    func(done, total int64) `json:"-"`
}

// An entry is one thing that was denied: addresses, or the domain of senders.
type entry struct {
	text   string
	prefix netip.Prefix
	domain string
}

func parse(s string) (entry, bool) {
	if a, err := netip.ParseAddr(s); err == nil && a.Zone() == "" {
		return entry{text: s, prefix: netip.PrefixFrom(a.Unmap(), a.Unmap().BitLen())}, true
	}
	if p, err := netip.ParsePrefix(s); err == nil {
		return entry{text: s, prefix: p.Masked()}, true
	}
	return entry{text: talk.Safe(s), domain: strings.ToLower(s)}, target.IsName(s) && strings.Trim(s, "0123456789./") != "" // 999.1.1.1 is a slip
}

// A run is one verification.
type run struct {
	Env
	rep    *Report
	domain string
	login  *relay.Login
}

// Verify asks. The error wraps runbook.ErrInput where it is refused before anything is connected to, and runbook.ErrUndetermined where a name cannot
// be looked up. A target that nobody allowed is a *target.Unauthorised.
func (e Env) Verify(ctx context.Context, q Request) (Report, error) {
	rep := Report{Log: &talk.Log{}}
	for _, text := range q.Denied {
		if e, ok := parse(text); !ok {
			return rep, fmt.Errorf("%w: %q is no address, network or domain", runbook.ErrInput, e.text)
		}
	}
	e.Account, e.Probe, e.Sender = cmp.Or(q.Account, e.Account), cmp.Or(q.Probe, e.Probe, relaytest.DryProbe), cmp.Or(q.From, e.Sender, relaytest.DrySender)
	var why runbook.Text
	if q.Targets, why = e.Book.Named(q.Targets); len(q.Targets) == 0 {
		rep.Nothing = why
		(&run{Env: e, rep: &rep}).unasked(q.Denied, why)
		return rep, nil
	}
	if e.Dial == nil || e.Book.Resolver == nil || len(q.Denied) > maxDenied {
		return rep, fmt.Errorf("%w: there is no network to ask over, or more than %d sources to ask for", runbook.ErrInput, maxDenied)
	}
	all, err := e.Book.Listeners(ctx, q.Targets)
	if err != nil {
		return rep, err
	}
	if err := e.Book.Authorise(all, ""); err != nil {
		return rep, err
	}
	r := &run{Env: e, rep: &rep}
	if err := r.prepare(all); err != nil {
		return rep, err
	}
	for i, l := range all {
		r.listener(ctx, l, q.Denied)
		if q.Tell != nil {
			q.Tell(int64(i+1), int64(len(all)))
		}
		if err := ctx.Err(); err != nil {
			return rep, err
		}
	}
	if len(rep.Open) == 0 {
		r.unasked(q.Denied, runbook.T("nothing listens there", "接続できない"))
	}
	rep.settle()
	return rep, nil
}

// unasked enters what the server's own files decide, where the server itself cannot be asked.
func (r *run) unasked(denied []string, why runbook.Text) {
	for _, text := range denied {
		e, _ := parse(text)
		r.rep.Results = append(r.rep.Results, Result{Denied: e.text, Result: CannotTell, Login: NotTested, Null: NotTested, Why: why, File: r.decide(e, netip.Addr{}, "")})
	}
}

// prepare finds the account that is written to, and checks the addresses: they stand in commands that somebody pastes into a shell.
func (r *run) prepare(all []target.Listener) error {
	own := true
	for _, l := range all {
		own = own && l.Grant.Own
	}
	if r.Account == "" && own && r.Find != nil {
		r.Account = r.Find()
	}
	for what, s := range map[string]string{"account": r.Account, "probe": r.Probe, "from": r.Sender} {
		if s != "" && !consent.IsMailbox(s) {
			return fmt.Errorf("%w: %s %q is no mail address such as taro@example.jp", runbook.ErrInput, what, talk.Safe(s))
		}
	}
	_, r.domain = split(r.Account)
	r.rep.Account, r.rep.Probe, r.rep.Sender = r.Account, r.Probe, r.Sender
	for what, s := range map[string]string{"probe": r.Probe, "from": r.Sender} {
		if _, d := split(s); r.domain != "" && strings.EqualFold(d, r.domain) {
			return fmt.Errorf("%w: %s %s is at a domain of the target, and has to be foreign to it", runbook.ErrInput, what, s)
		}
	}
	if r.Login != nil {
		l, err := r.Login()
		if err != nil {
			return fmt.Errorf("%w: %w", runbook.ErrInput, err)
		}
		r.login = l
	}
	r.rep.Tested = r.login != nil
	return nil
}

// sender is the address that the test account sends as.
func (r *run) sender() string {
	if strings.Contains(r.login.User, "@") || r.domain == "" {
		return r.login.User
	}
	return r.login.User + "@" + r.domain
}

// listener verifies everything at one address and port.
func (r *run) listener(ctx context.Context, l target.Listener, denied []string) {
	ref := r.pair(ctx, r.caller(l, netip.Addr{}), "")
	if ref.In.Closed {
		r.rep.Closed = append(r.rep.Closed, l.At.String())
		return
	}
	r.rep.Open = append(r.rep.Open, Listener{At: l.At, By: l.Grant.By, Reply: ref.In.String(), Taken: ref.In.Outcome == call.Taken})
	senders := ref // to compare denied senders with
	if slices.ContainsFunc(denied, func(s string) bool { e, ok := parse(s); return ok && e.domain != "" }) {
		senders = r.pair(ctx, r.caller(l, netip.Addr{}), r.Sender)
	}
	for _, text := range denied {
		e, _ := parse(text)
		res := Result{Denied: e.text, Listener: l.At.String(), Login: NotTested, Null: NotTested, Reference: ref.In.String(), File: []Decision{}}
		c, asked := weigh.Case{Sender: e.domain != "", Account: r.Account != "", Tested: r.login != nil, Now: r.Clock()}, true
		if c.Sender {
			c.Got, c.Ref = r.pair(ctx, r.caller(l, netip.Addr{}), "probe@"+e.domain), senders
			res.From = ref.In.Local.String()
		} else if asked = r.source(l, e, ref.In.Local, &res); asked {
			from := r.caller(l, netip.MustParseAddr(res.From))
			c.Got, c.Ref = r.pair(ctx, from, ""), ref
			if !c.CutOff() {
				r.exceptions(ctx, from, &c.Got)
			}
		}
		if l.Grant.Own { // the files are those of this server
			res.File = r.decide(e, ref.In.Local, res.From)
		}
		if asked {
			if c.CutOff() {
				c.Again = r.again(ctx, l)
			}
			c.File = res.File
			res.enter(c.Weigh())
		}
		r.rep.Results = append(r.rep.Results, res)
	}
}

// source finds the address to ask from, if it can be asked from a denied one; else res says why not. local is where the control is asked from.
func (r *run) source(l target.Listener, e entry, local netip.Addr, res *Result) bool {
	if e.prefix.Contains(local) {
		res.Result, res.Why = CannotTell, runbook.Tf("this machine asks from %s, which lies in it: there is nothing to compare with", "比較に使うこのホストのアドレス %s もこの範囲に含まれる", local)
		return false
	}
	if e.prefix.Addr().Is4() != l.At.Addr().Is4() {
		res.Result, res.Besides, res.Why = CannotTell, true, runbook.T("it cannot reach an address of the other family", "アドレスの種類 (IPv4/IPv6) が異なり、到達できない")
		return false
	}
	if r.From == nil || r.DialFrom == nil {
		res.Result, res.Why, res.Elsewhere = CannotTell, runbook.T("it cannot be asked from there", "そのアドレスからは試せない"), true
		return false
	}
	from, err := r.From(e.prefix)
	if err != nil {
		res.Result, res.Why, res.Elsewhere = CannotTell, runbook.Tf("this machine cannot ask from there: %s", "このホストからは試せない: %s", err), true
		return false
	}
	res.From = from.String()
	return true
}

// again asks the control once more.
func (r *run) again(ctx context.Context, l target.Listener) call.Try {
	c := r.caller(l, netip.Addr{})
	r.rest(ctx, c)
	return c.Hold(ctx, r.in(""))
}

// caller asks one listener from an address, or from whichever the machine chooses.
func (r *run) caller(l target.Listener, from netip.Addr) *call.Caller {
	dial := r.Dial
	if from.IsValid() {
		dial = func(ctx context.Context, _, address string) (net.Conn, error) { return r.DialFrom(ctx, from, address) }
	}
	_, name := split(r.Sender)
	return &call.Caller{Dial: dial, Here: r.Here, Clock: r.Clock, Wait: r.Wait, Log: r.rep.Log, To: l, Name: name}
}

// in is a stranger's mail. Nobody may be known to whom a stranger may write.
func (r *run) in(sender string) call.Dialogue {
	return call.Dialogue{From: cmp.Or(sender, r.Sender), To: cmp.Or(r.Account, r.Probe)}
}

// pair holds the dialogues. sender is "" unless it is the sender that was denied.
func (r *run) pair(ctx context.Context, c *call.Caller, sender string) weigh.Tries {
	var t weigh.Tries
	t.In = c.Hold(ctx, r.in(sender))
	r.rest(ctx, c)
	if r.Account != "" && sender == "" && !t.In.Dead() {
		t.Out = c.Hold(ctx, call.Dialogue{From: r.Account, To: r.Probe})
		r.rest(ctx, c)
	}
	switch {
	case r.login == nil || t.In.Dead():
	case sender != "": // mail in again: not every sender may send to the outside, denied or not
		t.Login = c.Hold(ctx, call.Dialogue{From: sender, To: r.in("").To, Login: r.login})
	default:
		t.Login = c.Hold(ctx, call.Dialogue{From: r.sender(), To: r.Probe, Login: r.login})
	}
	return t
}

// exceptions are the senders for which servers have rules of their own: the null one, and those of the server itself.
func (r *run) exceptions(ctx context.Context, c *call.Caller, t *weigh.Tries) {
	if t.In.Outcome != call.Refused {
		return // what it gets as a stranger tells enough
	}
	hold := func(from, to string) call.Try {
		r.rest(ctx, c)
		return c.Hold(ctx, call.Dialogue{From: from, To: to})
	}
	t.NullOut = hold("", r.Probe)
	if r.Account != "" {
		t.Null, t.Own = hold("", r.Account), hold(r.Account, r.Account)
	}
}

// rest is a second between connections, but to own addresses.
func (r *run) rest(ctx context.Context, c *call.Caller) {
	if c.To.Grant.Own {
		return
	}
	select {
	case <-ctx.Done():
	case <-time.After(relay.Pause):
	}
}

// decide asks the server's own files beside.
func (r *run) decide(e entry, elsewhere netip.Addr, from string) []Decision {
	if r.Decide == nil || e.domain == "" && !e.prefix.IsValid() || e.domain != "" && !target.IsName(e.domain) {
		return []Decision{}
	}
	peer, sender := elsewhere, r.Sender
	switch {
	case e.domain != "":
		sender = "probe@" + e.domain
	case from != "":
		peer = netip.MustParseAddr(from)
	default:
		peer = e.prefix.Addr()
	}
	if !peer.IsValid() {
		peer = netip.MustParseAddr("192.0.2.199") // nobody's (RFC 5737)
	}
	all := []Decision{}
	for _, login := range []bool{false, true} {
		decisions, err := r.Decide(peer, sender, login)
		if err != nil {
			continue
		}
		for _, d := range decisions {
			d.Peer, d.Login, d.Text, d.Reply = peer.String(), login, call.Cut(talk.Safe(d.Text)), call.Cut(d.Reply)
			all = append(all, d)
		}
	}
	return all
}

func split(address string) (user, domain string) {
	user, domain, _ = strings.Cut(address, "@")
	return user, domain
}
