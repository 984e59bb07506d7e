package delist

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"time"

	"hikeshi/actions/delist/casefile"
	"hikeshi/actions/delist/gate"
	"hikeshi/actions/delist/request"
	"hikeshi/runbook"
)

func hash(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

func emptyFacts() Facts {
	return Facts{Ready: []string{}, Incomplete: []string{}, NotReady: []string{}, Held: []string{}, Wait: []string{}, Untested: []string{}, Due: []Due{}}
}

// Facts says in short what was written and what comes next.
func (r Result) Facts() Facts {
	f := emptyFacts()
	f.Known, f.Open = true, gate.Open(r.Server)
	for _, d := range r.Drafts {
		into := map[runbook.LetterState]*[]string{runbook.LetterReady: &f.Ready, runbook.LetterIncomplete: &f.Incomplete, runbook.LetterNotReady: &f.NotReady, runbook.LetterNone: &f.Wait, "": &f.Held}[d.State]
		*into = append(*into, d.ID)
		if at := d.Expires(r.Case); !at.IsZero() {
			f.Due = append(f.Due, Due{d.ID, at.UTC(), "look"})
		}
	}
	if l := r.Case.Lists; l != nil {
		f.Untested, f.Clean = append(f.Untested, l.Untested...), l.State == "clean" && len(l.Listings) == 0
	}
	f.Due = append(f.Due, asked(r.Case)...)
	slices.SortStableFunc(f.Due, func(a, b Due) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.ID, b.ID)) })
	return f
}

// asked is when those who were asked may be asked again.
func asked(c casefile.Case) []Due {
	var all []Due
	for _, l := range c.Letters {
		if at := l.Again(); !at.IsZero() {
			all = append(all, Due{l.ID, at.UTC(), "ask"})
		}
	}
	return all
}

// Findings tells the responder: the conditions, what was written, what is held back and why, where nothing is to be written, and what nobody
// knows.
func (r Result) Findings(zone *time.Location) []runbook.Finding {
	var all []runbook.Finding
	add := func(level runbook.Level, t runbook.Text) { all = append(all, runbook.Finding{Level: level, Text: t}) }
	for _, row := range r.Server {
		if row.Holds {
			add(runbook.OK, told(row))
		} else {
			add(runbook.Bad, told(row))
		}
	}
	for _, d := range r.Drafts {
		all = append(all, d.finding(r.Case, zone))
	}
	switch l := r.Case.Lists; {
	case l == nil:
		add(runbook.Warn, runbook.T("nobody has asked the blocklists: whether the server is listed is unknown", "ブロックリストを調べていない。掲載の有無は不明"))
	case l.State == "untested":
		add(runbook.Warn, runbook.T("no list could be asked: whether the server is listed is unknown; see `hikeshi dnsbl check`", "どのリストも調べられない。掲載の有無は不明。`hikeshi dnsbl check` を参照"))
	case len(l.Untested) > 0:
		add(runbook.Warn, runbook.Tf("could not be asked, so whether they list the server is unknown: %s", "調べられず、掲載の有無が不明なリスト: %s", strings.Join(l.Untested, ", ")))
	case len(r.Drafts) == 0 && r.whole:
		add(runbook.OK, runbook.T("no list names the server: there is nothing to ask", "どのリストにも載っていない。申請するものはない"))
	}
	return all
}

// told is a condition: with what it holds, or that it does not, and why.
func told(row runbook.GateRow) runbook.Text {
	t := row.Title
	if !row.Holds {
		t = runbook.Tf("does not hold: %[1]s", "満たしていない: %[2]s", row.Title.EN, row.Title.In("ja"))
	}
	if row.Why == "" {
		return t
	}
	return runbook.Tf("%[1]s (%[3]s)", "%[2]s(%[4]s)", t.EN, t.In("ja"), row.Reason("en"), row.Reason("ja"))
}

// reasons are the reasons of the rows that hold, or of those that do not.
func reasons(rows []runbook.GateRow, holds bool) runbook.Text {
	var en, ja []string
	for _, row := range rows {
		if row.Holds == holds && row.Why != "" {
			en, ja = append(en, row.Reason("en")), append(ja, row.Reason("ja"))
		}
	}
	return runbook.T(strings.Join(en, "; "), strings.Join(ja, "、"))
}

func (d Draft) finding(c casefile.Case, zone *time.Location) runbook.Finding {
	f := func(level runbook.Level, t runbook.Text) runbook.Finding {
		return runbook.Finding{Level: level, Text: t}
	}
	form, why, gaps := d.form(), reasons(d.Rows, true), runbook.Letter{Gaps: d.Gaps}
	switch d.State {
	case runbook.LetterReady:
		return f(runbook.OK, runbook.Tf("%[1]s: ready, %[2]s (%[4]s)", "%[1]s: 作成済み、%[3]s(%[5]s)", d.ID, form.EN, form.JA, why.EN, why.JA))
	case runbook.LetterIncomplete:
		return f(runbook.Warn, runbook.Tf("%[1]s: INCOMPLETE, %[2]s (%[4]s); fill in: %[6]s", "%[1]s: 未完成、%[3]s(%[5]s)。要記入: %[7]s",
			d.ID, form.EN, form.JA, why.EN, why.JA, strings.Join(gaps.Missing("en"), ", "), strings.Join(gaps.Missing("ja"), "、")))
	case runbook.LetterNotReady:
		return f(runbook.Warn, runbook.Tf("%[1]s: written and marked NOT READY, %[2]s", "%[1]s: 「まだ送らない」の印を付けて作成、%[3]s", d.ID, form.EN, form.JA))
	case runbook.LetterNone:
		if at := d.Expires(c); !at.IsZero() {
			return f(runbook.Info, runbook.Tf("%[1]s: do not write; expires by itself about %[2]s, if no more spam is seen", "%[1]s: 連絡しない。新たに検知されなければ %[2]s ごろ自然に消える", d.ID, casefile.Stamp(at, zone)))
		}
		return f(runbook.Info, runbook.Tf("%s: do not write; nobody is to be asked", "%s: 連絡しない。申請先がない", d.ID))
	}
	if not := reasons(d.Rows, false); not.EN != "" {
		return f(runbook.Info, runbook.Tf("%[1]s: not written: %[2]s", "%[1]s: 作成せず。%[3]s", d.ID, not.EN, not.In("ja")))
	}
	return f(runbook.Warn, runbook.Tf("%s: not written: the conditions above do not all hold", "%s: 作成せず。上の条件がそろっていない", d.ID))
}

// form is what lies there, in words.
func (d Draft) form() runbook.Text {
	if d.Way == request.Form && d.Route.Way == "contact" {
		return runbook.T("values for their help desk", "窓口への連絡用")
	}
	return map[string]runbook.Text{
		request.Email: runbook.T("a mail", "メール"), request.Form: runbook.T("values for a form", "フォーム用"), request.Letter: runbook.T("a letter to the provider", "回線事業者あて"),
	}[d.Way]
}
