package notice

import (
	"fmt"
	"slices"
	"text/template"
	"time"

	"hikeshi/actions/delist/casefile"
	"hikeshi/actions/delist/gate"
	"hikeshi/runbook"
)

// A Page is one notice while it is written.
type Page struct {
	lang    string
	zone    *time.Location
	known   map[string]fact
	lists   []string // that list the server, one a line
	view    View
	missing []runbook.Text
}

// A View is what a text can branch on. Nothing in it comes from outside.
type View struct {
	Recorded bool               // there is a record at all
	Cause    string             // a to h, "" if nobody decided
	Fixes    []casefile.Measure // still in force, by their names
	Guards   []casefile.Measure
	Mailbox  string  // not_read, was_read, unknown, ""
	Mixed    bool    // times and amounts may include mail of the owners of the accounts
	Again    bool    // the logs show abuse after what should have ended it
	Quiet    bool    // nothing left for the outside when that was watched last, and no abuse was seen since
	Open     bool    // the gate of requests for delisting is open
	Owners   bool    // some lists hear nobody but the owner of the network
	Account  Account // what was done with the account that the notice is about
}

// A fact has its text for people; a time also has those for who compares logs, and for reading aloud. It is not known where text is "".
type fact struct{ text, stamp, spoken string }

// labels are what is to be filled in where a fact is not known, by its name.
var labels = map[string]runbook.Text{
	"host":         runbook.T("name of the server", "サーバー名"),
	"addresses":    runbook.T("IP addresses of the server", "サーバーの IP アドレス"),
	"reference":    runbook.T("number of the incident", "事案番号"),
	"now":          runbook.T("date", "日付"),
	"next":         runbook.T("time of the next word", "次のご連絡の時刻"),
	"opened":       runbook.T("time of discovery", "発見日時"),
	"stopped":      runbook.T("time when the services were stopped", "サービスを停止した時刻"),
	"started":      runbook.T("time when the services were started again", "サービスを再開した時刻"),
	"first":        runbook.T("time of the first abuse", "悪用の開始時刻"),
	"peak":         runbook.T("time of the peak", "最も多かった時刻"),
	"last":         runbook.T("time of the last abuse", "悪用の最終時刻"),
	"holds":        runbook.T("time when it was checked that the hole is closed", "穴がふさがったことを確認した時刻"),
	"reopened":     runbook.T("time when a measure was taken back", "対策を取り消した時刻"),
	"messages":     runbook.T("number of messages handed in", "送信された通数"),
	"recipients":   runbook.T("number of recipients", "宛先の数"),
	"sources":      runbook.T("number of source addresses", "送信元アドレスの数"),
	"aside":        runbook.T("number of messages set aside", "退避した通数"),
	"watch":        runbook.T("time of the watch", "監視した時刻"),
	"looked":       runbook.T("time when the blocklists were asked", "ブロックリストに照会した時刻"),
	"watched":      runbook.T("minutes that were watched", "監視した時間"),
	"cause":        runbook.T("cause", "原因"),
	"fixes":        runbook.T("what closed the hole", "実施した対策"),
	"guards":       runbook.T("what prevents a repeat", "再発防止策"),
	"happened":     runbook.T("what happened", "起きたこと"),
	"kind":         runbook.T("kind of incident", "インシデントの種別"),
	"account":      runbook.T("account", "アカウント"),
	"locked":       runbook.T("what was done with the account", "アカウントへの処置"),
	"planted":      runbook.T("whether settings that a stranger had planted in this account were removed", "このアカウントに仕込まれた設定を削除したかどうか"),
	"mailbox":      runbook.T("whether the mailbox was read", "メールボックスを読まれたかどうか"),
	"organisation": runbook.T("organisation", "組織名"),
	"name":         runbook.T("name of the writer", "担当者名"),
	"role":         runbook.T("role of the writer", "役職"),
	"email":        runbook.T("e-mail address of the writer", "担当者のメールアドレス"),
	"abuse":        runbook.T("address for complaints", "苦情の受付アドレス"),
	"phone":        runbook.T("telephone number", "電話番号"),
	"address":      runbook.T("postal address", "住所"),
	"noticed":      runbook.T("how it was noticed", "発見のきっかけ"),
	"clock":        runbook.T("whether the clock is synchronised by NTP, and its error", "NTP 同期の有無と時刻の誤差"),
	"request":      runbook.T("a request to contact the sources, or for information", "対応依頼か情報提供のどちらか"),
	"source_list":  runbook.T("each source address if the sources are to be contacted (attach the logs)", "対応依頼の場合はアクセス元アドレスの一覧(該当ログを添付)"),
	"logs":         runbook.T("kinds of logs that are attached", "添付するログの種類"),
	"site":         runbook.T("where the server stands: own premises, data centre, cloud, hosting", "設置環境(自社、データセンター、クラウド、ホスティング)"),
}

func newPage(r Request, s spec, lang, account string) *Page {
	p := &Page{lang: lang, zone: r.Zone, known: map[string]fact{}}
	p.writer(r.Writer)
	p.times(r)
	p.counts(r.Case)
	c := r.Case
	p.server(c, r.Writer)
	p.set("reference", c.Incident)
	p.set("account", account)
	p.view = View{Recorded: c.Incident != "", Cause: c.Cause, Fixes: c.Fixes, Guards: c.Guards, Mailbox: c.MailboxRead, Mixed: c.Mixed, Again: again(c), Quiet: quiet(c)}
	p.view.Open, p.view.Account = gate.Open(gate.Server(c)), done(c)
	p.listings(c)
	if s.owners && len(c.Accounts) > 1 && c.MailboxRead == "was_read" {
		p.view.Mailbox = "" // of one of them, and nobody has said which
	}
	if p.view.Quiet {
		p.set("watched", span(c.Watch.Seconds, lang))
	}
	return p
}

// writer are the facts of the configuration.
func (p *Page) writer(w casefile.Writer) {
	for name, text := range map[string]runbook.Text{"organisation": w.Organisation, "name": w.Name, "role": w.Role, "address": w.Address} {
		p.set(name, text.In(p.lang))
	}
	p.set("email", w.Email)
	p.set("abuse", w.Abuse)
	p.set("phone", w.Phone)
}

func (p *Page) times(r Request) {
	c := r.Case
	var watch, looked time.Time
	if quiet(c) {
		watch = c.Watch.At
	}
	if c.Lists != nil {
		looked = c.Lists.At
	}
	if !Restored(c) {
		c.Started = time.Time{}
	}
	if c.Reopened.After(c.Holds) || again(c) {
		c.Holds = time.Time{}
	}
	for name, at := range map[string]time.Time{
		"now": r.Now, "next": r.Next, "opened": c.Opened, "stopped": c.Stopped, "started": c.Started, "first": c.First, "peak": c.Peak, "last": c.Last,
		"holds": c.Holds, "reopened": c.Reopened, "watch": watch, "looked": looked,
	} {
		if !at.IsZero() {
			p.known[name] = moment(at.In(r.Zone), r.Now.In(r.Zone), p.lang)
		}
	}
	p.set("zone", r.Now.In(r.Zone).Format("MST (-07:00)"))
}

func (p *Page) counts(c casefile.Case) {
	for name, n := range map[string]*int64{"messages": c.Messages, "recipients": c.Recipients, "sources": c.Sources, "aside": c.Aside} {
		if n != nil {
			p.set(name, number(*n))
		}
	}
}

// set takes in a fact of one line; one without text is not known.
func (p *Page) set(name, text string) {
	if text = plain(text); text != "" {
		p.known[name] = fact{text, text, text}
	}
}

// funcs are what a text can call.
func (p *Page) funcs() template.FuncMap {
	form := func(of func(fact) string) func(string) (string, error) {
		return func(name string) (string, error) {
			if f, ok := p.known[name]; ok {
				return of(f), nil
			}
			return p.gap(name)
		}
	}
	return template.FuncMap{
		"fact":  form(func(f fact) string { return f.text }),
		"stamp": form(func(f fact) string { return f.stamp }),
		"say":   form(func(f fact) string { return f.spoken }),
		"known": func(name string) bool { _, ok := p.known[name]; return ok },
		"lists": func() []string { return p.lists },
		"many":  func(n int) string { return number(int64(n)) },
		"at":    func(at time.Time) string { return at.In(p.zone).Format("2006-01-02 15:04 MST") },
	}
}

// gap marks what is not known. A name without a label is a mistake in a text.
func (p *Page) gap(name string) (string, error) {
	label, ok := labels[name]
	if !ok {
		return "", fmt.Errorf("no fact has the name %q", name)
	}
	if !slices.Contains(p.missing, label) {
		p.missing = append(p.missing, label)
	}
	if p.lang == "ja" {
		return "【要記入:" + label.JA + "】", nil
	}
	return "[[FILL IN: " + label.EN + "]]", nil
}
