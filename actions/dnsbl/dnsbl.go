// Package dnsbl looks whether the server is on DNS blocklists, and which of the lists that its configuration names are dead: dnsbl.check
// and dnsbl.zones. Neither changes anything.
//
// There are three outcomes for a subject on a list: listed, not listed, and not tested with the reason. Every list is tested in every run
// before it is believed (RFC 5782 section 5). See package verdict for what an answer means, survey for how many questions are asked at
// once, ask for how one is asked, and table for the lists and the own file that changes them.
//
// Only the resolvers of the configuration, or else of the system, are asked; no public one unless it is named there. Keys of lists are
// secrets: they stand in no finding, fact or evidence.
package dnsbl

import (
	"context"
	"fmt"
	"net/netip"
	"time"

	"hikeshi/actions/dnsbl/ask"
	"hikeshi/actions/dnsbl/dead"
	"hikeshi/actions/dnsbl/survey"
	"hikeshi/actions/dnsbl/table"
	"hikeshi/runbook"
	"hikeshi/runbook/strictyaml"
)

// Env is what the kinds of this package work with. Without resolvers nothing is asked, and everything is not tested.
type Env struct {
	Builtin    []byte                                      // the built-in table of lists
	Lists      string                                      // the own file that changes it; "" if there is none
	Resolvers  []string                                    // ADDR or ADDR:PORT
	ResolvConf string                                      // where the system's stand, if Resolvers is empty: /etc/resolv.conf
	Upstreams  string                                      // where those behind the stub of systemd-resolved stand: /run/systemd/resolve/resolv.conf
	Outgoing   func(context.Context) ([]netip.Addr, error) // the addresses that the server sends from; may be nil
	Hostname   string                                      // the name that the server gives at HELO; may be empty
	Domains    []string                                    // hosted domains
	Files      []string                                    // configuration files that may name lists: ordb.dat, main.cf, sendmail.mc
	Clock      func() time.Time

	asker func([]netip.AddrPort) survey.Asker // tests only
}

// Kinds are the kinds of this package.
func Kinds(env Env) []runbook.Kind {
	return []runbook.Kind{
		{Name: "dnsbl.check", Short: runbook.T("look whether the server is on blocklists", "ブロックリストへの掲載を調べる"), Params: []runbook.Param{
			{Name: "subjects", Type: runbook.Strings, Short: "addresses and domains (default: those of the server)"},
			{Name: "limit", Type: runbook.Duration, Short: "time for everything; what takes longer is not tested (30s)"}},
			Facts: Facts{}, Action: check{env}},
		{Name: "dnsbl.zones", Short: runbook.T("find dead blocklists in the configuration", "設定に残る停止済みブロックリストを探す"), Params: []runbook.Param{
			{Name: "files", Type: runbook.Strings, Short: "configuration files (default: those of the server)"}},
			Facts: ZonesFacts{}, Action: zones{env}},
	}
}

// Table reads the built-in table and the own file. Mistakes in the own file are an error that holds a *strictyaml.Mistakes; where it cannot
// be opened the error wraps runbook.ErrInput.
func (e Env) Table() (table.Table, error) {
	if e.Lists == "" {
		return table.Load(e.Builtin, "", nil)
	}
	f, err := dead.Open(e.Lists)
	if err != nil {
		return table.Table{}, fmt.Errorf("%w: reading dns.lists: %s: %w", runbook.ErrInput, e.Lists, err)
	}
	defer f.Close()
	own, err := strictyaml.ReadAll(f)
	if err != nil {
		return table.Table{}, fmt.Errorf("reading the list of blocklists: %w", err)
	}
	return table.Load(e.Builtin, e.Lists, own)
}

// servers returns the resolvers that are asked, and those behind them.
func (e Env) servers() (servers, behind []netip.AddrPort, err error) {
	switch {
	case len(e.Resolvers) > 0:
		if servers, err = ask.Servers(e.Resolvers); err != nil {
			err = fmt.Errorf("%w: dns.resolvers: %w", runbook.ErrInput, err)
		}
	case e.ResolvConf != "":
		servers, err = ask.System(e.ResolvConf)
	}
	if err != nil {
		return nil, nil, err
	}
	if e.Upstreams != "" {
		behind, _ = ask.System(e.Upstreams) // not there: there is no stub
	}
	return servers, behind, nil
}

// makeAsker returns what asks the servers.
func (e Env) makeAsker(servers []netip.AddrPort) survey.Asker {
	if e.asker != nil {
		return e.asker(servers)
	}
	return &ask.Asker{Servers: servers}
}
