package gate

import (
	"strings"
	"testing"
	"time"

	"hikeshi/actions/delist/casefile"
	"hikeshi/runbook"
)

func at(minute int) time.Time { return time.Date(2026, 11, 21, 18, minute, 0, 0, time.UTC) }

// over is an incident that has ended well.
func over() casefile.Case {
	return casefile.Case{Cause: "a", Accounts: []string{"taro@example.jp", "hanako"}, Opened: at(0), Last: at(4), Stopped: at(5), Started: at(20), Holds: at(30),
		Queue: &casefile.Queue{Messages: 12, Senders: []string{"jiro@example.jp"}, At: at(31)}, Services: &casefile.Services{At: at(31)},
		Watch: &casefile.Watch{Known: true, Seconds: 300, At: at(25)},
		Lists: &casefile.Lists{Named: true, Hosts: []casefile.Host{{Address: "192.0.2.25", State: "fine"}}}}
}

// TestServer: every condition falls by itself, with its reason, and nothing unknown holds.
func TestServer(t *testing.T) {
	if rows := Server(over()); !Open(rows) || len(rows) != 4 {
		t.Fatalf("%+v", rows)
	}
	for name, c := range map[string]struct {
		row  int
		why  string
		make func(*casefile.Case)
	}{
		"queue unknown":      {0, "nobody has looked", func(c *casefile.Case) { c.Queue = nil }},
		"queue seen before":  {0, "since the services were started", func(c *casefile.Case) { c.Queue.At = at(19) }},
		"queue full":         {0, "12 messages wait: too many", func(c *casefile.Case) { c.Queue.Over, c.Queue.Reason = true, "too many" }},
		"spam in the queue":  {0, "abused account", func(c *casefile.Case) { c.Queue.Senders = []string{"taro@example.jp"} }},
		"the short name":     {0, "abused account", func(c *casefile.Case) { c.Queue.Senders = []string{"hanako@example.jp"} }},
		"queue unseen now":   {0, "could not be looked at now", func(c *casefile.Case) { c.Queue.Unknown = true }},
		"queue that grew":    {0, "57 messages wait, and 3 did", func(c *casefile.Case) { n := 3; c.Queue.Before, c.Queue.Messages = &n, 57 }},
		"services unseen":    {1, "could not be looked at now", func(c *casefile.Case) { c.Services.Unknown = true }},
		"services as before": {1, "since they were stopped", func(c *casefile.Case) { c.Services.At = at(3) }},
		"another suspect":    {2, "newthief stands out", func(c *casefile.Case) { c.Suspects = []casefile.Suspect{{Name: "newthief", Level: "suspect"}} }},
		"services unknown":   {1, "nobody has looked", func(c *casefile.Case) { c.Services = nil }},
		"a service down":     {1, "epstrd", func(c *casefile.Case) { c.Services.Down = []string{"epstrd"} }},
		"undone":             {2, "taken back", func(c *casefile.Case) { c.Reopened = at(40) }},
		"undone though h":    {2, "taken back", func(c *casefile.Case) { c.Reopened, c.Cause = at(40), "h" }},
		"never stopped":      {2, "no stop", func(c *casefile.Case) { c.Stopped = time.Time{} }},
		"seen again":         {2, "after the services were started", func(c *casefile.Case) { c.Last = at(21) }},
		"not watched":        {2, "not watched", func(c *casefile.Case) { c.Watch = nil }},
		"watched before":     {2, "not watched", func(c *casefile.Case) { c.Watch.At = at(4) }},
		"could not count":    {2, "not watched", func(c *casefile.Case) { c.Watch.Known = false }},
		"something left":     {2, "3 deliveries", func(c *casefile.Case) { c.Watch.Outside = 3 }},
		"gate not passed":    {2, "last gate", func(c *casefile.Case) { c.Holds = time.Time{} }},
		"lists not asked":    {3, "no outgoing address", func(c *casefile.Case) { c.Lists = nil }},
		"no outgoing":        {3, "no outgoing address", func(c *casefile.Case) { c.Lists.Hosts, c.Lists.Named = nil, false }},
		"a name that is off": {3, "192.0.2.25: missing", func(c *casefile.Case) { c.Lists.Named, c.Lists.Hosts[0].State = false, "missing" }},
	} {
		x := over()
		c.make(&x)
		rows := Server(x)
		for i, r := range rows {
			if r.Holds != (i != c.row) {
				t.Errorf("%s: row %d holds: %v (%s)", name, i, r.Holds, r.Why)
			}
		}
		if r := rows[c.row]; Open(rows) || !strings.Contains(r.Why, c.why) || r.Why != r.Reason("en") {
			t.Errorf("%s: %q, want %q", name, r.Why, c.why)
		}
	}
	forged := casefile.Case{Cause: "h"}
	if r := Server(forged)[2]; !r.Holds {
		t.Errorf("not our spam: %+v", r)
	}
}

// TestRequest: a list that can be believed and matters, and that was not asked just now.
func TestRequest(t *testing.T) {
	asked := func(wait time.Duration) *runbook.LetterHistory {
		return &runbook.LetterHistory{Letter: runbook.Letter{Wait: int64(wait / time.Second)}, Sent: []runbook.Sending{{At: at(0)}}}
	}
	for name, c := range map[string]struct {
		a    Asking
		want bool
		why  string
	}{
		"tier 2":            {Asking{Listing: &casefile.Listing{Tier: 2, Health: "healthy"}}, true, ""},
		"tier 3":            {Asking{Listing: &casefile.Listing{Tier: 3, Health: "healthy"}}, false, "tier 3"},
		"tier 3 that hurts": {Asking{Listing: &casefile.Listing{Tier: 3, Health: "healthy"}, Refused: 4}, true, ""},
		"no test entries":   {Asking{Listing: &casefile.Listing{Tier: 1, Health: "unproven"}}, true, ""},
		"not to believe":    {Asking{Listing: &casefile.Listing{Tier: 1, Health: "world"}}, false, "world"},
		"programme":         {Asking{Refused: 1}, true, ""},
		"programme unseen":  {Asking{}, false, "tier 3"},
		"asked just now":    {Asking{Refused: 1, Letter: asked(time.Hour)}, false, "not again before 2026-11-21 19:00Z"},
		"asked long ago":    {Asking{Refused: 1, Letter: asked(29 * time.Minute)}, true, ""},
		"nobody knows":      {Asking{Refused: 1, Letter: asked(0)}, false, "is not known"},
		"another first":     {Asking{Refused: 1, Before: "SBL"}, false, "first SBL"},
	} {
		c.a.Now = at(30)
		rows := Request(c.a)
		why := ""
		for _, r := range rows {
			if !r.Holds {
				why += r.Why
			}
		}
		if Open(rows) != c.want || !strings.Contains(why, c.why) {
			t.Errorf("%s: %v %q", name, Open(rows), why)
		}
	}
}
