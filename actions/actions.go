// Package actions is the catalogue: every kind that a step of a runbook can use, in one list.
package actions

import (
	"slices"

	"hikeshi/actions/account"
	"hikeshi/actions/delist"
	"hikeshi/actions/dnsbl"
	"hikeshi/actions/evidence"
	"hikeshi/actions/logs"
	"hikeshi/actions/queue"
	"hikeshi/actions/relay"
	"hikeshi/actions/service"
	"hikeshi/actions/settings"
	"hikeshi/actions/smtpcheck"
	"hikeshi/actions/trace"
	"hikeshi/runbook"
)

// Host is what the kinds work with: one mail server on one machine, or a lab.
type Host struct {
	Service service.Env
	Queue   queue.Env
	Relay   relay.Env

	Account  account.Env
	Settings settings.Env
	Evidence evidence.Env
	Logs     logs.Env
	DNSBL    dnsbl.Env
	Delist   delist.Env
	SMTP     smtpcheck.Env
	Trace    trace.Env
}

// Catalogue returns the kinds for h. Their names, parameters and facts do not depend on h.
func Catalogue(h Host) []runbook.Kind {
	return slices.Concat(service.Kinds(h.Service), queue.Kinds(h.Queue), relay.Kinds(h.Relay),
		account.Kinds(h.Account), settings.Kinds(h.Settings), evidence.Kinds(h.Evidence), logs.Kinds(h.Logs), dnsbl.Kinds(h.DNSBL), delist.Kinds(h.Delist),
		smtpcheck.Kinds(h.SMTP), trace.Kinds(h.Trace))
}
