package main

import (
	"slices"

	"hikeshi/actions/smtpcheck/pattern"
	"hikeshi/actions/smtpcheck/relay/judge"
	"hikeshi/actions/smtpcheck/relaytest"
	"hikeshi/runbook"
)

type relayDocument struct {
	Version    int             `json:"hikeshi"`
	Kind       string          `json:"kind"`
	State      string          `json:"state"`           // safe, undetermined, suspect, open, interrupted
	Error      string          `json:"error,omitempty"` // of a test that was interrupted
	Listeners  []relayListener `json:"listeners"`
	Controls   []relayRow      `json:"controls"`
	Tests      []relayRow      `json:"tests"`
	Refused    int             `json:"refused"` // tests that every listener refused
	Count      int             `json:"count"`   // tests there are; the forms of a test are one
	Strong     int             `json:"strong"`
	Weak       int             `json:"weak"`
	Proven     int             `json:"proven"`
	Inside     bool            `json:"inside"`
	Account    string          `json:"account"`
	Delivered  bool            `json:"delivered"`
	Sent       int             `json:"sent"` // messages that the server was given
	Off        []string        `json:"off"`
	Transcript string          `json:"transcript"` // "" if none was asked for
	Took       float64         `json:"took"`       // seconds
	Findings   []findingRow    `json:"findings"`
}

// listenerRow is what is told of an address and port, whatever was asked there.
type listenerRow struct {
	Listener string `json:"listener"`
	Banner   string `json:"banner"`
	TLS      bool   `json:"tls"`
	Inside   bool   `json:"inside"`
	Where    string `json:"where"` // why inside
	By       string `json:"by"`    // who said yes
	Rcpts    int    `json:"rcpts"`
	Nothing  bool   `json:"nothing"`
	Stopped  string `json:"stopped"`
}

type relayListener struct {
	listenerRow
	State   string `json:"state"`
	Control string `json:"control"` // passed, login-wanted, failed, deferred, unanswered, not-run
	SeenAs  string `json:"seen_as"`
}

type relayRow struct {
	ID       string `json:"id"`
	Listener string `json:"listener"`
	Weight   string `json:"weight"`
	Verdict  string `json:"verdict"`
	Said     string `json:"said"`
	Reply    string `json:"reply"`
	Inside   bool   `json:"inside"`
	Why      string `json:"why"`
	Asked    int    `json:"asked"` // how often it was answered, each time in another connection, where that was counted; else 0
	Taken    int    `json:"taken"` // how often of these
	Catches  string `json:"catches"`
	Cookie   string `json:"cookie"` // of the message that was sent; "" if none was
}

// evidenced are findings whose evidence is the file that was asked for, if any.
func evidenced(all []runbook.Finding, transcript string) []runbook.Finding {
	for i := range all {
		if all[i].Evidence != "" {
			all[i].Evidence = transcript
		}
	}
	return all
}

// showRelayTest shows what was found. trouble is what went wrong besides, or nil.
func (a *app) showRelayTest(r relaytest.Report, transcript string, trouble error) error {
	found := evidenced(r.Findings(), transcript)
	if a.isJSON() {
		doc := a.relayDocument(r, transcript, found)
		if trouble != nil {
			doc.Error = joined(a.translated(trouble.Error()))
		}
		return a.json(doc)
	}
	s := a.screen()
	if s.verbose {
		a.relayTable(r)
	}
	if s.quiet {
		found = slices.DeleteFunc(found, func(f runbook.Finding) bool { return f.Level == runbook.OK || f.Level == runbook.Info })
	}
	s.findings(found)
	return nil
}

func (a *app) relayDocument(r relaytest.Report, transcript string, found []runbook.Finding) relayDocument {
	f, lang := r.Facts(), a.lang()
	doc := relayDocument{Version: 1, Kind: "relaytest", State: f.State, Listeners: []relayListener{}, Controls: a.relayRows(f.Controls), Tests: a.relayRows(f.Tests), Refused: f.Refused, Count: f.Count, Strong: f.Strong, Weak: f.Weak, Proven: f.Proven,
		Inside: f.Inside, Account: f.Account, Delivered: f.Delivered, Sent: f.Sent, Off: f.Off, Transcript: transcript, Took: r.Took.Seconds(), Findings: findingRows(found, lang)}
	if r.Cut {
		doc.Error = a.word("interrupted", "中断した")
	}
	for _, l := range f.Listeners {
		doc.Listeners = append(doc.Listeners, relayListener{listenerRow{l.Listener, l.Banner, l.TLS, l.Inside, l.Where.In(lang), l.By, l.Rcpts, l.Nothing, l.Stopped.In(lang)}, l.State, l.Control, l.SeenAs})
	}
	return doc
}

func (a *app) relayRows(tests []relaytest.Test) []relayRow {
	rows := []relayRow{}
	for _, t := range tests {
		rows = append(rows, relayRow{t.ID, t.Listener, t.Weight, t.Verdict, t.Said, t.Reply, t.Inside, t.Why.In(a.lang()), t.Asked, t.Taken, t.Catches.In(a.lang()), t.Cookie})
	}
	return rows
}

// relayTable shows every test: what was said, and what came of it.
func (a *app) relayTable(r relaytest.Report) {
	s, f := a.screen(), r.Facts()
	for _, l := range f.Listeners {
		s.printf("%s\n", s.bold(line(l.Listener+"  "+l.Banner)))
		for _, t := range slices.Concat(f.Controls, f.Tests) {
			if t.Listener != l.Listener {
				continue
			}
			what := t.Reply
			if what == "" {
				what = t.Why.In(a.lang())
			}
			verdict := pad(judge.Verdict(t.Verdict).Text().In(a.lang()), 18)
			if judge.Verdict(t.Verdict).Hit() {
				verdict = s.paint("31", verdict)
			}
			weight := t.Weight
			if weight == string(pattern.Control) {
				weight = a.word("control", "対照")
			}
			s.printf("%s%s%s%s\n", pad(t.ID, 7), pad(weight, 8), verdict, cell(what, 46))
		}
	}
}
