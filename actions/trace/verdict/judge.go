package verdict

import (
	"context"
	"net/netip"
	"slices"
	"strings"

	"hikeshi/actions/trace/ask"
	"hikeshi/actions/trace/facts"
	"hikeshi/actions/trace/received"
	"hikeshi/actions/trace/verdict/phrase"
	"hikeshi/runbook"
)

// decide finds the answer.
func (j *judge) decide(ctx context.Context) error {
	w := j.way
	switch {
	case len(j.Lines) == 0:
		j.withoutLines()
	case len(j.Own.Nets) == 0 && len(j.Own.Domains) == 0 && len(j.Own.Hosts) == 0:
		by := j.who(w.Border)
		j.unknown(runbook.Tf("nothing is known to be yours (own in the configuration, or --own); by guess %s handed it over", "自ホスト・自ドメインが設定されていない (設定の own か --own)。推定では %s が渡した", by))
	case len(w.Own) > 0:
		return j.mine(ctx, w.Own)
	case w.Handed >= 0:
		j.handedOnly(w.Handed)
	case len(w.Claims) > 0:
		return j.claimed(ctx)
	default:
		return j.foreign(ctx)
	}
	return nil
}

// withoutLines knows only what a report says.
func (j *judge) withoutLines() {
	switch r := j.Report; {
	case r == nil || !r.SourceIP.IsValid():
		j.unknown(runbook.T("the message has no Received line", "Received 行がない"))
	case j.Own.Addr(r.SourceIP):
		j.unknown(runbook.Tf("there is no Received line; the reporter got it from your address %s", "Received 行がない。報告者は自アドレス %s から受け取った", r.SourceIP))
	default:
		j.t.Relay = r.SourceIP.String()
		j.notThrough(runbook.T("there is no Received line; the report says it (Source-IP)", "Received 行がないため、報告の Source-IP による"))
	}
}

// handedOnly is for what left from an own address without any line of an own host.
func (j *judge) handedOnly(at int) {
	h := j.Lines[at].Hop
	j.t.Client = h.IP.String()
	if !j.Own.Addr(h.IP) {
		j.unknown(runbook.Tf("%s took it from %s, whose name %s is yours, and no host of yours has written a line: another program or machine there sent it, or the line was taken out",
			"%s は自ドメインの名前 %[3]s を持つ %[2]s から受け取ったが、自ホストの行がない。そこの別のプログラムや機器が送ったか、行が消された", h.By, j.t.Client, h.RDNS))
		return
	}
	j.unknown(runbook.Tf("%s took it from your address %s, and no host of yours has written a line: another program or machine at that address sent it, or the line was taken out",
		"%s は自アドレス %s から受け取ったが、自ホストの行がない。そのアドレスの別のプログラムや機器が送ったか、行が消された", h.By, j.t.Client))
}

// foreign is for lines of which none names anything of one's own. The log is asked all the same: the server may write another name.
func (j *judge) foreign(ctx context.Context) error {
	q, err := j.look(ctx, j.perhapsOwn(), func(f ask.Find) bool {
		m := j.desk.Fits(f, f.At)
		return m.Client && m.Time && !m.Strange()
	})
	if err != nil {
		return err
	}
	if q.Taken != nil {
		j.found(*q.Taken, runbook.T("the line names no host that is known to be yours, and the log knows its id; ", "行のホスト名は自ホストとして設定されていないが、ID はログにある。"))
		return nil
	}
	j.t.Queue = ""
	w := j.way
	switch {
	case w.Broken >= 0:
		j.unknown(j.broken())
	case w.Border < 0 || !j.Lines[w.Border].Hop.IP.IsValid():
		j.unknown(runbook.T("no line names a host outside by its address", "外部のホストのアドレスを示す行がない"))
	default:
		j.t.Relay = j.Lines[w.Border].Hop.IP.String()
		j.notThrough(runbook.Tf("%s took it from there (line %d), and no line names a host of yours", "%s がそこから受け取った (%d 行目)。自ホストを示す行はない", j.Lines[w.Border].Hop.By, w.Border+1))
	}
	return nil
}

// broken says that a line ends all trust.
func (j *judge) broken() runbook.Text {
	i := j.way.Broken
	if j.Lines[i].Read {
		return runbook.Tf("line %d names its client without an address that can be read, and what stands below it is hearsay", "%d 行目の接続元に読めるアドレスがなく、それより下は信用できない", i+1)
	}
	return runbook.Tf("line %d has no form of a Received line, and what stands below it is hearsay", "%d 行目が Received 行として読めず、それより下は信用できない", i+1)
}

// perhapsOwn is the top line, unless a large provider wrote it.
func (j *judge) perhapsOwn() []int {
	switch j.Lines[0].Hop.Software {
	case received.Google, received.Yahoo, received.Exchange:
		return nil
	}
	return []int{0}
}

// notThrough answers with the relay that was found, if nothing speaks against it.
func (j *judge) notThrough(why runbook.Text) {
	by := j.t.Relay
	if i := j.way.Border; i >= 0 && j.Lines[i].Hop.IP.IsValid() && j.Lines[i].Hop.IP.String() == by {
		by = j.who(i)
	}
	if against := j.against(by); !against.IsZero() {
		j.answer(facts.Unknown, Cannot(against), why)
		return
	}
	if j.t.OwnFrom {
		j.answer(facts.Not, runbook.Tf("not through this server: relayed by %s, only the From is yours", "当サーバーは経由していない: %s が中継したもので、自分のものは From だけである", by), why)
		return
	}
	j.answer(facts.Not, runbook.Tf("not through this server: relayed by %s", "当サーバーは経由していない: %s が中継した", by), why)
}

// claimed is for lines that name an own host below the border: only the log can tell whether they are true.
func (j *judge) claimed(ctx context.Context) error {
	w := j.way
	var named []int
	for _, i := range w.Claims {
		if h := j.Lines[i].Hop; j.Own.Names(h.By) {
			if named = append(named, i); h.Auth && h.User != "" {
				j.t.Claimed = h.User
			}
		}
	}
	until := w.Border
	if until >= 0 && j.Lines[until].Hop.IP.IsValid() {
		j.t.Relay = j.Lines[until].Hop.IP.String()
	}
	q, err := j.look(ctx, named, func(f ask.Find) bool {
		m := j.desk.Fits(f, until)
		return m.Client && m.Time && m.Sender && m.Told && m.Recipient
	})
	if err != nil {
		return err
	}
	switch {
	case q.Taken != nil:
		j.t.Claimed = ""
		j.found(*q.Taken, runbook.Tf("line %d stands below the border, and the log agrees with it in id, time, client, sender and recipient; whoever had an honest mail to that recipient could have copied it. ", "%d 行目は境界より下だが、ID・時刻・接続元・送信者・宛先がログと一致する。その宛先への正規のメールを持つ者なら写せる。", q.Taken.At+1))
	case len(q.Refused) > 0:
		j.hearsay(q.Refused[0], until)
	case q.Far != nil:
		j.t.Evidence = q.Far.Evidence
		j.unknown(runbook.Tf("line %d stands below the border: hearsay; the log knows its id, but of %s", "%d 行目は境界より下で信用できない。その ID はログでは %s のものである", q.Far.At+1, ask.Stamp(q.Far.Time)))
	case q.Covered && j.t.Relay != "":
		j.t.Claimed = ""
		j.sign("own-forged", 3, runbook.T("the own log, which reaches there, does not know its id", "その時刻を含む自サーバーのログに ID がない"), named...)
		j.notThrough(runbook.Tf("line %d names a host of yours, but the log of that time does not know its id: the line was made up", "%d 行目は自ホストを名乗るが、その時刻のログに ID がない。偽造された行である", named[0]+1))
	case len(named) == 0:
		j.unknown(runbook.Tf("line %d, below the border, says that it came from your address, and nobody you trust has written that line; %s handed it over: if that is yours too, such as a relay in front, name it (--own)", "境界より下の %d 行目に自アドレスから来たとあるが、信用できる者が書いた行ではない。渡したのは %s。それも自ホスト (前段の中継など) なら --own で示すこと", w.Claims[0]+1, j.who(w.Border)))
	case w.Broken >= 0:
		j.unknown(phrase.Both("%s; line %s names a host of yours below the border, and whether it is true cannot be told: %s", "%s。境界より下の %s 行目が自ホストを名乗るが、真偽を確かめられない: %s", j.broken(), phrase.Number(named[0]), j.lacks.Text()))
	default:
		j.unknown(phrase.Both("line %s names a host of yours below the border, and whether it is true cannot be told: %s; %s handed it over: if that is yours too, such as a relay in front, name it (--own)", "境界より下の %s 行目が自ホストを名乗るが、真偽を確かめられない: %s。渡したのは %s。それも自ホスト (前段の中継など) なら --own で示すこと", phrase.Number(named[0]), j.lacks.Text(), phrase.Same(j.who(w.Border))))
	}
	return nil
}

// hearsay is for a line below the border whose id the log knows, and that is not proved by it.
func (j *judge) hearsay(f ask.Find, until int) {
	j.t.Evidence = f.Evidence
	if j.t.Claimed == "" {
		j.t.Claimed = f.Login
	}
	if d := j.desk.Fits(f, until).Differs(f); !d.IsZero() {
		j.unknown(phrase.Both("line %s stands below the border: hearsay; the log knows its id, but tells of %s", "%s 行目は境界より下で信用できない。その ID はログにあるが、次の点が異なる: %s", phrase.Number(f.At), d))
		return
	}
	j.unknown(runbook.Tf("line %d stands below the border: hearsay, as if copied from honest mail; it agrees with the log in id, time and client, and no recipient proves that it is of this mail",
		"%d 行目は境界より下で、正規のメールから写した可能性がある。ID・時刻・接続元はログと一致するが、このメールの行だと確かめられる宛先がない", f.At+1))
}

// against says what speaks against "not through this server"; zero if nothing does.
func (j *judge) against(by string) runbook.Text {
	var ip netip.Addr
	name := ""
	if i := j.way.Border; i >= 0 {
		h := j.Lines[i].Hop
		if ip = h.IP; j.Own.Called(h) {
			name = h.RDNS
		}
	}
	if !ip.IsValid() && j.Report != nil {
		ip = j.Report.SourceIP
	}
	login := j.loginBelow()
	switch {
	case j.t.More > 0:
		return runbook.Tf("%d more lines were not read; %s handed it over", "残り %d 行を読んでいない。渡したのは %s", j.t.More, by)
	case name != "":
		return runbook.Tf("%s handed it over, whose name is one of yours, and whose address is none that is known to be: if it is yours, add it (--own)", "渡した %s は自ドメインの名前を持つが、自アドレスとして知られていない。自ホストなら --own に加えること", by)
	case j.Report != nil && j.Own.Addr(j.Report.SourceIP):
		return runbook.Tf("the report says that it came from your address %s (Source-IP), and its header that %s handed it over", "報告の Source-IP は自アドレス %s だが、ヘッダーでは %s が渡した", j.Report.SourceIP, by)
	case j.Report != nil && j.Own.Names(j.Report.Client) && !j.calledSo(j.Report.Client):
		return runbook.Tf("the bounce says that it came from your host %s (Received-From-MTA), and its header that %s handed it over", "バウンスの Received-From-MTA は自ホスト %s だが、ヘッダーでは %s が渡した", j.Report.Client, by)
	case ip.IsValid() && !j.Own.Knows(ip) && (ip.Is4() || j.plays()):
		kind := map[bool]string{true: "IPv4", false: "IPv6"}[ip.Is4()]
		return runbook.Tf("no %s address of yours is known (--own ADDR); if %s is not yours, it was not through this server", "%s の自アドレスが設定されていない (--own ADDR)。%s が自ホストでなければ、当サーバーは経由していない", kind, by)
	case !j.knownHere():
		return runbook.Tf("nothing in it is known to be yours, neither a name nor an address: look whether --own is complete; if %s is not yours, it was not through this server", "自分のものと分かる名前もアドレスもない。--own に漏れがないか確かめること。%s が自ホストでなければ、当サーバーは経由していない", by)
	case login >= 0:
		h := j.Lines[login].Hop
		j.t.Claimed = h.User
		return runbook.Tf("line %d, below the border, shows a login at %s as %s; if that is a host of yours, add it (--own); %s handed it over", "境界より下の %d 行目に %s への %s としてのログインがある。自ホストなら --own に加えること。渡したのは %s", login+1, h.By, phrase.Named(h.User), by)
	}
	return runbook.Text{}
}

// plays says that the client of the border called itself as something of one's own.
func (j *judge) plays() bool {
	if j.way.Border < 0 {
		return false
	}
	h := j.Lines[j.way.Border].Hop
	return j.Own.Names(h.HELO) || j.Own.Names(h.RDNS)
}

// calledSo says that the client of the border called itself so: then a report that names it tells nothing new.
func (j *judge) calledSo(name string) bool {
	return j.way.Border >= 0 && strings.EqualFold(j.Lines[j.way.Border].Hop.HELO, name)
}

// loginBelow finds a line below the border that shows a login of the domain of the author, or at a host of it; -1 if there is none.
func (j *judge) loginBelow() int {
	at := domain(j.Said.From)
	for i, l := range j.Lines {
		if i <= j.way.Border || !l.Hop.Auth || at == "" {
			continue
		}
		if at == domain(l.Hop.User) || sameOrganisation(at, l.Hop.By) || j.Own.Names(domain(l.Hop.User)) {
			return i
		}
	}
	return -1
}

// knownHere says that anything in the message is known to be one's own.
func (j *judge) knownHere() bool {
	if slices.ContainsFunc(j.Said.Domains, j.Own.Names) || j.Report != nil && (j.Own.Addr(j.Report.SourceIP) || slices.ContainsFunc(j.Report.Domains, j.Own.Names)) {
		return true
	}
	for _, l := range j.Lines {
		h := l.Hop
		if !h.IP.IsLoopback() && j.Own.Addr(h.IP) || slices.ContainsFunc([]string{h.By, h.RDNS, h.HELO, domain(h.For), domain(h.EnvelopeFrom), domain(h.User)}, j.Own.Names) {
			return true
		}
	}
	return false
}
