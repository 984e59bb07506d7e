package refusals

import (
	"fmt"
	"strings"
	"time"

	"hikeshi/actions/logs/desk"
	"hikeshi/runbook"
	"hikeshi/spool"
)

// How many names of a reply, and replies that speak of no block, are shown.
const (
	maxShown  = 4
	maxOthers = 5
)

// findings tell what blocks first, then what was not visible.
func (f *Facts) findings(r *desk.Reading) []runbook.Finding {
	var all []runbook.Finding
	others := 0
	for _, reply := range f.Replies {
		if !reply.Blocking {
			if others++; others > maxOthers {
				continue
			}
		}
		all = append(all, reply.finding(r.Zone()))
	}
	all = append(all, f.sum(r)...)
	return append(all, f.unseen(r)...)
}

// finding tells a reply.
func (p Reply) finding(zone *time.Location) runbook.Finding {
	level := runbook.Info
	if p.Blocking {
		level = runbook.Bad
	}
	domain := p.Domain
	if domain == "" {
		domain = "?"
	}
	const minute = "01-02 15:04"
	when := p.First.In(zone).Format(minute)
	if last := p.Last.In(zone).Format(minute); last != when {
		when += " - " + last
	}
	var en, ja strings.Builder
	if named := shown(append(p.Names[:len(p.Names):len(p.Names)], marks(p)...)); named != "" && p.Blocking {
		fmt.Fprintf(&en, "; it names %s", named)
		fmt.Fprintf(&ja, "。名前が挙がったもの: %s", named)
	}
	if len(p.Addresses) > 0 {
		fmt.Fprintf(&en, "; our address: %s", shown(p.Addresses))
		fmt.Fprintf(&ja, "。自サーバーのアドレス: %s", shown(p.Addresses))
	}
	return runbook.Finding{Level: level, Evidence: desk.First(p.Evidence), Text: runbook.Tf(
		"%[1]s: %[2]s, %[3]s%[4]s: %[6]s", "%[1]s: 拒否 %[7]s 件、%[3]s%[5]s: %[6]s",
		domain, runbook.Count(p.Count, "refusal"), when, en.String(), ja.String(), p.Example, desk.Number(p.Count))}
}

// marks are the codes that say more than the enhanced code.
func marks(p Reply) []string {
	var all []string
	for _, c := range p.Codes {
		if c != p.Enhanced {
			all = append(all, c)
		}
	}
	return all
}

func shown(all []string) string {
	if len(all) > maxShown {
		return strings.Join(all[:maxShown], ", ") + fmt.Sprintf(", +%d", len(all)-maxShown)
	}
	return strings.Join(all, ", ")
}

// sum tells of all refusals, and says that nothing blocks only where all could be seen.
func (f *Facts) sum(r *desk.Reading) []runbook.Finding {
	window := runbook.Tf("from %s to %s, server time", "サーバー時刻 %s から %s まで", desk.Clock(r.Span.Since), desk.Clock(r.Span.Until))
	missing := strings.Join(f.Unknown, ", ")
	var all []runbook.Finding
	say := func(level runbook.Level, en, ja string) {
		all = append(all, runbook.Finding{Level: level, Text: runbook.T(en, ja)})
	}
	switch {
	case r.Nothing():
		say(runbook.Warn, "no log could be read: what other servers answer is unknown; "+window.EN, "読めるログがない。相手サーバーの応答は不明("+window.JA+")")
		return all
	case f.Blocking > 0:
		say(runbook.Info, fmt.Sprintf("%s, speaking of a block: %s; %s", runbook.Count(f.Refusals, "refusal"), desk.Number(f.Blocking), window.EN),
			fmt.Sprintf("拒否 %s 件、うちブロックを示すもの %s 件(%s)", desk.Number(f.Refusals), desk.Number(f.Blocking), window.JA))
	case missing != "" || f.Read.Problem:
		say(runbook.Warn, fmt.Sprintf("none of %s seen speaks of a block, but not all could be seen; %s", runbook.Count(f.Refusals, "refusal"), window.EN),
			fmt.Sprintf("確認できた拒否 %s 件にブロックを示すものはないが、すべては確認できていない(%s)", desk.Number(f.Refusals), window.JA))
	default:
		say(runbook.OK, fmt.Sprintf("none of %s speaks of a block; %s", runbook.Count(f.Refusals, "refusal"), window.EN),
			fmt.Sprintf("拒否 %s 件にブロックを示すものはない(%s)", desk.Number(f.Refusals), window.JA))
	}
	if f.Silent > 0 {
		say(runbook.Info, runbook.Count(f.Silent, "failure")+" without a reply: no server was reached", fmt.Sprintf("応答のない失敗 %s 件: 相手サーバーに届いていない", desk.Number(f.Silent)))
	}
	if f.Cut > 0 {
		say(runbook.Info, "different replies left out: "+desk.Number(int64(f.Cut)), fmt.Sprintf("表示していない応答 %d 種類", f.Cut))
	}
	if f.Lost > 0 {
		say(runbook.Info, "too many different replies to count each: any figure of one may be too low by "+desk.Number(f.Lost), "応答の種類が多すぎるため、各応答の件数は最大 "+desk.Number(f.Lost)+" 少ない可能性がある")
	}
	return all
}

// unseen tells which refusals are not visible. How to switch on a log that is meant to be on is told with the logs that were read.
func (f *Facts) unseen(r *desk.Reading) []runbook.Finding {
	var all []runbook.Finding
	for _, l := range r.Uncovered() {
		what := runbook.T("refusals for good", "最終的な拒否")
		if desk.Says(l, spool.EventDeferred) {
			what = runbook.T("refusals for now, which will be tried again", "一時的な拒否(再送される)")
		}
		en, ja := "not visible: "+what.EN+": no "+l.Name+" of this time", "確認できない: "+what.JA+"。この期間の "+l.Name+" がない"
		if desk.Says(l, spool.EventDeferred) && l.State == spool.LogOff {
			en, ja = en+"; to switch it on: "+l.HowToEN, ja+"。オンにするには: "+l.HowToJA
		}
		all = append(all, runbook.Finding{Level: runbook.Warn, Text: runbook.T(en, ja)})
	}
	return all
}
