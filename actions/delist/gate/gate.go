// Package gate says whether a request for delisting may be written: what has to be true of the server first, and of the one request.
//
// A list asked while spam still leaves lists again, and hears the next request later. So [Server] wants the queue clean, the services up,
// nothing leaving since the stop, and reverse names that lead back; [Request] wants a list that can be believed, that matters, and that was
// not asked within its waiting time. What the record does not tell does not hold.
package gate

import (
	"strings"
	"time"

	"hikeshi/actions/delist/casefile"
	"hikeshi/runbook"
)

// Server are the conditions that every request has to wait for.
func Server(c casefile.Case) []runbook.GateRow {
	return []runbook.GateRow{queue(c), services(c), quiet(c), names(c)}
}

// Open says whether all rows hold.
func Open(rows []runbook.GateRow) bool { return runbook.StepPlan{Gate: rows}.Open() }

func row(title runbook.Text) runbook.GateRow { return runbook.GateRow{Title: title} }

// because gives the reason why a row does not hold, or with what it holds.
func because(r runbook.GateRow, holds bool, why runbook.Text) runbook.GateRow {
	r.Holds, r.Why, r.WhyJA = holds, why.EN, why.JA
	return r
}

func queue(c casefile.Case) runbook.GateRow {
	r := row(runbook.T("the queue is clean", "キューに迷惑メールが残っていない"))
	q := c.Queue
	switch {
	case q == nil:
		return because(r, false, runbook.T("nobody has looked at the queue", "キューを調べていない"))
	case q.Unknown:
		return because(r, false, runbook.T("the queue could not be looked at now", "いまはキューを調べられない"))
	case q.At.Before(c.Started) || q.At.Before(c.Stopped):
		return because(r, false, runbook.T("nobody has looked at the queue since the services were started", "サービスの再開後にキューを調べていない"))
	case q.Over:
		return because(r, false, runbook.Tf("%[2]d messages wait: %[1]s", "%[2]d 通が滞留(しきい値超過)", q.Reason, q.Messages))
	case q.Before != nil && q.Messages > 2**q.Before+grown:
		return because(r, false, runbook.Tf("%d messages wait, and %d did at the end of the incident", "%d 通が滞留。対応の終わりには %d 通だった", q.Messages, *q.Before))
	}
	for _, sender := range q.Senders {
		for _, name := range c.Accounts {
			if sender == name || strings.HasPrefix(sender, name+"@") {
				return because(r, false, runbook.T("mail of an abused account waits in it", "悪用されたアカウントのメールが残っている"))
			}
		}
	}
	return because(r, true, runbook.Tf("%d messages wait", "滞留 %d 通", q.Messages))
}

// grown is by how many messages more than twice its size a queue may grow after an incident before somebody has to look at it.
const grown = 50

func services(c casefile.Case) runbook.GateRow {
	r := row(runbook.T("the services run as before", "サービスが元どおり動いている"))
	switch s := c.Services; {
	case s == nil:
		return because(r, false, runbook.T("nobody has looked at the services", "サービスの状態を調べていない"))
	case s.Unknown:
		return because(r, false, runbook.T("the services could not be looked at now", "いまはサービスの状態を調べられない"))
	case s.At.Before(c.Started) || s.At.Before(c.Stopped):
		return because(r, false, runbook.T("nobody has looked at the services since they were stopped or started", "停止または再開の後にサービスの状態を調べていない"))
	case len(s.Down) > 0:
		return because(r, false, runbook.Tf("down: %s", "停止中: %s", strings.Join(s.Down, ", ")))
	}
	return because(r, true, runbook.Text{})
}

// quiet wants proof that the abuse ended: what closed the hole still stands, and nothing left for outside when that was watched, or the logs
// show none of it since the start.
func quiet(c casefile.Case) runbook.GateRow {
	since := c.Stopped
	if since.IsZero() {
		since = c.Opened
	}
	r := row(runbook.Tf("no spam has left since %s", "%s 以降、迷惑メールが出ていない", since.UTC().Format("2006-01-02 15:04Z")))
	switch {
	case !c.Reopened.IsZero():
		return because(r, false, runbook.Tf("what closed the hole was taken back at %s", "穴をふさいだ変更が %s に取り消された", c.Reopened.Format("2006-01-02 15:04Z")))
	case c.Cause == "h":
		return because(r, true, runbook.T("the cause is a forged address: no spam came from this server", "原因は詐称で、このサーバーからは出ていない"))
	case c.Stopped.IsZero():
		return because(r, false, runbook.T("the record tells of no stop: nothing proves that it has ended", "停止の記録がなく、終息を示すものがない"))
	case !c.Started.IsZero() && c.Last.After(c.Started):
		return because(r, false, runbook.Tf("the logs show some at %s, after the services were started", "サービス再開後の %s にもログに現れている", c.Last.Format("2006-01-02 15:04Z")))
	case len(c.Suspects) > 0:
		return because(r, false, runbook.Tf("%s stands out in the logs since the services were started", "サービス再開後のログで %s が目立つ", c.Suspects[0].Name))
	case c.Watch == nil || !c.Watch.Known || c.Watch.At.Before(c.Stopped):
		return because(r, false, runbook.T("what leaves was not watched after the stop, or could not be counted", "停止後に送信を見張っていない、または数えられなかった"))
	case c.Watch.Outside > 0:
		return because(r, false, runbook.Tf("%d deliveries to outside were seen", "外部への配送を %d 件検知", c.Watch.Outside))
	case c.Holds.IsZero():
		return because(r, false, runbook.T("the last gate of the incident was not passed: the hole may be open", "事案の最後の関門を通っていない。穴が残っている可能性がある"))
	}
	return because(r, true, runbook.Tf("watched for %d s, 0 deliveries to outside", "%d 秒間の見張りで外部への配送 0 件", c.Watch.Seconds))
}

func names(c casefile.Case) runbook.GateRow {
	r := row(runbook.T("the outgoing addresses have reverse names that lead back", "送信元アドレスの逆引きと正引きが一致する"))
	l := c.Lists
	switch {
	case l == nil || len(l.Hosts) == 0:
		return because(r, false, runbook.T("no outgoing address is known, or nobody has looked", "送信元アドレスが不明、または調べていない"))
	case l.Named:
		return because(r, true, runbook.Text{})
	}
	var bad []string
	for _, h := range l.Hosts {
		if h.State != "fine" {
			bad = append(bad, h.Address+": "+h.State)
		}
	}
	return because(r, false, runbook.T(strings.Join(bad, ", "), ""))
}

// An Asking is one request as the gate sees it.
type Asking struct {
	Listing *casefile.Listing // nil: no list, but a programme
	Refused int64             // how often a refusal has named it
	Named   bool              // the responder has named it
	Before  string            // what has to be asked first, "" if nothing has
	Letter  *runbook.LetterHistory
	Now     time.Time
}

// Request are the conditions of one request.
func Request(a Asking) []runbook.GateRow {
	rows := []runbook.GateRow{matters(a), waited(a)}
	if a.Listing != nil {
		r := row(runbook.T("the list passes its self-test", "リストが自己検査に合格している"))
		health := map[string]runbook.Text{"healthy": runbook.T("self-test passed", "自己検査に合格"), "unproven": runbook.T("it has no test entries; nothing speaks against it", "検査用の項目がないリスト。疑わしい点はない")}
		text, ok := health[a.Listing.Health]
		if !ok {
			text = runbook.Tf("its state: %s", "状態: %s", a.Listing.Health)
		}
		rows = append(rows, because(r, ok, text))
	}
	if a.Before != "" {
		rows = append(rows, because(row(runbook.T("nothing has to be asked before it", "先に申請すべきものがない")), false,
			runbook.Tf("first %s: while it stands, this one is refused", "先に %s。それが残る間は受け付けられない", a.Before)))
	}
	return rows
}

// matters wants a list that rejects or scores mail, or a refusal that names it.
func matters(a Asking) runbook.GateRow {
	r := row(runbook.T("it matters", "解除する意味がある"))
	switch {
	case a.Refused > 0:
		return because(r, true, runbook.Tf("%d refusals name it", "%d 件の受信拒否に名前が出ている", a.Refused))
	case a.Named:
		return because(r, true, runbook.T("you have named it", "担当者が指定した"))
	case a.Listing != nil && a.Listing.Tier < 3:
		return because(r, true, runbook.Tf("tier %d", "重要度 %d", a.Listing.Tier))
	}
	return because(r, false, runbook.T("tier 3, and no refusal names it", "重要度 3 で、受信拒否にも名前が出ていない"))
}

func waited(a Asking) runbook.GateRow {
	r := row(runbook.T("it was not asked within its waiting time", "待機期間中の再申請でない"))
	if a.Letter == nil || len(a.Letter.Sent) == 0 {
		return because(r, true, runbook.T("not asked yet", "未申請"))
	}
	last := a.Letter.LastSent().UTC().Format("2006-01-02 15:04Z")
	switch again := a.Letter.Again(); {
	case again.IsZero():
		return because(r, false, runbook.Tf("asked at %s; how long it wants to be left alone is not known", "%s に申請済み。再申請までの期間は不明", last))
	case a.Now.Before(again):
		return because(r, false, runbook.Tf("asked at %[1]s; not again before %[2]s", "%[1]s に申請済み。%[2]s まで再申請しない", last, again.UTC().Format("2006-01-02 15:04Z")))
	}
	return because(r, true, runbook.Tf("asked at %s, and still listed", "%s に申請済みだが、まだ掲載されている", last))
}
