// Package sheet writes a request down in the form in which its operator takes it: a mail, a sheet of values for a form, a letter to the owner
// of the network, or a note that nothing is to be written.
//
// The instructions on a sheet are for the responder and in his language; what is sent, or pasted, is in the operator's. The texts are
// templates ask-WAY.LANG.txt, whose data is a page.
package sheet

import (
	"bytes"
	"fmt"
	"io/fs"
	"net/mail"
	"slices"
	"strings"
	"text/template"
	"time"

	"hikeshi/actions/delist/casefile"
	"hikeshi/actions/delist/eml"
	"hikeshi/actions/delist/field"
	"hikeshi/actions/delist/gate"
	"hikeshi/actions/delist/harmless"
	"hikeshi/actions/delist/request"
	"hikeshi/runbook"
)

// A Press writes requests about one incident.
type Press struct {
	Words  fs.FS
	Fields field.Fields
	Case   casefile.Case
	Writer casefile.Writer
	Server []runbook.GateRow // the conditions of the server
	Lang   string            // of the responder
	In     string            // what is sent is in this language; "": the operator's
	Zone   *time.Location
}

// A Sheet is a request that was written down.
type Sheet struct {
	Text []byte
	Ext  string         // .eml, .txt
	Gaps []runbook.Text // what a person has to fill in
}

// a page is what the templates are filled with. Texts are of one line but those of Fields.
type page struct {
	ID, Incident, Name, Subject, Host string
	URL, Lookup, Dispute, Listed      string
	Says, Who, Expires, ExpiresAt     string
	Answered, Waits, Paid, Note       string
	Unverified                        bool
	Closed                            bool     // the hole is closed, by the record
	Shut                              []string // conditions that do not hold
	Do                                []string
	Gaps                              []string // in the language of the page
	Fields                            []field.Answer
	Organisation, Person, Role        string
	Email, Provider                   string

	shown   string // the language of the page
	missing []runbook.Text
}

// gap notes what a person has to fill in.
func (d *page) gap(what runbook.Text) {
	d.missing = append(d.missing, what)
	d.Gaps = append(d.Gaps, harmless.Line(what.In(d.shown)))
}

// Write writes r down.
func (p Press) Write(r request.Request) (Sheet, error) {
	sent := p.language(r)
	shown := p.Lang
	if r.Way == request.Email || r.Way == request.Letter {
		shown = sent
	}
	d := p.page(r, shown, sent)
	name := map[string]string{request.Email: "ask-email", request.Letter: "ask-network", request.Wait: "ask-wait"}[r.Way]
	if name == "" {
		name = "ask-form"
	}
	text, err := p.fill(name+"."+shown+".txt", d)
	if err != nil {
		return Sheet{}, fmt.Errorf("writing the request %s: %w", r.ID, err)
	}
	s := Sheet{Text: []byte(text), Ext: ".txt", Gaps: d.missing}
	if r.Way == request.Email || r.Way == request.Letter {
		s.Ext = ".eml"
		if s.Text, err = p.mail(r, text); err != nil {
			return Sheet{}, fmt.Errorf("writing the request %s: %w", r.ID, err)
		}
	}
	return s, nil
}

// language is that of what is sent: as asked for, or the operator's, or for a letter to the provider the responder's.
func (p Press) language(r request.Request) string {
	switch {
	case p.In != "":
		return p.In
	case r.Way == request.Letter:
		return p.Lang
	case r.Route.Language != "":
		return r.Route.Language
	}
	return "en"
}

// fill fills a template in.
func (p Press) fill(name string, d page) (string, error) {
	source, err := fs.ReadFile(p.Words, name)
	if err != nil {
		return "", err
	}
	t, err := template.New(name).Option("missingkey=error").Parse(string(source))
	if err != nil {
		return "", err
	}
	var b bytes.Buffer
	if err := t.Execute(&b, d); err != nil {
		return "", err
	}
	return single(b.String()), nil
}

// single leaves one empty line where a template leaves several.
func single(text string) string {
	for strings.Contains(text, "\n\n\n") {
		text = strings.ReplaceAll(text, "\n\n\n", "\n\n")
	}
	return strings.TrimSpace(text) + "\n"
}

// mail makes a message of a text whose first line is its subject.
func (p Press) mail(r request.Request, text string) ([]byte, error) {
	subject, body, _ := strings.Cut(text, "\n")
	m := eml.Message{Subject: strings.TrimPrefix(subject, "Subject: "), Body: strings.TrimLeft(body, "\n"), From: mail.Address{Address: p.from(r)}}
	if r.Way == request.Email && len(r.Route.Email) > 0 {
		m.To = []mail.Address{{Address: r.Route.Email[0]}}
	} else if p.Writer.ProviderEmail != "" && r.Way == request.Letter {
		m.To = []mail.Address{{Address: p.Writer.ProviderEmail}}
	}
	return m.Bytes()
}

// from is the address that a request has to come from.
func (p Press) from(r request.Request) string {
	for _, need := range r.Route.Needs {
		if need == "sent_from_abuse_or_postmaster_address" && p.Writer.Abuse != "" {
			return p.Writer.Abuse
		}
	}
	return p.Writer.Email
}

// page gathers what the templates need. shown is the language of the page, sent that of what is sent.
func (p Press) page(r request.Request, shown, sent string) page {
	say := func(t runbook.Text) string { return harmless.Line(t.In(shown)) }
	d := page{
		shown: shown, ID: r.ID, Incident: p.Case.Incident, Name: harmless.Line(r.Name), Subject: harmless.Line(r.Subject), Host: harmless.Line(p.Case.Host), URL: fillIn(r.Route.URL, r), Lookup: fillIn(r.Route.Lookup, r),
		Dispute: fillIn(r.Route.Dispute, r), Unverified: r.Route.Unverified, Who: say(r.Route.Who), Expires: say(r.Route.Expires.Text), Answered: say(r.Route.Reply.Text),
		Waits: span(r.Waits(), shown), Paid: say(r.Route.Paid), Note: say(r.Route.Note), Closed: gate.Open(p.Server) && p.Case.Cause != "",
	}
	if at := r.Expires(p.Case); !at.IsZero() {
		d.ExpiresAt = casefile.Stamp(at, p.Zone)
	}
	if l := r.Listing; l != nil {
		d.Listed = fmt.Sprintf("%s -> %s, %s", harmless.Line(l.Zone), strings.Join(r.Route.Answers, ", "), casefile.Stamp(l.At, p.Zone))
		d.Says = harmless.Line(l.Text)
	}
	if r.Way == request.Wait {
		return d
	}
	for _, row := range append(append([]runbook.GateRow{}, p.Server...), r.Rows...) {
		if !row.Holds {
			d.Shut = append(d.Shut, harmless.Line(row.Title.In(shown))+reason(row, shown))
		}
	}
	p.fields(&d, r, sent)
	p.signature(&d, r, sent)
	return d
}

func reason(row runbook.GateRow, lang string) string {
	if why := row.Reason(lang); why != "" {
		return ": " + harmless.Line(why)
	}
	return ""
}

// fields gathers what the operator wants.
func (p Press) fields(d *page, r request.Request, sent string) {
	if r.Listing == nil && r.Reply == nil && !slices.ContainsFunc(r.Route.Needs, func(need string) bool { return strings.HasPrefix(need, "smtp_repl") }) {
		p.refusal(d, sent)
	}
	for _, need := range r.Route.Needs {
		if need == "provider" && r.Way == request.Letter {
			continue // it is the reader
		}
		a := p.Fields.Value(need, field.Input{Case: p.Case, Writer: p.Writer, Subject: r.Subject, Domain: r.Domain, Listing: r.Listing, Reply: r.Reply, Lang: sent, Person: p.Lang, Zone: p.Zone})
		if a.Do != "" {
			d.Do = append(d.Do, a.Do)
		}
		if a.Text == "" {
			continue
		}
		if a.Gap {
			d.gap(p.Fields.Label(need))
		}
		d.Fields = append(d.Fields, a)
	}
}

// refusal asks for what the record does not hold: that anybody was refused.
func (p Press) refusal(d *page, sent string) {
	what := runbook.T("when mail was refused, and the reply, word for word", "受信を拒否された時刻と、その応答(原文のまま)")
	d.gap(what)
	d.Fields = append(d.Fields, field.Answer{Label: runbook.T("refusal", "受信拒否").In(sent), Text: field.Gap(sent, what.In(sent)), Gap: true})
}

// signature is who writes, in letters.
func (p Press) signature(d *page, r request.Request, sent string) {
	if r.Way == request.Form {
		return
	}
	known := func(text string, gap runbook.Text) string {
		if text = harmless.Line(text); text != "" {
			return text
		}
		d.gap(gap)
		return field.Gap(sent, gap.In(sent))
	}
	w := p.Writer
	d.Organisation = known(w.Organisation.In(sent), runbook.T("organisation", "組織名"))
	d.Person = known(w.Name.In(sent), runbook.T("your name", "担当者名"))
	d.Email = known(p.from(r), runbook.T("your address", "連絡先アドレス"))
	d.Role = harmless.Line(w.Role.In(sent))
	if r.Way == request.Letter {
		d.Provider = known(w.Provider.In(sent), runbook.T("owner of the network", "回線事業者名"))
	}
}

// fillIn puts the subject into an address of the table.
func fillIn(url string, r request.Request) string {
	return harmless.Line(strings.NewReplacer("<IP>", r.Subject, "<DOMAIN>", r.Subject).Replace(url))
}

// span writes a time in words.
func span(d time.Duration, lang string) string {
	n, en, ja := int64(d/time.Hour), "hour", "時間"
	if n%24 == 0 {
		n, en, ja = n/24, "day", "日"
	}
	if lang == "ja" {
		return fmt.Sprintf("%d%s", n, ja)
	}
	return runbook.Count(n, en)
}
