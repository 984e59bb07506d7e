// Package suspects says which accounts are abused, and from where: logs.suspects.
package suspects

import (
	"context"
	"strings"
	"time"

	"hikeshi/actions/logs/desk"
	"hikeshi/actions/logs/estimate"
	"hikeshi/actions/logs/heard"
	"hikeshi/actions/logs/signals"
	"hikeshi/actions/logs/told"
	"hikeshi/runbook"
)

// Facts are the facts of logs.suspects.
type Facts struct {
	Window       told.Span    `json:"window" expr:"window"`
	Unread       int64        `json:"unread_lines" expr:"unread_lines"` // lines that were not understood
	Files        []told.File  `json:"files" expr:"files"`
	Read         told.Sources `json:"read" expr:"read"`
	Accounts     []Suspect    `json:"accounts" expr:"accounts"`           // the worst first
	From         []Suspect    `json:"sources" expr:"sources"`             // the same of peers
	AccountNames []string     `json:"account_names" expr:"account_names"` // those of level suspect
	LoggedIn     []string     `json:"logged_in" expr:"logged_in"`         // of these the ones that sent after a login
	SourceNames  []string     `json:"source_names" expr:"source_names"`   // the same of peers
	Exempted     []Suspect    `json:"exempted" expr:"exempted"`           // accounts and peers that would be suspects if they were not exempt; they are in none of the lists above
	Cut          int          `json:"cut" expr:"cut"`                     // accounts and peers that are left out here
	Unjoined     int64        `json:"unjoined" expr:"unjoined"`           // messages for outside: with or without a login, nobody knows
	Ambiguous    int64        `json:"ambiguous" expr:"ambiguous"`         // messages whose sender and recipients are unknown: the columns of their lines may be shifted
	Spoof        Spoof        `json:"spoof" expr:"spoof"`
	Unseen       []Unseen     `json:"unseen" expr:"unseen"` // signals that these logs cannot show

	Estimates []estimate.Estimate `json:"estimates" expr:"estimates"` // where the logs are off
}

// A Suspect is an account or a peer with at least one hit.
type Suspect struct {
	Name       string    `json:"name" expr:"name"`
	Score      int       `json:"score" expr:"score"`
	Level      string    `json:"level" expr:"level"` // hint, suspect
	Signals    []Signal  `json:"signals" expr:"signals"`
	Brief      []string  `json:"brief" expr:"brief"` // for a list to choose from: [!] a suspect or [?] a hint, messages, signs, no-login! if Named, login? if Sender
	Via        []string  `json:"via" expr:"via"`     // of a peer: the suspect accounts that it used
	First      time.Time `json:"first" expr:"first"`
	Last       time.Time `json:"last" expr:"last"`
	Messages   *int64    `json:"messages" expr:"messages"`               // a lower bound where no log tells of accepted messages; null if that is 0: unknown
	Recipients *int64    `json:"recipients" expr:"recipients"`           // null where no log tells of accepted messages
	Addresses  int       `json:"addresses" expr:"addresses"`             // of an account: peers that are not usual for it, all where Window.Known is false; of a peer: accounts
	Wrong      int       `json:"addresses_error" expr:"addresses_error"` // by so much Addresses may be too high or too low, as for Signal; 0: exact
	NewFrom    []string  `json:"new_from" expr:"new_from"`               // of an account: some of these peers, those with the most messages first
	Sender     bool      `json:"sender" expr:"sender"`                   // of an account: no log tells whether it logged in; anybody can write the name of a sender
	MayBe      []string  `json:"may_be" expr:"may_be"`                   // the accounts that a login without a domain may stand for, if there are several
	Named      bool      `json:"named" expr:"named"`                     // its messages named it without a login
	ExemptBy   string    `json:"exempt_by" expr:"exempt_by"`             // configuration, or call: its parameters; "" if it is not exempt
}

// A Signal is one hit.
type Signal struct {
	ID        string          `json:"id" expr:"id"`
	Family    string          `json:"family" expr:"family"`
	Value     float64         `json:"value" expr:"value"`
	Threshold float64         `json:"threshold" expr:"threshold"`
	About     bool            `json:"about" expr:"about"` // the value is an estimate
	Error     int             `json:"error" expr:"error"` // by so much it may be too high or too low: three standard errors; 0: exact
	Strong    bool            `json:"strong" expr:"strong"`
	Source    string          `json:"source" expr:"source"` // of the threshold
	What      string          `json:"what" expr:"what"`
	Evidence  []desk.Evidence `json:"evidence" expr:"evidence"`
}

// Unseen is a signal that these logs cannot show.
type Unseen struct {
	ID  string `json:"id" expr:"id"`
	Why string `json:"why" expr:"why"`
}

// quoted is how many accounts and peers get their lines quoted.
const quoted = 20

type action struct{ env desk.Env }

// New returns the action of logs.suspects.
func New(env desk.Env) runbook.Action { return action{env} }

// Plan reads the logs and judges.
func (a action) Plan(ctx context.Context, in runbook.Input) (runbook.Outcome, error) {
	r, err := a.env.Look(ctx, in)
	if err != nil {
		return runbook.Outcome{}, err
	}
	return Judge(ctx, r, in.Rec)
}

// Judge says of a reading who is abused, and from where. The lines that are cited go to rec, which may be nil. The error is that of ctx.
func Judge(ctx context.Context, r *desk.Reading, rec runbook.Recorder) (runbook.Outcome, error) {
	v := r.Judge()
	f := Facts{AccountNames: []string{}, LoggedIn: []string{}, SourceNames: []string{}}
	var found, about []runbook.Finding
	f.Read, about = told.About(ctx, r)
	f.Window, f.Unread, f.Files, f.Read.Files = f.Read.Window, f.Read.Unread, f.Read.Files, nil
	t := teller{ctx, r, &f}
	f.Accounts, found = t.list(v.Accounts, r.Params.Top, func(e *signals.Entry) bool { return isAccount(r, e) }, t.account)
	sources, also := t.list(v.Sources, r.Params.Top, func(e *signals.Entry) bool { return isSource(r, e) }, t.source)
	f.From = sources
	for _, e := range v.Accounts {
		if e.Level == signals.Suspect && isAccount(r, &e) {
			f.AccountNames = append(f.AccountNames, e.Name)
			if e.Messages > e.Named || !r.Known.Accepts && r.Book.Accounts[e.Name].Logins > 0 {
				f.LoggedIn = append(f.LoggedIn, e.Name)
			}
		}
	}
	for _, e := range v.Sources {
		if e.Level == signals.Suspect && isSource(r, &e) {
			f.SourceNames = append(f.SourceNames, e.Name)
		}
	}
	exempted, apart := t.exempt(v.Exempt)
	f.Exempted = exempted
	if found = append(append(found, also...), apart...); len(found) > 0 {
		found = append(found, legend())
	}
	switch {
	case r.Nothing() || len(f.AccountNames)+len(f.SourceNames) > 0:
	case len(f.Accounts)+len(f.From) > 0:
		found = append(found, runbook.Finding{Level: runbook.Info, Text: runbook.T("no suspect, only hints: each of them has signs of one kind only", "疑わしいと言えるものはない。上のものには、1 種類の兆候しかない")})
	default:
		found = append(found, heard.Clean(r, runbook.T("no account and no address looks abused in what these logs show", "これらのログから見える範囲では、乗っ取りが疑われるアカウントや接続元はない"),
			runbook.T("who is abused, and from where,", "乗っ取られたアカウントや接続元の有無")))
	}
	var text []runbook.Finding
	f.Spoof, text = spoof(r, v)
	f.Unjoined, f.Ambiguous = r.Book.Unjoined.N, r.Book.Unclear.N
	found = append(append(found, text...), doubtful(ctx, r)...)
	unseen, blind := notVisible(r)
	f.Unseen = unseen
	if text := quotes(f); rec != nil && text != "" {
		if err := rec.Evidence("suspects.txt", strings.NewReader(text)); err != nil {
			return runbook.Outcome{}, err
		}
	}
	guesses, err := estimates(ctx, r, &f)
	if err != nil {
		return runbook.Outcome{}, err
	}
	found = append(found, guesses...)
	return runbook.Outcome{Findings: append(append(found, about...), blind...), Facts: f}, nil
}

// isAccount says whether an account is asked about, by its name and by the peers that used it.
func isAccount(r *desk.Reading, e *signals.Entry) bool {
	return r.Account(e.Name) && r.UsedFrom(e.Name)
}

// isSource says whether a peer is asked about, by its address and by the accounts that it used.
func isSource(r *desk.Reading, e *signals.Entry) bool { return r.Source(e.Place) && r.Used(e.Place) }

// A teller makes facts and findings of what the judge said.
type teller struct {
	ctx   context.Context
	r     *desk.Reading
	facts *Facts
}

func (t teller) list(all []signals.Entry, top int, asked func(*signals.Entry) bool, say func(*signals.Entry) runbook.Text) ([]Suspect, []runbook.Finding) {
	list, found, left := []Suspect{}, []runbook.Finding(nil), 0
	for i := range all {
		e := &all[i]
		if !asked(e) {
			continue
		}
		if len(list) >= top {
			left++
			continue
		}
		s := t.suspect(e, len(list) < quoted)
		list = append(list, s)
		level := runbook.Warn
		if e.Level == signals.Suspect {
			level = runbook.Bad
		}
		found = append(found, runbook.Finding{Level: level, Text: t.sentence(e, say(e)), Evidence: evidence(s)})
	}
	t.facts.Cut += left
	words := runbook.T("addresses", "接続元")
	if len(all) > 0 && !all[0].Place.IsValid() {
		words = runbook.T("accounts", "アカウント")
	}
	return list, more(found, len(list), left, words)
}

// evidence is the line that a finding cites: one that can be quoted, if there is any. The line itself is quoted of accounts.
func evidence(s Suspect) string {
	first := ""
	for _, g := range s.Signals {
		for _, e := range g.Evidence {
			if e.Text != "" && len(s.Via) == 0 && strings.Contains(s.Name, "@") {
				return e.String() + ": " + e.Text
			}
			if first == "" {
				first = e.String()
			}
		}
	}
	return first
}

func (t teller) suspect(e *signals.Entry, quote bool) Suspect {
	s := Suspect{Name: e.Name, Score: e.Score, Level: e.Level, Signals: []Signal{}, Via: append([]string{}, e.Via...), NewFrom: append([]string{}, e.From...), First: t.r.Time(e.First), Last: t.r.Time(e.Last),
		Addresses: e.Addresses, Named: borrowed(e)}
	s.Wrong = t.wrongAddresses(e)
	s.Messages = desk.Told(t.r.Known.Accepts, e.Messages)
	if t.r.Known.Accepts {
		s.Recipients = &e.Recipients
	}
	s.Brief = []string{map[bool]string{true: "[!]", false: "[?]"}[e.Level == signals.Suspect], "x" + amount(s.Messages)}
	for _, h := range e.Hits {
		s.Brief = append(s.Brief, h.Signal())
		g := Signal{ID: h.Signal(), Family: h.Family, Value: h.Value, Threshold: h.Threshold(), About: h.About, Strong: h.Strong(), Source: h.From, What: h.What.EN, Evidence: []desk.Evidence{}}
		g.Error = t.wrong(e, h)
		refs := h.Refs
		if len(refs) == 0 {
			refs = e.Refs
		}
		if quote {
			g.Evidence = t.r.Evidence(t.ctx, refs)
		}
		s.Signals = append(s.Signals, g)
	}
	if s.MayBe = []string{}; !e.Place.IsValid() {
		s.MayBe = append(s.MayBe, t.r.Names.Meant(e.Name)...)
	}
	if s.Named {
		s.Brief = append(s.Brief, "no-login!")
	}
	if s.Sender = t.forged(e); s.Sender {
		s.Brief = append(s.Brief, "login?")
	}
	return s
}
