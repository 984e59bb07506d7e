package request

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hikeshi/actions/delist/casefile"
	"hikeshi/runbook"
)

var now = time.Date(2026, 11, 22, 3, 0, 0, 0, time.UTC)

func listing(list string, tier int, routes ...casefile.Route) casefile.Listing {
	return casefile.Listing{Subject: "192.0.2.25", List: list, Name: strings.ToUpper(list), Zone: "bl." + list + ".example", Tier: tier, Health: "healthy", Routes: routes}
}

func told(all []Request) (rows []string) {
	for _, r := range all {
		rows = append(rows, fmt.Sprintf("%d %s %s %v", r.Tier, r.ID, r.Way, r.Open()))
	}
	return rows
}

// TestAll: what matters first, each part of a list by itself, networks through the provider, and nothing asked where nobody may ask.
func TestAll(t *testing.T) {
	network := listing("net", 2, casefile.Route{Way: "form"})
	network.Network = true
	c := casefile.Case{Lists: &casefile.Lists{Hosts: []casefile.Host{{Address: "192.0.2.25"}, {Address: "2001:db8::25"}}, Listings: []casefile.Listing{
		listing("far", 3, casefile.Route{Way: "form"}), listing("hurts", 3, casefile.Route{Way: "contact"}),
		listing("zen", 1, casefile.Route{Part: "CSS", Way: "self-service"}, casefile.Route{Part: "SBL", Way: "provider"}), listing("lapses", 1, casefile.Route{Way: "wait"}),
		network, listing("post", 2, casefile.Route{Way: "email"}), listing("nobody", 2, casefile.Route{Way: "none"}),
	}}, Refusals: &casefile.Refusals{Replies: []casefile.Reply{
		{Names: []string{"hurts.example"}, Blocking: true, Count: 3}, {Names: []string{"www.hurts.example"}, Blocking: true, Count: 9},
		{Names: []string{"bl.far.example"}, Blocking: false, Count: 7}, {Names: []string{"notfar.example"}, Blocking: true, Count: 7},
	}}}
	carrier := Programme{ID: "ms", Name: "M", Route: casefile.Route{Way: "form"}, Refused: 2}
	all := All(c, []Programme{carrier}, now)
	want := []string{
		"1 zen-css@192.0.2.25 form false", "1 zen-sbl@192.0.2.25 letter true", "1 lapses@192.0.2.25 wait true",
		"1 ms@192.0.2.25 form true", "1 ms@2001:db8::25 form true",
		"2 net@192.0.2.25 letter true", "2 post@192.0.2.25 email true", "2 nobody@192.0.2.25 wait true",
		"3 far@192.0.2.25 form false", "3 hurts@192.0.2.25 form true",
	}
	if d := cmp.Diff(want, told(all)); d != "" {
		t.Error(d)
	}
	if r := all[len(all)-1]; r.Reply == nil || r.Reply.Count != 9 {
		t.Errorf("the most frequent refusal: %+v", r.Reply)
	}
	if all := All(casefile.Case{}, nil, now); all != nil {
		t.Errorf("of nothing: %+v", all)
	}
}

// TestAskedBefore: a request that was sent is not written again within its waiting time, and is after it.
func TestAskedBefore(t *testing.T) {
	c := casefile.Case{Lists: &casefile.Lists{Listings: []casefile.Listing{listing("psbl", 2, casefile.Route{Way: "form", Again: 3600})}}}
	for ago, want := range map[time.Duration]bool{59 * time.Minute: false, 61 * time.Minute: true} {
		c.Letters = []*runbook.LetterHistory{{Letter: runbook.Letter{ID: "psbl@192.0.2.25", Wait: 3600}, Sent: []runbook.Sending{{At: now.Add(-ago)}}}}
		if got := All(c, nil, now)[0].Open(); got != want {
			t.Errorf("asked %s ago: %v, want %v", ago, got, want)
		}
		c.Asked, c.Letters = c.Letters, []*runbook.LetterHistory{{Letter: runbook.Letter{ID: "psbl@192.0.2.25"}}}
		if got := All(c, nil, now)[0].Open(); got != want {
			t.Errorf("asked %s ago in another incident: %v, want %v", ago, got, want)
		}
		c.Asked = nil
	}
}

func TestTimes(t *testing.T) {
	for _, c := range []struct {
		route casefile.Route
		waits time.Duration
	}{{casefile.Route{Again: 86400, Reply: casefile.Span{Seconds: 7200}}, 24 * time.Hour}, {casefile.Route{Reply: casefile.Span{Seconds: 7200}}, 2 * time.Hour}, {casefile.Route{}, Assumed}} {
		if got := (Request{Route: c.route}).Waits(); got != c.waits {
			t.Errorf("%+v waits %s, want %s", c.route, got, c.waits)
		}
	}
	lapses := Request{Route: casefile.Route{Expires: casefile.Span{Seconds: 86400}}}
	for _, c := range []struct {
		of   casefile.Case
		want time.Time
	}{
		{casefile.Case{}, time.Time{}}, {casefile.Case{Last: now}, now.Add(24 * time.Hour)},
		{casefile.Case{Last: now.Add(-time.Hour), Stopped: now}, now.Add(24 * time.Hour)}, {casefile.Case{Last: now, Stopped: now.Add(-time.Hour)}, now.Add(24 * time.Hour)},
	} {
		if got := lapses.Expires(c.of); !got.Equal(c.want) {
			t.Errorf("%+v: goes away at %s, want %s", c.of, got, c.want)
		}
	}
}

func TestRelated(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"zen.spamhaus.org", "zen.spamhaus.org", true}, {"www.spamhaus.org", "zen.spamhaus.org", true}, {"spamhaus.org", "zen.spamhaus.org", true},
		{"spamhaus.org.example", "zen.spamhaus.org", false}, {"notspamhaus.org", "spamhaus.org", false}, {"a.co.jp", "b.co.jp", false}, {"x.a.co.jp", "a.co.jp", true},
	} {
		if got := related(c.a, c.b); got != c.want {
			t.Errorf("%s and %s: %v", c.a, c.b, got)
		}
	}
}
