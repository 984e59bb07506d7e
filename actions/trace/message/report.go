package message

import (
	"net/netip"
	"strings"
	"time"

	"hikeshi/actions/trace/received"
)

// A Report are the fields of a feedback report (RFC 5965 section 3), or of a bounce, that matter here. Texts are bounded and printable. They are what the
// reporter says.
type Report struct {
	Type     string     // Feedback-Type: abuse
	SourceIP netip.Addr // the host from which the reporter got the message; the zero Addr if it does not say
	From     string     // Original-Mail-From, without brackets
	To       []string   // Original-Rcpt-To; bounded
	Arrival  time.Time  // Arrival-Date, or Received-Date; UTC, zero if there is none that can be read
	Reporter string     // Reporting-MTA
	Domains  []string   // Reported-Domain; bounded
	Client   string     // Received-From-MTA of a bounce (RFC 3464 section 2.2.3): the name of the host from which it came
}

// reportOf reads the part message/feedback-report or message/delivery-status.
func reportOf(b []byte) *Report {
	m, _ := header(b, -1)
	r := &Report{Type: m.Get("Feedback-Type"), From: strings.Trim(m.Get("Original-Mail-From"), "<>"), Reporter: m.Get("Reporting-MTA")}
	ip := strings.TrimPrefix(strings.ToLower(strings.Trim(m.Get("Source-IP"), "[]")), "ipv6:")
	if a, err := netip.ParseAddr(ip); err == nil && a.Zone() == "" {
		r.SourceIP = a.Unmap()
	}
	for _, name := range []string{"Arrival-Date", "Received-Date"} {
		if t, ok := received.Date(m.Get(name)); ok && r.Arrival.IsZero() {
			r.Arrival = t
		}
	}
	_, name, _ := strings.Cut(m.Get("Received-From-MTA"), ";")
	r.Client = strings.ToLower(strings.TrimSpace(name))
	const most = 20
	for _, f := range m.Fields {
		one := Message{Fields: []Field{f}}
		switch {
		case f.Is("Original-Rcpt-To") && len(r.To) < most:
			r.To = append(r.To, strings.Trim(one.Get(f.Name), "<>"))
		case f.Is("Reported-Domain") && len(r.Domains) < most:
			r.Domains = append(r.Domains, one.Get(f.Name))
		}
	}
	return r
}
