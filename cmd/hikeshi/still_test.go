package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// looked is one command line that looks, plans or is refused, and the codes with which it may end.
type looked struct {
	line  string // words; INCIDENT and ASIDE stand for two incidents, FILE for a runbook, DENY for a deny file, MAIL for a complaint
	codes []int
}

// still are the command lines of every verb after which everything is as it was before.
var still = map[string][]looked{
	"status":          {{"status --watch 10ms", []int{3}}, {"status --watch 0 --monitor", []int{1, 2}}, {"status --watch 0 --output json", []int{3}}},
	"doctor":          {{"doctor", []int{0, 3}}, {"doctor --output json", []int{0, 3}}},
	"plan":            {{"plan mail-abuse", []int{7}}, {"plan mail-abuse --set sources=203.0.113.77 --set cause=a --lang ja", []int{3, 7}}, {"plan FILE --output json", []int{3}}, {"plan relay-check", []int{7}}, {"plan relay-check --set denied=203.0.113.9 --output json --lang ja", []int{7}}},
	"run":             {{"run mail-abuse --dry-run", []int{7}}, {"run FILE --dry-run", []int{3}}, {"run FILE", []int{4}}, {"run FILE --yes", []int{4}}, {"run FILE --yes --manager systemd", []int{2}}, {"run FILE --take-over", []int{4}}, {"run nowhere", []int{2}}, {"run relay-check --dry-run", []int{7}}, {"run relay-check", []int{4}}},
	"resume":          {{"resume", []int{2}}, {"resume INCIDENT", []int{4}}, {"resume INCIDENT --dry-run", []int{0}}, {"resume INCIDENT --take-over", []int{4}}},
	"undo":            {{"undo INCIDENT --dry-run", []int{3}}, {"undo INCIDENT --dry-run --output json", []int{3}}, {"undo INCIDENT", []int{4}}, {"undo nothing --yes", []int{2}}},
	"account list":    {{"account list", []int{0}}, {"account list --no-auth --output json", []int{0}}},
	"account audit":   {{"account audit", []int{3}}, {"account audit taro --output json", []int{3}}, {"account audit nobody", []int{2}}},
	"account check":   {{"account check taro", []int{3}}, {"account check hana --output json --lang ja", []int{7}}, {"account check nobody", []int{7}}, {"account check", []int{2}}},
	"account lock":    {{"account lock taro --dry-run", []int{3}}, {"account lock taro", []int{4}}, {"account lock nobody --yes", []int{2}}},
	"account rename":  {{"account rename taro hana --dry-run", []int{3}}, {"account rename taro --yes", []int{4}}, {"account rename postmaster --dry-run", []int{2, 7}}, {"account rename taro --backend manual --dry-run", []int{3}}},
	"account clean":   {{"account clean taro --dry-run", []int{3}}, {"account clean hana --yes", []int{0}}, {"account clean taro", []int{4}}},
	"account restore": {{"account restore taro --dry-run", []int{2}}, {"account restore taro --yes --accept-risk reopening", []int{2}}, {"account restore", []int{2}}, {"account restore --incident nothing --yes", []int{2}}},
	"verify-later":    {{"verify-later", []int{0}}, {"verify-later --list --output json", []int{0}}, {"verify-later INCIDENT", []int{0}}, {"verify-later nothing", []int{2}}},
	"service status":  {{"service status", []int{0, 3}}},
	"service stop":    {{"service stop --dry-run", []int{0}}, {"service stop", []int{1}}, {"service stop --yes", []int{1, 4}}},
	"service start":   {{"service start --dry-run", []int{0}}, {"service start", []int{1}}},
	"service restart": {{"service restart --dry-run", []int{0}}, {"service restart", []int{1}}},
	"spool scan":      {{"spool scan", []int{0, 3}}, {"spool scan --exact --output json", []int{0, 3}}, {"spool scan --watch 10ms", []int{0, 3}}},
	"spool list":      {{"spool list", []int{0}}, {"spool list --output json", []int{0}}},
	"spool quarantine": {{"spool quarantine --dry-run", []int{3}}, {"spool quarantine --dry-run --strategy rename --output json", []int{3}},
		{"spool quarantine --dry-run --sender taro@example.jp", []int{0, 3}}, {"spool quarantine", []int{4}}},
	"spool release": {{"spool release ASIDE --all --dry-run", []int{3}}, {"spool release ASIDE --all", []int{4}}, {"spool release ASIDE --yes", []int{2}}, {"spool release ASIDE --yes --all --id B0000000001", []int{2}},
		{"spool release ASIDE --clean --except-sender taro --except-client 203.0.113.0/24 --dry-run", []int{0}}, {"spool release ASIDE --all --lot 1 --every 1m --dry-run", []int{3}},
		{"spool release ASIDE --clean --except-client nowhere --yes", []int{2}}, {"spool release ASIDE --except-sender taro --yes", []int{2}}},
	"spool find":  {{"spool find taro@example.jp", []int{0}}, {"spool find B0000000001 --output json", []int{0}}, {"spool find example.org --incident ASIDE --lang ja", []int{0}}, {"spool find <>", []int{2}}},
	"spool purge": {{"spool purge ASIDE --dry-run", []int{3}}, {"spool purge ASIDE --yes", []int{4}}, {"spool purge ASIDE --count 6 --yes", []int{4}}, {"spool purge ASIDE --count 1 --yes --accept-risk irreversible", []int{4}}},
	"relay list":  {{"relay list", []int{0}}, {"relay list --output json", []int{0}}},
	"relay check": {{"relay check 203.0.113.9", []int{0}}, {"relay check 2001:db8::1 --sender <> --login --output json", []int{0}}, {"relay check 203.0.113.9 --file DENY", []int{0}}},
	"relay lint":  {{"relay lint", []int{0}}, {"relay lint --file DENY --output json", []int{3}}},
	"relay deny": {{"relay deny 203.0.113.99 --dry-run", []int{3}}, {"relay deny 203.0.113.99", []int{4}}, {"relay deny --hard 203.0.113.99 --dry-run", []int{3}}, {"relay deny --hard 203.0.113.99", []int{4}},
		{"relay deny --hard spam.example.com --yes", []int{2}}, {"relay deny --hard 127.0.0.1 --yes", []int{2}}},
	"relay fix": {{"relay fix --dry-run", []int{0}}, {"relay fix --line 3", []int{0}}, {"relay fix --line 99 --yes", []int{2}}, {"relay fix --line x --yes", []int{2}}},
	"relay settings": {{"relay settings", []int{3}}, {"relay settings --output json", []int{3}}, {"relay settings --profile logs --dry-run", []int{3}},
		{"relay settings --set SMTPAUTHOnly=2 --dry-run --lang ja", []int{3}}, {"relay settings --set SMTPAUTHOnly=2", []int{4}}, {"relay settings --set Nothing=1 --yes", []int{2, 4}},
		{"relay settings --set Vrfy=7 --yes", []int{2, 4}}, {"relay settings --profile all --yes", []int{2}}},
	"relay allow":       {{"relay allow 203.0.113.9 --dry-run", []int{3}}, {"relay allow 203.0.113.9 --yes", []int{4}}},
	"dnsbl check":       {{"--config NODNS dnsbl check 203.0.113.9", []int{7}}, {"--config NODNS dnsbl check 203.0.113.9 --output json --lang ja", []int{7}}, {"--config NODNS dnsbl check a..b", []int{2}}},
	"delist list":       {{"delist list INCIDENT", []int{0}}, {"delist list INCIDENT --output json --lang ja", []int{0}}, {"delist list nothing", []int{2}}},
	"delist programmes": {{"delist programmes", []int{0}}, {"delist programmes --output json --lang ja", []int{0}}},
	"dnsbl zones":       {{"dnsbl zones", []int{0}}, {"dnsbl zones --output json", []int{0}}},
	"logs suspects":     {{"logs suspects", []int{7}}, {"logs suspects --since 2h --account taro --top 3 --output json", []int{7}}, {"logs suspects --since never", []int{2}}, {"logs suspects --source 203.0.113.0/33", []int{2}}},
	"logs logins":       {{"logs logins", []int{7}}, {"logs logins --output json", []int{7}}},
	"logs timeline":     {{"logs timeline --lang ja", []int{7}}, {"logs timeline --until 2026-11-21 --output json", []int{7}}},
	"logs access":       {{"logs access --account taro", []int{7}}, {"logs access --source 203.0.113.9 --output json", []int{7}}},
	"logs refusals":     {{"logs refusals", []int{7}}, {"logs refusals --since 30h --until 2026-11-21 --top 3 --output json", []int{7}}, {"logs refusals --top 0", []int{2}}},
	"logs sizes":        {{"logs sizes", []int{7}}, {"logs sizes --output json --lang ja", []int{7}}, {"logs sizes --top 3 --until 2026-11-21", []int{7}}, {"logs sizes --account taro", []int{2}}, {"logs sizes --since never", []int{2}}},
	"trace":             {{"trace MAIL", []int{3, 7}}, {"trace MAIL MAIL --own 192.0.2.25 --own example.jp --output json --lang ja", []int{3}}, {"trace MAIL --outer -q", []int{7}}, {"trace MAIL --message 2", []int{2}}, {"trace nowhere.eml", []int{2}}, {"trace", []int{2}}},
	"incidents":         {{"incidents", []int{0}}, {"incidents --output json", []int{0}}},
	"show":              {{"show INCIDENT", []int{0}}, {"show INCIDENT --output json", []int{0}}},
	"verify":            {{"verify INCIDENT", []int{0}}, {"verify ASIDE --output json", []int{0}}},
	"report":            {{"report INCIDENT", []int{0}}, {"report INCIDENT --format md --lang ja", []int{0}}, {"report ASIDE --format json", []int{0}}, {"report ASIDE --handover --lang ja", []int{0}}},
	"say":               {{"say", []int{0}}, {"say INCIDENT restored --for upstream --in ja --next 05:30", []int{0}}, {"say --output json", []int{0}}, {"say later", []int{2}}, {"say nothing first", []int{2}}},
	"runbooks":          {{"runbooks", []int{0}}, {"runbooks mail-abuse --output json", []int{0}}, {"runbooks FILE", []int{0}}, {"runbooks relay-check --lang ja", []int{0}}},
	"lint":              {{"lint FILE", []int{0}}, {"lint mail-abuse", []int{0}}, {"lint relay-check", []int{0}}},
	"version":           {{"version", []int{0}}},

	"smtp denied": {{"smtp denied 203.0.113.9 --target 127.0.0.1:1", []int{7}}, {"smtp denied 203.0.113.9 spam.example.com --output json --lang ja", []int{7}}, {"smtp denied 203.0.113.9 -v", []int{7}},
		{"smtp denied 203.0.113.9 --target 192.0.2.25", []int{2}}, {"smtp denied 203.0.113.9 --account x'y", []int{2, 7}}, {"smtp denied", []int{2}}},
	"smtp hygiene": {{"smtp hygiene 127.0.0.1:1 --fast --account taro@example.jp", []int{7}}, {"smtp hygiene 127.0.0.1:1 --fast --output json --lang ja", []int{7}}, {"smtp hygiene 127.0.0.1:1 --server postfix", []int{7}},
		{"smtp hygiene 192.0.2.25", []int{2}}, {"smtp hygiene 127.0.0.1:1 --deliver", []int{2}}, {"smtp hygiene", []int{2}}, {"smtp hygiene 127.0.0.1:1 --compare INCIDENT", []int{2}}, {"smtp hygiene 127.0.0.1:1 --server courier", []int{2}}},
	"smtp relaytest": {{"smtp relaytest 127.0.0.1:1 --fast --account taro@example.jp", []int{7}}, {"smtp relaytest 127.0.0.1:1 --fast --output json --lang ja", []int{7}},
		{"smtp relaytest 192.0.2.25", []int{2}}, {"smtp relaytest 127.0.0.1:1 --deliver", []int{2}}, {"smtp relaytest", []int{2}}, {"smtp relaytest 127.0.0.1:1 --patterns FILE", []int{2}}},
}

// own are the verbs that change something and have no --dry-run, with what they may change.
var own = map[string]string{
	"delist draft": "the record and its drafts", "delist sent": "the record", "note": "the record", "notice": "the record and its drafts", "attach": "the record", "rehearse": "the lab only, which it builds", "lab": "the lab only, which it builds",
}

// leaves are the verbs without verbs of their own, help topics and hidden ones left out.
func leaves(cmd *cobra.Command) []string {
	var all []string
	for _, c := range cmd.Commands() {
		switch {
		case c.Hidden || c.Name() == "help" || c.Name() == "completion":
		case c.HasSubCommands():
			all = append(all, leaves(c)...)
		case c.Runnable():
			_, path, _ := strings.Cut(c.CommandPath(), " ")
			all = append(all, path)
		}
	}
	return all
}

func TestEveryVerbIsLookedAt(t *testing.T) {
	a := &app{getenv: func(string) string { return "" }}
	all := leaves(a.rootCommand())
	if len(all) < 25 {
		t.Errorf("verbs: %v", all)
	}
	for _, verb := range all {
		if _, ok := own[verb]; len(still[verb]) == 0 && !ok {
			t.Errorf("`hikeshi %s` has no command line in this test", verb)
		}
	}
}

// TestLookingChangesNothing: after every reading verb, every plan and every refusal the tree, the record and the units are as before, names,
// types, bytes, owners, modes, times and extended attributes.
func TestLookingChangesNothing(t *testing.T) {
	p := newPlace(t)
	p.withAccounts("jiro")
	words := p.withRecord()
	words["NODNS"] = filepath.Join(p.dir, "nodns.yaml")
	fine(t, os.WriteFile(words["NODNS"], []byte(nobodyAnswers), 0o600))
	words["MAIL"] = filepath.Join(p.dir, "complaint.eml")
	fine(t, os.WriteFile(words["MAIL"], []byte(complaint), 0o600))
	before := p.picture()
	for verb, lines := range still {
		for _, l := range lines {
			args := strings.Fields(l.line)
			for i, w := range args {
				if to, ok := words[w]; ok {
					args[i] = to
				}
			}
			s := p.hikeshi(args...)
			if !slices.Contains(l.codes, s.code) {
				t.Errorf("hikeshi %s: exit %d, want one of %v\n%s%s", l.line, s.code, l.codes, s.out, s.err)
			}
			same(t, "hikeshi "+verb+": "+l.line+":", before, p.picture())
			if t.Failed() {
				return
			}
		}
	}
	world := before.world()
	p.hikeshi("note", words["INCIDENT"], "told the customer").exits(t, exitOK)
	p.hikeshi("attach", words["INCIDENT"], words["DENY"]).exits(t, exitOK)
	same(t, "after note and attach", world, p.picture().world())
}

// withRecord makes an incident that denied, one that set the queue aside, and new mail. It returns what the words of the lines mean.
func (p *place) withRecord() map[string]string {
	p.t.Helper()
	file, deny := filepath.Join(p.dir, "ours.yaml"), filepath.Join(p.dir, "other.dat")
	fine(p.t, os.WriteFile(file, []byte(`format: 1
name: ours
title: {en: ours}
steps:
  - {id: stop, phase: contain, title: {en: stop}, uses: service.stop}
  - {id: aside, phase: contain, title: {en: aside}, uses: queue.quarantine}
  - {id: deny, phase: contain, title: {en: deny}, uses: relay.deny, with: {targets: [203.0.113.98]}}
`), 0o644))
	fine(p.t, os.WriteFile(deny, []byte("*.*.*.* true\n"), 0o644))
	p.hikeshi("relay", "deny", "203.0.113.9", "--yes").exits(p.t, exitOK)
	p.hikeshi("spool", "quarantine", "--strategy", "rename", "--yes").exits(p.t, exitOK)
	for _, base := range []string{"B0000000021", "B0000000022"} {
		p.put("incoming/"+base+".MSG", "Subject: new\n\nbody\n")
		p.put("incoming/"+base+".RCP", envelope(base, "taro@example.jp", "v@example.com"))
	}
	p.age()
	ids := p.incidents()
	return map[string]string{"INCIDENT": ids[0], "ASIDE": ids[1], "FILE": file, "DENY": deny}
}

// incidents are the ids, oldest first.
func (p *place) incidents() []string {
	p.t.Helper()
	entries, err := os.ReadDir(filepath.Join(p.state(), "incidents"))
	fine(p.t, err)
	var ids []string
	for _, e := range entries {
		ids = append(ids, e.Name())
	}
	slices.SortFunc(ids, func(a, b string) int { return strings.Compare(a+"-01", b+"-01") })
	return ids
}
