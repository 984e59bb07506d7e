// Package consent knows which servers may be tested, and who said so. To test a server unasked is abuse itself, so nothing is sent to an address
// that does not stand here.
//
// The server's own addresses and loopback may be tested by configuration. Others stand in a file of authorised targets:
//
//	format: 1
//	targets:
//	  - address: 192.0.2.25            # or a network, at most 256 IPv4 addresses or a /64
//	    ports: [25, 465, 587]          # none: these three
//	    by: "Hanako Sato, example.jp, by telephone on 2026-11-20"
//	    until: "2026-12-31"            # the last day, in UTC
//	    deliver: true                  # a real message may be sent, to the probe mailbox only
//	    probe: relaytest@probe.example # the tester's own mailbox; with deliver
//
// In order: Load reads the file; Table.Ask says whether an address and port may be tested and returns a Grant, without which package relay
// sends nothing.
package consent

import (
	"errors"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"time"

	"hikeshi/runbook/strictyaml"
)

// ErrNone says that nobody said yes.
var ErrNone = errors.New("not an authorised target")

// A Grant is the leave to test one listener. The zero Grant is none.
type Grant struct {
	At      netip.AddrPort
	By      string // who said yes
	Until   time.Time
	Own     bool   // an address of the tester's own server
	Deliver bool   // real messages, to Probe
	Probe   string // "" if Deliver is false
	Near    string // what an entry with deliver: true lacks, where Deliver is false; "" if there is none
}

// Valid says whether g is a leave to test at.
func (g Grant) Valid(at netip.AddrPort) bool { return g.At.IsValid() && g.At == at }

// A Table is who said yes to what.
type Table struct {
	Own   []netip.Prefix // what belongs to the owner of the server that is tested from
	Name  string         // of the file, for hints; "" if there is none
	rules []rule
}

type rule struct {
	prefix  netip.Prefix
	ports   []uint16
	by      string
	until   time.Time // the first moment after
	deliver bool
	probe   string
}

type document struct {
	Format  strictyaml.At[int] `yaml:"format"`
	Targets []entry            `yaml:"targets"`
}

type entry struct {
	strictyaml.Pos
	Address strictyaml.At[string] `yaml:"address"`
	Ports   []strictyaml.At[int]  `yaml:"ports"`
	By      strictyaml.At[string] `yaml:"by"`
	Until   strictyaml.At[string] `yaml:"until"`
	Deliver bool                  `yaml:"deliver"`
	Probe   strictyaml.At[string] `yaml:"probe"`
}

// Ports are those that are tested where none is named: mail, submission with TLS, submission.
func Ports() []uint16 { return []uint16{25, 465, 587} }

// Load reads a file of authorised targets. The error holds a *strictyaml.Mistakes with all that is wrong; nobody said yes then.
func Load(name string, data []byte, own []netip.Prefix) (Table, error) {
	t := Table{Own: own, Name: name}
	d := strictyaml.Read(name, data)
	var doc document
	d.Decode(&doc)
	if doc.Format.V != 1 && !d.Torn() && (doc.Format.OK || !doc.Format.Given()) {
		d.Mistake(strictyaml.Pos{Line: max(1, doc.Format.Line), Column: 1}, "format: 1 is wanted")
	}
	for _, e := range doc.Targets {
		t.rules = append(t.rules, read(d, e))
	}
	if err := d.Err(); err != nil {
		return Table{Own: own, Name: name}, fmt.Errorf("reading the authorised targets: %w", err)
	}
	return t, nil
}

var addressForm = regexp.MustCompile(`^[A-Za-z0-9._+-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,250}[A-Za-z0-9])?$`)

// IsMailbox says whether s is a plain mail address, as a probe mailbox is: letters, digits and ._+- before the @, a host name after it.
func IsMailbox(s string) bool { return addressForm.MatchString(s) && !strings.Contains(s, "..") }

func read(d *strictyaml.Document, e entry) rule {
	r := rule{by: e.By.V, deliver: e.Deliver, probe: e.Probe.V}
	var err error
	if r.prefix, err = prefix(e.Address.V); e.Address.OK && err != nil {
		d.Mistake(e.Address.Pos, "%s", err)
	}
	for key, at := range map[string]strictyaml.At[string]{"address": e.Address, "by": e.By, "until": e.Until} {
		if !at.Given() && !d.Meant(e.Pos, key) {
			d.Mistake(e.Pos, "the target has no %s", key)
		}
	}
	if e.By.OK && strings.TrimSpace(e.By.V) == "" {
		d.Mistake(e.By.Pos, "say who said yes")
	}
	for _, p := range e.Ports {
		if p.OK && (p.V < 1 || p.V > 65535) {
			d.Mistake(p.Pos, "a port is a number from 1 to 65535")
		}
		r.ports = append(r.ports, uint16(p.V))
	}
	if len(r.ports) == 0 {
		r.ports = Ports()
	}
	day, err := time.Parse(time.DateOnly, e.Until.V)
	if r.until = day.AddDate(0, 0, 1); e.Until.OK && err != nil {
		d.Mistake(e.Until.Pos, "a day such as 2026-12-31 is wanted")
	}
	switch {
	case e.Probe.OK && !IsMailbox(e.Probe.V):
		d.Mistake(e.Probe.Pos, "a mail address such as relaytest@probe.example is wanted")
	case e.Deliver && !e.Probe.Given() && !d.Meant(e.Pos, "probe"):
		d.Mistake(e.Pos, "deliver: true needs the probe mailbox that messages go to")
	case !e.Deliver && e.Probe.Given():
		d.Mistake(e.Probe.Pos, "a probe mailbox is for deliver: true")
	}
	return r
}

// prefix reads an address or a network that is not too wide to have been meant.
func prefix(s string) (netip.Prefix, error) {
	if a, err := netip.ParseAddr(s); err == nil && a.Zone() == "" {
		return netip.PrefixFrom(a.Unmap(), a.Unmap().BitLen()), nil
	}
	p, err := netip.ParsePrefix(s)
	switch {
	case err != nil:
		return p, fmt.Errorf("an address or a network is wanted, and here is %q; a name is not enough, since it may come to mean another server", s)
	case p.Addr().Is4() && p.Bits() < 24 || p.Addr().Is6() && p.Bits() < 64:
		return p, fmt.Errorf("%s is wider than the servers of one owner: at most an IPv4 /24 or an IPv6 /64", s)
	}
	return p.Masked(), nil
}

// Ask says whether at may be tested now. The error wraps ErrNone and says what is missing.
func (t Table) Ask(at netip.AddrPort, now time.Time) (Grant, error) {
	at = netip.AddrPortFrom(at.Addr().Unmap().WithZone(""), at.Port())
	why, near := "nobody said yes", ""
	best := Grant{}
	if t.IsOwn(at.Addr()) {
		best = Grant{At: at, By: "own address", Own: true}
	}
	for _, r := range t.rules {
		if !r.prefix.Contains(at.Addr()) {
			continue
		}
		switch lacks := r.lacks(at.Port(), now); {
		case lacks != "":
			if why = lacks; r.deliver {
				near = lacks
			}
		case !best.At.IsValid() || r.deliver && !best.Deliver:
			best = Grant{At: at, By: r.by, Until: r.until, Own: best.Own, Deliver: r.deliver, Probe: r.probe}
		}
	}
	if !best.At.IsValid() {
		return Grant{}, fmt.Errorf("testing %s: %w: %s", at, ErrNone, why)
	}
	if !best.Deliver {
		best.Near = near
	}
	return best, nil
}

// lacks says why the entry of an address is no leave for a port now; "" if it is.
func (r rule) lacks(port uint16, now time.Time) string {
	switch {
	case !slices.Contains(r.ports, port):
		return fmt.Sprintf("the leave of %q is not for port %d", r.by, port)
	case !now.Before(r.until):
		return fmt.Sprintf("the leave of %q ended on %s", r.by, r.until.AddDate(0, 0, -1).Format(time.DateOnly))
	}
	return ""
}

// IsOwn says whether a belongs to the owner of the server: configured, found on the machine, or loopback.
func (t Table) IsOwn(a netip.Addr) bool {
	a = a.Unmap().WithZone("")
	return a.IsLoopback() || slices.ContainsFunc(t.Own, func(p netip.Prefix) bool { return p.Contains(a) })
}

// Sample is the entry that would authorise at, as one line for a hint. probe is "" unless real messages are to be sent.
func Sample(at netip.AddrPort, probe string) string {
	more := ""
	if probe != "" {
		more = ", deliver: true, probe: " + probe
	}
	return fmt.Sprintf("- {address: %q, ports: [%d], by: \"WHO SAID YES, AND HOW\", until: \"YYYY-MM-DD\"%s}", at.Addr().Unmap().String(), at.Port(), more)
}
