// Package address compares addresses of mail as a responder names them with addresses as they stand in envelopes, which strangers have written.
package address

import "strings"

// A Set is senders or recipients that are asked for.
type Set struct {
	addresses, domains, accounts map[string]bool
	own                          map[string]bool

	// Anywhere takes a bare account name for that account in every domain, where own domains are not known.
	Anywhere bool
}

// NewSet takes in addresses, domains with or without an @ before them, <> for the null sender, and bare account names, which stand for
// the account in each of the own domains. A name without an @ is both a domain and an account: one of them does not exist.
func NewSet(list, own []string) Set {
	n := Set{addresses: map[string]bool{}, domains: map[string]bool{}, accounts: map[string]bool{}, own: foldAll(own)}
	for _, name := range list {
		name = Fold(strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(name), "<"), ">"))
		d, isDomain := strings.CutPrefix(name, "@")
		switch {
		case isDomain && d != "" && !strings.Contains(d, "@"):
			n.domains[d] = true
		case strings.Contains(name, "@") || name == "":
			n.addresses[name] = true
		default:
			n.addresses[name], n.domains[name], n.accounts[name] = true, true, true
		}
	}
	return n
}

// Len is how many names there are.
func (n Set) Len() int { return len(n.addresses) + len(n.domains) }

// Has says whether address is one of the names or lies in a domain of them, as it is spelled or without what means nothing in it.
func (n Set) Has(address string) bool {
	return n.has(Fold(address)) || n.has(plain(address))
}

func (n Set) has(address string) bool {
	if n.addresses[address] {
		return true
	}
	i := strings.LastIndexByte(address, '@')
	if i < 0 {
		return n.accounts[address] || address != "" && n.local(address)
	}
	d := Fold(address[i+1:])
	return d != "" && n.domains[d] || n.accounts[address[:i]] && (n.Anywhere || n.own[d])
}

// local says whether an account that is named without a domain is meant: the server takes it for one of its own.
func (n Set) local(account string) bool {
	for d := range n.own {
		if n.domains[d] || n.addresses[account+"@"+d] {
			return true
		}
	}
	return false
}

func foldAll(list []string) map[string]bool {
	all := map[string]bool{}
	for _, s := range list {
		all[Fold(s)] = true
	}
	return all
}

// Domain is the part behind the last @, in lower case; "" if there is none.
func Domain(address string) string {
	_, d, ok := strings.Cut(address[max(0, strings.LastIndexByte(address, '@')):], "@")
	if !ok {
		return ""
	}
	return Fold(d)
}

// Fold is the spelling in which two addresses, or two domains, are compared.
func Fold(s string) string { return strings.ToLower(strings.TrimSuffix(strings.TrimSpace(s), ".")) }

// plain is an address without a source route, brackets, quotes, blanks and control characters (RFC 5321 sections 4.1.2 and 4.1.3): "taro"@example.jp is
// taro@example.jp for a server, and nobody gets past an exclusion by spelling himself that way.
func plain(address string) string {
	address = strings.Map(func(r rune) rune {
		if r <= ' ' || r == 0x7f || strings.ContainsRune(`"\<>`, r) {
			return -1
		}
		return r
	}, address)
	if _, rest, ok := strings.Cut(address, ":"); ok && strings.HasPrefix(address, "@") {
		address = rest
	}
	return strings.TrimRight(Fold(address), ".")
}

// Null says whether this is the null sender, however it is spelled.
func Null(sender string) bool { return plain(sender) == "" }
