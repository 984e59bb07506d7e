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
			return expected(f.Reply, f.Reply)
		}
	}
	return expected("5xx to MAIL or RCPT each time", "MAIL か RCPT に毎回 5xx")
}

// expected has what the refusal is to be compared with: alone it proves nothing.
func expected(en, ja string) runbook.Text {
	return runbook.T(en+". A 250 to RCPT: not denied. No greeting at all: denied, or cut off for a time. Run it from a second address too, which nobody denied: where the first RCPT gets no 250 there, this proves nothing",
		ja+"。RCPT に 250 なら拒否されていない。挨拶もなく切断なら、拒否か一時的なものか区別できない。拒否していない別のアドレスからも実行する。そこで最初の RCPT が 250 でなければ、証明にならない")
}
