package judge

import (
	"net/netip"

	"hikeshi/runbook"
)

// A Report is what one listener has shown.
type Report struct {
	At      netip.AddrPort
	Host    string // the name it was asked for by, or that it says of itself; may be ""
	By      string // who said yes
	Banner  string
	TLS     bool // the tests, or the last of them, ran inside TLS
	Vantage Vantage
	Results []Result
	Control Control

	LoginOpens bool // the controls were refused, and the same mail is taken after a login

	Nothing bool         // nothing listens there
	Spare   bool         // where nothing listens nothing is missing: nobody named it
	Stopped runbook.Text // why it was left alone before the end; empty if it was not
	Rcpts   int          // recipients named
}

// Listener is how the listener is called.
func (r Report) Listener() string { return r.At.String() }
