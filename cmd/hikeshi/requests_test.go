package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hikeshi/actions/delist"
	"hikeshi/actions/delist/casefile"
	"hikeshi/actions/delist/programme"
	"hikeshi/actions/dnsbl"
	"hikeshi/actions/dnsbl/table"
	"hikeshi/runbook"
	"hikeshi/spool/lab/names"
	"hikeshi/templates"
)

var writeGoldens = flag.Bool("update-requests", false, "write the golden files of requests")

// listKey is a key that a list wants; it must not be seen anywhere.
const listKey = "s3cretkeyofthecustomer"

// listedEverywhere is the record of an incident that has ended well, whose server and domain are on every list of tier 1 and 2, with every
// answer that leads somewhere else. The lists are asked for real: the record holds what dnsbl.check has found.
func listedEverywhere(t *testing.T) (*runbook.History, map[string]bool) {
	t.Helper()
	own := filepath.Join(t.TempDir(), "lists.yaml")
	env := dnsbl.Env{Builtin: templates.DNSBL(), Lists: own, Hostname: "mail1.example.jp"}
	builtin, err := dnsbl.Env{Builtin: templates.DNSBL()}.Table()
	if err != nil {
		t.Fatal(err)
	}
	var keys strings.Builder
	keys.WriteString("lists:\n")
	for _, l := range builtin.Lists {
		switch {
		case l.ID == "spamhaus-zen": // so that what it covers is asked as well, in a second look
		case l.Standing() == "key":
			fmt.Fprintf(&keys, "  - {id: %s, key: %s}\n", l.ID, listKey)
		case l.Tier == 3:
			fmt.Fprintf(&keys, "  - {id: %s, off: true}\n", l.ID)
		}
	}
	want := map[string]bool{}
	var facts dnsbl.Facts
	for _, more := range []string{"", "  - {id: spamhaus-zen, off: true}\n"} {
		if err := os.WriteFile(own, []byte(keys.String()+more), 0o600); err != nil {
			t.Fatal(err)
		}
		tab, err := env.Table()
		if err != nil {
			t.Fatal(err)
		}
		world := names.World{Zones: zones(tab), Hosts: map[netip.Addr]string{netip.MustParseAddr("192.0.2.25"): "mail1.example.jp", netip.MustParseAddr("192.0.2.26"): "mail2.example.jp"}}
		for _, l := range tab.Lists {
			if l.Tier < 3 && (l.Standing() == "asked" || more != "" && l.Standing() == "covered") {
				world.Listings = append(world.Listings, entriesOf(l)...)
				want[l.ID] = true
			}
		}
		found := askedAll(t, env, world)
		for _, x := range found.Listings {
			if !slices.ContainsFunc(facts.Listings, func(y dnsbl.Listing) bool { return y.List == x.List && y.Subject == x.Subject }) {
				facts.Listings = append(facts.Listings, x)
			}
		}
		facts.State, facts.Named, facts.Hosts, facts.HELO = found.State, found.Named, found.Hosts, found.HELO
	}
	for i := range facts.Listings {
		facts.Listings[i].At = evening.Add(40 * time.Minute)
	}
	return endedWell(t, facts), want
}

// entriesOf are entries with every answer that leads another way. What only the provider can ask about lists an address of its own, since
// it holds back what stands beside it.
func entriesOf(l table.List) []names.Listing {
	zone, _ := l.Query()
	entry := func(subject, answer string) names.Listing {
		return names.Listing{Zone: zone, Subject: subject, Answer: netip.MustParseAddr(answer), Text: "listed, see SBL123456 of " + zone}
	}
	subject := "192.0.2.25"
	if !l.Serves(table.IP4) {
		subject = "example.jp"
	}
	var all []names.Listing
	for _, r := range l.Routes {
		if r.Way == "provider" {
			all = append(all, entry("192.0.2.26", r.Answers[0]))
		} else {
			all = append(all, entry(subject, r.Answers[0]))
		}
	}
	if len(all) == 0 {
		all = append(all, entry(subject, listingAnswer(l)))
	}
	return all
}

// listingAnswer is an answer by which the list lists.
func listingAnswer(l table.List) string {
	for _, c := range l.Codes {
		bit := strings.TrimPrefix(c.Pattern, "bit:")
		switch {
		case c.Means != "" && c.Means != table.Listing || bit == "1":
		case bit != c.Pattern:
			return "127.0.0." + bit
		case !strings.Contains(c.Pattern, "*"):
			return c.Pattern
		}
	}
	return "127.0.0.2"
}

func askedAll(t *testing.T, env dnsbl.Env, world names.World) dnsbl.Facts {
	t.Helper()
	s, err := names.Start(world)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	env.Resolvers = []string{s.Addr().String()}
	r, err := env.Look(t.Context(), dnsbl.Request{Subjects: []string{"192.0.2.25", "192.0.2.26", "example.jp"}})
	if err != nil {
		t.Fatal(err)
	}
	return r.Facts()
}

var evening = time.Date(2026, 11, 21, 18, 0, 0, 0, time.UTC)

// endedWell is the record of an incident that has ended well, with what the lists said.
func endedWell(t *testing.T, lists dnsbl.Facts) *runbook.History {
	t.Helper()
	said, err := json.Marshal(lists)
	if err != nil {
		t.Fatal(err)
	}
	records := []runbook.Record{{}}
	var heads []runbook.StepHead
	add := func(r runbook.Record) {
		r.Time = evening.Add(time.Duration(len(records)) * time.Minute)
		records = append(records, r)
	}
	step := func(id, uses, facts, change string) {
		if change != "" {
			add(runbook.Record{Event: runbook.Planned, Step: id, Plan: &runbook.StepPlan{Changes: []runbook.Change{{ID: id + ".1", Kind: uses, Op: change}}}})
			add(runbook.Record{Event: runbook.Intent, Change: id + ".1"})
			add(runbook.Record{Event: runbook.Applied, Change: id + ".1", State: runbook.Done})
		}
		heads = append(heads, runbook.StepHead{ID: id, Uses: uses})
		add(runbook.Record{Event: runbook.Ended, Step: id, Result: runbook.ResultDone, Facts: json.RawMessage(facts)})
	}
	step("cause", "", `{"answer":"a"}`, "")
	step("name_accounts", "", `{"answer":"taro@example.jp"}`, "")
	step("stop", "service.stop", `{"found_running":["d"]}`, "stop")
	step("aside", "queue.quarantine", `{"messages":1821}`, "")
	step("lock", "account.lock", `{"locked":["taro@example.jp"]}`, "lock")
	step("deny", "relay.deny", `{"denied":["203.0.113.9","203.0.113.41"]}`, "deny")
	step("lockouts", "settings.set", `{"set":["x"]}`, "set")
	step("start", "service.start", `{}`, "start")
	step("watch", "evidence.watch", `{"known":true,"seconds":300}`, "")
	step("verify_services", "service.status", `{"running":["d"]}`, "")
	step("verify_backlog", "queue.scan", `{"messages":12}`, "")
	step("holds", "", `null`, "")
	step("timeline", "logs.timeline", `{"of":"named","separated":true,"messages":2937,"first":"2026-11-21T17:25:00Z","peak":"2026-11-21T17:40:00Z","last":"2026-11-21T18:05:00Z","steps":[{"recipients":6845}]}`, "")
	step("refusals", "logs.refusals", `{"replies":[{"domain":"example.com","example":"550 5.7.1 blocked using gmo-rbl.jp; Poor Reputation Sender <someone@example.com>","names":["gmo-rbl.jp"],"blocking":true,"count":4,"first":"2026-11-21T18:01:00Z","last":"2026-11-21T18:04:00Z"}]}`, "")
	step("lists", "dnsbl.check", string(said), "")
	records[0] = runbook.Record{Event: runbook.Opened, Time: evening, Opening: &runbook.Opening{Incident: "20261122-0300", Host: "mail1.example.jp", Steps: heads}}
	h, err := runbook.Fold(records)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// letterbox keeps letters in memory.
type letterbox struct {
	runbook.Recorder
	names []string
	texts map[string]string
}

func (b *letterbox) Draft(l runbook.Letter, name string, text []byte) error {
	b.names = append(b.names, name)
	b.texts[name] = fmt.Sprintf("state: %s\ngaps:  %s\n\n%s", l.State, strings.Join(l.Missing("en"), "; "), strings.ReplaceAll(string(text), "\r\n", "\n"))
	return nil
}

func (b *letterbox) Evidence(string, io.Reader) error { return nil }

// TestRequestsOfAllLists: every living list of tier 1 and 2, and every sender programme, has its draft, its sheet or its word that nothing is to be written, in both
// languages, as the golden files have them; none holds what no draft may hold.
func TestRequestsOfAllLists(t *testing.T) {
	h, want := listedEverywhere(t)
	if len(want) < 20 {
		t.Fatalf("only %d lists could be asked: %v", len(want), want)
	}
	writer := casefile.Writer{Organisation: runbook.T("Example Inc.", "例示株式会社"), Name: runbook.T("A. Admin", "メール担当"), Role: runbook.T("mail administrator", "メール管理者"), Email: "admin@example.jp",
		Abuse: "abuse@example.jp", Phone: "+81 3 0000 0000", Domains: []string{"example.jp"}, Provider: runbook.T("Example Networks", "例示ネットワーク"), ProviderEmail: "noc@example.com", Static: true}
	for _, lang := range []string{"en", "ja"} {
		e := delist.Env{Words: templates.Letters(), Programmes: templates.Programmes(), Writer: writer, Lang: lang, Zone: time.FixedZone("JST", 9*3600), Clock: func() time.Time { return evening.Add(3 * time.Hour) }}
		r, err := e.Draft(h, delist.Wish{Language: lang, Programmes: askable(t, e)})
		if err != nil {
			t.Fatal(err)
		}
		b := &letterbox{texts: map[string]string{}}
		if err := r.Keep(b); err != nil {
			t.Fatal(err)
		}
		missing := map[string]bool{}
		for id := range want {
			missing[id] = true
		}
		for _, d := range r.Drafts {
			delete(missing, d.To)
		}
		if len(missing) > 0 {
			t.Errorf("no draft for %v", missing)
		}
		var all bytes.Buffer
		for _, name := range b.names {
			fmt.Fprintf(&all, "==== %s\n%s\n", name, b.texts[name])
			harmlessDraft(t, name, b.texts[name])
		}
		golden(t, "requests."+lang+".golden", all.Bytes())
	}
}

// askable are the programmes that take requests, and those whose word is that they take none.
func askable(t *testing.T, e delist.Env) (ids []string) {
	t.Helper()
	table, err := e.ProgrammeTable()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range table.Programmes {
		if p.Role != programme.Monitoring {
			ids = append(ids, p.ID)
		}
	}
	return ids
}

// harmlessDraft looks for what no draft may hold.
func harmlessDraft(t *testing.T, name, text string) {
	t.Helper()
	for _, no := range []string{listKey, "taro", "someone@", "/var/", "/usr/", "/etc/", "<no value>", "%!", "0001-", "<IP>", "<DOMAIN>", "\x1b"} {
		if strings.Contains(text, no) {
			t.Errorf("%s holds %q:\n%s", name, no, text)
		}
	}
	gaps := strings.Contains(text, "[[FILL IN:") || strings.Contains(text, "【要記入:")
	if gaps != strings.HasPrefix(text, "state: incomplete") {
		t.Errorf("%s: gaps %v, and its state is not so:\n%s", name, gaps, text)
	}
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *writeGoldens {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), string(got)); d != "" {
		t.Errorf("%s: -want +got:\n%s", name, d)
	}
}
