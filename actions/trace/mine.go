package trace

import (
	"context"
	"fmt"
	"net/netip"

	"hikeshi/actions/trace/facts"
	"hikeshi/actions/trace/walk"
	"hikeshi/runbook"
)

// mine is for lines of own hosts that can be believed, as far as whoever shows the message can: the log is asked for their ids.
func (j *judge) mine(ctx context.Context, lines []int) error {
	e, at, covered, err := j.look(ctx, lines)
	if err != nil {
		return err
	}
	if e.Found {
		j.found(e, at, runbook.Text{})
		return nil
	}
	if covered {
		at = lines[len(lines)-1]
		j.sign("own-forged", 3, runbook.T("the own log, which reaches there, does not know its id", "その時刻を含む自サーバーのログに ID がない"), at)
		j.unknown(runbook.Tf("the log of this server tells of that time and not of the id %s: line %d was made up, or another host of yours wrote it", "その時刻を含むログに ID %s がない。%d 行目が偽造されたか、別の自ホストが書いた", j.t.Queue, at+1))
		return nil
	}
	j.byHeader()
	return nil
}

// found answers by what the log says.
func (j *judge) found(e Entry, at int, lead runbook.Text) {
	t, h := j.t, j.lines[at].Hop
	t.Logged, t.Evidence, t.Login = true, e.Evidence, e.Login
	client := e.Client
	if !client.IsValid() || client.Is6() && sameClient(client, h.IP) {
		client = h.IP
	}
	if client.IsValid() {
		t.Client = client.String()
	}
	if e.Client.IsValid() && h.IP.IsValid() && !sameClient(e.Client, h.IP) {
		j.sign("log-differs", 2, runbook.Tf("the log names another client, %s", "ログでは接続元が異なる (%s)", e.Client), at)
	}
	why := runbook.Tf("the log tells of %s at %s", "ログに %s がある (%s)", t.Queue, e.Time.UTC().Format("2006-01-02 15:04:05Z"))
	why = runbook.T(lead.EN+why.EN, lead.JA+why.JA)
	from := j.from(client)
	switch {
	case e.Doubt:
		t.Login = ""
		j.answer(facts.Through, both("through this server, from %s; whether as %s cannot be told", "当サーバーを経由: 接続元 %s。%s としてログインしたかは判定できない", from, same(e.Login)), runbook.T(why.EN+"; a sender may be made to look like a login", why.JA+"。送信者がログイン名に見せかけた可能性がある"))
	case e.Login != "":
		j.answer(facts.Login, both("relayed through this server, logged in as %s, from %s", "当サーバーを経由: %s としてログイン、接続元 %s", same(e.Login), from), why)
	case !e.Told && h.Auth:
		j.loggedIn(why)
	case !e.Told:
		j.answer(facts.Through, both("through this server, from %s; whether with a login cannot be told", "当サーバーを経由: 接続元 %s。ログインの有無は判定できない", from), runbook.T(why.EN+"; no log of that time tells of logins", why.JA+"。その時刻のログインを記録したログがない"))
	case !e.Outside && !j.handed() && !j.inside(client):
		j.incoming(client, why)
	default:
		j.answer(facts.NoLogin, both("through this server without login, from %s", "当サーバーを経由: ログインなし、接続元 %s", from), why)
	}
}

// byHeader answers without a log.
func (j *judge) byHeader() {
	w := j.way
	alone := runbook.T("by the header alone: no log of that time could be asked", "ヘッダーだけによる。その時刻のログがない")
	if j.env.Lookup == nil {
		alone = runbook.T("by the header alone: there is no log of this server here", "ヘッダーだけによる。当サーバーのログがここにない")
	}
	if w.Border < 0 {
		j.unknown(runbook.T("no line of yours names a host that handed it over; "+alone.EN, "渡したホストを示す自ホストの行がない。"+alone.JA))
		return
	}
	h := j.lines[w.Border].Hop
	if h.IP.IsValid() {
		j.t.Client = h.IP.String()
	}
	j.place(w.Border)
	switch {
	case w.Broken >= 0:
		j.unknown(runbook.Tf("line %d has no form of a Received line", "%d 行目が Received 行として読めない", w.Broken+1))
	case w.Login:
		j.loggedIn(alone)
	case h.Local:
		j.answer(facts.NoLogin, runbook.Tf("through this server without login, handed in on the host itself by %s", "当サーバーを経由: ホスト上で %s が投入 (ログインなし)", j.who(w.Border)), alone)
	case !j.shows(w.Border) && j.handed():
		j.answer(facts.Through, runbook.Tf("through this server, from %s; whether with a login only the log tells", "当サーバーを経由: 接続元 %s。ログインの有無はログでしか分からない", j.who(w.Border)), alone)
	case j.handed(), h.For != "" && !j.own.Names(domain(h.For)):
		j.answer(facts.NoLogin, runbook.Tf("through this server without login, from %s", "当サーバーを経由: ログインなし、接続元 %s", j.who(w.Border)), alone)
	case h.For != "" && !j.inside(h.IP):
		j.incoming(h.IP, alone)
	default:
		j.unknown(runbook.Tf("it came to this server from %s, and the header does not say whether for a mailbox here or for outside", "当サーバーは %s から受け取ったが、自ドメイン宛か外部宛かヘッダーでは分からない", j.who(w.Border)))
		j.t.Why = alone
	}
}

// loggedIn answers by the line of the border, which shows a login.
func (j *judge) loggedIn(why runbook.Text) {
	h := j.lines[j.way.Border].Hop
	j.t.Login = h.User
	from := j.who(j.way.Border)
	if h.User == "" {
		j.answer(facts.Login, runbook.Tf("relayed through this server, logged in (as whom the line does not say), from %s", "当サーバーを経由: ログインあり (名前は行にない)、接続元 %s", from), why)
		return
	}
	j.answer(facts.Login, runbook.Tf("relayed through this server, logged in as %s, from %s", "当サーバーを経由: %s としてログイン、接続元 %s", h.User, from), why)
}

// incoming answers for mail that came for a mailbox here: this server is its end, and relayed nothing.
func (j *judge) incoming(client netip.Addr, why runbook.Text) {
	j.t.Relay, j.t.Client = client.String(), ""
	only := runbook.Text{}
	if j.t.OwnFrom {
		only = runbook.T(", only the From is yours", "、自分のものは From だけである")
	}
	j.answer(facts.Not, runbook.T("not relayed through this server: "+client.String()+" brought it for a mailbox here"+only.EN, "当サーバーは中継していない: "+client.String()+" が自ドメイン宛に届けた"+only.JA), why)
}

// shows says whether the software of a line shows logins at all: E-Post writes ESMTP whatever the session was.
func (j *judge) shows(at int) bool {
	h := j.lines[at].Hop
	return string(h.Software) != "epost" && string(h.Software) != "qmail" && h.Protocol != ""
}

// handed says that a host that is not one's own took the message from one's own: it went out.
func (j *judge) handed() bool {
	return j.way.Handed >= 0 || j.report != nil && j.own.Addr(j.report.SourceIP)
}

// inside says that a client is of the own network or the server itself.
func (j *judge) inside(a netip.Addr) bool {
	return a.IsValid() && (j.own.Addr(a) || walk.Private(a))
}

func (j *judge) from(client netip.Addr) runbook.Text {
	switch {
	case !client.IsValid():
		return same("?")
	case j.inside(client):
		return runbook.T(client.String()+" (own network)", client.String()+" (自ネットワーク)")
	}
	return same(client.String())
}

// same is a text that needs no translation.
func same(text string) runbook.Text { return runbook.T(text, text) }

// both formats both languages, each with the arguments in its own.
func both(en, ja string, args ...runbook.Text) runbook.Text {
	var inEN, inJA []any
	for _, a := range args {
		inEN, inJA = append(inEN, a.EN), append(inJA, a.JA)
	}
	return runbook.T(fmt.Sprintf(en, inEN...), fmt.Sprintf(ja, inJA...))
}

// place is where the line stands, as evidence.
func (j *judge) place(at int) {
	if j.t.Evidence == "" && j.lines[at].Hop.Offset >= 0 {
		j.t.Evidence = at1(j.t.File, j.lines[at].Hop.Offset)
	}
}
