// Package target finds the addresses and ports that a test is for, and asks for the leave to test them.
//
// In order: Parse reads a target as it is written; Book.Listeners looks up what it means; Book.Authorise asks for leave for all of them, before
// one of them is connected to.
package target

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"hikeshi/actions/smtpcheck/consent"
	"hikeshi/actions/smtpcheck/talk"
	"hikeshi/runbook"
	"hikeshi/runbook/strictyaml"
)

var nameForm = regexp.MustCompile(`^[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)+$`)

// IsName says whether s is a host name of two parts or more.
func IsName(s string) bool {
	_, err := netip.ParseAddr(s)
	return err != nil && len(s) <= 253 && nameForm.MatchString(s)
}

// maxListeners bounds what is tested in one run.
const maxListeners = 16

// A Target is what is to be tested, as it was written.
type Target struct {
	Host string     // a name, or ""
	Addr netip.Addr // invalid for a name
	Port uint16     // 0: the three of package consent
}

// Parse reads HOST, ADDRESS, HOST:PORT, ADDRESS:PORT or [V6]:PORT. The error wraps runbook.ErrInput.
func Parse(s string) (Target, error) {
	bad := fmt.Errorf("%w: target %q is not a host, an address, or one of them with :PORT ([2001:db8::25]:25 for IPv6)", runbook.ErrInput, talk.Safe(s))
	if a, err := netip.ParseAddr(strings.Trim(s, "[]")); err == nil && a.Zone() == "" {
		return Target{Addr: a.Unmap()}, nil
	}
	t, host := Target{}, s
	if h, port, err := net.SplitHostPort(s); err == nil {
		n, err := strconv.ParseUint(port, 10, 16)
		if err != nil || n == 0 {
			return t, bad
		}
		t.Port, host = uint16(n), h
	}
	if a, err := netip.ParseAddr(host); err == nil && a.Zone() == "" {
		t.Addr = a.Unmap()
		return t, nil
	}
	if host = strings.ToLower(strings.TrimSuffix(host, ".")); host != "localhost" && !IsName(host) {
		return t, bad
	}
	t.Host = host
	return t, nil
}

// A Listener is one address and port that is tested.
type Listener struct {
	At       netip.AddrPort
	Host     string        // the name that was asked for, or ""
	Optional bool          // 465 or 587 that nobody named: there need not be anything
	Grant    consent.Grant // after Authorise
}

// A Resolver finds the addresses of a name; net.Resolver is one.
type Resolver interface {
	LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error)
}

// A Book is where names are looked up, and who may be tested.
type Book struct {
	Resolver Resolver
	File     string         // of authorised targets; "" if there is none
	Own      []netip.Prefix // the server's own addresses, authorised by configuration
	Clock    func() time.Time

	// Self are the targets that are the server itself, for those who name none; without any, why there are none. nil: nothing is known of it.
	Self func() (targets []string, why runbook.Text)
}

// Named returns the targets that were named, or those that are the server itself. Without any it says why.
func (b Book) Named(targets []string) ([]string, runbook.Text) {
	switch {
	case len(targets) > 0:
		return targets, runbook.Text{}
	case b.Self == nil:
		return nil, runbook.T("it is not known where the server listens: name it", "サーバの待ち受け先が分からない。対象を指定すること")
	}
	return b.Self()
}

// Consents reads the file of authorised targets. A file that is not there authorises nobody. Mistakes in it are an error that holds a
// *strictyaml.Mistakes; where it cannot be opened the error wraps runbook.ErrInput.
func (b Book) Consents() (consent.Table, error) {
	none := consent.Table{Own: b.Own, Name: b.File}
	if b.File == "" {
		return none, nil
	}
	f, err := os.Open(b.File)
	if errors.Is(err, fs.ErrNotExist) {
		return none, nil
	}
	if err != nil {
		return none, fmt.Errorf("%w: reading the authorised targets: %w", runbook.ErrInput, err)
	}
	defer f.Close()
	data, err := strictyaml.ReadAll(f)
	if err != nil {
		return none, fmt.Errorf("%w: reading the authorised targets: %w", runbook.ErrInput, err)
	}
	return consent.Load(b.File, data, b.Own)
}

// Listeners are the addresses and ports of all targets, each once. A name that has no address is an error wrapping runbook.ErrUndetermined.
func (b Book) Listeners(ctx context.Context, targets []string) ([]Listener, error) {
	var all []Listener
	for _, s := range targets {
		t, err := Parse(s)
		if err != nil {
			return nil, err
		}
		addrs := []netip.Addr{t.Addr}
		if t.Host != "" {
			if addrs, err = b.resolve(ctx, t.Host); err != nil {
				return nil, err
			}
		}
		ports := consent.Ports()
		if t.Port != 0 {
			ports = []uint16{t.Port}
		}
		for _, a := range addrs {
			for _, p := range ports {
				at, optional := netip.AddrPortFrom(a, p), t.Port == 0 && p != 25
				if i := slices.IndexFunc(all, func(l Listener) bool { return l.At == at }); i >= 0 {
					all[i].Optional = all[i].Optional && optional
					continue
				}
				all = append(all, Listener{At: at, Host: t.Host, Optional: optional})
			}
		}
	}
	if len(all) == 0 || len(all) > maxListeners {
		return nil, fmt.Errorf("%w: %d addresses and ports to test, and 1 to %d are wanted", runbook.ErrInput, len(all), maxListeners)
	}
	return all, nil
}

func (b Book) resolve(ctx context.Context, host string) ([]netip.Addr, error) {
	if b.Resolver == nil {
		return nil, fmt.Errorf("%w: looking up %s: no resolver is known", runbook.ErrUndetermined, host)
	}
	found, err := b.Resolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return nil, fmt.Errorf("%w: looking up %s: %w", runbook.ErrUndetermined, host, err)
	}
	var all []netip.Addr
	for _, a := range found {
		if a = a.Unmap().WithZone(""); !slices.Contains(all, a) {
			all = append(all, a)
		}
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("%w: %s has no address", runbook.ErrUndetermined, host)
	}
	slices.SortFunc(all, netip.Addr.Compare)
	return all, nil
}

// An Unauthorised is the refusal to test a listener: nobody said yes to what was asked for. It wraps runbook.ErrInput.
type Unauthorised struct {
	At    netip.AddrPort
	Probe string // the mailbox for real messages, if it is their leave that is missing
	Err   error
}

// Error says what is missing.
func (u *Unauthorised) Error() string { return fmt.Sprintf("%s: %s", runbook.ErrInput, u.Err) }

// Unwrap returns the reason, and runbook.ErrInput.
func (u *Unauthorised) Unwrap() []error { return []error{runbook.ErrInput, u.Err} }

// Entry is what has to stand in the file of authorised targets.
func (u *Unauthorised) Entry() string { return consent.Sample(u.At, u.Probe) }

// Authorise asks for leave to test every listener, before one of them is connected to. mailbox is "" unless real messages are to be sent.
func (b Book) Authorise(all []Listener, mailbox string) error {
	table, err := b.Consents()
	if err != nil {
		return err
	}
	for i := range all {
		if all[i].Grant, err = table.Ask(all[i].At, b.Clock()); err != nil {
			return &Unauthorised{At: all[i].At, Probe: mailbox, Err: err}
		}
		if g := all[i].Grant; mailbox != "" && (!g.Deliver || g.Probe != mailbox) {
			why := fmt.Sprintf("the leave of %q is not for that", g.By)
			switch {
			case g.Deliver:
				why = fmt.Sprintf("the leave of %q is for %s", g.By, g.Probe)
			case g.Near != "":
				why = g.Near
			}
			return &Unauthorised{At: all[i].At, Probe: mailbox, Err: fmt.Errorf("sending messages through %s to %s: %w: %s", all[i].At, mailbox, consent.ErrNone, why)}
		}
	}
	return nil
}
