package main

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"hikeshi/actions/dnsbl"
	"hikeshi/actions/dnsbl/survey"
	"hikeshi/actions/dnsbl/table"
	"hikeshi/runbook"
	"hikeshi/runbook/strictyaml"
	"hikeshi/spool"
	"hikeshi/templates"
)

func (a *app) dnsblVerb() *cobra.Command {
	cmd := &cobra.Command{
		Use: "dnsbl", Short: "blocklists: is the server on them, and which of them are dead",
		Long: "Only the resolvers of dns.resolvers are asked, or else those of the system. No\nlist is believed that does not pass its self-test (RFC 5782) in the same run.\nKinds in runbooks: dnsbl.check, dnsbl.zones.",
	}
	cmd.AddCommand(a.dnsblCheck(), a.dnsblZones())
	return cmd
}

// dnsblEnv is what the kinds of blocklists work with. A server that is not found costs its domains and its configuration file, no more.
func (w *world) dnsblEnv(a *app) dnsbl.Env {
	env := dnsbl.Env{Builtin: templates.DNSBL(), Lists: w.cfg.DNS.Lists, Resolvers: w.cfg.DNS.Resolvers, Clock: a.now,
		ResolvConf: "/etc/resolv.conf", Upstreams: "/run/systemd/resolve/resolv.conf"}
	own := w.ours()
	if d, ok := w.server.(spool.Denier); ok {
		env.Files = append(env.Files, filepath.Join(filepath.Dir(d.DenyFile()), "ordb.dat"))
	}
	for _, file := range []string{"/etc/postfix/main.cf", "/etc/mail/sendmail.mc"} {
		env.Files = append(env.Files, filepath.Join(w.root, file))
	}
	env.Domains, env.Hostname = own.Domains, own.Hostname
	env.Outgoing = func(context.Context) ([]netip.Addr, error) {
		var all []netip.Addr
		for _, p := range own.Addresses {
			if p.IsSingleIP() && !slices.Contains(all, p.Addr()) {
				all = append(all, p.Addr())
			}
		}
		return all, nil
	}
	return env
}

// dnsblWorld is the machine, with its mail server if there is one.
func (a *app) dnsblWorld() (*world, error) {
	w, err := a.machine("")
	if err != nil {
		return nil, err
	}
	if s, err := a.findServer(w.cfg); err == nil {
		w.server = s
	} else if codeOf(err) == exitUsage {
		return nil, err
	}
	return w, nil
}

func (a *app) dnsblCheck() *cobra.Command {
	var limit time.Duration
	cmd := &cobra.Command{
		Use: "check [ADDR|DOMAIN...]", Short: "look whether addresses and domains are listed",
		Long: `Check asks every list of the table: listed, not listed, or not tested with the
reason. Without arguments it looks up the server: its outgoing addresses with
their reverse names, its HELO name and its domains. -v shows all lists, also
those of tier 3 that list nothing.

Exit codes: 0 not listed, 3 listed, or a name is wrong, 7 a list of tier 1 or 2
could not be tested, or none at all. Lists that you cannot ask are switched off
in the file of dns.lists (` + "`hikeshi dnsbl zones --help`" + `).`,
		Example: "  hikeshi dnsbl check\n  hikeshi dnsbl check 203.0.113.25 2001:db8::25 example.jp\n  hikeshi dnsbl check --output json",
		RunE: func(cmd *cobra.Command, args []string) error {
			if limit <= 0 {
				return usagef("", "--limit %s: a time above 0 is wanted", limit)
			}
			w, err := a.dnsblWorld()
			if err != nil {
				return err
			}
			s := a.screenOn(a.stderr)
			progress := func(done, total int64) { s.Progress(a.word("asking the lists", "リストに照会中"), done, total) }
			r, err := w.dnsblEnv(a).Look(cmd.Context(), dnsbl.Request{Subjects: args, Limit: limit, Progress: progress})
			s.printf("") // takes the progress away
			if err == nil {
				err = cmd.Context().Err()
			}
			if err != nil {
				return a.dnsblRefusal(err)
			}
			return a.showDNSBL(r)
		},
	}
	cmd.Flags().DurationVar(&limit, "limit", survey.DefaultBound, "`TIME` for everything; what takes longer is not tested")
	return cmd
}

// dnsblRefusal tells what was asked or configured wrongly from what went wrong.
func (a *app) dnsblRefusal(err error) error {
	if errors.Is(err, runbook.ErrInput) || errors.As(err, new(*strictyaml.Mistakes)) {
		return usagef(a.word("an address is 203.0.113.25 or 2001:db8::25, a domain example.jp; `hikeshi dnsbl zones --help` describes the file of dns.lists", "アドレスは 203.0.113.25 や 2001:db8::25、ドメインは example.jp の形。dns.lists のファイルは `hikeshi dnsbl zones --help` を参照"), "%w", err)
	}
	if errors.Is(err, context.Canceled) {
		return err
	}
	return failf(exitError, a.word("dns.resolvers and dns.lists in the configuration say whom to ask and about what", "照会先と対象は設定の dns.resolvers と dns.lists で指定する"), "%w", err)
}

type dnsblDocument struct {
	Version  int           `json:"hikeshi"`
	Kind     string        `json:"kind"`
	Resolver string        `json:"resolver"`
	State    string        `json:"state"` // listed, clean, partly, untested
	Results  []dnsblRow    `json:"results"`
	Zones    []dnsblHealth `json:"zones"`
	Findings []findingRow  `json:"findings"`
}

type dnsblRow struct {
	Subject string        `json:"subject"`
	Zone    string        `json:"zone"`
	List    string        `json:"list"`
	Outcome dnsbl.Outcome `json:"outcome"`
	Why     string        `json:"why"`
	Codes   []string      `json:"codes"`
	Means   string        `json:"means"`
	Text    string        `json:"text"`
	Tier    int           `json:"tier"`
}

type dnsblHealth struct {
	Zone  string            `json:"zone"`
	List  string            `json:"list"`
	Tier  int               `json:"tier"`
	State string            `json:"state"` // healthy, unproven, world, empty, blocked, broken, failing, untried, covered
	Why   string            `json:"why"`
	Kinds map[string]string `json:"kinds"` // the state for each kind of subject that was looked up
}

func (a *app) showDNSBL(r dnsbl.Report) error {
	facts := r.Facts()
	if a.isJSON() {
		doc := dnsblDocument{Version: 1, Kind: "dnsbl", Resolver: facts.Resolver, State: facts.State, Results: []dnsblRow{}, Zones: []dnsblHealth{}, Findings: findingRows(r.Findings(), a.lang())}
		for _, row := range r.Rows() {
			one := dnsblRow{row.Subject.String(), row.List.Shown(), row.List.ID, row.Outcome, row.Why.In(a.lang()), []string{}, table.Meaning(row.Codes).In(a.lang()), row.Text, row.List.Tier}
			for _, x := range row.Answers {
				one.Codes = append(one.Codes, x.String())
			}
			doc.Results = append(doc.Results, one)
		}
		for _, z := range r.Zones {
			state, why := z.State()
			h := dnsblHealth{z.List.Shown(), z.List.ID, z.List.Tier, string(state), why.In(a.lang()), map[string]string{}}
			for kind, x := range z.Health {
				h.Kinds[string(kind)] = string(x.State)
			}
			doc.Zones = append(doc.Zones, h)
		}
		if err := a.json(doc); err != nil {
			return err
		}
	} else {
		a.dnsblTable(r)
	}
	wrong := slices.ContainsFunc(r.Names, func(f runbook.Finding) bool { return f.Level != runbook.OK && f.Level != runbook.Info })
	switch {
	case facts.State == "listed" || wrong:
		return silent(exitFound)
	case facts.State != "clean":
		return silent(exitUndetermined)
	}
	return nil
}

// dnsblTable shows what matters: lists of tier 1 and 2, and every listing; -v all, -q listings only.
func (a *app) dnsblTable(r dnsbl.Report) {
	s := a.screen()
	head := false
	for _, row := range r.Rows() {
		listed := row.Outcome == dnsbl.Listed
		if !listed && (s.quiet || row.List.Tier == 3 && !s.verbose) {
			continue
		}
		if !head {
			s.printf("%s\n", s.bold(pad(a.word("tier", "重要度"), 8)+pad(a.word("list", "リスト"), 32)+pad(a.word("subject", "対象"), 28)+a.word("outcome", "判定")))
			head = true
		}
		words := map[dnsbl.Outcome]string{dnsbl.Listed: s.paint("31", a.word("LISTED", "掲載")), dnsbl.NotListed: a.word("not listed", "掲載なし"), dnsbl.NotTested: a.word("not tested", "未判定")}
		s.printf("%s%s%s%s\n", pad(fmt.Sprint(row.List.Tier), 8), cell(row.List.Name, 32), cell(row.Subject.String(), 28), words[row.Outcome])
	}
	findings := r.Findings()
	if s.quiet {
		findings = slices.DeleteFunc(findings, func(f runbook.Finding) bool { return f.Level == runbook.OK || f.Level == runbook.Info })
	}
	s.findings(findings)
}

// cell is text in a column of n cells, cut where it is longer.
func cell(text string, n int) string {
	text = line(text)
	if cells.StringWidth(text) > n-1 {
		text = cells.Truncate(text, n-1, "..")
	}
	return pad(strings.TrimRight(text, " "), n)
}
