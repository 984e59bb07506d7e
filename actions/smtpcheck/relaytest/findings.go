package relaytest

import (
	"fmt"
	"strings"

	"hikeshi/actions/smtpcheck/relay/finding"
	"hikeshi/actions/smtpcheck/relay/headline"
	"hikeshi/actions/smtpcheck/relay/judge"
	"hikeshi/runbook"
)

// Findings tells what was seen: the whole first, then each listener.
func (r Report) Findings() []runbook.Finding {
	all := []runbook.Finding{r.headline()}
	if f := r.sent(); !f.Text.IsZero() {
		all = append(all, f)
	}
	for _, l := range r.Listeners {
		if r.Cut && !l.Vantage.Remote.IsValid() {
			all = append(all, find(runbook.Warn, "%s: not asked: interrupted", "%s: 未実施 (中断)", l.Listener()))
			continue
		}
		all = append(all, finding.Listener(l, r.catches, transcript)...)
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

// headline tells of all listeners together.
func (r Report) headline() runbook.Finding {
	level, text := runbook.Warn, headline.Of(r.Listeners)
	switch s := judge.Overall(r.Listeners); {
	case s == judge.OpenRelay, s == judge.Doubtful && !headline.Weak(r.Listeners):
		level = runbook.Bad
	case s == judge.Safe && !r.Cut:
		level = runbook.OK
	}
	if r.Cut {
		text = headline.SoFar(r.Listeners)
		text = runbook.T("interrupted; so far: "+text.EN, "中断した。ここまでの結果: "+text.In("ja"))
	}
	return runbook.Finding{Level: level, Text: text, Evidence: transcript}
}

// sent tells how many messages were sent; and if the wait for them was cut, which.
func (r Report) sent() runbook.Finding {
	var cookies []string
	for _, x := range judge.Sent(r.Listeners) {
		cookies = append(cookies, x.ID+" "+x.Cookie)
	}
	n := int64(len(cookies))
	switch {
	case !r.Delivered || n == 0 && !r.Cut:
		return runbook.Finding{}
	case n == 0:
		return find(runbook.Info, "no message was sent", "メールは送っていない")
	case r.Cut:
		list := strings.Join(cookies, ", ")
		return say(runbook.Warn, fmt.Sprintf("%s given to the server for %s, and the wait for what becomes of them was cut: %s", runbook.Count(n, "message"), r.Probe, list),
			fmt.Sprintf("%s あての %d 通をサーバに渡した。到着の確認は打ち切った: %s", r.Probe, n, list))
	}
	return say(runbook.Info, fmt.Sprintf("%s given to the server for %s", runbook.Count(n, "message"), r.Probe), fmt.Sprintf("%s あての %d 通をサーバに渡した", r.Probe, n))
}
