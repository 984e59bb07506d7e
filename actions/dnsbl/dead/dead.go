// Package dead finds zones of dead blocklists in configuration files. A zone that has lapsed may list everybody from one day to the next
// and make the server refuse all mail; one that only times out slows every session down.
//
// It knows no format well and needs none: every name in a line counts, comments do not. A comment is a line that begins with # (main.cf,
// postscreen), and in files named *.mc everything after dnl. Files named in E-Post's way (ordb.dat) hold one zone a line. Lines are not
// given back: a list that wants a key has it in its zone.
package dead

import (
	"path/filepath"
	"regexp"
	"strings"

	"hikeshi/actions/dnsbl/table"
)

// MaxFile is how much of a file is read, in bytes.
const MaxFile = 4 << 20

// maxHits bounds the hits of one file.
const maxHits = 200

// A Hit is a dead zone in a file.
type Hit struct {
	File string
	Line int    // from 1
	Zone string // as the table names it
	List table.Dead
}

var (
	nameForm = regexp.MustCompile(`[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)+`)
	dnl      = regexp.MustCompile(`\bdnl\b.*`)
)

// Find returns the dead zones in data in the order of its lines, each zone once a line.
func Find(dead []table.Dead, file string, data []byte) []Hit {
	var hits []Hit
	m4 := strings.HasSuffix(filepath.Base(file), ".mc")
	n := 0
	for l := range strings.Lines(string(data)) {
		n++
		if strings.HasPrefix(strings.TrimSpace(l), "#") {
			continue
		}
		if m4 {
			l = dnl.ReplaceAllString(l, "")
		}
		seen := map[string]bool{}
		for _, name := range nameForm.FindAllString(l, -1) {
			zone, list, ok := match(dead, strings.ToLower(name))
			if ok && !seen[zone] && len(hits) < maxHits {
				seen[zone] = true
				hits = append(hits, Hit{file, n, zone, list})
			}
		}
	}
	return hits
}

// match returns the longest dead zone that name is, or lies in.
func match(dead []table.Dead, name string) (zone string, list table.Dead, ok bool) {
	for _, d := range dead {
		for _, z := range d.Zones {
			plain := strings.TrimPrefix(z, "*.")
			if (name == plain || strings.HasSuffix(name, "."+plain)) && len(z) > len(zone) {
				zone, list, ok = z, d, true
			}
		}
	}
	return zone, list, ok
}
