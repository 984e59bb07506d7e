package main

import (
	"net/netip"
	"slices"

	"hikeshi/actions/delist/casefile"
	"hikeshi/actions/delist/eml"
	"hikeshi/runbook"
	"hikeshi/spool"
)

// contactConfig is who writes letters, as the configuration says it.
type contactConfig struct {
	Organisation  runbook.Text `yaml:"organisation"`
	Name          runbook.Text `yaml:"name"`
	Role          runbook.Text `yaml:"role"`
	Email         string       `yaml:"email"`
	Abuse         string       `yaml:"abuse"`
	Phone         string       `yaml:"phone"`
	Address       runbook.Text `yaml:"address"`
	Policy        string       `yaml:"policy"`
	Provider      runbook.Text `yaml:"provider"`
	ProviderEmail string       `yaml:"provider_email"`
	Static        bool         `yaml:"static"`
}

// check refuses what is no e-mail address. bad words the mistake: key, value, what is wanted.
func (c contactConfig) check(bad func(key, value, want string) error) error {
	for _, e := range []struct{ key, value string }{{"contact.email", c.Email}, {"contact.abuse", c.Abuse}, {"contact.provider_email", c.ProviderEmail}} {
		if e.value != "" && !eml.IsAddress(e.value) {
			return bad(e.key, e.value, "an e-mail address such as abuse@example.jp")
		}
	}
	return nil
}

// writer is who writes letters for a server of which this is known.
func (c config) writer(own spool.Own) casefile.Writer {
	t := c.Contact
	w := casefile.Writer{
		Organisation: t.Organisation, Name: t.Name, Role: t.Role, Email: t.Email, Abuse: t.Abuse, Phone: t.Phone, Address: t.Address, Policy: t.Policy,
		Provider: t.Provider, ProviderEmail: t.ProviderEmail, Domains: slices.Clone(own.Domains), Static: t.Static,
		Host: own.Hostname,
	}
	for _, p := range own.Addresses {
		if p.IsSingleIP() && public(p.Addr()) && !slices.Contains(w.Addresses, p.Addr().String()) {
			w.Addresses = append(w.Addresses, p.Addr().String())
		}
	}
	return w
}

// public says whether an address is one that the world can see: neither private nor between a provider and its customers (RFC 6598).
func public(a netip.Addr) bool {
	return a.IsGlobalUnicast() && !a.IsPrivate() && !netip.MustParsePrefix("100.64.0.0/10").Contains(a)
}
