package host

import (
	"context"
	"net/netip"
	"strings"
	"testing"

	"hikeshi/actions/dnsbl/ask"
	"hikeshi/runbook"
)

// world is a DNS of PTR and address records; a name that is not there does not exist, one with "?" cannot be asked.
type world map[string]string

func (w world) Ask(_ context.Context, name string, t ask.Type) ask.Reply {
	text, ok := w[string(t)+" "+name]
	switch {
	case text == "?":
		return ask.Reply{Status: ask.ServFail}
	case !ok:
		return ask.Reply{Status: ask.None}
	}
	r := ask.Reply{Status: ask.Found}
	for s := range strings.FieldsSeq(text) {
		if t == ask.PTR {
			r.Names = append(r.Names, s)
		} else {
			r.Addrs = append(r.Addrs, netip.MustParseAddr(s))
		}
	}
	return r
}

func TestAddresses(t *testing.T) {
	w := world{
		"PTR 1.2.0.192.in-addr.arpa": "mail1.example.jp", "A mail1.example.jp": "192.0.2.9 192.0.2.1",
		"PTR 3.2.0.192.in-addr.arpa": "mail3.example.jp", "A mail3.example.jp": "192.0.2.33",
		"PTR 4.2.0.192.in-addr.arpa": "gone.example.jp",
		"PTR 5.2.0.192.in-addr.arpa": "192-0-2-5.pool.example.net", "A 192-0-2-5.pool.example.net": "192.0.2.5",
		"PTR 6.2.0.192.in-addr.arpa": "192-0-2-6.example.net mail6.example.jp", "A 192-0-2-6.example.net": "192.0.2.6", "A mail6.example.jp": "192.0.2.6",
		"PTR 7.2.0.192.in-addr.arpa": "?",
		"PTR 8.2.0.192.in-addr.arpa": "mail8.example.jp", "A mail8.example.jp": "?",
		"PTR 9.2.0.192.in-addr.arpa": "evil\x1b[31m.example.jp",
		"PTR 1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa": "mail1.example.jp", "AAAA mail1.example.jp": "2001:db8::1",
	}
	for addr, want := range map[string]State{"192.0.2.1": Fine, "192.0.2.2": Missing, "192.0.2.3": Elsewhere, "192.0.2.4": Elsewhere, "192.0.2.5": Generic, "192.0.2.6": Fine, "192.0.2.7": Unknown,
		"192.0.2.8": Unknown, "192.0.2.9": Elsewhere, "2001:db8::1": Fine, "2001:db8::2": Missing} {
		a := Addresses(t.Context(), w, []netip.Addr{netip.MustParseAddr(addr)})[0]
		f := a.Finding()
		if a.State != want || (f.Level == runbook.OK) != (want == Fine) || f.Text.JA == "" || strings.ContainsRune(f.Text.EN+f.Text.JA, 0x1b) {
			t.Errorf("%s: %s, want %s; %+v", addr, a.State, want, f)
		}
	}
}

func TestIsGeneric(t *testing.T) {
	for name, want := range map[string]bool{
		"mail.example.jp": false, "mx2.example.jp": false, "mail-192.example.jp": false, "static.example.jp": false, "poolside.example.jp": false,
		"192-0-2-45.example.net": true, "45.2.0.192.example.net": true, "host2-45.example.net": true, "dhcp.example.net": true, "p192000002045.dyn.example.net": true, "softbank192000.bbtec.example.net": false,
	} {
		if got := IsGeneric(name, netip.MustParseAddr("192.0.2.45")); got != want {
			t.Errorf("%s: %v", name, got)
		}
	}
	if !IsGeneric("2001-0db8-0000-0000-0000-0000-0000-0001.example.net", netip.MustParseAddr("2001:db8::1")) {
		t.Error("IPv6 in a name is not seen")
	}
}

func TestHELO(t *testing.T) {
	w := world{"A mail.example.jp": "192.0.2.1", "A other.example.jp": "192.0.2.99", "AAAA six.example.jp": "2001:db8::1", "A bad.example.jp": "?"}
	out := []netip.Addr{netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("2001:db8::1")}
	for name, want := range map[string]State{"mail.example.jp": Fine, "six.example.jp": Fine, "other.example.jp": Elsewhere, "nothing.example.jp": Missing, "bad.example.jp": Unknown, "localhost": Missing, "mail.": Missing} {
		state, f := HELO(t.Context(), w, name, out)
		if state != want || (f.Level == runbook.OK) != (want == Fine) || f.Text.JA == "" {
			t.Errorf("%s: %s, want %s; %+v", name, state, want, f)
		}
	}
	if state, _ := HELO(t.Context(), w, "mail.example.jp", nil); state != Unknown {
		t.Errorf("without addresses: %s", state)
	}
}
