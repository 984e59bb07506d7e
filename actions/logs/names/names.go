// Package names tells which names are accounts of a server, whether they are spelt with a domain or without, and how a name is shown that
// is none.
package names

import (
	"slices"
	"strings"

	"hikeshi/runbook"
	"hikeshi/spool"
)

// Names are the accounts of a server, listed once somebody asks.
type Names struct {
	server   spool.Server
	own      []string
	loggedIn func(name string) bool
	read     bool // the accounts could be listed
	listed   bool
	all      map[string]bool     // in lower case
	domains  map[string][]string // by the part before the @
}

// New returns the names of a server with these domains of its own; loggedIn says whether a name ever logged in, by its logs.
func New(server spool.Server, own []string, loggedIn func(name string) bool) *Names {
	n := &Names{server: server, loggedIn: loggedIn, all: map[string]bool{}, domains: map[string][]string{}}
	for _, d := range own {
		if d = strings.ToLower(strings.TrimSuffix(d, ".")); !slices.Contains(n.own, d) {
			n.own = append(n.own, d)
		}
	}
	return n
}

// list lists the accounts.
func (n *Names) list() {
	able, ok := n.server.(spool.Accounts)
	if n.listed || !ok {
		return
	}
	list, err := able.Accounts()
	n.listed, n.read = true, err == nil && len(list.Accounts) > 0
	for _, a := range list.Accounts {
		name, domain := strings.ToLower(a.Name), strings.ToLower(a.Domain)
		if full := name + "@" + domain; !n.all[full] {
			n.all[full] = true
			n.domains[name] = append(n.domains[name], domain)
		}
	}
}

// Full is the address that a login without a domain stands for: with the only domain of the server, or that of its only account of this
// name. Any other name stands for itself.
func (n *Names) Full(name string) string {
	if name == "" || strings.Contains(name, "@") {
		return name
	}
	if len(n.own) == 1 {
		return name + "@" + n.own[0]
	}
	if n.list(); len(n.domains[name]) == 1 {
		return name + "@" + n.domains[name][0]
	}
	return name
}

// Short are the addresses that logins without a domain stand for, of a server of several domains: those of accounts whose name only one of
// the domains has. nil where the server has one domain, or its accounts cannot be listed.
func (n *Names) Short() map[string]string {
	if len(n.own) == 1 {
		return nil
	}
	n.list()
	short := map[string]string{}
	for name, domains := range n.domains {
		if len(domains) == 1 && domains[0] != "" {
			short[name] = name + "@" + domains[0]
		}
	}
	return short
}

// Meant are the accounts that a login without a domain may stand for, if there are several; else none.
func (n *Names) Meant(name string) []string {
	if strings.Contains(name, "@") || len(n.own) == 1 {
		return nil
	}
	n.list()
	var all []string
	if len(n.domains[name]) > 1 {
		for _, d := range n.domains[name] {
			all = append(all, name+"@"+d)
		}
	}
	slices.Sort(all)
	return all
}

// Tried is a name under which logins were refused, as it is shown: one that is no account's may be a password that was typed into the
// wrong field, and is masked.
func (n *Names) Tried(name string) runbook.Text {
	if !n.Hides(name) {
		return runbook.T(name, name)
	}
	shown := mask(name)
	if local, domain, _ := strings.Cut(name, "@"); slices.Contains(n.own, domain) {
		shown = mask(local) + "@" + domain
	}
	if n.read {
		return runbook.T(shown+" (no account)", shown+" (該当アカウントなし)")
	}
	return runbook.T(shown+" (not a known name)", shown+" (未確認の名前)")
}

// Hides says whether a name, in lower case, is masked: it never logged in, and is no account, as far as can be told. That it has a domain of the
// server says nothing: a login without a domain is given the only one.
func (n *Names) Hides(name string) bool {
	if name == "" || n.loggedIn(name) || n.loggedIn(n.Full(name)) {
		return false
	}
	n.list()
	return !n.all[n.Full(name)] && (strings.Contains(name, "@") || len(n.domains[name]) == 0)
}

// mask leaves the ends of a name, of a short one its beginning only.
func mask(name string) string {
	text := []rune(name)
	if len(text) < 8 {
		return string(text[:1]) + "..."
	}
	return string(text[:1]) + "..." + string(text[len(text)-2:])
}
