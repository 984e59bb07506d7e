package main

import (
	"cmp"
	"strings"

	"github.com/spf13/cobra"

	"hikeshi/actions/delist"
	"hikeshi/actions/delist/programme"
	"hikeshi/templates"
)

type programmesDocument struct {
	Version    int            `json:"hikeshi"`
	Kind       string         `json:"kind"`
	AsOf       string         `json:"as_of"`
	Programmes []programmeRow `json:"programmes"`
}

type programmeRow struct {
	ID         string   `json:"id"`
	Name       string   `json:"name"`
	Region     string   `json:"region"`
	Role       string   `json:"role"` // delisting, monitoring, none (takes no request)
	Way        string   `json:"way"`
	URL        string   `json:"url"`
	Unverified bool     `json:"unverified"` // nobody has seen that address
	Email      []string `json:"email"`
	Needs      []string `json:"needs"`
	Note       string   `json:"note"`
}

func (a *app) delistProgrammes() *cobra.Command {
	return &cobra.Command{
		Use: "programmes", Short: "providers and filter makers that keep lists nobody can look up", Args: cobra.NoArgs,
		Long: `Programmes lists the desks of mail providers, filter makers and carriers. They
are no DNS blocklists; a refusal is the only sign. ` + "`hikeshi delist draft`" + ` writes to
those whose refusals stand in the logs, and to those named with --programme.`,
		Example: "  hikeshi delist programmes\n  hikeshi delist draft 20261121-0312 --programme microsoft-365",
		RunE: func(*cobra.Command, []string) error {
			cfg, err := readConfig(a.flags.config)
			if err != nil {
				return err
			}
			a.configured = cfg.Lang
			t, err := delist.Env{Programmes: templates.Programmes()}.ProgrammeTable()
			if err != nil {
				return err
			}
			if !a.isJSON() {
				a.printProgrammes(t)
				return nil
			}
			doc := programmesDocument{Version: 1, Kind: "programmes", AsOf: t.AsOf, Programmes: []programmeRow{}}
			for _, p := range t.Programmes {
				doc.Programmes = append(doc.Programmes, programmeRow{p.ID, p.Name, p.Region, string(p.Role), p.Way, p.URL, p.Unverified, append([]string{}, p.Email...), append([]string{}, p.Needs...), p.Note.In(a.lang())})
			}
			return a.json(doc)
		},
	}
}

func (a *app) printProgrammes(t programme.Table) {
	s := a.screenOn(a.stdout)
	roles := map[programme.Role]string{programme.Delisting: a.word("takes requests", "申請可"), programme.Monitoring: a.word("shows only", "確認のみ"), programme.NoRequests: a.word("no requests", "申請なし")}
	for _, p := range t.Programmes {
		where := cmp.Or(p.URL, strings.Join(p.Email, ", "))
		if p.Unverified {
			where += a.word(" (nobody has checked this address)", " (未確認のアドレス)")
		}
		s.hang(22, pad(p.ID, 22)+p.Name+"; "+roles[p.Role]+"; "+where)
	}
}
