package verdict

import (
	"net/netip"

	"hikeshi/actions/trace/verdict/phrase"
	"hikeshi/actions/trace/walk"
	"hikeshi/runbook"
)

// who names the client of a line.
func (j *judge) who(at int) string {
	if at < 0 || at >= len(j.Lines) {
		return "?"
	}
	return phrase.Client(j.Lines[at].Hop)
}

// inside says that a client is of the own network or the server itself.
func (j *judge) inside(a netip.Addr) bool {
	return a.IsValid() && (j.Own.Addr(a) || walk.Private(a))
}

func (j *judge) from(client netip.Addr) runbook.Text {
	switch {
	case !client.IsValid():
		return phrase.Same("?")
	case j.inside(client):
		return runbook.T(client.String()+" (own network)", client.String()+" (自ネットワーク)")
	}
	return phrase.Same(client.String())
}

func sameOrganisation(a, b string) bool {
	org := walk.Organisation(a)
	return org != "" && org == walk.Organisation(b)
}
