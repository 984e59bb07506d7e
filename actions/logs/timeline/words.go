package timeline

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"hikeshi/actions/logs/desk"
	"hikeshi/actions/logs/entry"
	"hikeshi/actions/logs/heard"
	"hikeshi/actions/logs/sweep"
	"hikeshi/runbook"
)

// rows is how many rows the table has at most, about.
const rows = 24

func (f *Facts) findings(r *desk.Reading) []runbook.Finding {
	if r.Nothing() && f.Of != named {
		return nil
	}
	found := []runbook.Finding{f.summary(r.Zone())}
	if r.Nothing() {
		return found
	}
	if missing, some := heard.Missing(r); some && f.First.IsZero() && desk.Total(f.Usual) == 0 {
		found[0] = missing
	}
	if !f.Separated && f.Of != all && f.Messages != nil && *f.Messages > 0 {
		found = append(found, runbook.Finding{Level: runbook.Warn, Text: runbook.T(
			"there are fewer than 5 days of history: which addresses are the owners' is not known, and their own mail is counted with the rest",
			"履歴が 5 日分に満たず、本人の接続元が分からない。本人のメールも合わせて数えている")})
	}
	if f.First.IsZero() {
		return found
	}
	found = append(found, runbook.Finding{Level: runbook.Info, Text: runbook.T("|"+f.Spark+"|", "")})
	return append(found, f.table(r.Zone())...)
}

// whom says who is counted, by name.
func (f *Facts) whom() runbook.Text {
	who := map[string]runbook.Text{
		named:    runbook.T("those that were named", "指定した対象"),
		suspects: runbook.T("the suspects", "疑わしいアカウントや接続元"),
		all:      runbook.T("everybody", "全体"),
	}[f.Of]
	if len(f.Accounts)+len(f.Sources) == 0 {
		return who
	}
	var en, ja []string
	for _, names := range [][]string{f.Accounts, f.Sources} {
		if len(names) > 0 {
			some := few(names)
			en, ja = append(en, some.EN), append(ja, some.JA)
		}
	}
	return runbook.T(who.EN+" ("+strings.Join(en, "; ")+")", who.JA+" ("+strings.Join(ja, "、")+") ")
}

// few names the first ones of some.
func few(names []string) runbook.Text {
	const shown = 3
	text := strings.Join(names[:min(len(names), shown)], ", ")
	if n := len(names) - shown; n > 0 {
		return runbook.Tf("%s and %d more", "%s ほか %d 件", text, n)
	}
	return runbook.T(text, text)
}

// summary is one sentence about all.
func (f *Facts) summary(zone *time.Location) runbook.Finding {
	whom := f.whom()
	n, usual := desk.Total(f.Messages), desk.Total(f.Usual)
	beside := runbook.Text{}
	if usual > 0 {
		beside = runbook.Tf("; beside these %s from addresses that are usual for their account", "。このほか、普段の接続元から %s 通", desk.Number(usual))
	}
	apart := f.Of != all && len(f.Accounts) > 0
	switch {
	case n == 0 && f.Messages == nil && f.First.IsZero():
		return f.finding(runbook.Warn, "how many messages "+whom.EN+" sent is unknown: no log of accepted messages covers this time",
			whom.JA+"のメールの通数は不明: この期間の受理のログがない")
	case f.First.IsZero() && apart:
		return f.finding(runbook.OK, "no message of "+whom.EN+" from an address that is not usual for them"+beside.EN, whom.JA+"のメールに、普段と異なる接続元からのものはない"+beside.JA)
	case f.First.IsZero():
		return f.finding(runbook.OK, "no message of "+whom.EN+beside.EN, whom.JA+"のメールはない"+beside.JA)
	case f.Of == all:
		n, beside = n+usual, runbook.Text{}
	}
	from := runbook.Text{}
	if apart && f.Separated {
		from = runbook.T(" from addresses that are not usual for them", "、普段と異なる接続元から")
	}
	text := func(t time.Time) string { return t.In(zone).Format(time.DateTime) }
	when := []any{text(f.First), text(f.Peak), f.Most, f.Seconds, text(f.Last)}
	return f.finding(runbook.Info,
		desk.Number(n)+" messages of "+whom.EN+from.EN+fmt.Sprintf(": first %s, most in the %[4]d s from %[2]s (%[3]d), last %[5]s", when...)+beside.EN,
		whom.JA+"のメール "+desk.Number(n)+" 通"+from.JA+fmt.Sprintf(": 最初 %[1]s、最多 %[2]s から %[4]d 秒間(%[3]d 通)、最後 %[5]s", when...)+beside.JA)
}

// finding is one about those that are counted: that there are suspects is bad, whatever they sent.
func (f *Facts) finding(level runbook.Level, en, ja string) runbook.Finding {
	if f.Of == suspects {
		level = runbook.Bad
	}
	return runbook.Finding{Level: level, Text: runbook.T(en, ja)}
}

// table sums up the steps from the first to the last message in no more rows than a screen has. They begin at round times of the
// server's clock.
func (f *Facts) table(zone *time.Location) []runbook.Finding {
	wall := func(t time.Time) int64 { return sweep.WallOf(t.In(zone)) }
	f.Row = rowOf(f.Seconds, wall(f.Last)-wall(f.First))
	found := []runbook.Finding{{Level: runbook.Info, Text: desk.Say("each row %s, by the server's clock", "1 行は %s(サーバー時刻)", length(f.Row))}}
	for i := 0; i < len(f.Steps); {
		if at := f.Steps[i].At; !at.Add(time.Duration(f.Seconds)*time.Second).After(f.First) || at.After(f.Last) {
			i++
			continue
		}
		begin := round(wall(f.Steps[i].At), f.Row)
		sum := row{}
		for ; i < len(f.Steps) && wall(f.Steps[i].At) < begin+f.Row; i++ {
			sum.add(f.Steps[i])
		}
		found = append(found, runbook.Finding{Level: runbook.Info, Text: sum.text(desk.Clock(begin)[len("2006-"):len("2006-01-02 15:04")])})
	}
	return found
}

const (
	day    = 86400
	week   = 7 * day
	monday = 4 * day // the first one on the clock
)

// rowOf is how many seconds a row has: steps of so many, over a span.
func rowOf(step, span int64) int64 {
	for _, w := range desk.Widths() {
		if w%step == 0 && span/w < rows {
			return w
		}
	}
	return week * (1 + span/(week*rows))
}

// round is when the row of a time on the wall clock begins; weeks begin with Mondays.
func round(wall, width int64) int64 {
	from := int64(0)
	if width%week == 0 {
		from = monday
	}
	return from + entry.Floor(wall-from, width)*width
}

// length writes how long a row is.
func length(seconds int64) runbook.Text {
	switch {
	case seconds < 3600:
		return runbook.Tf("%d min", "%d 分間", seconds/60)
	case seconds < day:
		return runbook.Tf("%d h", "%d 時間", seconds/3600)
	case seconds == day:
		return runbook.T("1 day", "1 日")
	}
	return runbook.Tf("%d days", "%d 日間", seconds/day)
}

// A row is a few steps. What is not known of one of them is not known of the row, unless something is.
type row struct{ messages, usual, recipients, failures, returned *int64 }

func (w *row) add(s Step) {
	failures, returned := int64(s.Failures), int64(s.Returned)
	for _, x := range []struct {
		to **int64
		n  *int64
	}{{&w.messages, s.Messages}, {&w.usual, s.Usual}, {&w.recipients, s.Recipients}, {&w.failures, &failures}, {&w.returned, &returned}} {
		if x.n != nil {
			sum := *x.n + desk.Total(*x.to)
			*x.to = &sum
		}
	}
}

// text is a row of no more than 70 columns: failed logins, and mail that came back or was delayed, stand last.
func (w row) text(at string) runbook.Text {
	n := []any{at, digits(w.messages), digits(w.usual), digits(w.recipients), digits(w.failures), digits(w.returned)}
	return runbook.Tf("%s %6s mails %5s usual %6s rcpts %4s fail %5s back", "%s %6s 通 普段 %5s 宛先 %7s 失敗 %5s 不達 %5s", n...)
}

// digits writes a number; a minus sign if it is not known.
func digits(n *int64) string {
	if n == nil {
		return "-"
	}
	return strconv.FormatInt(*n, 10)
}
