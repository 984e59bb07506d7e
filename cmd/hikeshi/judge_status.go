package main

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"hikeshi/runbook"
	"hikeshi/spool"
	"hikeshi/spool/scan"
)

// A verdict adds one thing that needs attention to the status.
type verdict func(l runbook.Level, en, ja string, args ...any)

// judgeStatus says what needs attention, and what to type next.
func (a *app) judgeStatus(w *world, doc *statusDocument) {
	add := func(l runbook.Level, en, ja string, args ...any) {
		doc.Attention = append(doc.Attention, attentionRow{l, fmt.Sprintf(a.word(en, ja), args...)})
		if l == runbook.Bad || l == runbook.Warn && doc.Level == runbook.OK {
			doc.Level = l
		}
	}
	a.judgeBacklog(doc, add)
	a.judgeServices(w, doc, add)
	if d := doc.Disk; d != nil && d.full() {
		add(runbook.Bad, "disk: %s", "ディスク: %s", a.diskWords(d))
	}
	_, found, err := w.host.Relay.Lint()
	if errors.Is(err, fs.ErrPermission) {
		doc.barred(a.word("the deny file", "拒否ファイル"))
	} else if err == nil {
		if i := slices.IndexFunc(found, func(f spool.LintFinding) bool { return f.Level == "bad" }); i >= 0 {
			add(runbook.Bad, "deny file line %d: %s", "拒否ファイル %d 行目: %s", found[i].Line, runbook.T(found[i].Text, found[i].TextJA).In(a.lang()))
		}
	}
	a.judgeGuessing(w, doc, add)
	a.judgeSuspects(w, doc, add)
	for _, f := range doc.Symptoms {
		add(f.Level, "%s", "%s", f.Text)
	}
	a.judgeRecord(doc, add)
	doc.Undetermined = doc.Level == runbook.OK && doc.hidden()
	doc.Next = a.next(doc)
}

// judgeBacklog tells the thresholds that are passed, and what could not be read.
func (a *app) judgeBacklog(doc *statusDocument, add verdict) {
	for _, f := range doc.Backlog {
		for _, p := range doc.passed[f.Name] {
			words := map[scan.What][2]string{
				scan.TooMany: {"%s: %s messages, more than %s", "%s: %s 通。しきい値 %s を超過"},
				scan.TooOld:  {"%s: the oldest is %s old, more than %s", "%s: 最古は %s 前。しきい値 %s を超過"},
				scan.TooFast: {"%s: grows by %s, more than %s", "%s: 増加 %s。しきい値 %s を超過"},
			}[p.What]
			value, limit := p.Value, p.Limit
			if a.lang() == "ja" {
				value, limit = p.Japanese()
			}
			add(runbook.Bad, words[0], words[1], f.Name, value, limit)
		}
		switch {
		case f.Barred: // not to be allowed to look is no finding
			add(runbook.Info, "%s cannot be read as this user: %s; read as root", "%s はこのユーザーでは読めない: %s。root で実行すること", f.Name, line(f.Unreadable))
		case f.Unreadable != "":
			add(runbook.Warn, "%s cannot be read: %s", "%s を読めない: %s", f.Name, line(f.Unreadable))
		}
	}
}

// judgeServices tells the services that are down, barred, unknown, or up though they were stopped.
func (a *app) judgeServices(w *world, doc *statusDocument, add verdict) {
	told := ""
	for _, s := range doc.Services {
		switch {
		case s.Error != "" && s.Error == told && !s.Barred: // the same for all of them
		case s.Barred:
			add(runbook.Warn, "%s is barred from starting by incident %s", "%s は事案 %s により起動禁止中", s.Unit, s.Incident)
		case s.Error != "":
			told = s.Error
			add(runbook.Warn, "%s: state unknown: %s", "%s: 状態不明: %s", s.Unit, line(joined(s.Error)))
		case s.attention:
			add(runbook.Warn, "%s is %s (%s)", "%s は %s (%s)", s.Unit, s.Active, s.Load)
		}
	}
	for _, unit := range a.forced(w, doc) {
		add(runbook.Bad, "%s runs though incident %s has stopped it: the hole may still be open", "%s は事案 %s が停止したはずなのに動いている。穴が開いたままの恐れがある", unit, doc.Incident.ID)
	}
}

// judgeRecord tells what the incidents have left: what is due, who is at work, what is not finished.
func (a *app) judgeRecord(doc *statusDocument, add verdict) {
	if len(doc.Due) > 0 {
		add(runbook.Warn, "denials due for review: %d", "見直し期限の来た拒否が %d 件", len(doc.Due))
	}
	for _, l := range doc.Later {
		if !l.Due.After(a.now()) {
			add(runbook.Warn, "incident %s: the look after %.0f minutes is due: hikeshi verify-later", "事案 %s: %.0f 分後の確認の時刻: hikeshi verify-later", l.Incident, l.After/60)
		}
	}
	waiting := map[string]int{}
	for _, r := range doc.Requests {
		waiting[r.Do]++
	}
	if n := waiting["send"]; n > 0 {
		add(runbook.Warn, "requests for delisting, drafted and not sent: %d: hikeshi delist list", "未送信の掲載解除申請が %d 件: hikeshi delist list", n)
	}
	if n := waiting["ask"] + waiting["look"]; n > 0 {
		add(runbook.Warn, "blocklists to be looked at again: %d: hikeshi delist draft", "再確認の時期が来たブロックリストが %d 件: hikeshi delist draft", n)
	}
	if h := doc.AtWork; h != nil {
		add(runbook.Warn, "%s is at work since %s: incident %s, step %s", "%s が %s から対応中: 事案 %s、手順 %s", line(h.User), h.Since.In(a.now().Location()).Format("15:04"), cmp.Or(line(h.Incident), "-"), cmp.Or(line(h.Step), "-"))
	}
	if doc.Incident != nil {
		add(runbook.Warn, "incident %s is not finished", "事案 %s が終わっていない", doc.Incident.ID)
	}
}

func (a *app) next(doc *statusDocument) string {
	switch {
	case doc.AtWork != nil:
		return "hikeshi show " + cmp.Or(doc.AtWork.Incident, "INCIDENT")
	case doc.Incident != nil:
		return "hikeshi resume " + doc.Incident.ID
	case slices.ContainsFunc(doc.Backlog, func(f folderRow) bool { return f.Over }):
		return "hikeshi run mail-abuse"
	case doc.Level != runbook.OK:
		return "hikeshi doctor"
	case doc.Undetermined:
		return "sudo hikeshi status"
	}
	return ""
}

// serviceWords puts the services on one line.
func (a *app) serviceWords(d statusDocument) string {
	if d.Manager == "none" {
		return a.word("not looked at (service manager none)", "見ていない(サービス管理なし)")
	}
	text := ""
	for _, r := range d.Services {
		state := map[string]string{"active": a.word("up", "動作中"), "inactive": a.word("down", "停止"), "failed": a.word("FAILED", "異常終了"), "unknown": a.word("unknown", "不明")}[r.Active]
		if state == "" {
			state = r.Active
		}
		if r.Load == "not-found" {
			state = a.word("not installed", "未導入")
		}
		role := map[spool.Role]string{spool.Receiver: a.word("receive", "受信"), spool.Delivery: a.word("deliver", "配送"), spool.Mailbox: a.word("mailbox", "受信箱")}[r.Role]
		text += fmt.Sprintf("%s(%s) %s  ", r.Unit[:max(len(r.Unit)-len(".service"), 0)], role, state)
	}
	return text
}
