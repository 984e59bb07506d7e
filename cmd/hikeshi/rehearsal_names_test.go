package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"hikeshi/actions/dnsbl"
	"hikeshi/actions/service"
	"hikeshi/runbook"
	"hikeshi/runbook/journal"
	"hikeshi/spool/lab"
	"hikeshi/spool/lab/names"
	"hikeshi/spool/lab/standin"
)

// afterTheNight is where the server of a rehearsal is listed once spam has left: tier, zone, answers, and what the list says.
var afterTheNight = []string{
	"1 b.barracudacentral.org [127.0.0.2] spam was sent from 192.0.2.25",
	"1 bl.spamcop.net [127.0.0.2] Blocked - see https://www.spamcop.net/bl.shtml?192.0.2.25",
	"1 zen.spamhaus.org [127.0.0.3] https://check.spamhaus.org/query/ip/192.0.2.25",
	"2 psbl.surriel.com [127.0.0.2] mail to a spam trap came from 192.0.2.25",
	"3 all.s5h.net [127.0.0.2] ",
}

func wantListings(t *testing.T, found []dnsbl.Listing, want []string) {
	t.Helper()
	var got []string
	for _, l := range found {
		if l.Subject != "192.0.2.25" {
			t.Errorf("%s is listed at %s", l.Subject, l.Zone)
		}
		got = append(got, fmt.Sprint(l.Tier, " ", l.Zone, " ", l.Answers, " ", l.Text))
	}
	if slices.Sort(got); !slices.Equal(got, want) {
		t.Errorf("listed at\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// lookedUp are the facts of the step lists in the record of the one rehearsal in that state folder.
func lookedUp(t *testing.T, state string) dnsbl.Facts {
	t.Helper()
	dirs, err := filepath.Glob(filepath.Join(state, "rehearsals/*"))
	if err != nil || len(dirs) != 1 {
		t.Fatalf("rehearsals: %v %v", dirs, err)
	}
	store := journal.Store{State: dirs[0], Clock: time.Now}
	entries, err := journal.List(store)
	fine(t, err)
	jr, err := journal.Open(store, entries[0].ID)
	fine(t, err)
	defer jr.Close()
	records, err := jr.Records()
	fine(t, err)
	h, err := runbook.Fold(records)
	fine(t, err)
	i := slices.IndexFunc(h.Steps, func(s *runbook.StepHistory) bool { return s.Head.ID == "lists" && s.Head.Uses == "dnsbl.check" })
	if i < 0 || h.Steps[i].Result != runbook.ResultDone {
		t.Fatalf("step lists: %+v", h.Steps)
	}
	var f dnsbl.Facts
	fine(t, json.Unmarshal(h.Steps[i].Facts, &f))
	return f
}

// Where no spam has left nothing is listed, and that is looked up all the same.
func TestRehearsalOfForgedMailIsListedNowhere(t *testing.T) {
	book := filepath.Join(t.TempDir(), "look.yaml")
	fine(t, os.WriteFile(book, []byte("format: 1\nname: look\ntitle: {en: look}\nsteps:\n  - {id: services, phase: contain, title: {en: look}, uses: service.status}\n  - {id: lists, phase: recover, title: {en: look}, uses: dnsbl.check}\n"), 0o600))
	state := t.TempDir()
	_, doc := rehearseIn(t, state, book, "--scenario", "forged")
	f := lookedUp(t, state)
	if f.State != "partly" || len(f.Listings) > 0 || f.Tested < 50 || !f.Named || !slices.Contains(f.Untested, "validity-rpbl") {
		t.Errorf("step lists: %+v", f)
	}
	for _, j := range doc.Judgement {
		if j.Name == "blocklists that list the server, found" {
			if !j.OK || j.Value != "0 of 0" {
				t.Errorf("judged %s, %v", j.Value, j.OK)
			}
			return
		}
	}
	t.Error("not judged")
}

// TestNamesOfTheLab: in every scenario the world of the lab asks the lab's DNS and no other, and nothing of that is left at its end.
func TestNamesOfTheLab(t *testing.T) {
	before := runtime.NumGoroutine()
	for _, s := range lab.Scenarios() {
		a := &app{stdout: &bytes.Buffer{}, stderr: &bytes.Buffer{}, now: time.Now, getenv: func(string) string { return "" }}
		r := &rehearsal{app: a, dir: t.TempDir(), runbook: "mail-abuse", scenario: s}
		fine(t, r.prepare(t.Context()))
		addr, err := names.Noted(standin.Config{Root: r.server()}.Resolver())
		fine(t, err)
		m := r.lab.Machine
		w, err := r.labWorld(r.server(), service.Env{Manager: m, Processes: m, UnitDir: r.lab.UnitDir()}, r.dir)
		fine(t, err)
		if env := w.host.DNSBL; !slices.Equal(env.Resolvers, []string{addr.String()}) || env.ResolvConf != "" || env.Upstreams != "" || env.Lists != "" {
			t.Errorf("%s: asked are %v, or those of %q and %q; own lists %q", s.Name, env.Resolvers, env.ResolvConf, env.Upstreams, env.Lists)
		}
		report, err := w.host.DNSBL.Look(t.Context(), dnsbl.Request{})
		fine(t, err)
		var want []string
		if s.Name != "forged" {
			want = afterTheNight
		}
		wantListings(t, report.Facts().Listings, want)
		r.end()
		if conn, err := net.Dial("tcp", addr.String()); err == nil {
			conn.Close()
			t.Errorf("%s: the DNS of the lab still answers", s.Name)
		}
	}
	for range 100 {
		if runtime.NumGoroutine() <= before {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	buf := make([]byte, 1<<20)
	t.Errorf("%d goroutines, %d before\n%s", runtime.NumGoroutine(), before, buf[:runtime.Stack(buf, true)])
}

// A lab without its DNS asks nobody else.
func TestLabWithoutNames(t *testing.T) {
	r := &rehearsal{app: &app{now: time.Now}, dir: t.TempDir(), scenario: lab.Scenarios()[0]}
	if _, err := r.labWorld(r.server(), service.Env{}, r.dir); err == nil || !strings.Contains(err.Error(), "the DNS of the lab") {
		t.Errorf("%v", err)
	}
}

// TestListingsOfARecord: the last look counts; one that could test nothing is none.
func TestListingsOfARecord(t *testing.T) {
	head := runbook.StepHead{ID: "lists", Uses: "dnsbl.check"}
	look := func(facts string) []names.Listing {
		return listings([]runbook.Record{
			{Event: runbook.Opened, Opening: &runbook.Opening{Runbook: "x", Steps: []runbook.StepHead{head}}},
			{Seq: 1, Event: runbook.Ended, Step: "lists", Result: runbook.ResultDone, Facts: json.RawMessage(facts)},
		})
	}
	if got := look(`{"tested":0,"listings":[]}`); got != nil {
		t.Errorf("nothing was tested: %v", got)
	}
	if got := look(`{"tested":9,"listings":[]}`); got == nil || len(got) > 0 {
		t.Errorf("on no list: %v", got)
	}
	got := look(`{"tested":9,"listings":[{"subject":"192.0.2.25","zone":"a.example","answers":["127.0.0.2","127.0.0.4"]}]}`)
	if len(got) != 2 || got[0].String() != "192.0.2.25 a.example 127.0.0.2" || got[1].String() != "192.0.2.25 a.example 127.0.0.4" {
		t.Errorf("two answers: %v", got)
	}
}
