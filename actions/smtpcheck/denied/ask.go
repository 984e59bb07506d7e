package denied

import (
	"net/netip"
	"slices"

	"hikeshi/actions/smtpcheck/denied/paste"
	"hikeshi/runbook"
)

// An Ask is for somebody who has an address that this machine does not: commands of one line each, of which one is enough. They stop before DATA.
type Ask struct {
	Denied   string       `json:"denied" expr:"denied"` // from where
	Listener string       `json:"listener" expr:"listener"`
	Lines    []paste.Line `json:"lines" expr:"lines"`
	Expect   runbook.Text `json:"expect" expr:"expect"`
}

// Asks are the commands for the sources that could not be asked from, each at the first listener that it could reach: that of port 25 if there
// is one.
func (r Report) Asks() []Ask {
	all := []Ask{}
	for _, x := range r.Results {
		at, err := netip.ParseAddrPort(x.Listener)
		if err != nil || !x.Elsewhere || slices.ContainsFunc(all, func(a Ask) bool { return a.Denied == x.Denied }) {
			continue
		}
		mail := paste.Mail{Sender: r.Sender, Account: r.Account, Probe: r.Probe}
		all = append(all, Ask{Denied: x.Denied, Listener: x.Listener, Lines: paste.Lines(at, mail), Expect: expect(x)})
	}
	return all
}

// expect is the answer that a denial gives, in the server's own words where its files tell them.
func expect(x Result) runbook.Text {
	for _, f := range x.File {
		if !f.Login && f.Refused && f.Reply != "" {
			return runbook.Tf("%s, or no greeting at all. A 250 to RCPT: not denied", "%s、または挨拶もなく切断。RCPT に 250 なら拒否されていない", f.Reply)
		}
	}
	return runbook.T("5xx to MAIL or RCPT each time, or no greeting at all. A 250 to RCPT: not denied", "MAIL か RCPT に毎回 5xx、または挨拶もなく切断。RCPT に 250 なら拒否されていない")
}
