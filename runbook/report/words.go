package report

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"hikeshi/runbook"
	"hikeshi/runbook/report/page"
)

// A teller puts a report into the words of one language and the times of one place.
type teller struct {
	*Report
	lang string
	loc  *time.Location
}

// say formats one of two sentences with the same arguments.
func (t teller) say(en, ja string, args ...any) string {
	if t.lang == "ja" {
		en = ja
	}
	return fmt.Sprintf(en, args...)
}

// word finds the Japanese for one of the fixed words of the records.
func (t teller) word(w string) string {
	ja := map[string]string{
		"open": "進行中", "stopped": "途中で停止", "undone": "取り消し済み", "done": "完了",
		"ok": "正常", "info": "情報", "warn": "注意", "bad": "異常",
		"identify": "状況把握", "contain": "封じ込め", "eradicate": "原因の除去", "recover": "復旧", "learn": "事後対応",
		"none": "変化なし", "partial": "一部のみ実施", "drifted": "他者による変更あり",
		"run": "実行を開始", "resume": "再開", "undo": "取り消しを開始",
	}[w]
	if t.lang != "ja" || ja == "" {
		return w
	}
	return ja
}

// result says how a step ended.
func (t teller) result(s *runbook.StepHistory) string {
	switch s.Result {
	case runbook.ResultDone:
		return t.say("done", "完了")
	case runbook.ResultByHand:
		return t.say("done by hand", "手作業で実施")
	case runbook.ResultOpen:
		return t.say("left open", "未実施")
	case runbook.ResultSkipped:
		return t.say("skipped", "見送り")
	case runbook.ResultFailed:
		return t.say("failed", "失敗")
	case runbook.ResultUndone:
		return t.say("undone", "取り消し済み")
	}
	if s.Plan == nil {
		return t.say("not reached", "未着手")
	}
	return t.say("not finished", "未完了")
}

// Op is the word for an operation of a change in lang; one that has no translation stays as it is.
func Op(op, lang string) string {
	ja := map[string]string{
		"stop": "停止", "start": "起動", "restart": "再起動", "bar": "起動禁止", "unbar": "起動禁止の解除", "rename": "改名", "move": "移して退避",
		"release": "キューに戻す", "purge": "完全に削除", "deny": "拒否を追加", "allow": "拒否を解除",
		"lock": "凍結", "clean": "仕込みの除去", "fix": "中継行の修正", "cut": "接続拒否を追加", "set": "設定変更", "restore": "名前の復元",
	}[op]
	if lang != "ja" || ja == "" {
		return op
	}
	return ja
}

// named says of a change what was done to what.
func (t teller) named(c *runbook.ChangeHistory) string { return Op(c.Op, t.lang) + " " + c.Target }

// reason is why a step ended as it did, in the words of its plan or of the program where they are known.
func (t teller) reason(step, why string) string {
	if s := t.History.Step(step); s != nil && s.Plan != nil && why == s.Plan.Why {
		return s.Plan.Reason(t.lang)
	}
	if shut := t.shut(step); shut != "" && strings.HasPrefix(why, notSo) {
		return shut
	}
	if why == "nobody was asked" {
		return t.say("nobody was asked", "確認者なし")
	}
	return why
}

// notSo is how a gate begins to say which conditions do not hold.
const notSo = "not so: "

// shut says which conditions of a gate do not hold; "" for another step, and where all hold.
func (t teller) shut(step string) string {
	s := t.History.Step(step)
	if s == nil || s.Plan == nil {
		return ""
	}
	var all []string
	for _, row := range s.Plan.Gate {
		if !row.Holds {
			all = append(all, row.Title.In(t.lang))
		}
	}
	if len(all) == 0 {
		return ""
	}
	return t.say("not so: %s", "満たさない条件: %s", strings.Join(all, t.say("; ", "、")))
}

// closing matches how a run says that it has ended before its end.
var closing = regexp.MustCompile(`^stopped at step ([a-z0-9_]+): (?:(interrupted)|the gate does not open: (.*))$`)

// WhyClosed is the error with which the last run ended in lang, where there are words for it; else as it was recorded. It is "" if there
// was none.
func (r *Report) WhyClosed(lang string) string {
	return teller{Report: r, lang: lang}.closed(r.Closing)
}

func (t teller) closed(why string) string {
	m := closing.FindStringSubmatch(why)
	if t.lang != "ja" || m == nil {
		return why
	}
	if m[2] != "" {
		return "手順 " + m[1] + " で中断"
	}
	if s := t.History.Step(m[1]); s != nil && s.Plan != nil && m[3] == s.Plan.Why && s.Plan.WhyJA != "" {
		return "手順 " + m[1] + " の関門が開かない: " + s.Plan.WhyJA
	}
	if shut := t.shut(m[1]); shut != "" && strings.HasPrefix(m[3], notSo) {
		return "手順 " + m[1] + " の関門が開かない。" + shut
	}
	return "手順 " + m[1] + " の関門が開かない"
}

// answer says what the responder decided, and how.
func (t teller) answer(d runbook.Decision) string {
	what := map[runbook.Answer]string{
		runbook.Do: t.say("do it", "実施"), runbook.Skip: t.say("skip", "見送り"), runbook.ByHand: t.say("done by hand", "手作業で実施"),
		runbook.Quit: t.say("quit", "中断"), runbook.Open: t.say("leave open", "未実施のまま続行"),
	}[d.Answer]
	if what == "" {
		what = string(d.Answer)
	}
	switch d.Via {
	case "", "reading":
		return what
	case "prompt":
		return what + t.say(", asked at the terminal", "(端末で確認)")
	}
	return what + t.say(", by ", "(次による: ") + d.Via + t.say("", ")")
}

// when is a time for a sentence, with its date if that is another than the incident was opened on.
func (t teller) when(at time.Time) string {
	if at.In(t.loc).Format(time.DateOnly) != t.History.Opened.In(t.loc).Format(time.DateOnly) {
		return stamp(at, t.loc)
	}
	return clock(at, t.loc, "15:04")
}

// because appends a reason to a text.
func (t teller) because(text, why string) string {
	if why = strings.TrimSpace(why); why == "" {
		return text
	}
	return text + ": " + why
}

var simpleWord = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*$`)

// command is a command line of the program, as it can be typed.
func command(args ...string) page.Item {
	for i, a := range args {
		if !simpleWord.MatchString(a) && !strings.HasPrefix(a, "--") {
			args[i] = strconv.QuoteToASCII(a)
		}
	}
	return page.Item{Text: "hikeshi " + strings.Join(args, " "), Command: true}
}

// stamp writes a time with its date and zone, and the same in UTC.
func stamp(t time.Time, loc *time.Location) string {
	l, u := t.In(loc), t.UTC()
	if l.Format("MST") == "UTC" {
		return l.Format("2006-01-02 15:04 MST")
	}
	z := u.Format("15:04Z")
	if l.Format(time.DateOnly) != u.Format(time.DateOnly) {
		z = u.Format("2006-01-02 15:04Z")
	}
	return l.Format("2006-01-02 15:04 MST") + " (" + z + ")"
}

// clock is stamp without dates, in form.
func clock(t time.Time, loc *time.Location, form string) string {
	l := t.In(loc)
	if l.Format("MST") == "UTC" {
		return l.Format(form + " MST")
	}
	return l.Format(form+" MST") + " (" + t.UTC().Format(form+"Z") + ")"
}

// long writes a duration in hours and minutes.
func long(d time.Duration, lang string) string {
	d = d.Round(time.Minute)
	h, m := int(d.Hours()), int(d.Minutes())%60
	switch {
	case lang == "ja" && h > 0:
		return fmt.Sprintf("%d 時間 %d 分", h, m)
	case lang == "ja":
		return fmt.Sprintf("%d 分", m)
	case h > 0:
		return fmt.Sprintf("%d h %d min", h, m)
	}
	return fmt.Sprintf("%d min", m)
}
