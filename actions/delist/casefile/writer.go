package casefile

import (
	"time"

	"hikeshi/runbook"
)

// A Writer is who writes: from the configuration, since no record knows. What is empty becomes a marked gap in a letter that needs it.
type Writer struct {
	Organisation  runbook.Text
	Name          runbook.Text // of the person
	Role          runbook.Text // such as: mail administrator
	Email         string       // of the person, at a domain of the server
	Abuse         string       // the address for complaints, abuse@ or postmaster@
	Phone         string
	Address       runbook.Text // postal
	Policy        string       // address of the anti-spam policy on the web
	Provider      runbook.Text // who owns the network
	ProviderEmail string       // its address for such matters
	Domains       []string     // of the server, the first one is the main one
	Static        bool         // the outgoing addresses are fixed ones
	Host          string       // the name that the server gives itself; "" if neither its settings nor the configuration tell
	Addresses     []string     // from which the server sends, such as the world sees them
}

// Stamp writes a time for a letter, with its zone and in UTC, as whoever compares logs needs it: 2026-11-22 04:44 JST (2026-11-21 19:44 UTC).
func Stamp(t time.Time, zone *time.Location) string {
	const day, minute = "2006-01-02", "15:04"
	local, utc := t.In(zone), t.UTC()
	if _, offset := local.Zone(); offset == 0 {
		return utc.Format(day + " " + minute + " UTC")
	}
	text := local.Format(day + " " + minute + " MST")
	if local.Format(day) == utc.Format(day) {
		return text + " (" + utc.Format(minute+" UTC") + ")"
	}
	return text + " (" + utc.Format(day+" "+minute+" UTC") + ")"
}
