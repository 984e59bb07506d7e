package pattern

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"hikeshi/runbook"
	"hikeshi/runbook/strictyaml"
)

// The bounds of a file.
const (
	maxPatterns = 100
	maxForms    = 5
	maxTo       = 4
)

var idForm = regexp.MustCompile(`^[A-Z][A-Z0-9_-]{0,15}$`)

// document is one file.
type document struct {
	Format   strictyaml.At[int]      `yaml:"format"`
	Off      []strictyaml.At[string] `yaml:"off"`
	Patterns []entry                 `yaml:"patterns"`
}

type entry struct {
	strictyaml.Pos
	ID     strictyaml.At[string]   `yaml:"id"`
	Weight strictyaml.At[string]   `yaml:"weight"`
	Helo   *strictyaml.At[string]  `yaml:"helo"`
	From   *strictyaml.At[string]  `yaml:"from"`
	To     []strictyaml.At[string] `yaml:"to"`
	Params *strictyaml.At[string]  `yaml:"params"`
	Also   []form                  `yaml:"also"`
	Needs  []strictyaml.At[string] `yaml:"needs"`
	Ports  []strictyaml.At[int]    `yaml:"ports"`
	Same   []strictyaml.At[string] `yaml:"same"`
	Why    runbook.Text            `yaml:"why"`
}

type form struct {
	strictyaml.Pos
	Helo   *strictyaml.At[string]  `yaml:"helo"`
	From   *strictyaml.At[string]  `yaml:"from"`
	To     []strictyaml.At[string] `yaml:"to"`
	Params *strictyaml.At[string]  `yaml:"params"`
	Needs  []strictyaml.At[string] `yaml:"needs"`
}

// Load reads the built-in table, and own if name is not "". The error holds a *strictyaml.Mistakes with all that is wrong in a file; nothing is
// to be used then.
func Load(builtin []byte, name string, own []byte) (Table, error) {
	var t Table
	if err := t.read("relaytests.yaml", builtin, false); err != nil {
		return Table{}, err
	}
	if name == "" {
		return t, nil
	}
	if err := t.read(name, own, true); err != nil {
		return Table{}, err
	}
	return t, nil
}

func (t *Table) read(name string, data []byte, own bool) error {
	d := strictyaml.Read(name, data)
	var doc document
	d.Decode(&doc)
	if doc.Format.V != 1 && !d.Torn() && (doc.Format.OK || !doc.Format.Given()) {
		d.Mistake(strictyaml.Pos{Line: max(1, doc.Format.Line), Column: 1}, "format: 1 is wanted")
	}
	c := checker{d, t}
	if len(doc.Patterns) > maxPatterns {
		d.Mistake(doc.Patterns[maxPatterns].Pos, "more than %d tests in a file", maxPatterns)
		doc.Patterns = doc.Patterns[:maxPatterns]
	}
	off := c.off(doc.Off, own)
	for _, e := range doc.Patterns {
		t.Patterns = append(t.Patterns, c.pattern(e))
	}
	if err := d.Err(); err != nil {
		return fmt.Errorf("reading the relay tests: %w", err)
	}
	t.Off = off
	t.Patterns = slices.DeleteFunc(t.Patterns, func(p Pattern) bool { return slices.Contains(off, p.ID) })
	return nil
}

// A checker tells what is wrong in a file.
type checker struct {
	*strictyaml.Document
	table *Table
}

func (c checker) has(id string) bool {
	return slices.ContainsFunc(c.table.Patterns, func(p Pattern) bool { return p.ID == id })
}

func (c checker) off(list []strictyaml.At[string], own bool) []string {
	var ids []string
	for _, id := range list {
		switch {
		case !id.OK:
		case !own:
			c.Mistake(id.Pos, "only an own file switches tests off")
		case !c.has(id.V):
			c.Mistake(id.Pos, "there is no built-in test %q", id.V)
		default:
			ids = append(ids, id.V)
		}
	}
	return ids
}

func (c checker) pattern(e entry) Pattern {
	p := Pattern{ID: e.ID.V, Weight: Weight(e.Weight.V), Why: e.Why, Needs: c.needs(e.Needs)}
	switch {
	case !e.ID.Given() && !c.Meant(e.Pos, "id"):
		c.Mistake(e.Pos, "the test has no id")
	case e.ID.OK && !idForm.MatchString(p.ID):
		c.Mistake(e.ID.Pos, "an id such as X01 is wanted: a capital letter, then capitals, digits, - and _")
	case e.ID.OK && c.has(p.ID):
		c.Mistake(e.ID.Pos, "the test %q stands here again; choose another id", p.ID)
	}
	switch {
	case !e.Weight.Given() && !c.Meant(e.Pos, "weight"):
		c.Mistake(e.Pos, "the test has no weight: S, W or control")
	case e.Weight.OK && p.Weight != Strong && p.Weight != Weak && p.Weight != Control:
		c.Mistake(e.Weight.Pos, "a weight is S, W or control, and here is %q", p.Weight)
	}
	if p.Why.EN == "" && !c.Torn() && !c.Meant(e.Pos, "why") {
		c.Mistake(e.Pos, "the test does not say why: why: {en: ...}")
	}
	for _, n := range e.Ports {
		if n.OK && (n.V < 1 || n.V > 65535) {
			c.Mistake(n.Pos, "a port is a number from 1 to 65535")
		}
		p.Ports = append(p.Ports, uint16(n.V))
	}
	if len(e.Same) > 0 {
		p.Same = c.same(e)
		return p
	}
	p.Forms = c.forms(e, p)
	return p
}

// same reads the tests that stand for this one.
func (c checker) same(e entry) []string {
	var ids []string
	if e.From != nil || len(e.To) > 0 || len(e.Also) > 0 || e.Helo != nil || e.Params != nil {
		c.Mistake(e.Same[0].Pos, "a test with same: asks nothing of its own, so it has no helo, from, to, params or also")
	}
	for _, id := range e.Same {
		if id.OK && !c.has(id.V) {
			c.Mistake(id.Pos, "there is no test %q above this one", id.V)
		}
		ids = append(ids, id.V)
	}
	return ids
}

func (c checker) forms(e entry, p Pattern) []Form {
	if e.From == nil && !c.Meant(e.Pos, "from") {
		c.Mistake(e.Pos, "the test has no from; the null sender is \"<>\"")
	}
	if len(e.To) == 0 && !c.Meant(e.Pos, "to") {
		c.Mistake(e.Pos, "the test has no recipients (to)")
	}
	if len(e.Also) >= maxForms {
		c.Mistake(e.Also[maxForms-1].Pos, "more than %d forms of one test", maxForms)
	}
	first := c.form(form{e.Pos, e.Helo, e.From, e.To, e.Params, nil}, Form{}, p)
	all := []Form{first}
	for _, f := range e.Also {
		all = append(all, c.form(f, first, p))
	}
	return all
}

// form reads one form; what it leaves out is as in base.
func (c checker) form(f form, base Form, p Pattern) Form {
	out := base
	out.Needs = c.needs(f.Needs)
	all := slices.Concat(p.Needs, out.Needs)
	text := func(to *string, from *strictyaml.At[string], bad func(string) string) {
		if from != nil && from.OK {
			*to = c.text(*from, all, bad)
		}
	}
	text(&out.Helo, f.Helo, func(s string) string { return badHelo(sample(s)) })
	text(&out.From, f.From, badSender)
	text(&out.Params, f.Params, badParams)
	if len(f.To) > maxTo {
		c.Mistake(f.To[maxTo].Pos, "more than %d recipients in one transaction", maxTo)
	}
	if len(f.To) > 0 {
		out.To = nil
	}
	for _, to := range f.To {
		s := ""
		text(&s, &to, badRecipient)
		out.To = append(out.To, s)
	}
	return out
}

// text checks a text with place-holders.
func (c checker) text(at strictyaml.At[string], have []Need, bad func(string) string) string {
	for _, name := range holders(at.V) {
		if Names()[name] == "" {
			c.Mistake(at.Pos, "there is no place-holder {%s}; there are %s", name, strings.Join(slices.Sorted(maps.Keys(Names())), ", "))
			return at.V
		}
		if n := implied(name); n != "" && !slices.Contains(have, n) {
			c.Mistake(at.Pos, "{%s} needs: [%s]", name, n)
		}
	}
	if why := bad(at.V); why != "" {
		c.Mistake(at.Pos, "%s", why)
	}
	return at.V
}

func (c checker) needs(list []strictyaml.At[string]) []Need {
	var all []Need
	for _, n := range list {
		if n.OK && !slices.Contains(needs(), n.V) {
			c.Mistake(n.Pos, "there is no need %q; there are %s", n.V, strings.Join(needs(), ", "))
		}
		all = append(all, Need(n.V))
	}
	return all
}

// sample stands for a place-holder where a form is checked before it is filled.
func sample(s string) string { return placeholder.ReplaceAllString(s, "a") }

func badSender(s string) string {
	if why := badPath(sample(s)); why != "" || s == "<>" || !strings.Contains(s, "@") {
		return why
	}
	if domain := s[strings.LastIndexByte(s, '@')+1:]; domain != "localhost" && len(holders(domain)) == 0 {
		return "the domain of a sender is a place-holder or localhost, so that no bounce reaches a stranger"
	}
	return ""
}

// badRecipient keeps strangers out: what is not a place-holder is punctuation or one of three words.
func badRecipient(s string) string {
	if s == "<>" {
		return "a recipient is wanted"
	}
	if why := badPath(sample(s)); why != "" {
		return why
	}
	for _, w := range strings.Fields(words(s)) {
		if w != "postmaster" && w != "root" && w != "localhost" {
			return fmt.Sprintf("%q: a recipient is written with place-holders, so that no test names a stranger", w)
		}
	}
	return ""
}
