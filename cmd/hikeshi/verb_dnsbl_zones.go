package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"hikeshi/actions/dnsbl"
	"hikeshi/actions/dnsbl/dead"
	"hikeshi/actions/dnsbl/table"
	"hikeshi/runbook"
)

func (a *app) dnsblZones() *cobra.Command {
	var inFiles bool
	cmd := &cobra.Command{
		Use: "zones [--dead [FILE...]]", Short: "the lists that are known; dead ones in configuration files",
		Long: `Zones shows the lists that are known, and with -v the dead ones too. With --dead
it looks for dead lists in configuration files: without a FILE in those of the
server (ordb.dat, main.cf, sendmail.mc).

The file named by dns.lists adds lists, changes them, or switches them off:

  lists:
    - {id: abusix-combined, off: true}
    - {id: spamhaus-zen, key: "the DQS key"}      # secret: chmod 600
    - {id: house, name: Our own, zone: bl.example.jp, kinds: [ip4], tier: 2}

Exit codes with --dead: 0 none is named, 3 one is, 7 a file cannot be read, or
there is none.`,
		Example: "  hikeshi dnsbl zones\n  hikeshi dnsbl zones --dead\n  hikeshi dnsbl zones --dead /etc/postfix/main.cf",
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 && !inFiles {
				return usagef("`hikeshi dnsbl zones --dead FILE...` looks for dead lists in files", "zones takes files with --dead only")
			}
			w, err := a.serverOrNone()
			if err != nil {
				return err
			}
			env := w.dnsblEnv(a)
			t, err := env.Table()
			if err != nil {
				return a.dnsblRefusal(err)
			}
			if inFiles {
				found, facts, err := env.Dead(t, args)
				if errors.Is(err, runbook.ErrInput) {
					return usagef("", "%w", err)
				} else if err != nil {
					return err
				}
				return a.showDead(found, facts)
			}
			return a.showZones(t)
		},
	}
	cmd.Flags().BoolVar(&inFiles, "dead", false, "look for dead lists in configuration files")
	return cmd
}

type deadDocument struct {
	Version  int              `json:"hikeshi"`
	Kind     string           `json:"kind"`
	Facts    dnsbl.ZonesFacts `json:"facts"`
	Findings []findingRow     `json:"findings"`
}

func (a *app) showDead(found []runbook.Finding, facts dnsbl.ZonesFacts) error {
	if a.isJSON() {
		if err := a.json(deadDocument{1, "dnsbl-dead", facts, findingRows(found, a.lang())}); err != nil {
			return err
		}
	} else {
		a.screen().findings(found)
	}
	switch {
	case len(facts.Dead) > 0:
		return silent(exitFound)
	case len(facts.Unread) > 0 || facts.Looked == 0:
		return silent(exitUndetermined)
	}
	return nil
}

type zonesDocument struct {
	Version int       `json:"hikeshi"`
	Kind    string    `json:"kind"`
	AsOf    string    `json:"as_of"`
	Lists   []zoneRow `json:"lists"`
	Dead    []deadRow `json:"dead"`
}

type zoneRow struct {
	List     string       `json:"list"`
	Name     string       `json:"name"`
	Zone     string       `json:"zone"`
	Operator string       `json:"operator"`
	Kinds    []table.Kind `json:"kinds"`
	Tier     int          `json:"tier"`
	State    string       `json:"state"` // asked, off, covered, key (wants one), closed (cannot be asked)
	Way      string       `json:"way"`   // how an entry goes away
	URL      string       `json:"url"`
	Expires  int64        `json:"expires"` // seconds; 0 unknown or never
}

type deadRow struct {
	List  string   `json:"list"`
	Name  string   `json:"name"`
	Ended string   `json:"ended"`
	By    bool     `json:"by"`
	Sign  string   `json:"sign"`
	Zones []string `json:"zones"`
}

func (a *app) showZones(t table.Table) error {
	doc := zonesDocument{Version: 1, Kind: "dnsbl-zones", AsOf: t.AsOf, Lists: []zoneRow{}, Dead: []deadRow{}}
	for _, l := range t.Lists {
		doc.Lists = append(doc.Lists, zoneRow{l.ID, l.Name, l.Shown(), l.Operator, l.Kinds, l.Tier, l.Standing(), l.Delist.Way, l.Delist.URL, int64(l.Delist.Expires.After.Seconds())})
	}
	slices.SortStableFunc(doc.Lists, func(x, y zoneRow) int { return x.Tier - y.Tier })
	for _, d := range t.Dead {
		doc.Dead = append(doc.Dead, deadRow{d.ID, d.Name, d.Ended, d.By, d.Sign, d.Zones})
	}
	if a.isJSON() {
		return a.json(doc)
	}
	s := a.screen()
	states := map[string]string{"asked": a.word("asked", "照会する"), "off": a.word("off", "無効"), "covered": a.word("covered", "他で分かる"), "key": a.word("wants a key", "キーが必要"), "closed": a.word("not by DNS", "DNS 不可")}
	s.printf("%s\n", s.bold(pad(a.word("tier", "重要度"), 8)+pad("id", 20)+pad(a.word("zone", "ゾーン"), 36)+a.word("state", "状態")))
	for _, l := range doc.Lists {
		s.printf("%s%s%s%s\n", pad(fmt.Sprint(l.Tier), 8), cell(l.List, 20), cell(l.Zone, 36), states[l.State])
	}
	if s.verbose {
		for _, d := range doc.Dead {
			s.hang(8, pad(a.word("dead", "停止"), 8)+pad(d.List, 20)+dead.Ended(d.Ended, d.By).In(a.lang())+": "+strings.Join(d.Zones, ", "))
		}
	}
	s.printf("%s\n", fmt.Sprintf(a.word("%d lists, %d dead ones, as of %s", "リスト %d 件、停止済み %d 件(%s 現在)"), len(doc.Lists), len(doc.Dead), t.AsOf))
	return nil
}
