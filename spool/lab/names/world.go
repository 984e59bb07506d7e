package names

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/miekg/dns"
)

// A World is what the DNS of a lab knows. Nothing else exists in it.
type World struct {
	Zones    []Zone
	Listings []Listing
	Hosts    map[netip.Addr]string // addresses and the names of their hosts, both ways
	Refusing []string              // of Zones: their operators do not answer this resolver (REFUSED)
	Failing  []string              // of Zones: nobody answers for them, which a resolver tells with SERVFAIL
}

// A Zone is one blocklist with its test entries: those of RFC 5782 section 5 for the kinds of subjects that it has entries of, or its own.
type Zone struct {
	Name             string // zen.spamhaus.org
	IP4, IP6, Domain bool
	Entries          []string // addresses or domains, in place of those of RFC 5782
}

// A Listing is one entry of a list.
type Listing struct {
	Zone    string
	Subject string // an address or a domain
	Answer  netip.Addr
	Text    string // the reason, in a TXT record; "" for none
}

// String is what a look-up shows of the entry: whom, where, and with what answer.
func (l Listing) String() string { return l.Subject + " " + l.Zone + " " + l.Answer.String() }

// testAnswer is what test entries answer, whatever the codes of the list are.
var testAnswer = netip.AddrFrom4([4]byte{127, 0, 0, 2})

// entries are the subjects that the list must list.
func (z Zone) entries() []string {
	if len(z.Entries) > 0 {
		return z.Entries
	}
	var all []string
	for subject, kept := range map[string]bool{"127.0.0.2": z.IP4, "::ffff:127.0.0.2": z.IP6, "test": z.Domain} {
		if kept {
			all = append(all, subject)
		}
	}
	return all
}

// reversed returns the labels under which a subject is looked up (RFC 5782 sections 2.1, 2.4 and 3): an IPv4 address by octets, an IPv6 address by
// all of its nibbles even where it holds an IPv4 one, a domain as it is.
func reversed(subject string) string {
	a, err := netip.ParseAddr(subject)
	switch {
	case err != nil:
		return subject
	case a.Is4():
		o := a.As4()
		return fmt.Sprintf("%d.%d.%d.%d", o[3], o[2], o[1], o[0])
	}
	var labels []string
	for _, o := range a.As16() {
		labels = append([]string{fmt.Sprintf("%x.%x", o&15, o>>4)}, labels...)
	}
	return strings.Join(labels, ".")
}

// ttl is short: a lab does not live long.
const ttl = 60 // seconds

// tree is all that exists, by complete names in small letters. A name without records has none of its own, but names below it.
type tree map[string][]dns.RR

// grow makes the tree. An entry that no list of the world has would never be found: that is an error.
func grow(w World) (tree, error) {
	t := tree{}
	known := map[string]bool{}
	for _, z := range w.Zones {
		known[z.Name] = true
		t.plant(z.Name)
		for _, subject := range z.entries() {
			t.list(Listing{Zone: z.Name, Subject: subject, Answer: testAnswer, Text: "test entry"})
		}
	}
	for _, l := range w.Listings {
		if !known[l.Zone] {
			return nil, fmt.Errorf("the entry of %s: there is no list %q", l.Subject, l.Zone)
		}
		t.list(l)
	}
	for _, zone := range append(w.Refusing[:len(w.Refusing):len(w.Refusing)], w.Failing...) {
		if !known[zone] {
			return nil, fmt.Errorf("a list that does not answer: there is no list %q", zone)
		}
	}
	for a, name := range w.Hosts {
		if err := t.host(a, name); err != nil {
			return nil, err
		}
	}
	return t, nil
}

// list adds an entry of a list.
func (t tree) list(l Listing) {
	name := reversed(l.Subject) + "." + l.Zone
	t.plant(name, &dns.A{Hdr: head(name, dns.TypeA), A: l.Answer.AsSlice()})
	if l.Text != "" {
		t.plant(name, &dns.TXT{Hdr: head(name, dns.TypeTXT), Txt: strung(l.Text)})
	}
}

// host adds the name of an address, and the address of that name.
func (t tree) host(a netip.Addr, name string) error {
	back, err := dns.ReverseAddr(a.String())
	if err != nil {
		return fmt.Errorf("the name of %s: %w", a, err)
	}
	t.plant(back, &dns.PTR{Hdr: head(back, dns.TypePTR), Ptr: dns.Fqdn(name)})
	if a.Is4() {
		t.plant(name, &dns.A{Hdr: head(name, dns.TypeA), A: a.AsSlice()})
	} else {
		t.plant(name, &dns.AAAA{Hdr: head(name, dns.TypeAAAA), AAAA: a.AsSlice()})
	}
	return nil
}

// plant adds records; all names above exist then as well, without records (RFC 8020).
func (t tree) plant(name string, records ...dns.RR) {
	name = dns.CanonicalName(name)
	for i, end := 0, false; !end; i, end = dns.NextLabel(name, i) {
		var own []dns.RR
		if i == 0 {
			own = records
		}
		t[name[i:]] = append(t[name[i:]], own...)
	}
}

func head(name string, t uint16) dns.RR_Header {
	return dns.RR_Header{Name: dns.Fqdn(name), Rrtype: t, Class: dns.ClassINET, Ttl: ttl}
}

// strung cuts a text into the strings of a TXT record, each of at most 255 bytes (RFC 1035 section 3.3), and escapes what the library reads
// as an escape.
func strung(text string) []string {
	var all []string
	for len(text) > 255 {
		all, text = append(all, text[:255]), text[255:]
	}
	all = append(all, text)
	for i, s := range all {
		all[i] = strings.ReplaceAll(s, `\`, `\\`)
	}
	return all
}
