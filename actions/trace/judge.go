package trace

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"hikeshi/actions/trace/facts"
	"hikeshi/actions/trace/message"
	"hikeshi/actions/trace/received"
	"hikeshi/actions/trace/walk"
	"hikeshi/runbook"
)

// A judge decides about one message.
type judge struct {
	env    Env
	own    walk.Own
	lines  []walk.Line
	way    walk.Way
	signs  []walk.Sign
	report *message.Report // nil: no report
	t      *Traced
}

// maxAsked bounds how often the log is read for one message.
const maxAsked = 4

func (j *judge) answer(s State, answer, why runbook.Text) {
	j.t.State, j.t.Answer, j.t.Why = s, answer, why
}

// unknown answers that nothing can be told, and why.
func (j *judge) unknown(because runbook.Text) {
	j.answer(facts.Unknown, runbook.T("cannot tell, because "+because.EN, "判定できない: "+because.JA), runbook.Text{})
}

// decide finds the answer.
func (j *judge) decide(ctx context.Context) error {
	w := j.way
	switch {
	case len(j.lines) == 0:
		j.withoutLines()
	case len(j.own.Nets) == 0 && len(j.own.Domains) == 0 && len(j.own.Hosts) == 0:
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
	switch r := j.report; {
	case r == nil || !r.SourceIP.IsValid():
		j.unknown(runbook.T("the message has no Received line", "Received 行がない"))
	case j.own.Addr(r.SourceIP):
		j.unknown(runbook.Tf("there is no Received line; the reporter got it from your address %s", "Received 行がない。報告者は自アドレス %s から受け取った", r.SourceIP))
	default:
		j.t.Relay = r.SourceIP.String()
		j.notThrough(runbook.T("there is no Received line; the report says it (Source-IP)", "Received 行がないため、報告の Source-IP による"))
	}
}

// handedOnly is for what left from an own address without any line of an own host.
func (j *judge) handedOnly(at int) {
	j.t.Client = j.lines[at].Hop.IP.String()
	j.unknown(runbook.Tf("%s took it from your address %s, and no host of yours has written a line: another program or machine at that address sent it, or the line was taken out",
		"%s は自アドレス %s から受け取ったが、自ホストの行がない。そのアドレスの別のプログラムや機器が送ったか、行が消された", j.lines[at].Hop.By, j.t.Client))
}

// foreign is for lines of which none names anything of one's own. The log is asked all the same: the server may write another name.
func (j *judge) foreign(ctx context.Context) error {
	e, at, _, err := j.look(ctx, j.perhapsOwn())
	if err != nil {
		return err
	}
	if e.Found && j.agrees(e, at) {
		j.found(e, at, runbook.T("the line names no host that is known to be yours, and the log knows its id; ", "行のホスト名は自ホストとして設定されていないが、ID はログにある。"))
		return nil
	}
	j.t.Queue = ""
	w := j.way
	switch {
	case w.Broken >= 0:
		j.unknown(runbook.Tf("line %d has no form of a Received line, and what stands below it is hearsay", "%d 行目が Received 行として読めず、それより下は信用できない", w.Broken+1))
	case w.Border < 0 || !j.lines[w.Border].Hop.IP.IsValid():
		j.unknown(runbook.T("no line names a host outside by its address", "外部のホストのアドレスを示す行がない"))
	default:
		j.t.Relay = j.lines[w.Border].Hop.IP.String()
		j.notThrough(runbook.Tf("%s took it from there (line %d), and no line names a host of yours", "%s がそこから受け取った (%d 行目)。自ホストを示す行はない", j.lines[w.Border].Hop.By, w.Border+1))
	}
	return nil
}

// perhapsOwn is the top line, unless a large provider wrote it.
func (j *judge) perhapsOwn() []int {
	switch j.lines[0].Hop.Software {
	case received.Google, received.Yahoo, received.Exchange:
		return nil
	}
	return []int{0}
}

// notThrough answers with the relay that was found.
func (j *judge) notThrough(why runbook.Text) {
	by := j.t.Relay
	if i := j.way.Border; i >= 0 && j.lines[i].Hop.IP.IsValid() && j.lines[i].Hop.IP.String() == by {
		by = j.who(i)
	}
	if j.t.OwnFrom {
		j.answer(facts.Not, runbook.Tf("not through this server: relayed by %s, only the From is yours", "当サーバーは経由していない: %s が中継したもので、自分のものは From だけである", by), why)
		return
	}
	j.answer(facts.Not, runbook.Tf("not through this server: relayed by %s", "当サーバーは経由していない: %s が中継した", by), why)
}

// claimed is for lines that name an own host below the border: only the log can tell whether they are true.
func (j *judge) claimed(ctx context.Context) error {
	var named []int
	for _, i := range j.way.Claims {
		if j.own.Names(j.lines[i].Hop.By) {
			named = append(named, i)
		}
	}
	if i := j.way.Border; i >= 0 && j.lines[i].Hop.IP.IsValid() {
		j.t.Relay = j.lines[i].Hop.IP.String()
	}
	e, at, covered, err := j.look(ctx, named)
	first := j.way.Claims[0] + 1
	switch {
	case err != nil:
		return err
	case e.Found && j.agrees(e, at):
		j.found(e, at, runbook.Tf("line %d stands below the border, and the log agrees with it in id, time and address; a line copied from honest mail would too. ", "%d 行目は境界より下だが、ID・時刻・アドレスがログと一致する。正規のメールから写した行でも一致し得る。", at+1))
	case e.Found:
		j.t.Evidence = e.Evidence
		j.unknown(runbook.Tf("line %d stands below the border, and the log tells of another client for its id: %s", "%d 行目は境界より下にあり、その ID の接続元がログでは異なる: %s", at+1, e.Client))
	case covered && j.t.Relay != "":
		j.sign("own-forged", 3, runbook.T("the own log, which reaches there, does not know its id", "その時刻を含む自サーバーのログに ID がない"), named...)
		j.notThrough(runbook.Tf("line %d names a host of yours, but the log of that time does not know its id: the line was made up", "%d 行目は自ホストを名乗るが、その時刻のログに ID がない。偽造された行である", named[0]+1))
	case len(named) == 0:
		j.unknown(runbook.Tf("line %d, below the border, says that it came from your address, and nobody you trust has written that line; %s handed it over", "境界より下の %d 行目に自アドレスから来たとあるが、信用できる者が書いた行ではない。渡したのは %s", first, j.who(j.way.Border)))
	default:
		j.unknown(runbook.Tf("line %d names a host of yours below the border, and no log can tell whether it is true; %s handed it over", "境界より下の %d 行目が自ホストを名乗るが、真偽を確かめるログがない。渡したのは %s", named[0]+1, j.who(j.way.Border)))
	}
	return nil
}

// look asks the log for the ids of lines, the lowest first: the lowest is the one that took the message from outside. covered says that all
// of them were asked for, and the log would know each.
func (j *judge) look(ctx context.Context, lines []int) (e Entry, at int, covered bool, err error) {
	if j.env.Lookup == nil {
		return e, -1, false, nil
	}
	asked := 0
	covered = true
	for _, i := range slices.Backward(lines) {
		h := j.lines[i].Hop
		if h.ID == "" || h.Time.IsZero() || asked == maxAsked {
			covered = false
			continue
		}
		asked++
		if j.t.Queue == "" {
			j.t.Queue = h.ID
		}
		if e, err = j.env.Lookup(ctx, h.ID, h.Time); err != nil {
			return e, i, false, fmt.Errorf("asking the log for %s: %w", h.ID, err)
		}
		if e.Found {
			j.t.Queue = h.ID
			return e, i, true, nil
		}
		covered = covered && e.Covers && h.Zone // else nobody knows which time that is
	}
	return Entry{}, -1, covered && asked > 0, nil
}

// agrees says that the log and a line name the same client.
func (j *judge) agrees(e Entry, at int) bool { return sameClient(e.Client, j.lines[at].Hop.IP) }

// sameClient compares addresses; of IPv6 the first 64 bits, which is what the books of the log keep.
func sameClient(a, b netip.Addr) bool {
	if a.Is6() && b.Is6() {
		p, err := a.Prefix(64)
		return err == nil && p.Contains(b)
	}
	return a == b
}

func (j *judge) sign(code string, weight int, text runbook.Text, at ...int) {
	j.signs = append(j.signs, walk.Sign{Code: code, Weight: weight, Text: text, Lines: at})
}

// who names the client of a line.
func (j *judge) who(at int) string {
	if at < 0 || at >= len(j.lines) {
		return "?"
	}
	return named(j.lines[at].Hop)
}

func named(h received.Hop) string {
	switch {
	case h.IP.IsValid() && h.RDNS != "" && h.RDNS != h.IP.String():
		return h.IP.String() + " (" + h.RDNS + ")"
	case h.IP.IsValid():
		return h.IP.String()
	case h.BadIP != "":
		return h.BadIP
	case h.Local && strings.Trim(h.Ident, "0123456789") == "" && h.Ident != "":
		return "uid " + h.Ident
	case h.Local && h.Ident != "":
		return h.Ident
	}
	return "?"
}
