package table

import (
	"fmt"
	"slices"
	"time"

	"hikeshi/runbook"
	"hikeshi/runbook/strictyaml"
)

// document is one file.
type document struct {
	Format int         `yaml:"format"`
	AsOf   string      `yaml:"as_of"`
	Lists  []entry     `yaml:"lists"`
	Dead   []deadEntry `yaml:"dead"`
}

// An entry is one list of a file. What is nil was not said.
type entry struct {
	strictyaml.Pos
	ID       string                   `yaml:"id"`
	Name     *string                  `yaml:"name"`
	Zone     *strictyaml.At[string]   `yaml:"zone"`
	Keyed    *strictyaml.At[string]   `yaml:"keyed"`
	Key      *strictyaml.At[string]   `yaml:"key"`
	Off      *bool                    `yaml:"off"`
	Operator *string                  `yaml:"operator"`
	Kinds    []strictyaml.At[string]  `yaml:"kinds"`
	State    *strictyaml.At[string]   `yaml:"state"`
	Tier     *strictyaml.At[int]      `yaml:"tier"`
	Test     *strictyaml.At[string]   `yaml:"test"`
	Listed   []strictyaml.At[string]  `yaml:"listed"`
	Clean    []strictyaml.At[string]  `yaml:"clean"`
	Match    *strictyaml.At[string]   `yaml:"match"`
	Category *strictyaml.At[string]   `yaml:"category"`
	Scope    *strictyaml.At[string]   `yaml:"scope"`
	Covered  *strictyaml.At[string]   `yaml:"covered"`
	Spacing  *strictyaml.At[duration] `yaml:"spacing"`
	Also     []strictyaml.At[string]  `yaml:"also"`
	Access   *runbook.Text            `yaml:"access"`
	Codes    []codeEntry              `yaml:"codes"`
	Delist   *routeEntry              `yaml:"delist"`
	Routes   []routeEntry             `yaml:"routes"`
}

type duration = time.Duration

type codeEntry struct {
	Code  strictyaml.At[string] `yaml:"code"`
	Means strictyaml.At[string] `yaml:"means"`
	EN    string                `yaml:"en"`
	JA    string                `yaml:"ja"`
}

type routeEntry struct {
	strictyaml.Pos
	Answers    []string                `yaml:"answers"`
	Part       string                  `yaml:"part"`
	Way        strictyaml.At[string]   `yaml:"way"`
	URL        strictyaml.At[string]   `yaml:"url"`
	Unverified bool                    `yaml:"unverified"`
	Lookup     strictyaml.At[string]   `yaml:"lookup"`
	Dispute    strictyaml.At[string]   `yaml:"dispute"`
	Email      []strictyaml.At[string] `yaml:"email"`
	Language   string                  `yaml:"language"`
	Needs      []strictyaml.At[string] `yaml:"needs"`
	Who        runbook.Text            `yaml:"who"`
	Expires    Span                    `yaml:"expires"`
	Reply      Span                    `yaml:"reply"`
	Again      duration                `yaml:"again"`
	Note       runbook.Text            `yaml:"note"`
	Paid       runbook.Text            `yaml:"paid"`
}

type deadEntry struct {
	strictyaml.Pos
	ID    string                  `yaml:"id"`
	Name  string                  `yaml:"name"`
	Ended strictyaml.At[string]   `yaml:"ended"`
	By    bool                    `yaml:"by"`
	Sign  strictyaml.At[string]   `yaml:"sign"`
	Zones []strictyaml.At[string] `yaml:"zones"`
}

// Load reads the built-in table and lays the own file over it; own is nil if there is none. name is what mistakes call that file. The
// error is a *strictyaml.Mistakes with all of them; nothing is to be used then.
func Load(builtin []byte, name string, own []byte) (Table, error) {
	var t Table
	if err := t.lay("the built-in table", builtin, true); err != nil {
		return Table{}, fmt.Errorf("reading the built-in table of blocklists: %w", err)
	}
	if own == nil {
		return t, nil
	}
	if err := t.lay(name, own, false); err != nil {
		return Table{}, fmt.Errorf("reading the list of blocklists: %w", unsecret(err))
	}
	return t, nil
}

// lay lays one file over the table.
func (t *Table) lay(name string, data []byte, builtin bool) error {
	d := strictyaml.Read(name, data)
	var doc document
	d.Decode(&doc)
	if doc.Format != 1 && (builtin || doc.Format != 0) && !d.Torn() {
		d.Mistake(strictyaml.Pos{Line: 1, Column: 1}, "format: 1 is wanted, and here is %d", doc.Format)
	}
	if builtin {
		t.AsOf = doc.AsOf
	}
	seen := map[string]bool{}
	for _, e := range doc.Lists {
		if seen[e.ID] {
			d.Mistake(e.Pos, "the list %q stands here again", e.ID)
		}
		seen[e.ID] = true
		t.put(checker{d, builtin}, e)
	}
	for _, e := range doc.Dead {
		t.bury(checker{d, builtin}, e)
	}
	for _, e := range doc.Lists {
		if e.Covered != nil && e.Covered.V != "" && !slices.ContainsFunc(t.Lists, func(l List) bool { return l.ID == e.Covered.V }) {
			d.Mistake(e.Covered.Pos, "there is no list %q", e.Covered.V)
		}
	}
	return d.Err()
}

// put adds a list, or changes one.
func (t *Table) put(c checker, e entry) {
	if i := slices.IndexFunc(t.Dead, func(d Dead) bool { return d.ID == e.ID }); i >= 0 {
		c.Mistake(e.Pos, "the list %q is dead since %s: nothing to ask there", e.ID, t.Dead[i].Ended)
		return
	}
	i := slices.IndexFunc(t.Lists, func(l List) bool { return l.ID == e.ID })
	if i < 0 {
		c.fresh(e)
		t.Lists = append(t.Lists, List{ID: e.ID, Name: e.ID, Operator: e.ID, Tier: 3, Test: Unknown, Delist: Route{Way: "none"}})
		i = len(t.Lists) - 1
	}
	l := &t.Lists[i]
	if e.Zone != nil && !c.builtin && t.holdsKey(e.Zone.V) {
		c.Mistake(strictyaml.Pos{}, "the list %s: the zone holds a key, which would be shown: write <key>. there and give it as key", e.ID)
		return
	}
	c.plain(l, e)
	c.words(l, e)
	c.entries(l, e)
}

// bury adds a dead list.
func (t *Table) bury(c checker, e deadEntry) {
	c.id(e.Pos, e.ID)
	c.oneOf(e.Sign, "world", "silent", "empty", "odd", "gone")
	if !isDate(e.Ended.V) {
		c.Mistake(e.Ended.Pos, "a year, a month or a day such as 2018, 2018-05 or 2018-05-30 is wanted")
	}
	d := Dead{ID: e.ID, Name: e.Name, Ended: e.Ended.V, By: e.By, Sign: e.Sign.V}
	for _, z := range e.Zones {
		d.Zones = append(d.Zones, c.zone(z))
	}
	if len(d.Zones) == 0 {
		c.Mistake(e.Pos, "a dead list needs its zones")
	}
	t.Lists = slices.DeleteFunc(t.Lists, func(l List) bool { return l.ID == d.ID })
	t.Dead = append(slices.DeleteFunc(t.Dead, func(x Dead) bool { return x.ID == d.ID }), d)
}
