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
	return Facts{Ready: []string{}, Incomplete: []string{}, NotReady: []string{}, Held: []string{}, Wait: []string{}, Due: []Due{}}
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

// Findings tells the responder: the conditions, what was written, what is held back and why, where nothing is to be written.
func (r Result) Findings(zone *time.Location) []runbook.Finding {
	var all []runbook.Finding
	add := func(level runbook.Level, t runbook.Text) { all = append(all, runbook.Finding{Level: level, Text: t}) }
	if len(r.Drafts) == 0 {
		if r.Case.Lists == nil {
			add(runbook.Warn, runbook.T("nobody has asked the blocklists: nothing is known to be asked for", "ブロックリストを調べていない。申請すべきものが分からない"))
			return all
		}
		add(runbook.OK, runbook.T("there is nothing to ask of anybody", "解除を申請するものはない"))
		return all
	}
	for _, row := range r.Server {
		level := runbook.Bad
		if row.Holds {
			level = runbook.OK
		}
		add(level, told(row))
	}
	for _, d := range r.Drafts {
		all = append(all, d.finding(r.Case, zone))
	}
	return all
}

// told is a condition with its reason.
func told(row runbook.GateRow) runbook.Text {
	t := row.Title
	if row.Why != "" {
		return runbook.Tf("%[1]s: %[3]s", "%[2]s: %[4]s", t.EN, t.In("ja"), row.Reason("en"), row.Reason("ja"))
	}
	return t
}

func (d Draft) finding(c casefile.Case, zone *time.Location) runbook.Finding {
	f := func(level runbook.Level, t runbook.Text) runbook.Finding {
		return runbook.Finding{Level: level, Text: t}
	}
	gaps := runbook.Letter{Gaps: d.Gaps}
	switch d.State {
	case runbook.LetterReady:
		return f(runbook.OK, runbook.Tf("%[1]s: ready (%[2]s)", "%[1]s: 作成済み(%[3]s)", d.ID, way(d.Way).EN, way(d.Way).JA))
	case runbook.LetterIncomplete:
		return f(runbook.Warn, runbook.Tf("%[1]s: INCOMPLETE (%[2]s), fill in: %[4]s", "%[1]s: 未完成(%[3]s)。要記入: %[5]s", d.ID, way(d.Way).EN, way(d.Way).JA, strings.Join(gaps.Missing("en"), ", "), strings.Join(gaps.Missing("ja"), "、")))
	case runbook.LetterNotReady:
		return f(runbook.Warn, runbook.Tf("%[1]s: written and marked NOT READY (%[2]s)", "%[1]s: 「まだ送らない」の印を付けて作成(%[3]s)", d.ID, way(d.Way).EN, way(d.Way).JA))
	case runbook.LetterNone:
		if at := d.Expires(c); !at.IsZero() {
			return f(runbook.Info, runbook.Tf("%[1]s: do not write; expires by itself at %[2]s", "%[1]s: 連絡しない。%[2]s に自然に消える", d.ID, casefile.Stamp(at, zone)))
		}
		return f(runbook.Info, runbook.Tf("%s: do not write; nobody is to be asked", "%s: 連絡しない。申請先がない", d.ID))
	}
	for _, row := range d.Rows {
		if !row.Holds {
			return f(runbook.Info, runbook.Tf("%[1]s: not written: %[2]s", "%[1]s: 作成せず。%[3]s", d.ID, told(row).EN, told(row).In("ja")))
		}
	}
	return f(runbook.Warn, runbook.Tf("%s: not written: the conditions above do not all hold", "%s: 作成せず。上の条件がそろっていない", d.ID))
}

// way is how a request reaches its operator.
func way(w string) runbook.Text {
	return map[string]runbook.Text{
		request.Email: runbook.T("mail", "メール"), request.Form: runbook.T("values for a form", "フォーム用"),
		request.Letter: runbook.T("letter to the provider", "回線事業者あて"), request.Wait: runbook.T("nothing to write", "連絡不要"),
	}[w]
}
