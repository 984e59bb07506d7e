package consent

import (
	"errors"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"hikeshi/runbook/strictyaml"
)

const file = `format: 1
targets:
  - {address: 192.0.2.25, by: "Hanako, by telephone", until: "2026-12-31"}
  - {address: 192.0.2.25, ports: [25], by: "Hanako, by letter", until: "2026-12-31", deliver: true, probe: relaytest@probe.example}
  - {address: "2001:db8:1::/64", ports: [2525], by: "Jiro", until: "2026-11-30"}
  - {address: 127.0.0.9, ports: [2500], by: "Jiro", until: "2026-12-31", deliver: true, probe: relaytest@probe.example}
`

func TestAsk(t *testing.T) {
	table, err := Load("targets.yaml", []byte(file), []netip.Prefix{netip.MustParsePrefix("203.0.113.25/32")})
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 11, 30, 23, 59, 0, 0, time.UTC)
	for _, tc := range []struct {
		at   string
		now  time.Time
		want Grant
		why  string
	}{
		{"192.0.2.25:25", now, Grant{By: "Hanako, by letter", Deliver: true, Probe: "relaytest@probe.example"}, ""},
		{"192.0.2.25:587", now, Grant{By: "Hanako, by telephone"}, ""},
		{"[::ffff:192.0.2.25]:587", now, Grant{By: "Hanako, by telephone"}, ""},
		{"192.0.2.25:2525", now, Grant{}, "not for port 2525"},
		{"192.0.2.26:25", now, Grant{}, "nobody said yes"},
		{"192.0.2.25:25", now.AddDate(0, 2, 0), Grant{}, "ended on 2026-12-31"},
		{"[2001:db8:1::7]:2525", now, Grant{By: "Jiro"}, ""},
		{"[2001:db8:1::7]:2525", now.Add(time.Minute), Grant{}, "ended on 2026-11-30"},
		{"[2001:db8:2::7]:2525", now, Grant{}, "nobody"},
		{"127.0.0.1:2525", now, Grant{By: "own address", Own: true}, ""},
		{"[::1]:25", now, Grant{By: "own address", Own: true}, ""},
		{"203.0.113.25:25", now, Grant{By: "own address", Own: true}, ""},
		{"203.0.113.26:25", now, Grant{}, "nobody"},
		{"127.0.0.9:2500", now, Grant{By: "Jiro", Own: true, Deliver: true, Probe: "relaytest@probe.example"}, ""},
	} {
		at := netip.MustParseAddrPort(tc.at)
		got, err := table.Ask(at, tc.now)
		if tc.why != "" {
			if !errors.Is(err, ErrNone) || !strings.Contains(err.Error(), tc.why) || got != (Grant{}) || got.Valid(at) {
				t.Errorf("%s: %+v, %v", tc.at, got, err)
			}
			continue
		}
		at = netip.AddrPortFrom(at.Addr().Unmap(), at.Port())
		if err != nil || got.By != tc.want.By || got.Own != tc.want.Own || got.Deliver != tc.want.Deliver || got.Probe != tc.want.Probe || !got.Valid(at) {
			t.Errorf("%s: %+v, %v", tc.at, got, err)
		}
	}
	if (Grant{}).Valid(netip.AddrPort{}) {
		t.Error("the zero grant is valid")
	}
}

func TestMistakes(t *testing.T) {
	_, err := Load("targets.yaml", []byte(`format: 1
targets:
  - {address: mail.example.jp, by: " ", until: tomorrow}
  - {address: 192.0.2.0/16, ports: [0], by: x, until: "2026-12-31"}
  - {by: x, until: "2026-12-31", deliver: true}
  - {address: 192.0.2.1, until: "2026-12-31", probe: "a b@c"}
  - {address: "2001:db8::/32", by: x, until: "2026-13-31", probe: a@b.example}
  - {address: 192.0.2.1, by: x, until: "2026-12-31", deliver: yes}
`), nil)
	var m *strictyaml.Mistakes
	if !errors.As(err, &m) {
		t.Fatal(err)
	}
	for line, parts := range map[int][]string{3: {"a name is not enough", "say who", "a day such as"}, 4: {"wider", "a port is"}, 5: {"no address", "needs the probe"}, 6: {"no by", "a mail address"}, 7: {"wider", "a day such as", "is for deliver"}, 8: {"true"}} {
		for _, part := range parts {
			if !slices.ContainsFunc(m.List, func(x strictyaml.Mistake) bool { return x.Line == line && strings.Contains(x.Text, part) }) {
				t.Errorf("line %d does not say %q:\n%v", line, part, err)
			}
		}
	}
}

// TestSample: the entry of the hint is one that can be read, once its gaps are filled.
func TestSample(t *testing.T) {
	at := netip.MustParseAddrPort("[2001:db8::25]:587")
	s := strings.NewReplacer("YYYY-MM-DD", "2026-12-31").Replace("format: 1\ntargets:\n  " + Sample(at, "relaytest@probe.example"))
	table, err := Load("x", []byte(s), nil)
	if err != nil {
		t.Fatal(err)
	}
	if g, err := table.Ask(at, time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)); err != nil || !g.Deliver {
		t.Errorf("%+v, %v", g, err)
	}
}
