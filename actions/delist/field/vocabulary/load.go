// Package vocabulary reads the file of fields and sentences that package field describes.
package vocabulary

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"hikeshi/runbook"
	"hikeshi/runbook/strictyaml"
)

// A Book is what the file says.
type Book struct {
	Fields    map[string]Field
	Sentences map[string]Sentence
}

// A Field is one thing that a request may have to carry.
type Field struct {
	Value string // how it is made; "" if nobody but the person knows it
	Label runbook.Text
	Gap   runbook.Text // what has to be filled in where it is not known
	Do    runbook.Text // an instruction to the person
}

// A Sentence is one sentence in the forms that a number asks for. A form without text is that of none.
type Sentence struct{ None, One, Many runbook.Text }

// For is the form for n.
func (s Sentence) For(n int64) runbook.Text {
	switch {
	case n == 1 && !s.One.IsZero():
		return s.One
	case n > 1 && !s.Many.IsZero():
		return s.Many
	}
	return s.None
}

type document struct {
	Format    int             `yaml:"format"`
	Fields    []fieldEntry    `yaml:"fields"`
	Sentences []sentenceEntry `yaml:"sentences"`
}

type fieldEntry struct {
	strictyaml.Pos
	Name  string                `yaml:"name"`
	Value strictyaml.At[string] `yaml:"value"`
	Label runbook.Text          `yaml:"label"`
	Gap   runbook.Text          `yaml:"gap"`
	Do    runbook.Text          `yaml:"do"`
}

type sentenceEntry struct {
	strictyaml.Pos
	Name string       `yaml:"name"`
	None runbook.Text `yaml:"none"`
	One  runbook.Text `yaml:"one"`
	Many runbook.Text `yaml:"many"`
}

// Load reads the file; values are the ways to make a value that there are. The error wraps a *strictyaml.Mistakes with all that is wrong in
// it; nothing is to be used then.
func Load(data []byte, values []string) (Book, error) {
	d := strictyaml.Read("fields.yaml", data)
	var doc document
	d.Decode(&doc)
	b := Book{map[string]Field{}, map[string]Sentence{}}
	if doc.Format != 1 && !d.Torn() {
		d.Mistake(strictyaml.Pos{Line: 1, Column: 1}, "format: 1 is wanted, and here is %d", doc.Format)
	}
	for _, e := range doc.Fields {
		_, again := b.Fields[e.Name]
		checkField(d, e, again)
		if e.Value.OK && !slices.Contains(values, e.Value.V) {
			d.Mistake(e.Value.Pos, "%q is none of %s", e.Value.V, strings.Join(values, ", "))
		}
		b.Fields[e.Name] = Field{e.Value.V, e.Label, e.Gap, e.Do}
	}
	for _, s := range doc.Sentences {
		_, again := b.Sentences[s.Name]
		checkSentence(d, s, again)
		b.Sentences[s.Name] = Sentence{s.None, s.One, s.Many}
	}
	if !d.Torn() {
		missing(d, b)
	}
	if err := d.Err(); err != nil {
		return Book{}, fmt.Errorf("reading the fields of requests: %w", err)
	}
	return b, nil
}

// missing tells what values are made of and is not there.
func missing(d *strictyaml.Document, b Book) {
	for _, need := range []string{"contact_name", "contact_email", "cause", "fix"} {
		if _, ok := b.Fields[need]; !ok {
			d.Mistake(strictyaml.Pos{}, "the field %q is missing", need)
		}
	}
	for name := range placeholders() {
		if _, ok := b.Sentences[name]; !ok {
			d.Mistake(strictyaml.Pos{}, "the sentence %q is missing", name)
		}
	}
}

func checkField(d *strictyaml.Document, e fieldEntry, again bool) {
	switch {
	case e.Name == "":
		d.Mistake(e.Pos, "a field needs its name")
	case again:
		d.Mistake(e.Pos, "the field %q stands here again", e.Name)
	}
	if e.Label.IsZero() {
		d.Mistake(e.Pos, "a field needs its label")
	}
	if e.Gap.IsZero() && (e.Do.IsZero() || e.Value.Given()) {
		d.Mistake(e.Pos, "a field needs its gap: or, if nobody can write it, its do:")
	}
	for _, t := range []runbook.Text{e.Label, e.Gap, e.Do} {
		checkText(d, e.Pos, t, "subject domain")
	}
}

func checkSentence(d *strictyaml.Document, s sentenceEntry, again bool) {
	allowed, known := placeholders()[s.Name]
	switch {
	case !known:
		d.Mistake(s.Pos, "no value is made of a sentence %q", s.Name)
	case again:
		d.Mistake(s.Pos, "the sentence %q stands here again", s.Name)
	}
	if s.None.IsZero() && (s.One.IsZero() || s.Many.IsZero()) {
		d.Mistake(s.Pos, "a sentence needs its text: none, or one and many")
	}
	for _, t := range []runbook.Text{s.None, s.One, s.Many} {
		checkText(d, s.Pos, t, allowed)
	}
}

var placeholder = regexp.MustCompile(`\{[^}]*\}?`)

// checkText wants a text in both languages, with the same things to be filled in.
func checkText(d *strictyaml.Document, at strictyaml.Pos, t runbook.Text, allowed string) {
	if (t.EN == "") != (t.JA == "") {
		d.Mistake(at, "the text %q is wanted in both languages", t.EN+t.JA)
	}
	en, ja := placeholder.FindAllString(t.EN, -1), placeholder.FindAllString(t.JA, -1)
	for _, p := range slices.Concat(en, ja) {
		if !slices.Contains(strings.Fields(allowed), strings.Trim(p, "{}")) {
			d.Mistake(at, "nothing is filled in for %s here", p)
		}
	}
	slices.Sort(en)
	slices.Sort(ja)
	if t.JA != "" && !slices.Equal(slices.Compact(en), slices.Compact(ja)) {
		d.Mistake(at, "the two languages fill in different things: %q, %q", t.EN, t.JA)
	}
}

// placeholders are the sentences that values are made of, and what may be filled in.
func placeholders() map[string]string {
	all := map[string]string{"period": "first last", "last": "last", "reopened": "at", "title": "subject", "title_code": "subject code",
		"static": "subject", "leads_back": "subject name", "reply_time": "n first last", "listing": "subject list", "listing_answers": "answers",
		"listing_codes": "codes", "listing_text": "text", "listing_at": "at"}
	for name := range strings.FieldsSeq("messages recipients sources stopped aside started watched standing_login no_subject no_domain") {
		all[name] = "n"
	}
	for name := range strings.FieldsSeq("cause_a cause_b cause_c cause_d cause_e cause_f cause_g cause_h") {
		all[name] = "n"
	}
	for name := range strings.FieldsSeq("passwords renamed planted relay tightened login denied settings hand_d hand_e hand_f hand_g cut logs lockouts owners") {
		all["done_"+name] = "n"
	}
	return all
}
