package main

import (
	"fmt"
	"strings"

	"hikeshi/runbook"
)

// maxInverted bounds the lines of one change that are shown before it is undone.
const maxInverted = 12

// differs are the kinds whose changes say in lines what goes into a file (+) and what out of it (-). What may be a secret they leave out
// themselves.
var differs = map[string]bool{"relay.deny": true, "relay.allow": true, "relay.fix": true, "relay.hard": true, "account.clean": true}

// inverted shows what an undo of a change would put into its file, and what it would take out.
func (s *screen) inverted(c runbook.Change) {
	var all []string
	switch {
	case differs[c.Kind]:
		all = invert(c.After)
	case c.Kind == "settings.set":
		before, after := c.Words(s.lang)
		all = []string{"-" + clean(after), "+" + clean(before)}
	}
	for i, l := range all {
		if i == maxInverted {
			s.row("", fmt.Sprintf(s.word("  ... and %d more", "  ... ほか %d 行"), len(all)-i))
			return
		}
		s.row("", "  "+l)
	}
}

// invert is a difference in the other direction: what goes out first, as differences are written.
func invert(diff string) []string {
	var all, in []string
	for _, l := range strings.Split(diff, "\n") {
		switch {
		case strings.HasPrefix(l, "+++ "), strings.HasPrefix(l, "--- "):
		case strings.HasPrefix(l, "+"):
			all = append(all, "-"+clean(l[1:]))
			continue
		case strings.HasPrefix(l, "-"):
			in = append(in, "+"+clean(l[1:]))
			continue
		}
		all, in = append(all, in...), nil
	}
	return append(all, in...)
}
