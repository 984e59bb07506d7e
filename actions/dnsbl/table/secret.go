package table

import (
	"errors"
	"regexp"
	"strings"

	"hikeshi/runbook/strictyaml"
)

// secretForm is what may be a key in the text of a mistake.
var secretForm = regexp.MustCompile(`[A-Za-z0-9_-]*\d[A-Za-z0-9_-]*`)

// unsecret takes out of the mistakes of an own file what may be a key: a misspelt line must not show one. Their places stay.
func unsecret(err error) error {
	var m *strictyaml.Mistakes
	if !errors.As(err, &m) {
		return err
	}
	clean := strictyaml.Mistakes{File: m.File, More: m.More}
	for _, x := range m.List {
		x.Excerpt = ""
		x.Text = secretForm.ReplaceAllStringFunc(x.Text, func(word string) string {
			if len(word) < 12 && (len(word) < 5 || strings.Trim(word, "0123456789") != "") {
				return word
			}
			return "..."
		})
		clean.List = append(clean.List, x)
	}
	return &clean
}

// holdsKey says whether zone is one of the zones with a key, with something else in place of <key>.
func (t *Table) holdsKey(zone string) bool {
	zone = strings.ToLower(strings.TrimSuffix(zone, "."))
	for _, l := range t.Lists {
		for _, z := range append([]string{l.Zone, l.keyed}, l.Also...) {
			if tail, ok := strings.CutPrefix(z, "<key>"); ok && strings.HasSuffix(zone, tail) && !strings.HasPrefix(zone, "<key>.") {
				return true
			}
		}
	}
	return false
}
