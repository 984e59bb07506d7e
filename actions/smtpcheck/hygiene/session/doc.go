// Package session holds the conversations of the hygiene tests with one listener, and what they have shown so far.
//
// In order: a Run says how to ask and who asks; New begins with a listener; Session.Try makes one test and returns its Row. A test asks by
// Session.Meet or Open, Say and Envelope, enters what it finds in the row, and leaves it Unknown where an answer is missing; Try asks once more
// inside TLS where the server wants that first.
//
// One connection at a time, pauses between tests, at most MaxRcpts recipients, an end at a 421. After a time-out or two the listener is left
// alone, so that no peer keeps a run waiting.
package session

import (
	"context"
	"net"
	"net/netip"
	"time"

	"hikeshi/actions/smtpcheck/consent"
	"hikeshi/actions/smtpcheck/relay"
	"hikeshi/actions/smtpcheck/relay/judge"
	"hikeshi/actions/smtpcheck/talk"
	"hikeshi/runbook"
)

// The bounds of a run, besides those of package relay.
const (
	MaxRcpts = 40  // recipients named to one listener
	perConn  = 4   // tests in one connection
	maxDead  = 2   // connections in a row that come to nothing, after which a listener is left alone
	maxReply = 300 // bytes of a reply in a row; the transcript has all of it
)

// A Verdict is what one test has shown.
type Verdict string

// The verdicts.
const (
	Good    Verdict = "good"
	Bad     Verdict = "bad"
	Note    Verdict = "note"    // not bad, and worth knowing
	Unknown Verdict = "unknown" // could not be determined; never good
	NotRun  Verdict = "not-run" // by design, or for want of something that was not given
)

// A Row is one test at one listener.
type Row struct {
	ID       string
	Listener string
	Verdict  Verdict
	Asked    []string // commands, safe and without secrets
	Answered []string // one for each command, "" where there was none
	Codes    string   // what the verdict rests on, without names that differ from run to run: 250/550
	Why      runbook.Text
	Inside   bool // asked from where servers trust their own
	Unmet    bool // the recommendation of RFC 2505 behind it is not met
}

// A Report is what one listener has shown.
type Report struct {
	At      netip.AddrPort
	Host    string // the name it was asked for by, or that it says of itself; may be ""
	By      string // who said yes
	Own     bool   // an own address, by configuration
	Banner  string
	Said    string // banner and reply to HELP, by which a server is recognised
	TLS     bool   // it can be had
	Vantage judge.Vantage
	Rows    []Row
	Nothing bool         // nothing listens there
	Spare   bool         // where nothing listens nothing is missing: nobody named it
	Stopped runbook.Text // why it was left alone before the end; empty if it was not
	Rcpts   int          // recipients named
}

// Listener is how the listener is called.
func (r Report) Listener() string { return r.At.String() }

// Names looks up names and addresses; net.Resolver is one.
type Names interface {
	LookupAddr(ctx context.Context, addr string) ([]string, error)
	LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error)
}

// A Run says how listeners are asked, and by whom.
type Run struct {
	Dial    func(ctx context.Context, network, address string) (net.Conn, error)
	Clock   func() time.Time
	Log     *talk.Log     // the transcript of everything
	Wait    time.Duration // for one reply; 0: talk.DefaultWait
	Pause   time.Duration // between tests
	Limit   time.Duration // for one listener; 0: relay.DefaultLimit
	Helo    string        // our name
	Probe   string        // P: a mailbox that is foreign to the target
	Sender  string        // F: a second foreign sender
	Account string        // U: the local part of an account of the target; "" if none is known, postmaster stands in then
	Domain  string        // T: a domain of the target; "" if none is known
	Login   *relay.Login  // a test account, with the leave to use it; may be nil
	POP     func(ctx context.Context, at netip.Addr, l relay.Login) error
	Names   Names // nil: H22 is not run
	Own     func(netip.Addr) bool
	Deliver bool   // H21, where the grant allows it
	RunID   string // id of the incident or the run, for the header of H21

	Progress func(done, total int64)
}

// A Session is the asking of one listener.
type Session struct {
	Run   Run
	Ctx   context.Context
	Grant consent.Grant
	Rep   *Report

	Conn    *talk.Conn   // nil: Meet opens one
	Control Control      // what refusals are worth
	Why     runbook.Text // of the control, where it did not pass
	Clear   *talk.Caps   // after Look, of the EHLO in clear; nil: not known, or there is no such thing on this port
	Secured *talk.Caps   // and inside TLS; nil: not known, or there is no TLS
	NoTLS   runbook.Text // why Secured is nil
	Torn    bool         // STARTTLS was tried, and nothing came of it that says whether TLS can be had
	Stood   string       // a name that the server does not know
	Also    string       // another one

	end  time.Time // of the time for the listener
	used int       // tests in it
	last time.Time // end of the test before
	dead int       // connections in a row that came to nothing
	tls  bool      // transactions are made inside TLS, since the server wants that
	want bool      // the last reply says that TLS has to come first

	looked bool
}

// A Control says what refusals are worth.
type Control string

// What the control has shown.
const (
	Unasked    Control = ""       // nothing
	Passed     Control = "passed" // mail to an account would be taken: refusals of the others count
	LoginFirst Control = "login"  // nothing is taken without a login: they count too
	Failed     Control = "failed" // refused as well: no refusal proves anything
)

// Account is a local part that the server knows. postmaster exists everywhere (RFC 5321 section 4.5.1).
func (s *Session) Account() string {
	if s.Run.Account == "" {
		return "postmaster"
	}
	return s.Run.Account
}

// Known is the address of Account.
func (s *Session) Known() string { return s.Account() + "@" + s.Run.Domain }

// MX says that other servers deliver here.
func (s *Session) MX() bool { return !s.Submission() }

// Submission says that users hand in mail here.
func (s *Session) Submission() bool { return s.Implicit() || s.Rep.At.Port() == 587 }

// Implicit says that TLS begins with the connection (RFC 8314).
func (s *Session) Implicit() bool { return s.Rep.At.Port() == 465 }
