package notice

import (
	"io/fs"
	"os"
	"slices"
	"testing"
	"time"

	"hikeshi/actions/delist/casefile"
	"hikeshi/runbook"
)

// words are the texts as the program has them; the package gets them as files.
func words() fs.FS { return os.DirFS("../../../templates/letters") }

var jst = time.FixedZone("JST", 9*60*60)

func at(clock string) time.Time {
	t, err := time.ParseInLocation("2006-01-02 15:04", clock, jst)
	if err != nil {
		panic(err)
	}
	return t.UTC()
}

// bare is known seconds after the stop, from a server that nobody has configured for letters.
func bare() Request {
	now := at("2026-11-22 04:45")
	return Request{Case: casefile.Case{Incident: "20261121-1944", Host: "mail1.example.jp", Opened: at("2026-11-22 04:43"), Stopped: at("2026-11-22 04:44")},
		Now: now, Next: at("2026-11-22 05:45"), Zone: jst, Lang: "en"}
}

// full is everything that a record and a configuration can tell.
func full() Request {
	r := bare()
	n := func(n int64) *int64 { return &n }
	c := &r.Case
	c.First, c.Peak, c.Last = at("2026-11-22 02:25"), at("2026-11-22 04:10"), at("2026-11-22 04:44")
	c.Messages, c.Recipients, c.Sources, c.Aside = n(2937), n(6845), n(37), n(1821)
	c.Cause, c.Accounts = "a", []string{"taro@example.jp", "jiro@example.jp"}
	c.Started, c.Holds = at("2026-11-22 06:02"), at("2026-11-22 06:10")
	for _, what := range []string{"passwords", "renamed", "planted", "relay", "login", "denied", "settings", "hand_d", "hand_e", "hand_f", "hand_g"} {
		c.Fixes = append(c.Fixes, casefile.Measure{What: what, Count: 2, At: at("2026-11-22 05:10")})
	}
	for _, what := range []string{"cut", "logs", "lockouts", "owners"} {
		c.Guards = append(c.Guards, casefile.Measure{What: what, Count: 2, At: at("2026-11-22 05:30")})
	}
	c.Queue = &casefile.Queue{Messages: 3, At: at("2026-11-22 06:09")}
	c.Services = &casefile.Services{At: at("2026-11-22 06:08")}
	c.Watch = &casefile.Watch{Known: true, Seconds: 300, At: at("2026-11-22 06:01")}
	c.MailboxRead, c.PersonalData = "was_read", "asked"
	c.Lists = &casefile.Lists{
		Named: true, HELO: "mail1.example.jp.", Hosts: []casefile.Host{{Address: "192.0.2.25", Names: []string{"mail1.example.jp"}, State: "fine"}},
		Listings: []casefile.Listing{
			{Subject: "192.0.2.25", Name: "Example Network List", Tier: 2, Network: true, Routes: []casefile.Route{{Way: "provider"}}},
			{Subject: "192.0.2.25", Name: "Example Address List", Tier: 1, Routes: []casefile.Route{{Way: "form"}}},
			{Subject: "192.0.2.25", Name: "Example Parts", Tier: 1, Routes: []casefile.Route{{Part: "SBL", Way: "provider"}, {Part: "XBL", Way: "form"}}},
			{Subject: "192.0.2.25", Name: "Example Wide List", Tier: 2, Network: true, Routes: []casefile.Route{{Way: "wait"}}},
			{Subject: "192.0.2.25", Name: "Example Idle List", Tier: 3, Network: true, Routes: []casefile.Route{{Way: "provider"}}},
			{Subject: "example.jp", Domain: true, Name: "Example Domain List", Tier: 1, Routes: []casefile.Route{{Way: "form"}}},
		},
		At: at("2026-11-22 06:20"),
	}
	r.Writer = casefile.Writer{
		Organisation: runbook.T("Example Co., Ltd.", "株式会社見本"), Name: runbook.T("Mail Desk", "メール担当"), Role: runbook.T("mail administrator", "メール管理者"),
		Email: "desk@example.jp", Abuse: "abuse@example.jp", Phone: "+81-3-0000-0000", Address: runbook.T("1-1 Example, Tokyo", "東京都見本区1-1"),
		Provider: runbook.T("Example Network", "見本ネットワーク"), ProviderEmail: "noc@example.com", Domains: []string{"example.jp"}, Static: true,
	}
	r.Now, r.Next = at("2026-11-22 06:30"), at("2026-11-22 07:30")
	return r
}

func load(t *testing.T) Texts {
	t.Helper()
	texts, err := Load(words())
	if err != nil {
		t.Fatal(err)
	}
	return texts
}

func reopened() Request {
	r := full()
	r.Case.Fixes, r.Case.Guards, r.Case.Reopened = nil, nil, at("2026-11-22 06:15")
	r.Case.Cause, r.Case.Accounts, r.Case.MailboxRead = "b", []string{"taro@example.jp"}, "unknown"
	r.Case.Mixed = true
	return r
}

func forged() Request {
	r := full()
	r.Case.Cause = "h"
	return r
}

func mustWrite(t *testing.T, r Request, name string) []Notice {
	t.Helper()
	list, err := load(t).Write(r, name, "en")
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// missing says whether a notice names that fact among what is to be filled in.
func missing(n Notice, name string) bool { return slices.Contains(n.Letter.Gaps, labels[name]) }
