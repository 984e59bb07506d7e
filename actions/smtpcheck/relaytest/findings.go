package relaytest

import (
	"fmt"
	"slices"
	"strings"

	"hikeshi/actions/smtpcheck/pattern"
	"hikeshi/actions/smtpcheck/relay/judge"
	"hikeshi/runbook"
)

// Findings tells what was seen: the whole first, then each listener.
func (r Report) Findings() []runbook.Finding {
	level := map[judge.State]runbook.Level{judge.Safe: runbook.OK, judge.Undetermined: runbook.Warn, judge.Doubtful: runbook.Bad, judge.OpenRelay: runbook.Bad}
	all := []runbook.Finding{{Level: level[r.State()], Text: r.State().Text(), Evidence: transcript}}
	for _, l := range r.Listeners {
		all = append(all, r.listener(l)...)
	}
	for _, id := range r.Table.Off {
		all = append(all, find(runbook.Warn, "%s is switched off by the own file", "%s は独自ファイルで無効化されている", id))
	}
	if strings.HasSuffix(r.Probe, ".example") || strings.HasSuffix(r.Sender, ".example") {
		all = append(all, find(runbook.Info, "the addresses of the test are made up: a server that looks senders up refuses them all (smtp.probe, smtp.sender)",
			"試験用アドレスは架空のもの。差出人ドメインを確認するサーバはすべて拒否する (smtp.probe、smtp.sender)"))
	}
	if r.Mailbox != nil {
		all = append(all, find(runbook.Warn, "the probe mailbox cannot be read: %s", "プローブ用メールボックスを読めない: %s", r.Mailbox))
	}
	return all
}

func find(level runbook.Level, en, ja string, args ...any) runbook.Finding {
	return runbook.Finding{Level: level, Text: runbook.Tf(en, ja, args...)}
}

func say(level runbook.Level, en, ja string) runbook.Finding {
	return runbook.Finding{Level: level, Text: runbook.T(en, ja)}
}

// listener tells of one address and port.
func (r Report) listener(l judge.Report) []runbook.Finding {
	if l.Nothing {
		level := runbook.Info
		if l.At.Port() == 25 || len(r.Listeners) == 1 {
			level = runbook.Warn
		}
		return []runbook.Finding{find(level, "%s: nothing listens there, or not for us", "%s: 接続できない (待ち受けなし、または遮断)", l.Listener())}
	}
	all := []runbook.Finding{control(l)}
	if l.Vantage.Inside {
		all = append(all, say(runbook.Warn, fmt.Sprintf("%s: asked from inside (%s): a refusal holds for us, strangers may be treated otherwise; ask from outside too", l.Listener(), l.Vantage.Why.EN),
			fmt.Sprintf("%s: 内側からの試験 (%s)。ここでの拒否が外部にも当てはまるとは限らない。外からも試験すること", l.Listener(), l.Vantage.Why.In("ja"))))
	}
	if l.Vantage.Seen.IsValid() {
		all = append(all, find(runbook.Info, "%s: the server sees us as %s", "%s: サーバからは %s に見える", l.Listener(), l.Vantage.Seen))
	}
	refused := 0
	for _, x := range l.Results {
		switch {
		case x.Weight == pattern.Control:
		case x.Verdict.Hit():
			all = append(all, r.hit(x))
		case x.Verdict.Closed():
			refused++
		}
	}
	if soft := ids(l, func(x judge.Result) bool { return x.Verdict == judge.RefusedSoft }); soft != "" {
		all = append(all, find(runbook.Warn, "%s: refused for now only (454 4.7.1): %s; the sender tries again", "%s: 一時的な拒否のみ (454 4.7.1): %s。送信側は再送してくる", l.Listener(), soft))
	}
	all = append(all, say(runbook.Info, fmt.Sprintf("%s: %s refused, %s named", l.Listener(), runbook.Count(int64(refused), "test"), runbook.Count(int64(l.Rcpts), "recipient")),
		fmt.Sprintf("%s: 拒否 %d 件、宛先 %d 件", l.Listener(), refused, l.Rcpts)))
	return append(all, open(l)...)
}

// control tells what the refusals of a listener are worth.
func control(l judge.Report) runbook.Finding {
	switch l.Control {
	case judge.ControlPassed:
		return find(runbook.OK, "%s: mail to an account of the server would be taken, so refusals count", "%s: 自ドメインあては受け付ける。拒否は意味を持つ", l.Listener())
	case judge.ControlLogin:
		return find(runbook.OK, "%s: nothing is taken without a login", "%s: 認証なしでは何も受け付けない", l.Listener())
	case judge.ControlUnknown:
		return find(runbook.Warn, "%s: no account of the server is known (--account), so every \"refused\" proves nothing; R05 and R07 stand in for R06", "%s: サーバのアカウントが分からないため (--account)、「拒否」は何の証明にもならない。R06 の代わりに R05 と R07 を見ること", l.Listener())
	}
	why := ""
	for _, x := range l.Results {
		if x.Weight == pattern.Control && x.Verdict != judge.Passed && x.Verdict != judge.NotRun {
			why = fmt.Sprintf("%s %s %s", x.ID, x.Verdict, cut(x.Reply))
		}
	}
	return find(runbook.Warn, "%s: mail to the server's own address is refused too (%s), so every \"refused\" proves nothing", "%s: 自ドメインあてまで拒否された (%s) ため、「拒否」は何の証明にもならない", l.Listener(), strings.TrimSpace(why))
}

func (r Report) hit(x judge.Result) runbook.Finding {
	level := runbook.Bad
	if x.Verdict == judge.WeakSuspect || x.Weight == pattern.Weak && x.Verdict != judge.Proven {
		level = runbook.Warn
	}
	c := r.catches(x.ID)
	head := fmt.Sprintf("%s: %s %s: ", x.Listener, x.ID, x.Verdict)
	f := say(level, head+c.EN+"; "+cut(x.Reply), head+c.In("ja")+"。"+cut(x.Reply))
	if !x.Why.IsZero() {
		f.Text.EN += " (" + x.Why.EN + ")"
		f.Text.JA += " (" + x.Why.In("ja") + ")"
	}
	f.Evidence = transcript
	return f
}

// open tells which questions are open, and why, one line for each reason.
func open(l judge.Report) []runbook.Finding {
	var all []runbook.Finding
	var told []string
	for _, x := range l.Results {
		key := x.Why.EN
		if x.Weight == pattern.Control && x.Verdict != judge.NotRun || x.Verdict.Hit() || x.Verdict.Closed() || slices.Contains(told, key) {
			continue
		}
		told = append(told, key)
		level := runbook.Info
		if x.Open {
			level = runbook.Warn
		}
		same := ids(l, func(y judge.Result) bool { return y.Why.EN == key && y.Verdict == x.Verdict })
		head := fmt.Sprintf("%s: %s %s: ", l.Listener(), same, x.Verdict)
		all = append(all, say(level, head+x.Why.EN, head+x.Why.In("ja")))
	}
	return all
}

// ids are the ids of the results that fit, in short: R01, R03-R05.
func ids(l judge.Report, fits func(judge.Result) bool) string {
	var all []string
	for _, x := range l.Results {
		if fits(x) {
			all = append(all, x.ID)
		}
	}
	if len(all) > 6 {
		return fmt.Sprintf("%s ... (+%d)", strings.Join(all[:5], ", "), len(all)-5)
	}
	return strings.Join(all, ", ")
}
