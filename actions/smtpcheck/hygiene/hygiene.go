// Package hygiene is the kind smtp.hygiene: what a mail server gives away, whom it believes, and by which setting that is changed.
//
// In order: fill in an Env; Env.Hygiene asks what a Request asks for; Report tells what was seen, as findings, as facts and as the transcript of
// everything that was said, and the differences to an earlier look. Package ask has the manners, advice the words, session the verdicts, compare
// the differences.
//
// Nothing is sent to a server that is not an authorised target, and no message without a consent that says so and names the mailbox it goes to.
package hygiene

import (
	"hikeshi/actions/smtpcheck/hygiene/session"
	"hikeshi/actions/smtpcheck/relaytest"
	"hikeshi/runbook"
)

// Env is what hygiene tests work with: what the relay test does, and more.
type Env struct {
	Relay  relaytest.Env
	Words  []byte        // the words of the tests, templates/hygiene.yaml
	Names  session.Names // nil: names of addresses are not looked up
	Server string        // of this machine: epms, ...; "" if it is not known

	Demanded func() Demand // what Hikeshi has put in force at this machine; nil: not known
}

// A Demand is a step of an incident by which mail to the outside needs a login since. The zero Demand is none.
type Demand struct{ Incident, Step string }

// Kind is smtp.hygiene.
func Kind(env Env) runbook.Kind {
	return runbook.Kind{
		Name: "smtp.hygiene", Short: runbook.T("look at what the server gives away and whom it believes", "サーバが漏らす情報と、信用する相手を調べる"), Facts: Facts{}, Action: action{env},
		Reads: []string{"services", "relay", "tables", "settings", "accounts"}, Watched: true,
		Params: []runbook.Param{
			{Name: "targets", Type: runbook.Strings, Short: "HOST, ADDRESS, or either with :PORT, without which 25, 465 and 587 (the server itself)"},
			{Name: "account", Type: runbook.String, Short: "an account of the target, user@domain; without one postmaster stands in, and some tests stay unknown"},
			{Name: "domain", Type: runbook.String, Short: "a domain of the target (that of the account)"},
			{Name: "probe", Type: runbook.String, Short: "the probe mailbox, at a foreign domain of your own"},
			{Name: "from", Type: runbook.String, Short: "a second foreign sender, of your own"},
			{Name: "server", Type: runbook.String, Short: "whose settings are named: epms, postfix, sendmail, qmail, exim (as it says of itself)"},
			{Name: "before", Type: runbook.Strings, Short: "the fact seen of an earlier look, to compare with"},
			{Name: "fast", Type: runbook.Bool, Short: "no pauses; own addresses only"},
			{Name: "deliver", Type: runbook.Bool, Short: "send messages to the probe mailbox (H21), where the consent says so; in a run only"},
			{Name: "pop", Type: runbook.Bool, Short: "the test account may log in over POP3 (H18)"},
			{Name: "limit", Type: runbook.Duration, Short: "time for one listener (15m)"},
		},
	}
}
