package verdict

import (
	"context"
	"fmt"
	"net/netip"
	"slices"

	"hikeshi/actions/trace/ask"
	"hikeshi/actions/trace/facts"
	"hikeshi/actions/trace/received"
	"hikeshi/actions/trace/verdict/phrase"
	"hikeshi/runbook"
)

// mine is for lines of own hosts that can be believed, as far as whoever shows the message can: the log is asked for their ids. Of a line
// below a hand-over on an own host the log has to tell the same.
func (j *judge) mine(ctx context.Context, lines []int) error {
	doubt := j.way.Doubt
	q, err := j.look(ctx, lines, func(f ask.Find) bool {
		m := j.desk.Fits(f, f.At)
		if doubt >= 0 && f.At > doubt {
			m = j.desk.Fits(f, doubt)
			return m.Client && m.Time && m.Sender && !m.Strange()
		}
		return m.Client || m.Time && !m.Strange()
	})
	switch {
	case err != nil:
		return err
	case j.bounce():
		j.bounced(q)
	case q.Taken != nil:
		j.found(*q.Taken, j.lead(q))
	case len(q.Refused) > 0 && (doubt < 0 || q.Refused[0].At <= doubt):
		f := q.Refused[0]
		j.t.Evidence = f.Evidence
		j.unknown(phrase.Both("line %s is one of this server, by whoever shows the mail; the log knows its id, but tells of %s", "%s 行目は当サーバーの行とされ、その ID はログにあるが、次の点が異なる: %s", phrase.Number(f.At), j.desk.Fits(f, f.At).Differs(f)))
	case q.Far != nil && (doubt < 0 || q.Far.At <= doubt):
		j.foundFar(*q.Far)
	case q.Covered:
		at := lines[len(lines)-1]
		j.sign("own-forged", 3, runbook.T("the own log, which reaches there, does not know its id", "その時刻を含む自サーバーのログに ID がない"), at)
		j.unknown(runbook.Tf("the log of this server tells of that time and not of the id %s: line %d was made up, or another host of yours wrote it", "その時刻を含むログに ID %s がない。%d 行目が偽造されたか、別の自ホストが書いた", j.t.Queue, at+1))
	default:
		for _, f := range q.Refused { // below a hand-over on the host
			j.sign("log-other", 3, runbook.T("the log tells otherwise of its id: "+j.desk.Fits(f, doubt).Differs(f).EN, "その ID はログでは異なる: "+j.desk.Fits(f, doubt).Differs(f).JA), f.At)
		}
		j.byHeader()
	}
	return nil
}

// lead says what stands against the answer of the log.
func (j *judge) lead(q ask.Inquiry) runbook.Text {
	doubt := j.way.Doubt
	switch {
	case doubt < 0:
		return runbook.Text{}
	case q.Taken.At > doubt:
		return runbook.Tf("line %d stands below a hand-over on the host itself, and the log agrees with it; ", "%d 行目はホスト内での投入より下にあるが、ログと一致する。", q.Taken.At+1)
	}
	if b := j.way.Border; b > doubt {
		j.t.Claimed = j.Lines[b].Hop.User
	}
	return runbook.Tf("what stands below line %d may be of a filter or a list, or made up by a program on the host; ", "%d 行目より下は、フィルターやリストによるものか、ホスト上のプログラムの偽造である。", doubt+1)
}

// found answers by what the log says.
func (j *judge) found(f ask.Find, lead runbook.Text) {
	t, h := j.t, j.Lines[f.At].Hop
	t.Logged, t.Evidence, t.Login, j.outside = true, f.Evidence, f.Login, f.Outside
	client := f.Client
	if !client.IsValid() || client.Is6() && ask.SameClient(client, h.IP) {
		client = h.IP
	}
	if client.IsValid() {
		t.Client = client.String()
	}
	if f.Client.IsValid() && h.IP.IsValid() && !ask.SameClient(f.Client, h.IP) {
		j.sign("log-differs", 2, runbook.Tf("the log names another client, %s", "ログでは接続元が異なる (%s)", f.Client), f.At)
	}
	strange := j.desk.Fits(f, f.At).Strange()
	why := phrase.Then(lead, runbook.Tf("the log tells of %s at %s", "ログに %s がある (%s)", t.Queue, ask.Stamp(f.Time)))
	from := j.from(client)
	switch {
	case strange && f.Login != "":
		t.Login, t.Claimed = "", f.Login
		j.sign("log-recipient", 3, runbook.T("the log tells of other recipients", "ログでは宛先が異なる"), f.At)
		j.answer(facts.Through, phrase.Both("through this server, by its lines; of the id of line %[3]s the log tells that %[1]s had logged in, from %[2]s, but for other recipients: by an alias or a list, or the line was copied from another mail",
			"行によれば当サーバーを経由。ログでは %[3]s 行目の ID は %[1]s のログイン (接続元 %[2]s) だが、宛先が異なる。別名やメーリングリストの展開か、別のメールから写した行である", phrase.Same(f.Login), from, phrase.Number(f.At)), why)
	case f.Doubt:
		t.Login = ""
		j.answer(facts.Through, phrase.Both("through this server, from %s; whether as %s cannot be told", "当サーバーを経由: 接続元 %s。%s としてログインしたかは判定できない", from, phrase.Same(f.Login)), runbook.T(why.EN+"; a sender may be made to look like a login", why.JA+"。送信者がログイン名に見せかけた可能性がある"))
	case f.Login != "":
		j.answer(facts.Login, phrase.Both("relayed through this server, logged in as %s, from %s", "当サーバーを経由: %s としてログイン、接続元 %s", phrase.Same(f.Login), from), why)
	case !f.Told && h.Auth && (j.way.Doubt < 0 || f.At <= j.way.Doubt):
		j.loggedIn(f.At, why)
	case !f.Told:
		j.answer(facts.Through, phrase.Both("through this server, from %s; whether with a login cannot be told", "当サーバーを経由: 接続元 %s。ログインの有無は判定できない", from), runbook.T(why.EN+"; no log of that time tells of logins", why.JA+"。その時刻のログインを記録したログがない"))
	case !f.Outside && !j.handed() && !j.inside(client):
		j.incoming(client, why)
	case !f.Outside && j.handed() && !j.inside(client):
		j.answer(facts.Forwarded, phrase.Both("through this server, but forwarded: %s brought it for a mailbox or list here, and it went on from here", "当サーバーから転送された: %s が自ドメインの宛先に届け、そこから転送された", from), why)
	default:
		j.answer(facts.NoLogin, phrase.Both("through this server without login, from %s", "当サーバーを経由: ログインなし、接続元 %s", from), why)
	}
}

// foundFar is for a trusted line whose id the log knows at another time: a clock or a zone is wrong, or the line.
func (j *judge) foundFar(f ask.Find) {
	if !j.desk.Fits(f, f.At).Client {
		j.t.Evidence = f.Evidence
		j.unknown(phrase.Both("the log knows the id of line %s, but tells of %s", "%s 行目の ID はログにあるが、次の点が異なる: %s", phrase.Number(f.At), j.desk.Fits(f, f.At).Differs(f)))
		return
	}
	j.sign("log-time", 2, runbook.Tf("the log tells of it at another time, %s: a clock or a zone is wrong, or the line", "ログの時刻が異なる (%s)。時計かタイムゾーンか行が誤っている", ask.Stamp(f.Time)), f.At)
	j.found(f, runbook.Text{})
}

// loggedIn answers by a line of this server, which shows a login.
func (j *judge) loggedIn(at int, why runbook.Text) {
	h := j.Lines[at].Hop
	j.t.Login = h.User
	from, hides := phrase.Same(phrase.Client(h)), runbook.Text{}
	if !h.IP.IsValid() && h.BadIP == "" && !h.Local {
		from, hides = runbook.T("a client that its line hides", "行に示されない接続元"), runbook.T("; from where only the log tells", "。接続元はログでしか分からない")
	}
	if h.User == "" {
		j.answer(facts.Login, phrase.Both("relayed through this server, logged in (as whom the line does not say), from %s", "当サーバーを経由: ログインあり (名前は行にない)、接続元 %s", from), phrase.Then(why, hides))
		return
	}
	j.answer(facts.Login, phrase.Both("relayed through this server, logged in as %s, from %s", "当サーバーを経由: %s としてログイン、接続元 %s", phrase.Same(h.User), from), phrase.Then(why, hides))
}

// incoming answers for mail that came for a mailbox here: this server is its end, and relayed nothing.
func (j *judge) incoming(client netip.Addr, why runbook.Text) {
	j.t.Relay, j.t.Client = client.String(), ""
	switch {
	case j.t.More > 0:
		j.unknown(runbook.Tf("%d more lines were not read; %s brought it for a mailbox here", "残り %d 行を読んでいない。%s が自ドメイン宛に届けた", j.t.More, client))
		return
	case client.Is4() && !j.Own.Knows(client):
		j.unknown(runbook.Tf("no IPv4 address of yours is known (--own ADDR); if %s is not yours, it only came for a mailbox here", "IPv4 の自アドレスが設定されていない (--own ADDR)。%s が自ホストでなければ、自ドメイン宛に届いただけである", client))
		return
	}
	only := runbook.Text{}
	if j.t.OwnFrom {
		only = runbook.T(", only the From is yours", "、自分のものは From だけである")
	}
	j.answer(facts.Not, runbook.T("not relayed through this server: "+client.String()+" brought it for a mailbox here"+only.EN, "当サーバーは中継していない: "+client.String()+" が自ドメイン宛に届けた"+only.JA), why)
}

// handed says that a host that is not one's own took the message from one's own: it went out.
func (j *judge) handed() bool {
	return j.way.Handed >= 0 || j.Report != nil && j.Own.Addr(j.Report.SourceIP)
}

// single says that a program names a recipient in its line only if there is no other.
func single(s received.Software) bool {
	return s == received.Postfix || s == received.Exim || s == received.Sendmail
}

// bounce says that the mail is a notification that this server made itself: the line is one that only a bounce, or what came back from a
// mailbox, has, and it went out.
func (j *judge) bounce() bool {
	w := j.way
	if !j.Said.Bounce || w.Border < 0 {
		return false
	}
	h := j.Lines[w.Border].Hop
	return h.Local && slices.Contains([]string{"", "mail", "exim", "Debian-exim", "mailnull"}, h.Ident) && (j.handed() || h.For != "" && !j.Own.Names(domain(h.For)))
}

func (j *judge) bounced(q ask.Inquiry) {
	why := runbook.T("its line shows no client: a mail of the server's own making", "その行に接続元がない。サーバー自身が作成したメールである")
	if q.Taken != nil {
		j.t.Logged, j.t.Evidence = true, q.Taken.Evidence
	}
	j.spot(j.way.Border)
	j.answer(facts.Bounced, runbook.T("this server made this bounce (backscatter, if who got it had sent nothing): refuse unknown recipients at RCPT", "当サーバーが作成したバウンスである (受け取った者が何も送っていなければ backscatter)。存在しない宛先は RCPT で拒否すること"), why)
}

// spot is where the line stands, as evidence.
func (j *judge) spot(at int) {
	if j.t.Evidence == "" && j.Lines[at].Hop.Line > 0 {
		j.t.Evidence = fmt.Sprintf("%s:%d", j.t.File, j.Lines[at].Hop.Line)
	}
}
