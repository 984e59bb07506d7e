package hygiene

import (
	"fmt"
	"slices"
	"strings"

	"hikeshi/actions/smtpcheck/hygiene/advice"
	"hikeshi/actions/smtpcheck/hygiene/compare"
	"hikeshi/actions/smtpcheck/hygiene/session"
	"hikeshi/runbook"
)

// Findings tells what was seen: the whole first, then what is not as before, then each listener. What is as before is told by the whole alone.
func (r Report) Findings() []runbook.Finding {
	f := r.Facts()
	all := append([]runbook.Finding{r.whole(f)}, r.differences(f)...)
	for _, l := range r.Listeners {
		all = append(all, r.about(l)...)
		if !l.Nothing {
			all = append(all, r.listener(l, f)...)
		}
	}
	return append(append(all, recommendations(f)), r.madeUp()...)
}

// Remarks are the findings that no row of a test tells: the whole, and what the rows are worth.
func (r Report) Remarks() []runbook.Finding {
	whole := r.whole(r.Facts())
	whole.Evidence = ""
	all := append([]runbook.Finding{whole}, r.apart()...)
	for _, l := range r.Listeners {
		all = append(all, r.about(l)...)
	}
	return append(all, r.madeUp()...)
}

func (r Report) madeUp() []runbook.Finding {
	if !r.MadeUp {
		return nil
	}
	return []runbook.Finding{find(runbook.Info, "the addresses of the test are made up: a server that looks senders up refuses them all (smtp.probe, smtp.sender)",
		"試験用アドレスは架空のもの。差出人ドメインを確認するサーバはすべて拒否する (smtp.probe、smtp.sender)")}
}

func find(level runbook.Level, en, ja string, args ...any) runbook.Finding {
	return runbook.Finding{Level: level, Text: runbook.Tf(en, ja, args...)}
}

func (r Report) whole(f Facts) runbook.Finding {
	name := advice.Name(r.Server)
	if name == "" {
		name = "?"
	}
	var out runbook.Finding
	switch f.State {
	case Good:
		out = find(runbook.OK, "nothing bad was found (server: %s)", "問題は見つからなかった (サーバ: %s)", name)
	case Bad:
		out = toChange(f, name)
	default:
		out = find(runbook.Warn, "nothing bad was seen, but not everything could be determined: %s", "問題は見えないが、判定できない項目がある: %s", strings.Join(f.Unknown, ", "))
	}
	out.Evidence = transcript
	return out
}

// toChange tells what is bad: what is to be changed, and what is so by Hikeshi's own doing.
func toChange(f Facts, name string) runbook.Finding {
	meant := slices.DeleteFunc(slices.Clone(f.Bad), func(id string) bool {
		return slices.ContainsFunc(f.Rows, func(t Test) bool { return t.ID == id && t.Verdict == string(session.Bad) && !f.meant(t) })
	})
	rest := slices.DeleteFunc(slices.Clone(f.Bad), func(id string) bool { return slices.Contains(meant, id) })
	switch list := strings.Join(meant, ", "); {
	case len(meant) == 0:
		return find(runbook.Bad, "to be changed: %s (server: %s)", "要改善: %s (サーバ: %s)", strings.Join(rest, ", "), name)
	case len(rest) == 0:
		return find(runbook.Warn, "nothing is bad but side effects that are meant: %s (server: %s)", "意図した副作用のほかに問題はない: %s (サーバ: %s)", list, name)
	default:
		return find(runbook.Bad, "to be changed: %s (server: %s); side effects that are meant: %s", "要改善: %s (サーバ: %s)。意図した副作用: %s", strings.Join(rest, ", "), name, list)
	}
}

// meant says that a row is bad by Hikeshi's own doing.
func (f Facts) meant(t Test) bool {
	return slices.ContainsFunc(f.Changed, func(d compare.Difference) bool {
		return d.SideEffectOf != "" && d.ID == t.ID && d.Listener == t.Listener
	})
}

// differences tells what is not as in the earlier look.
func (r Report) differences(f Facts) []runbook.Finding {
	if !f.Compared {
		return nil
	}
	whole := find(runbook.Info, "compared with before: %d better, %d worse, %d changed in all", "以前との比較: 改善 %d、悪化 %d、変化は全部で %d", f.Better, f.Worse, len(f.Changed))
	if f.SideEffects > 0 {
		whole.Text = runbook.T(whole.Text.EN+fmt.Sprintf("; %d of the worse are side effects that are meant", f.SideEffects), whole.Text.JA+fmt.Sprintf("。悪化のうち %d 件は意図した副作用", f.SideEffects))
	}
	all := append([]runbook.Finding{whole}, r.apart()...)
	for _, d := range f.Changed {
		level := runbook.Info
		switch {
		case d.SideEffectOf != "":
			level = runbook.Warn
		case d.Worse():
			level = runbook.Bad
		case d.Better():
			level = runbook.OK
		}
		all = append(all, runbook.Finding{Level: level, Text: d.Text()})
	}
	return all
}

// apart tells of listeners that were asked from inside once and from outside once, and of those that were not asked again.
func (r Report) apart() []runbook.Finding {
	var all []runbook.Finding
	rows := r.Differences()
	for _, l := range r.Listeners {
		var ids []string
		var one compare.Difference
		for _, d := range rows {
			if d.Listener == l.Listener() && !d.Comparable {
				ids, one = append(ids, d.ID), d
			}
		}
		if slices.Sort(ids); len(ids) > 0 {
			where := map[string]string{compare.Inside: "内側", compare.Outside: "外側"}
			all = append(all, runbook.Finding{Level: runbook.Warn, Text: runbook.T(fmt.Sprintf("%s: asked from %s before and from %s now: %s are not comparable", one.Listener, one.VantageBefore, one.VantageNow, strings.Join(ids, ", ")),
				fmt.Sprintf("%s: 以前は%s、今回は%sからの試験。%s は比較できない", one.Listener, where[one.VantageBefore], where[one.VantageNow], strings.Join(ids, ", ")))})
		}
	}
	for _, at := range compare.Listeners(r.Before) {
		if !r.asked(at) {
			all = append(all, find(runbook.Info, "%s: looked at before, and not asked now", "%s: 以前は試験したが、今回は対象外", at))
		}
	}
	return all
}

// about tells whether a listener is there, and from where it was asked.
func (r Report) about(l session.Report) []runbook.Finding {
	at := l.Listener()
	switch {
	case l.Nothing && r.beside(l):
		return []runbook.Finding{find(runbook.Info, "%s: nothing listens there, or not for us", "%s: 接続できない (待ち受けなし、または遮断)", at)}
	case l.Nothing:
		return []runbook.Finding{find(runbook.Warn, "%s: nothing listens there, or not for us", "%s: 接続できない (待ち受けなし、または遮断)", at)}
	case !l.Vantage.Inside:
		return nil
	}
	return []runbook.Finding{{Level: runbook.Warn, Text: runbook.T(fmt.Sprintf("%s: asked from inside (%s): strangers may be treated otherwise; ask from outside too", at, l.Vantage.Why.EN),
		fmt.Sprintf("%s: 内側からの試験 (%s)。外部への応答は異なる場合がある。外からも試験すること", at, l.Vantage.Why.In("ja")))}}
}

// listener tells of the tests of one address and port.
func (r Report) listener(l session.Report, f Facts) []runbook.Finding {
	at := l.Listener()
	var all []runbook.Finding
	for _, row := range l.Rows {
		if (row.Verdict == session.Bad || row.Verdict == session.Note) && !f.asBefore(row) {
			all = append(all, r.row(row))
		}
	}
	all = append(all, rest(l, session.Unknown, runbook.Warn)...)
	if !r.Compared {
		all = append(all, rest(l, session.NotRun, runbook.Info)...)
	}
	good := 0
	for _, row := range l.Rows {
		if row.Verdict == session.Good {
			good++
		}
	}
	return append(all, runbook.Finding{Level: runbook.Info, Text: runbook.T(fmt.Sprintf("%s: %s good, %s named", at, runbook.Count(int64(good), "test"), runbook.Count(int64(l.Rcpts), "recipient")),
		fmt.Sprintf("%s: 良好 %d 件、宛先 %d 件", at, good, l.Rcpts))})
}

// asBefore says that a row was the same in the look that is compared with.
func (f Facts) asBefore(row session.Row) bool {
	return f.Compared && !slices.ContainsFunc(f.Changed, func(d compare.Difference) bool { return d.ID == row.ID && d.Listener == row.Listener })
}

// row tells of one test: what it is, why, what was answered, what to change.
func (r Report) row(row session.Row) runbook.Finding {
	t := r.test(row)
	level := runbook.Info
	switch {
	case row.Verdict == session.Bad && r.isSideEffect(row):
		level = runbook.Warn
	case row.Verdict == session.Bad:
		level = runbook.Bad
	}
	head := fmt.Sprintf("%s: %s ", row.Listener, row.ID)
	f := runbook.Finding{Level: level, Evidence: transcript, Text: runbook.T(head+t.Title.EN+": "+t.Why.EN, head+t.Title.In("ja")+": "+t.Why.In("ja"))}
	if n := len(t.Answered); n > 0 && t.Answered[n-1] != "" {
		f.Text.EN += "; " + t.Answered[n-1]
		f.Text.JA += "。" + t.Answered[n-1]
	}
	f.Text.EN += ". Change: " + t.Change.EN
	f.Text.JA += "。対処: " + t.Change.In("ja")
	return f
}

// rest tells of rows that show nothing, one line for each reason.
func rest(l session.Report, v session.Verdict, level runbook.Level) []runbook.Finding {
	var all []runbook.Finding
	var told []string
	for _, row := range l.Rows {
		key := row.Why.EN
		if row.Verdict != v || slices.Contains(told, key) {
			continue
		}
		told = append(told, key)
		var ids []string
		for _, other := range l.Rows {
			if other.Verdict == v && other.Why.EN == key {
				ids = append(ids, other.ID)
			}
		}
		head := fmt.Sprintf("%s: %s %s: ", l.Listener(), strings.Join(ids, ", "), v)
		all = append(all, runbook.Finding{Level: level, Text: runbook.T(head+row.Why.EN, head+row.Why.In("ja"))})
	}
	return all
}

// recommendations tells which recommendations of RFC 2505 are met.
func recommendations(f Facts) runbook.Finding {
	by := map[string][]string{}
	for _, r := range f.RFC {
		by[r.State] = append(by[r.State], r.ID)
	}
	list := func(state string) string {
		if len(by[state]) == 0 {
			return "-"
		}
		return strings.Join(by[state], ", ")
	}
	level := runbook.Info
	if len(by[NotMet]) > 0 {
		level = runbook.Warn
	}
	return find(level, "RFC 2505: met %s; not met %s; not seen here %s", "RFC 2505: 適合 %s、不適合 %s、ここでは未確認 %s", list(Met), list(NotMet), list(NotSeen))
}
