package verdict

import (
	"hikeshi/actions/trace/facts"
	"hikeshi/actions/trace/received"
	"hikeshi/actions/trace/verdict/phrase"
	"hikeshi/runbook"
)

// byHeader answers without a log.
func (j *judge) byHeader() {
	w := j.way
	lacks := j.lacks.Text()
	alone := runbook.T("by the header alone: "+lacks.EN, "ヘッダーだけによる: "+lacks.JA)
	if w.Border < 0 {
		j.unknown(runbook.T("no line of yours names a host that handed it over; "+alone.EN, "渡したホストを示す自ホストの行がない。"+alone.JA))
		return
	}
	h := j.Lines[w.Border].Hop
	j.spot(w.Border)
	defer func() {
		if s := j.t.State; s.Ours() && s != facts.Through { // which says so by itself
			j.t.Answer = phrase.Then(j.t.Answer, runbook.T(" (by the header alone)", " (ヘッダーだけによる)"))
		}
	}()
	switch {
	case w.Broken >= 0:
		j.unknown(j.broken())
	case w.Doubt >= 0 && w.Border > w.Doubt:
		j.belowDoubt(alone)
	default:
		if h.IP.IsValid() {
			j.t.Client = h.IP.String()
		}
		j.byLine(h, alone)
	}
}

// byLine answers by the line of the border, which can be believed.
func (j *judge) byLine(h received.Hop, alone runbook.Text) {
	w := j.way
	out := j.handed() || h.For != "" && !j.Own.Names(domain(h.For))
	switch {
	case w.Login:
		j.loggedIn(w.Border, alone)
	case h.Local && h.Ident == "", !h.IP.IsValid() && h.BadIP == "" && !h.Local:
		j.hides(h, out, alone)
	case h.Local:
		j.answer(facts.NoLogin, runbook.Tf("through this server without login, handed in on the host itself (%s) by %s", "当サーバーを経由: ホスト上 (%s) で %s が投入 (ログインなし)", phrase.Named(h.By), phrase.Client(h)), alone)
	case j.forwarded():
		j.answer(facts.Forwarded, runbook.Tf("through this server, but forwarded: %s brought it for %s, and it went on from here", "当サーバーから転送された: %s が %s 宛に届け、そこから転送された", phrase.Client(h), j.mailbox()), alone)
	case out && !h.Shows():
		j.answer(facts.Through, runbook.Tf("through this server, from %s; whether with a login only the log tells", "当サーバーを経由: 接続元 %s。ログインの有無はログでしか分からない", phrase.Client(h)), alone)
	case out:
		j.answer(facts.NoLogin, runbook.Tf("through this server without login, from %s", "当サーバーを経由: ログインなし、接続元 %s", phrase.Client(h)), alone)
	case h.For != "" && !j.inside(h.IP):
		j.incoming(h.IP, alone)
	default:
		j.unknown(runbook.Tf("it came to this server from %s, and the header does not say whether for a mailbox here or for outside", "当サーバーは %s から受け取ったが、自ドメイン宛か外部宛かヘッダーでは分からない", phrase.Client(h)))
		j.t.Why = alone
	}
}

// hides is for a line without any client: of a server that hides it, or of mail that was made here.
func (j *judge) hides(h received.Hop, out bool, alone runbook.Text) {
	switch {
	case !out:
		j.unknown(runbook.T("the line of this server hides the client, and does not say whether the mail was for a mailbox here or for outside", "当サーバーの行に接続元がなく、自ドメイン宛か外部宛かも分からない"))
		j.t.Why = alone
	case h.Shows():
		j.answer(facts.NoLogin, runbook.T("through this server without login; its line hides the client, which only the log tells", "当サーバーを経由: ログインなし。行に接続元がなく、ログでしか分からない"), alone)
	default:
		j.answer(facts.Through, runbook.T("through this server; its line hides client and login, which only the log tells (or the mail was made here: a bounce, a forward)", "当サーバーを経由: 行に接続元もログインもなく、ログでしか分からない (バウンスや転送など、サーバー内で作成された可能性もある)"), alone)
	}
}

// belowDoubt answers where the lines that tell of a client stand below a hand-over on an own host: they are hearsay.
func (j *judge) belowDoubt(alone runbook.Text) {
	w := j.way
	d, h := j.Lines[w.Doubt].Hop, j.Lines[w.Border].Hop
	if d.IP.IsValid() {
		j.t.Client = d.IP.String()
	}
	by := phrase.Same(phrase.Client(d))
	if d.Local && d.Ident == "" || !d.IP.IsValid() && !d.Local {
		by = runbook.T("a program", "プログラム")
	}
	line, from := phrase.Number(w.Border), phrase.Same(phrase.Client(h))
	if h.Local && h.Ident == "" {
		from = runbook.T("the host itself", "同じホスト")
	}
	user := phrase.Same(h.User)
	if h.User == "" {
		user = runbook.T("somebody", "誰か")
	}
	switch {
	case w.Login:
		j.t.Claimed = h.User
		j.answer(facts.Through, phrase.Both("through this server, handed in on the host itself by %s; line %s below it, which may be true (a filter, a list) or made up by a script, tells of a login as %s from %s: only the log proves it",
			"当サーバーを経由: ホスト上で %s が投入した。その下の %s 行目に %s としてのログイン (接続元 %s) があるが、フィルターやリストなら真、スクリプトなら偽造の可能性があり、ログでしか確かめられない", by, line, user, from), alone)
	case j.forwarded() && (d.IP.IsLoopback() || d.Ident == ""):
		j.answer(facts.Forwarded, phrase.Both("through this server, but forwarded, if line %[2]s is true: by it %[3]s brought the mail for %[4]s, and %[1]s on the host itself sent it on (a list, a forward)",
			"当サーバーから転送された (%[2]s 行目が真なら): %[3]s が %[4]s 宛に届け、ホスト上の %[1]s が再送した (メーリングリスト・転送)", by, line, from, phrase.Same(j.mailbox())), alone)
	default:
		j.answer(facts.Through, phrase.Both("through this server, handed in on the host itself by %s; line %s below it, which may be true (a filter, a list) or made up by a script, tells that it came from %s: only the log proves it",
			"当サーバーを経由: ホスト上で %s が投入した。その下の %s 行目では接続元は %s だが、フィルターやリストなら真、スクリプトなら偽造の可能性があり、ログでしか確かめられない", by, line, from), alone)
	}
}

// forwarded says that a stranger brought the message for an address here, and that it went out again.
func (j *judge) forwarded() bool {
	h := j.Lines[j.way.Border].Hop
	return j.handed() && !h.Auth && h.IP.IsValid() && !j.inside(h.IP) && j.mailbox() != ""
}

// mailbox is the address here that a message came for, by lines down to the border: as the only one of the line, or as the mailbox out of
// which it came back; "" if none is named.
func (j *judge) mailbox() string {
	border := j.way.Border
	if h := j.Lines[border].Hop; single(h.Software) && j.Own.Names(domain(h.For)) {
		return h.For
	}
	for i := j.way.Own[0] + 1; i <= border; i++ {
		if to := j.Lines[i].Delivered; j.Own.Names(domain(to)) {
			return to
		}
	}
	return ""
}
