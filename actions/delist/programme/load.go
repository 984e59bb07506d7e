package programme

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"hikeshi/actions/delist/harmless"
	"hikeshi/runbook"
	"hikeshi/runbook/strictyaml"
)

var (
	idForm   = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,39}$`)
	codeForm = regexp.MustCompile(`^[A-Z]{1,6}[0-9]{2,6}$`)
	nameForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9. -]{2,62}$`)
	dayForm  = regexp.MustCompile(`^\d{4}-\d\d-\d\d$`)
)

// document is the file.
type document struct {
	Format     int                   `yaml:"format"`
	AsOf       strictyaml.At[string] `yaml:"as_of"`
	Programmes []entry               `yaml:"programmes"`
}

// An entry is one programme of the file.
type entry struct {
	strictyaml.Pos
	ID         strictyaml.At[string]        `yaml:"id"`
	Name       string                       `yaml:"name"`
	Region     string                       `yaml:"region"`
	Role       strictyaml.At[string]        `yaml:"role"`
	Way        strictyaml.At[string]        `yaml:"way"`
	URL        strictyaml.At[string]        `yaml:"url"`
	Unverified bool                         `yaml:"unverified"`
	Email      []strictyaml.At[string]      `yaml:"email"`
	Language   strictyaml.At[string]        `yaml:"language"`
	Codes      []strictyaml.At[string]      `yaml:"codes"`
	Phrases    []strictyaml.At[string]      `yaml:"phrases"`
	Names      []strictyaml.At[string]      `yaml:"names"`
	Domains    []strictyaml.At[string]      `yaml:"domains"`
	Needs      []strictyaml.At[string]      `yaml:"needs"`
	Who        runbook.Text                 `yaml:"who"`
	Reply      Span                         `yaml:"reply"`
	Expires    Span                         `yaml:"expires"`
	Again      strictyaml.At[time.Duration] `yaml:"again"`
	Note       runbook.Text                 `yaml:"note"`
}

// Load reads the table. The error wraps a *strictyaml.Mistakes with all that is wrong in it; nothing is to be used then.
func Load(data []byte) (Table, error) {
	d := strictyaml.Read("programmes.yaml", data)
	var doc document
	d.Decode(&doc)
	if doc.Format != 1 && !d.Torn() {
		d.Mistake(strictyaml.Pos{Line: 1, Column: 1}, "format: 1 is wanted, and here is %d", doc.Format)
	}
	if doc.AsOf.OK && !dayForm.MatchString(doc.AsOf.V) {
		d.Mistake(doc.AsOf.Pos, "a day such as 2026-11-21 is wanted")
	}
	t := Table{AsOf: doc.AsOf.V}
	c := checker{d}
	for _, e := range doc.Programmes {
		if _, again := t.Find(e.ID.V); again && e.ID.OK {
			d.Mistake(e.ID.Pos, "the programme %q stands here again", e.ID.V)
		}
		t.Programmes = append(t.Programmes, c.programme(e))
	}
	if err := d.Err(); err != nil {
		return Table{}, fmt.Errorf("reading the table of sender programmes: %w", err)
	}
	return t, nil
}

// A checker tells what is wrong in the file.
type checker struct{ *strictyaml.Document }

func (c checker) programme(e entry) Programme {
	if !c.Torn() {
		c.whole(e)
	}
	c.list([]strictyaml.At[string]{e.ID}, idForm.MatchString, "small letters, digits and dashes are wanted")
	c.oneOf(e.Role, string(Delisting), string(Monitoring), string(NoRequests))
	c.oneOf(e.Way, "self-service", "form", "email", "wait", "provider")
	c.oneOf(e.Language, "en", "ja")
	c.list([]strictyaml.At[string]{e.URL}, isURL, "an address that begins with https:// or http:// is wanted")
	c.both(e.Pos, e.Who, e.Note, e.Reply.span().Text, e.Expires.span().Text)
	p := Programme{ID: e.ID.V, Name: e.Name, Region: e.Region, Role: Role(e.Role.V), Way: e.Way.V, URL: e.URL.V, Unverified: e.Unverified,
		Language: e.Language.V, Who: e.Who, Reply: e.Reply, Expires: e.Expires, Again: e.Again.V, Note: e.Note}
	p.Email = c.list(e.Email, harmless.IsEmail, "a mail address is wanted")
	p.Codes = c.list(e.Codes, isCode, "a code such as S3140, 5.7.511 or 5.7.606-649 is wanted")
	p.Phrases = c.list(e.Phrases, func(s string) bool { return len(strings.Fields(s)) > 1 }, "at least two words are wanted: one alone stands in other replies too")
	p.Names = c.list(e.Names, nameForm.MatchString, "a name of a product or host of at least three characters is wanted")
	p.Domains = c.list(e.Domains, isDomain, "a domain in small letters is wanted")
	p.Needs = c.list(e.Needs, func(s string) bool { return s != "" }, "the name of a field is wanted")
	return p
}

// whole tells what a programme lacks.
func (c checker) whole(e entry) {
	given := map[string]bool{"id": e.ID.Given(), "name": e.Name != "", "region": e.Region != "", "role": e.Role.Given(), "way": e.Way.Given(), "language": e.Language.Given()}
	for _, key := range slices.Sorted(maps.Keys(given)) {
		if !given[key] && !c.Meant(e.Pos, key) {
			c.Mistake(e.Pos, "a programme needs its %s", key)
		}
	}
	signs := len(e.Codes) + len(e.Phrases) + len(e.Names) + len(e.Domains)
	if e.Role.V == string(Monitoring) && signs > 0 {
		c.Mistake(e.Role.Pos, "a programme that only shows something cannot be what a reply points to")
	}
	switch {
	case e.Way.V == "email" && len(e.Email) == 0:
		c.Mistake(e.Way.Pos, "a mail address is wanted")
	case (e.Way.V == "form" || e.Way.V == "self-service") && !e.URL.Given():
		c.Mistake(e.Way.Pos, "the address of the page is wanted")
	}
}

func (c checker) oneOf(v strictyaml.At[string], words ...string) {
	if v.OK && !slices.Contains(words, v.V) {
		c.Mistake(v.Pos, "%q is none of %s", v.V, strings.Join(words, ", "))
	}
}

// list reads texts of one form.
func (c checker) list(all []strictyaml.At[string], is func(string) bool, wanted string) []string {
	var texts []string
	for _, v := range all {
		if v.OK && !is(v.V) {
			c.Mistake(v.Pos, "%s, and here is %q", wanted, v.V)
		}
		texts = append(texts, v.V)
	}
	return texts
}

// both wants texts in both languages.
func (c checker) both(at strictyaml.Pos, texts ...runbook.Text) {
	for _, t := range texts {
		if (t.EN == "") != (t.JA == "") {
			c.Mistake(at, "the text %q is wanted in both languages", t.EN+t.JA)
		}
	}
}

func isURL(s string) bool { return strings.HasPrefix(s, "https://") || strings.HasPrefix(s, "http://") }

func isDomain(s string) bool { return harmless.IsName(s) && s == strings.ToLower(s) }

func isCode(s string) bool {
	_, _, _, ok := enhanced(s)
	return ok || codeForm.MatchString(s)
}
