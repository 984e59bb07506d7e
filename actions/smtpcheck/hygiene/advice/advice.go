// Package advice holds the words of the hygiene tests: what each asks, why, what to change, and by which setting of which mail server.
//
// In order: Load reads the table; Table.Test finds a test; Test.For says what to change at a server; Detect tells a server by what it
// says of itself.
//
// The file is templates/hygiene.yaml:
//
//	format: 1
//	tests:
//	  - id: H03                    # H and two digits, or RFC and two digits for a recommendation that no other test answers
//	    title: {en: "...", ja: "..."}
//	    why: {en: "...", ja: "..."}
//	    change: {en: "...", ja: "..."}      # for every server
//	    settings:                           # the exact setting of a server; one that is left out is not known
//	      postfix: {en: "disable_vrfy_command = yes", ja: "..."}
//	    side_effects:                       # why it becomes bad where Hikeshi has demanded a login for mail to the outside
//	      epms: {en: "...", ja: "..."}
//	recommendations:               # of RFC 2505
//	  - id: "12"
//	    text: {en: "...", ja: "..."}
//	    checks: [H03, H04]         # tests that answer it
//	    partly: true               # they can show that it is not met, but never that it is
//	    elsewhere: {en: "...", ja: "..."}   # where it is to be seen, if not here
//
// Every text stands in both languages.
package advice

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"hikeshi/runbook"
	"hikeshi/runbook/strictyaml"
)

// Servers are the mail servers whose settings are known, by the names that --server has.
func Servers() []string { return []string{"epms", "postfix", "sendmail", "qmail", "exim"} }

// Name is a server as people call it.
func Name(server string) string {
	return map[string]string{"epms": "E-Post", "postfix": "Postfix", "sendmail": "sendmail", "qmail": "qmail", "exim": "Exim"}[server]
}

// A Test is the words of one test.
type Test struct {
	ID       string
	Title    runbook.Text // what it looks at
	Why      runbook.Text // why that matters
	Change   runbook.Text // what to change, whatever the server
	Settings map[string]runbook.Text

	SideEffects map[string]runbook.Text // by server: why it becomes bad where Hikeshi has demanded a login for mail to the outside
}

// A Recommendation is one of RFC 2505.
type Recommendation struct {
	ID        string // 1 to 13
	Text      runbook.Text
	Checks    []string // ids of tests that answer it
	Partly    bool     // they cannot show that it is met
	Elsewhere runbook.Text
}

// A Table is all of it.
type Table struct {
	Tests           []Test
	Recommendations []Recommendation
}

type document struct {
	Format          int              `yaml:"format"`
	Tests           []entry          `yaml:"tests"`
	Recommendations []recommendation `yaml:"recommendations"`
}

type entry struct {
	strictyaml.Pos
	ID       strictyaml.At[string]   `yaml:"id"`
	Title    runbook.Text            `yaml:"title"`
	Why      runbook.Text            `yaml:"why"`
	Change   runbook.Text            `yaml:"change"`
	Settings map[string]runbook.Text `yaml:"settings"`

	SideEffects map[string]runbook.Text `yaml:"side_effects"`
}

type recommendation struct {
	strictyaml.Pos
	ID        strictyaml.At[string]   `yaml:"id"`
	Text      runbook.Text            `yaml:"text"`
	Checks    []strictyaml.At[string] `yaml:"checks"`
	Partly    bool                    `yaml:"partly"`
	Elsewhere runbook.Text            `yaml:"elsewhere"`
}

var (
	idForm     = regexp.MustCompile(`^(?:H|RFC)\d\d$`)
	numberForm = regexp.MustCompile(`^[1-9]\d?$`)
)

// Load reads the table. The error holds a *strictyaml.Mistakes with all that is wrong; nothing is to be used then.
func Load(data []byte) (Table, error) {
	d := strictyaml.Read("hygiene.yaml", data)
	var doc document
	d.Decode(&doc)
	if doc.Format != 1 && !d.Torn() {
		d.Mistake(strictyaml.Pos{Line: 1, Column: 1}, "format: 1 is wanted, and here is %d", doc.Format)
	}
	t, c := Table{}, checker{d}
	for _, e := range doc.Tests {
		if _, again := t.Test(e.ID.V); again && e.ID.OK {
			d.Mistake(e.ID.Pos, "the test %q stands here again", e.ID.V)
		}
		t.Tests = append(t.Tests, c.test(e))
	}
	for _, r := range doc.Recommendations {
		t.Recommendations = append(t.Recommendations, c.recommendation(r, t))
	}
	if err := d.Err(); err != nil {
		return Table{}, fmt.Errorf("reading the hygiene tests: %w", err)
	}
	return t, nil
}

// A checker tells what is wrong in the file.
type checker struct{ *strictyaml.Document }

func (c checker) test(e entry) Test {
	if e.ID.OK && !idForm.MatchString(e.ID.V) || !e.ID.Given() && !c.Meant(e.Pos, "id") {
		c.Mistake(e.Pos, "an id such as H03 or RFC06 is wanted")
	}
	c.both(e.Pos, map[string]runbook.Text{"title": e.Title, "why": e.Why, "change": e.Change}, true)
	for _, texts := range []map[string]runbook.Text{e.Settings, e.SideEffects} {
		c.both(e.Pos, texts, true)
		for s := range texts {
			if !slices.Contains(Servers(), s) {
				c.Mistake(e.Pos, "there is no server %q; there are %s", s, strings.Join(Servers(), ", "))
			}
		}
	}
	return Test{e.ID.V, e.Title, e.Why, e.Change, e.Settings, e.SideEffects}
}

func (c checker) recommendation(e recommendation, t Table) Recommendation {
	if e.ID.OK && !numberForm.MatchString(e.ID.V) || !e.ID.Given() && !c.Meant(e.Pos, "id") {
		c.Mistake(e.Pos, "the number of a recommendation is wanted")
	}
	r := Recommendation{ID: e.ID.V, Text: e.Text, Partly: e.Partly, Elsewhere: e.Elsewhere}
	c.both(e.Pos, map[string]runbook.Text{"text": e.Text}, true)
	c.both(e.Pos, map[string]runbook.Text{"elsewhere": e.Elsewhere}, len(e.Checks) == 0 || e.Partly)
	for _, id := range e.Checks {
		if _, ok := t.Test(id.V); id.OK && !ok {
			c.Mistake(id.Pos, "there is no test %q", id.V)
		}
		r.Checks = append(r.Checks, id.V)
	}
	return r
}

// both wants texts in both languages.
func (c checker) both(at strictyaml.Pos, texts map[string]runbook.Text, needed bool) {
	if c.Torn() {
		return
	}
	for key, t := range texts {
		if (needed || !t.IsZero()) && (t.EN == "" || t.JA == "") && !c.Meant(at, key) {
			c.Mistake(at, "%s is wanted in both languages, en and ja", key)
		}
	}
}

// Test finds a test.
func (t Table) Test(id string) (Test, bool) {
	i := slices.IndexFunc(t.Tests, func(x Test) bool { return x.ID == id })
	if i < 0 {
		return Test{}, false
	}
	return t.Tests[i], true
}

// For says what to change at a server, "" for one that is not known: what holds for all, then its setting.
func (t Test) For(server string) runbook.Text {
	setting, ok := t.Settings[server]
	switch {
	case server == "":
		setting = runbook.T("the server is not recognised, so no setting can be named (--server)", "サーバの種類が分からず、設定名は示せない (--server)")
	case !ok:
		setting = runbook.T("Hikeshi does not know the setting", "設定名は未収録")
	}
	if name := Name(server); name != "" {
		setting = runbook.T(name+": "+setting.EN, name+": "+setting.JA)
	}
	return runbook.T(t.Change.EN+". "+setting.EN, t.Change.JA+"。"+setting.JA)
}

// signs are what servers say of themselves, in a banner or in the reply to HELP. qmail is silent in its banner.
func signs() map[string]*regexp.Regexp {
	return map[string]*regexp.Regexp{
		"epms": regexp.MustCompile(`(?i)\bE-POST\b`), "postfix": regexp.MustCompile(`(?i)\bPostfix\b`), "sendmail": regexp.MustCompile(`(?i)\bsendmail\b`),
		"exim": regexp.MustCompile(`(?i)\bExim\b`), "qmail": regexp.MustCompile(`(?i)\b(?:net|not)?qmail\b`),
	}
}

// Detect tells a server by what it says of itself; "" if it says nothing, or more than one thing.
func Detect(said string) string {
	found := ""
	for name, sign := range signs() {
		if !sign.MatchString(said) {
			continue
		}
		if found != "" {
			return ""
		}
		found = name
	}
	return found
}
