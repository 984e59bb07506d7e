// Package field is the vocabulary of what a request must carry: for every name in a `needs:` of the tables of blocklists and of sender
// programmes it says what the operator calls it, and what it is in an incident.
//
// [Load] reads templates/letters/fields.yaml (see package strictyaml for what is accepted):
//
//	format: 1
//	fields:
//	  - name: fix                 # as in needs:
//	    value: fix                # how it is made from the record and the configuration; none: nobody but the person knows it
//	    label: {en: ..., ja: ...} # what a form or sheet calls it
//	    gap: {en: ..., ja: ...}   # what has to be filled in where it is not known
//	    do: {en: ..., ja: ...}    # an instruction to the person, beside a value or in place of one
//	sentences:                    # what values are made of; {n} and the like are filled in
//	  - name: done_passwords
//	    none: {en: ..., ja: ...}  # there is nothing to count
//	    one: {en: ..., ja: ...}
//	    many: {en: ..., ja: ...}
//
// [Fields.Value] then makes a value. It takes facts from the record ([casefile.Case]), the table's entry, the reply of a server and the
// configuration, and from nowhere else; what they do not tell is a marked gap ([Gap]), never a guess. No value names an account, a
// password, a file or somebody's mail address but the writer's own: addresses in the words of others are cut down to their domain.
// Whatever comes from outside is bounded and made harmless, and what has one line keeps one line.
package field

import (
	"maps"
	"slices"
	"time"

	"hikeshi/actions/delist/casefile"
	"hikeshi/actions/delist/field/vocabulary"
	"hikeshi/actions/delist/harmless"
	"hikeshi/runbook"
)

// Fields are the fields that requests may carry, and the sentences of their values.
type Fields struct{ book vocabulary.Book }

// Load reads the file of fields and sentences. The error wraps a *strictyaml.Mistakes with all that is wrong in it; nothing is to be used
// then.
func Load(data []byte) (Fields, error) {
	b, err := vocabulary.Load(data, slices.Sorted(maps.Keys(values())))
	return Fields{b}, err
}

// Input is what a value is made from.
type Input struct {
	Case    casefile.Case
	Writer  casefile.Writer
	Subject string            // the address or domain that the request is about; "" if it is about the server
	Domain  bool              // Subject is a domain
	Listing *casefile.Listing // nil for a programme
	Reply   *casefile.Reply   // that named the list or programme; nil if there is none
	Lang    string            // of the request: en or ja
	Person  string            // language of whoever sends it, for Do; "" is Lang
	Zone    *time.Location    // in which times are given; nil is UTC
}

// Answer is one thing that a request must carry.
type Answer struct {
	Label string
	Text  string // what to write, of one or several lines; "" where only Do can help
	Gap   bool   // Text has a marked gap: the request is incomplete
	Do    string // an instruction to the person; "" if there is none
}

// Has says whether need is a known field.
func (f Fields) Has(need string) bool {
	_, ok := f.book.Fields[need]
	return ok
}

// Value says what need is in an incident. A need that nobody knows is a gap.
func (f Fields) Value(need string, in Input) Answer {
	if in.Zone == nil {
		in.Zone = time.UTC
	}
	w := &writing{Fields: f, Input: in}
	e, ok := f.book.Fields[need]
	if !ok {
		name := harmless.Line(need)
		return Answer{Label: name, Text: Gap(in.Lang, name), Gap: true}
	}
	a := Answer{Label: e.Label.In(in.Lang)}
	person := in.Person
	if person == "" {
		person = in.Lang
	}
	a.Do = w.fill(e.Do.In(person), person, nil)
	if value := values()[e.Value]; value != nil {
		a.Text = value(w)
	}
	if a.Text == "" && !e.Gap.IsZero() {
		a.Text = w.gap(need)
	}
	a.Gap = w.gaps > 0
	return a
}

// values are the ways to make a value, by the name that the file calls them. They return "" where it is not known.
func values() map[string]func(*writing) string {
	return map[string]func(*writing) string{
		"subject_ip": (*writing).subjectIP, "ips": (*writing).ips, "network": (*writing).network, "domain": (*writing).domain,
		"main_domain": (*writing).mainDomain, "rdns": (*writing).rdns, "fcrdns": (*writing).fcrdns, "postmaster": (*writing).postmaster,
		"helo": (*writing).helo, "static_ip": (*writing).static,

		"contact": (*writing).contact, "contact_name": (*writing).contactName, "contact_email": (*writing).contactEmail,
		"own_email": (*writing).ownEmail, "listed_domain_email": (*writing).listedDomainEmail, "abuse": (*writing).abuse,
		"role": (*writing).role, "phone": (*writing).phone, "organisation": (*writing).organisation,
		"postal_address": (*writing).postal, "provider": (*writing).provider, "policy": (*writing).policy,

		"cause": (*writing).cause, "fix": (*writing).fix, "prevention": (*writing).prevention, "story": (*writing).story,
		"period": (*writing).period, "evidence": (*writing).evidence, "clean_since": (*writing).cleanSince,

		"listing": (*writing).listing, "sbl": (*writing).sbl, "recipient_domain": (*writing).recipientDomain,
		"smtp_reply": (*writing).smtpReply, "smtp_replies": (*writing).smtpReplies, "reply_time": (*writing).replyTime,
		"problem_title": (*writing).problemTitle,
	}
}

// Label is what a need is called, in both languages; its name where nobody knows it.
func (f Fields) Label(need string) runbook.Text {
	if e, ok := f.book.Fields[need]; ok {
		return e.Label
	}
	return runbook.T(harmless.Line(need), "")
}
