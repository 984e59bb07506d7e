package desk

import (
	"slices"
	"strings"

	"hikeshi/actions/logs/ledger"
	"hikeshi/runbook"
	"hikeshi/spool"
)

// names are the accounts of the server, in lower case.
type names struct {
	read    bool // the accounts could be listed
	all     map[string]bool
	domains map[string][]string // by the part before the @
}

// accounts lists the accounts of the server, once.
func (r *Reading) accounts() *names {
	if r.names != nil {
		return r.names
	}
	r.names = &names{all: map[string]bool{}, domains: map[string][]string{}}
	able, ok := r.Env.Server.(spool.Accounts)
	if !ok {
		return r.names
	}
	list, err := able.Accounts()
	r.names.read = err == nil && len(list.Accounts) > 0
	for _, a := range list.Accounts {
		name, domain := strings.ToLower(a.Name), strings.ToLower(a.Domain)
		if full := name + "@" + domain; !r.names.all[full] {
			r.names.all[full] = true
			r.names.domains[name] = append(r.names.domains[name], domain)
		}
	}
	return r.names
}

// Full is the address that a login without a domain stands for: with the only domain of the server, or that of its only account of this
// name. Any other name stands for itself.
func (r *Reading) Full(name string) string {
	if name == "" || strings.Contains(name, "@") {
		return name
	}
	if own := r.Env.Own.Domains; len(own) == 1 {
		return name + "@" + strings.ToLower(strings.TrimSuffix(own[0], "."))
	}
	if with := r.accounts().domains[name]; len(with) == 1 {
		return name + "@" + with[0]
	}
	return name
}

// Spelt are the logins of the logs that stand for an address, as Full says.
func (r *Reading) Spelt(address string) []string {
	all := []string{}
	for name := range r.Book.Accounts {
		if name == address || r.Full(name) == address {
			all = append(all, name)
		}
	}
	slices.Sort(all)
	return all
}

// Tried is a name that somebody failed to log in with, as it is shown: one that is no account's may be a password that was typed into the
// wrong field, and is masked.
func (r *Reading) Tried(name string) runbook.Text {
	if !r.hides(name) {
		return runbook.T(name, name)
	}
	shown := mask(name)
	if r.accounts().read {
		return runbook.T(shown+" (no account)", shown+" (該当アカウントなし)")
	}
	return runbook.T(shown+" (not a known name)", shown+" (未確認の名前)")
}

// hides says whether a name is masked: it has no domain of the server, never logged in, and is no account, as far as can be told.
func (r *Reading) hides(name string) bool {
	local, domain, _ := strings.Cut(name, "@")
	for _, own := range r.Env.Own.Domains {
		if domain == strings.ToLower(strings.TrimSuffix(own, ".")) {
			return false
		}
	}
	if name == "" || loggedIn(r.Book.Accounts[name]) || domain == "" && loggedIn(r.Book.Accounts[r.Full(name)]) {
		return false
	}
	known := r.accounts()
	return !known.all[name] && (domain != "" || len(known.domains[local]) == 0)
}

func loggedIn(a *ledger.Account) bool { return a != nil && a.Logins+a.Past.Logins > 0 }

// mask leaves the ends of a name, of a short one its beginning only.
func mask(name string) string {
	text := []rune(name)
	if len(text) < 8 {
		return string(text[:1]) + "..."
	}
	return string(text[:1]) + "..." + string(text[len(text)-2:])
}
