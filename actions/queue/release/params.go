package release

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"hikeshi/actions/queue/setaside"
	"hikeshi/runbook"
	"hikeshi/spool/aside/address"
	"hikeshi/spool/aside/pick"
)

type releaseParams struct {
	Incident   string   `json:"incident"`
	All        bool     `json:"all"`
	OwnDomains bool     `json:"own_domains"`
	Clean      bool     `json:"clean"`
	Senders    []string `json:"senders"`
	Recipients []string `json:"recipients"`
	Clients    []string `json:"clients"`
	IDs        []string `json:"ids"`
	Since      string   `json:"since"`
	Until      string   `json:"until"`

	ExceptSenders []string `json:"except_senders"`
	ExceptClients []string `json:"except_clients"`
	ExceptSince   string   `json:"except_since"`
	ExceptUntil   string   `json:"except_until"`

	Lot   int    `json:"lot"`
	Every string `json:"every"`

	PastGate string   `json:"past_gate"`
	Suspects []string `json:"suspects"`
}

func params() []runbook.Param {
	return []runbook.Param{
		{Name: "incident", Type: runbook.String, Short: "the incident that set them aside; default: this one"},
		{Name: "all", Type: runbook.Bool, Short: "everything"},
		{Name: "own_domains", Type: runbook.Bool, Short: "messages all of whose recipients are in own domains"},
		{Name: "clean", Type: runbook.Bool, Short: "messages to outside that are not suspicious: no null sender, no error mail, nothing made from an excluded message, nothing older than a day unless named in ids; name the suspects in except_*; with own_domains: both"},
		{Name: "senders", Type: runbook.Strings, Short: "envelope senders: addresses, domains, accounts of own domains (taro), or <>"},
		{Name: "recipients", Type: runbook.Strings, Short: "one of the recipients: addresses, domains, or accounts"},
		{Name: "clients", Type: runbook.Strings, Short: "addresses or networks of the clients that sent them"},
		{Name: "ids", Type: runbook.Strings, Short: "names of messages"},
		{Name: "since", Type: runbook.String, Short: "arrived then or later: 2026-11-21, 2026-11-21 03:12 in local time, or RFC 3339"},
		{Name: "until", Type: runbook.String, Short: "arrived before that time"},
		{Name: "except_senders", Type: runbook.Strings, Short: "none of these envelope senders, whatever else is said; written as senders"},
		{Name: "except_clients", Type: runbook.Strings, Short: "none of these clients; what has no readable client stays, too"},
		{Name: "except_since", Type: runbook.String, Short: "nothing that arrived then or later, up to except_until"},
		{Name: "except_until", Type: runbook.String, Short: "nothing that arrived before that time, from except_since on"},
		{Name: "lot", Type: runbook.Int, Short: "bring back so many messages at a time; 0: all at once"},
		{Name: "every", Type: runbook.Duration, Short: "with lot: the pause between two lots, which is doubled while the last lot is still in the queue; default 2m, one delivery scan"},
		{Name: "past_gate", Type: runbook.String, Risk: runbook.Reopening, Short: "the gate at which the incident stands: what goes back leaves before the hole is known to be closed"},
		{Name: "suspects", Type: runbook.Strings, Risk: runbook.Reopening, Short: "whom incidents have named as abused and nothing here excludes: their mail is among what goes back"},
	}
}

// maxAge is how old mail to outside may be to go back without being named: with the time-outs of a delivery older mail would bounce at once.
const maxAge = 24 * time.Hour

// criteria reads the parameters; at least one of them has to say what is wanted. Exclusions say nothing of that kind.
func (p releaseParams) criteria(env setaside.Env) (c pick.Criteria, err error) {
	own := env.Own.Domains
	c = pick.Criteria{Domains: own, Inside: p.OwnDomains, Clean: p.Clean, IDs: p.IDs,
		Senders: address.NewSet(p.Senders, own), Recipients: address.NewSet(p.Recipients, own)}
	chosen := p.OwnDomains || p.Clean || p.Since != "" || p.Until != "" || len(p.Senders)+len(p.Recipients)+len(p.Clients)+len(p.IDs) > 0
	switch {
	case !p.All && !chosen:
		return c, fmt.Errorf("%w: releasing: say which messages, or all", runbook.ErrInput)
	case p.All && chosen:
		return c, fmt.Errorf("%w: releasing: all does not go together with a choice of messages", runbook.ErrInput)
	case (p.OwnDomains || p.Clean) && len(own) == 0:
		return c, fmt.Errorf("%w: releasing mail by own domains: no own domain is known; name them in the configuration (own.domains)", runbook.ErrUndetermined)
	}
	if c.Clients, err = networks(p.Clients); err != nil {
		return c, fmt.Errorf("%w: releasing by client: %w", runbook.ErrInput, err)
	}
	var errs [2]error
	c.Since, errs[0] = moment(p.Since)
	c.Until, errs[1] = moment(p.Until)
	if p.Clean && len(p.IDs) == 0 {
		c.Oldest = now(env).Add(-maxAge)
	}
	if err = errors.Join(errs[:]...); err != nil {
		return c, fmt.Errorf("%w: releasing by time: %w", runbook.ErrInput, err)
	}
	c.Except, err = p.except(own)
	return c, err
}

func now(env setaside.Env) time.Time {
	if env.Clock == nil {
		return time.Now()
	}
	return env.Clock()
}

// except reads the exclusions. What could exclude nothing by a slip of the pen is refused: it would let go what was to stay.
func (p releaseParams) except(own []string) (x pick.Exclusion, err error) {
	for _, name := range p.ExceptSenders {
		if err := checkSender(name); err != nil {
			return x, err
		}
	}
	x.Senders = address.NewSet(p.ExceptSenders, own)
	x.Senders.Anywhere = len(own) == 0
	if x.Clients, err = networks(p.ExceptClients); err != nil {
		return x, fmt.Errorf("%w: excluding clients: %w", runbook.ErrInput, err)
	}
	var errs [2]error
	x.Since, errs[0] = moment(p.ExceptSince)
	x.Until, errs[1] = moment(p.ExceptUntil)
	x.Since = x.Since.Truncate(time.Second) // the time of a file is known to the second
	if err = errors.Join(errs[:]...); err == nil && !x.Until.IsZero() && !x.Since.Before(x.Until) {
		err = errors.New("except_until is not after except_since")
	}
	if err != nil {
		return x, fmt.Errorf("%w: excluding a time: %w", runbook.ErrInput, err)
	}
	return x, nil
}

// checkSender refuses what is no address, domain or account, such as several of them in one text.
func checkSender(name string) error {
	bare := strings.TrimSuffix(strings.TrimPrefix(name, "<"), ">")
	local, domain, at := strings.Cut(bare, "@")
	if name == "<>" || bare != "" && !strings.ContainsAny(bare, " ,;:<>\"\\|") && !strings.ContainsFunc(bare, func(r rune) bool { return r < ' ' || r == 0x7f }) &&
		(!at || domain != "" && !strings.Contains(domain, "@") && local+domain != "") {
		return nil
	}
	return fmt.Errorf("%w: excluding sender %q: it is no address, domain or account name; give one in each place", runbook.ErrInput, name)
}

func networks(list []string) (all []netip.Prefix, err error) {
	for _, s := range list {
		n, err := network(s)
		if err != nil {
			return nil, err
		}
		all = append(all, n)
	}
	return all, nil
}

// network reads an address or a network. One of IPv4 addresses that are written as IPv6 is one of IPv4 addresses.
func network(s string) (netip.Prefix, error) {
	if !strings.Contains(s, "/") {
		a, err := netip.ParseAddr(s)
		if err != nil {
			return netip.Prefix{}, fmt.Errorf("%.60q is no address", s)
		}
		a = a.Unmap().WithZone("")
		return netip.PrefixFrom(a, a.BitLen()), nil
	}
	n, err := netip.ParsePrefix(s)
	if err != nil {
		return n, fmt.Errorf("%.60q is no network: write ADDRESS/LENGTH, the length from 0 to 32 (IPv4) or 128 (IPv6)", s)
	}
	if n.Addr().Is4In6() {
		if n.Bits() < 96 {
			return n, fmt.Errorf("network %q is neither one of IPv4 addresses nor one of IPv6", s)
		}
		n = netip.PrefixFrom(n.Addr().Unmap(), n.Bits()-96)
	}
	return n.Masked(), err
}

// moment reads a time; without a zone it is the local time of the server.
func moment(s string) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02 15:04:05", "2006-01-02T15:04:05", "2006-01-02 15:04", "2006-01-02T15:04", time.DateOnly} {
		if t, err := time.ParseInLocation(layout, s, time.Local); err == nil {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("time %q is neither 2026-11-21, nor 2026-11-21 03:12, nor RFC 3339", s)
}
