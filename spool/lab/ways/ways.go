// Package ways are the ways in which a server of the lab can be left open, beside what its scenario has: what an administrator could have
// written into the files of E-Post (effect.dat, the settings), and holes that other servers have and the stand-in can play.
//
// In order: Find names a way; put it into Scenario.Way before the lab is built.
package ways

import "hikeshi/spool/lab/standin/holes"

// A Way is one of them. The zero Way leaves nothing open.
type Way struct {
	Name     string
	Relay    string            // lines of effect.dat, below all others
	Settings map[string]string // files of the settings tree, with their text
	Holes    holes.Set
	Tests    []string // relay tests that a stranger outside passes by it, the second form of one as R25.2; sorted
	Stays    bool     // no runbook can close it: a rehearsal of mail-abuse finds it and stops at its gate; else it ends well
	Names    bool     // VRFY and EXPN tell a stranger which accounts exist
}

// All are all ways, the closed server first.
func All() []Way {
	return []Way{
		{Name: "closed"},
		{Name: "own-domain", Relay: "example.jp true\n", Tests: []string{"R05", "R06", "R07"}},
		{Name: "no-login", Settings: map[string]string{"EPST5RS/SMTPAUTHOnly.1": "0\n"}, Tests: []string{"R06", "R07"}},
		{Name: "null-sender", Holes: holes.Set{holes.NullSender}, Stays: true, Tests: []string{"R03"}},
		{Name: "percent-hack", Holes: holes.Set{holes.PercentHack}, Stays: true, Tests: []string{"R14", "R15", "R16", "R17", "R29"}},
		{Name: "source-route", Holes: holes.Set{holes.SourceRoute}, Stays: true, Tests: []string{"R24", "R25", "R25.2"}},
		{Name: "trust-helo", Holes: holes.Set{holes.TrustHelo}, Stays: true, Tests: []string{"R11"}},
		{Name: "everyone", Relay: "*.*.*.* true\n", Tests: []string{"R01", "R02", "R04", "R05", "R06", "R07", "R08", "R09", "R10", "R11", "R11.2", "R11.3", "R12", "R13",
			"R14", "R15", "R18", "R20", "R21", "R22", "R23", "R27", "R28", "R30", "R31"}},
		{Name: "names-told", Settings: map[string]string{"Vrfy.1": "1\n"}, Names: true},
		{Name: "deny-before-login", Holes: holes.Set{holes.DenyBeforeLogin}, Stays: true},
	}
}

// Find returns the way of that name; "" is the closed server.
func Find(name string) (Way, bool) {
	for _, w := range All() {
		if w.Name == name || name == "" {
			return w, true
		}
	}
	return Way{}, false
}

// Names are the names of all.
func Names() []string { return named(func(Way) bool { return true }) }

// Ending are the names of those with which a rehearsal stops at its gate, or of those with which it ends well.
func Ending(atGate bool) []string { return named(func(w Way) bool { return w.Stays == atGate }) }

func named(which func(Way) bool) []string {
	var names []string
	for _, w := range All() {
		if which(w) {
			names = append(names, w.Name)
		}
	}
	return names
}
