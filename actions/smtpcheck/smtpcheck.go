// Package smtpcheck tests a mail server over SMTP: smtp.relaytest asks whether it passes on the mail of strangers, smtp.denied whether those who
// were denied are refused, smtp.hygiene what the server gives away and whom it believes.
//
// Nothing is sent to a server that is not an authorised target: see package consent. What is shared by the tests lies in talk, the conversation,
// target, whom it is with, and visit, the step of a runbook. The network is reached through the dialers and resolvers that are handed in alone.
package smtpcheck

import (
	"hikeshi/actions/smtpcheck/denied"
	"hikeshi/actions/smtpcheck/hygiene"
	"hikeshi/actions/smtpcheck/relaytest"
	"hikeshi/runbook"
)

// Env is what the kinds of this package work with.
type Env struct {
	Relay   relaytest.Env
	Denied  denied.Env
	Hygiene hygiene.Env
}

// Kinds are the kinds of this package.
func Kinds(env Env) []runbook.Kind {
	return []runbook.Kind{relaytest.Kind(env.Relay), denied.Kind(env.Denied), hygiene.Kind(env.Hygiene)}
}
