package weigh

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"hikeshi/actions/evidence/cause"
	"hikeshi/actions/evidence/envelope"
	"hikeshi/actions/evidence/look"
	"hikeshi/actions/evidence/scene"
	"hikeshi/runbook"
	"hikeshi/spool"
	"hikeshi/spool/aside"
)

// Bounds of what is asked about the sample.
const (
	maxAccounts = 200 // senders that are looked up
	maxJudged   = 400 // pairs of client and sender that the deny file is asked about
)

// programs are the local parts of senders that no person uses: who a web server or a job runs as.
var programs = [...]string{"www-data", "www", "apache", "httpd", "nginx", "nobody", "daemon", "root", "wwwrun", "php", "webmaster"}

// A tallier adds up what a sample says.
type tallier struct {
	env     env
	m       cause.Mail
	own     map[string]bool
	deny    func(envelope.Message) *spool.RelayDecision // nil result: not asked
	lines   map[int]int
	clients map[netip.Addr]int
	senders map[string]int
	out     []envelope.Message
}

// mail draws a sample of the queue as it stands, and of what the incident has set aside, and adds up what it says.
func (e env) mail(ctx context.Context, incident string, size int) (s signs, err error) {
	queue, ok := e.Server.(spool.Queue)
	if !ok {
		return s, scene.ErrNobody
	}
	if len(e.Own.Domains) == 0 {
		return s, look.Why("the own domains are not known, so that nothing is for outside", "自社のドメインが分からず、外部あてかどうか判断できない")
	}
	folders := e.Set()
	sets, err := aside.Of(folders, incident)
	for _, one := range sets {
		for _, f := range one.Folders {
			f.Of.Path = f.Path
			folders = append(folders, f.Of)
		}
	}
	drawn, oops := envelope.Draw(ctx, envelope.Drawing{Queue: queue, Folders: folders, Own: e.Own, Size: size})
	t := tallier{env: e, own: map[string]bool{}, lines: map[int]int{}, clients: map[netip.Addr]int{}, senders: map[string]int{}}
	for _, d := range e.Own.Domains {
		t.own[strings.ToLower(d)] = true
	}
	t.deny = e.judge()
	for _, m := range drawn.Messages {
		t.add(m)
	}
	t.lookUp(ctx)
	t.finish()
	s.Facts = func(c *cause.Signs) { c.Mail = t.m }
	s.Find(runbook.Info, "", runbook.T(
		fmt.Sprintf("%s of %s messages read: for outside %d (sender exists %d, does not exist %d, foreign %d), list mail %d, error mails of others %d", look.Grouped(t.m.All), look.Grouped(int(drawn.Envelopes)), t.m.Out, t.m.Local, t.m.NoAccount, t.m.Foreign, t.m.List, t.m.NullHome),
		fmt.Sprintf("%s 通のうち %s 通を確認: 外部あて %d (差出人が実在 %d、実在しない %d、外部 %d)、メーリングリスト %d、他所からのエラーメール %d", look.Grouped(int(drawn.Envelopes)), look.Grouped(t.m.All), t.m.Out, t.m.Local, t.m.NoAccount, t.m.Foreign, t.m.List, t.m.NullHome)))
	if drawn.Cut {
		oops = errors.Join(oops, look.Why("not all: the time was up", "時間切れで、すべては見ていない"))
	}
	return s, errors.Join(err, oops)
}

// judge returns a function that asks the deny file whether it would let a message out without a login.
func (e env) judge() func(envelope.Message) *spool.RelayDecision {
	d, ok := e.Server.(spool.Denier)
	if !ok {
		return func(envelope.Message) *spool.RelayDecision { return nil }
	}
	data, _, err := readDeny(d)
	type pair struct {
		client netip.Addr
		sender string
	}
	known := map[pair]spool.RelayDecision{}
	return func(m envelope.Message) *spool.RelayDecision {
		if err != nil || !m.Client.IsValid() {
			return nil
		}
		p := pair{m.Client, strings.ToLower(m.Sender)}
		r, there := known[p]
		if !there && len(known) >= maxJudged {
			return nil
		}
		if !there {
			r = d.Decide(data, spool.RelayQuery{Peer: m.Client, Sender: &m.Sender})
			known[p] = r
		}
		return &r
	}
}

// add takes in one message.
func (t *tallier) add(m envelope.Message) {
	t.m.All++
	switch {
	case m.List:
		t.m.List++
		return
	case m.Sender == "":
		if !m.Bounce && !m.Outside {
			t.m.NullHome++
		}
		return
	case m.Bounce || !m.Outside:
		return
	}
	t.m.Out++
	t.out = append(t.out, m)
	local, _, _ := strings.Cut(strings.ToLower(m.Sender), "@")
	if slices.Contains(programs[:], local) {
		t.m.Machine++
	}
	if t.own[envelope.Domain(m.Sender)] {
		t.senders[strings.ToLower(m.Sender)]++
	} else {
		t.m.Foreign++
	}
	t.client(m)
}

// client takes in where a message for outside came from, and what the deny file says to that.
func (t *tallier) client(m envelope.Message) {
	if m.Client.IsValid() {
		t.m.Traced++
		switch {
		case t.env.Ours(m.Client):
			t.m.Self++
		default:
			t.clients[m.Client]++
		}
		if m.Client.IsPrivate() || m.Client.IsLinkLocalUnicast() {
			t.m.Inside++
		}
	}
	r := t.deny(m)
	if r == nil {
		return
	}
	t.m.Judged++
	switch r.Result { // the words of E-Post; others say nothing
	case "true":
		t.m.Opened++
		t.lines[r.Line]++
	case "norelay0", "norelay1", "norelay2", "only-restricted":
		t.m.NeedLogin++
	case "default":
		if !t.own[envelope.Domain(m.Sender)] {
			t.m.Stuck++
		}
	}
}

// lookUp asks for the local senders whether they exist, the most frequent first.
func (t *tallier) lookUp(ctx context.Context) {
	t.m.Asked = t.m.Foreign
	if t.env.Account == nil {
		return
	}
	for _, c := range counts(t.senders)[:min(len(t.senders), maxAccounts)] {
		if ctx.Err() != nil {
			return
		}
		exists, auth, err := t.env.Account(c.Name)
		if err != nil {
			continue
		}
		n := int(c.N)
		t.m.Asked += n
		if !exists {
			t.m.NoAccount += n
			continue
		}
		t.m.Local += n
		t.m.Senders = append(t.m.Senders, spool.Count{Name: look.Safe(c.Name), N: c.N})
		if !auth {
			t.m.NoLogin += n
		}
	}
}

func (t *tallier) finish() {
	t.m.Known = t.m.All > 0
	for _, a := range slices.SortedFunc(maps.Keys(t.clients), func(a, b netip.Addr) int {
		return cmp.Or(cmp.Compare(t.clients[b], t.clients[a]), a.Compare(b))
	}) {
		t.m.Clients = append(t.m.Clients, spool.Count{Name: a.String(), N: int64(t.clients[a])})
	}
	for line, n := range t.lines {
		if n > t.lines[t.m.OpenedBy] || n == t.lines[t.m.OpenedBy] && line < t.m.OpenedBy {
			t.m.OpenedBy = line
		}
	}
}

// counts orders names by how often they were seen.
func counts(n map[string]int) []spool.Count {
	all := make([]spool.Count, 0, len(n))
	for _, name := range slices.Sorted(maps.Keys(n)) {
		all = append(all, spool.Count{Name: name, N: int64(n[name])})
	}
	slices.SortStableFunc(all, func(a, b spool.Count) int { return cmp.Compare(b.N, a.N) })
	return all
}
