package main

import (
	"slices"

	"hikeshi/actions/delist/casefile"
	"hikeshi/actions/delist/eml"
	"hikeshi/runbook"
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

// writer is who writes letters for a server of these domains.
func (c config) writer(domains []string) casefile.Writer {
	t := c.Contact
	return casefile.Writer{
		Organisation: t.Organisation, Name: t.Name, Role: t.Role, Email: t.Email, Abuse: t.Abuse, Phone: t.Phone, Address: t.Address, Policy: t.Policy,
		Provider: t.Provider, ProviderEmail: t.ProviderEmail, Domains: slices.Clone(domains), Static: t.Static,
	}
}
