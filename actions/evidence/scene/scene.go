// Package scene is what all kinds of package evidence look with: the server, its places, the functions that look, and the way their
// parameters are read.
package scene

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"hikeshi/actions/evidence/look"
	"hikeshi/runbook"
	"hikeshi/spool"
	"hikeshi/spool/machine"
)

// Env is what the kinds of this package work with. A function that is nil means that nobody can tell.
type Env struct {
	Server spool.Server
	Own    spool.Own
	Traces spool.Traces
	Clock  func() time.Time // the present moment
	Oldest time.Duration    // age from which mail in the queue is late; 0: not judged

	Connections func() ([]machine.Connection, error)
	Interfaces  func() ([]machine.Interface, error)
	Load        func() (machine.Load, error)
	Space       func(path string) (machine.Space, error)
	ClockState  func() (machine.Clock, error)
	Processes   func(name string) ([]spool.Process, error)
	Process     func(pid int) (machine.Process, error)

	// Account says whether an address is an account, an alias or a list of the server, and whether the account has something to log
	// in with.
	Account func(address string) (exists, auth bool, err error)
	// Rule is what the server demands of those who hand in mail.
	Rule func() (spool.LoginRule, error)
	// Logins reads the end of the log that tells of logins.
	Logins func(ctx context.Context) (spool.Logins, error)
	// Sent begins to count what the log of deliveries tells from now on; a nil count says that the log is off.
	Sent func(ctx context.Context) (count func(context.Context) (n int, err error), err error)
	// Running names which of the services run now. Nil means that nobody can tell, as on a mounted disk.
	Running func(ctx context.Context, services []spool.Service) ([]string, error)
	// Left counts the deliveries to outside since a moment in the place of the kernel's tables; for a lab.
	Left func(since time.Time) (int, error)
}

// SMTP is the port that servers deliver to.
const SMTP = 25

// Times are the parameters of a look.
type Times struct {
	Limit  string `json:"limit"`
	Gap    string `json:"gap"`
	For    string `json:"for"`
	Sample int    `json:"sample"`

	ByLogin int `json:"by_login"`
	ByName  int `json:"by_name"`

	ByForeign int      `json:"by_foreign"`
	Judged    bool     `json:"judged"`
	LoggedIn  []string `json:"logged_in"`
	Guessed   []string `json:"guessed"`
}

// Span reads one of them; what is left out is otherwise.
func Span(name, text string, otherwise time.Duration) (time.Duration, error) {
	if text == "" {
		return otherwise, nil
	}
	d, err := time.ParseDuration(text)
	if err != nil || d <= 0 {
		return 0, errors.Join(fmt.Errorf("reading parameter %s: %q is no duration above 0", name, text), err)
	}
	return d, nil
}

// Bounds reads limit and gap, by default 10 and 2 seconds.
func Bounds(in runbook.Input) (limit, gap time.Duration, err error) {
	var t Times
	if err := in.Decode(&t); err != nil {
		return 0, 0, err
	}
	if limit, err = Span("limit", t.Limit, 10*time.Second); err != nil {
		return 0, 0, err
	}
	gap, err = Span("gap", t.Gap, 2*time.Second)
	return limit, gap, err
}

// Now is the present moment in UTC.
func (e Env) Now() time.Time {
	if e.Clock == nil {
		return time.Now().UTC()
	}
	return e.Clock().UTC()
}

// ErrNobody is the error of a look that has no function.
var ErrNobody error = look.Reason{Text: runbook.T("nobody can tell here", "ここでは調べられない"), Err: errors.ErrUnsupported}

// Pause lets time pass; false says that ctx has ended.
func Pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// Ours says whether an address is of this machine.
func (e Env) Ours(a netip.Addr) bool {
	a = a.Unmap()
	if a.IsLoopback() || a.IsUnspecified() {
		return true
	}
	for _, p := range e.Own.Addresses {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

// MailPort says whether a port is one of SMTP, POP3 and IMAP4.
func MailPort(port uint16) bool {
	return slices.Contains([]uint16{SMTP, 465, 587, 110, 143, 993, 995}, port)
}

// Outbound says whether a connection is a delivery to another machine.
func (e Env) Outbound(c machine.Connection) bool {
	return c.Remote.Port() == SMTP && !MailPort(c.Local.Port()) && !e.Ours(c.Remote.Addr()) && (c.State == machine.Established || c.State == machine.SynSent)
}

// Set are the folders that mail is delivered from.
func (e Env) Set() []spool.Folder {
	var all []spool.Folder
	for _, f := range e.Server.Folders() {
		if f.Set {
			all = append(all, f)
		}
	}
	return all
}
