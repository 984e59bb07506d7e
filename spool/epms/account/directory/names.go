package directory

import (
	"slices"
	"strings"
)

// OtherNames are the addresses of aliases and lists, which the server takes for local senders too. A list that is named without its
// domain counts in each of own. What cannot be read is left out.
func (d Directory) OtherNames(own []string) []string {
	var all []string
	l := examination{listing: &listing{Directory: d}}
	for _, key := range l.keys("Aliases") {
		if alias, ok, err := d.Settings.Text("Aliases/" + key + "/Alias"); err == nil && ok && alias != "" {
			all = append(all, alias)
		}
	}
	for _, list := range l.keys("Lists") {
		if strings.Contains(list, "@") {
			all = append(all, list)
			continue
		}
		for _, domain := range own {
			all = append(all, list+"@"+domain)
		}
	}
	slices.Sort(all)
	return all
}
