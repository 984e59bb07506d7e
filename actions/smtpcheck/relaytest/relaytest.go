// Package relaytest is the kind smtp.relaytest: does a mail server pass on the mail of strangers?
//
// In order: fill in an Env; Env.RelayTest makes the test a Request asks for; Report tells what it has shown, as findings, as facts and as the
// transcript of everything that was said. See package relay for the manners of the test and judge for what the answers mean.
//
// Nothing is sent to a server that is not an authorised target, and no real message without a consent that says so and names the mailbox it
// goes to.
package relaytest

import (
	"context"
	"fmt"
	"net"
	"os"
	"time"

	"hikeshi/actions/smtpcheck/pattern"
	"hikeshi/actions/smtpcheck/probe"
	"hikeshi/actions/smtpcheck/probe/imap"
	"hikeshi/actions/smtpcheck/relay"
	"hikeshi/actions/smtpcheck/talk"
	"hikeshi/actions/smtpcheck/target"
	"hikeshi/runbook"
	"hikeshi/runbook/strictyaml"
)

// Env is what a relay test works with. Without a dialer nothing is tested.
type Env struct {
	Dial     func(ctx context.Context, network, address string) (net.Conn, error) // from the address that is wanted
	Clock    func() time.Time
	Builtin  []byte // the built-in relay tests
	Patterns string // an own file of tests; "" if there is none
	Book     target.Book
	Account  string   // of the target, U@T
	Domain   string   // of the target; "" for that of the account
	Domains  []string // of the server itself, the first for own addresses where Domain is ""
	Probe    string   // the probe mailbox, P
	Sender   string   // a second foreign sender, F
	Receiver string   // ADDR:PORT where mail to the probe mailbox arrives; "" if it arrives in Maildir or IMAP
	Maildir  string
	IMAP     func() (imap.Place, error)   // where the probe mailbox is, and its password; nil if it is not asked over IMAP
	Login    func() (*relay.Login, error) // the test account; nil, or returning nil, if there is none
	Find     func() string                // an account of the server itself, where none is named; nil, or "", if none is known
	Fast     bool                         // own addresses are asked without pauses, as if every request said so
	Wait     time.Duration                // for one reply; 0: talk.DefaultWait
}

// The addresses of a dry run, which cannot receive.
const (
	DryProbe  = "relaytest@probe.example"
	DrySender = "spamtest@sender.example"
)

// Kind is smtp.relaytest.
func Kind(env Env) runbook.Kind {
	return runbook.Kind{
		Name: "smtp.relaytest", Short: runbook.T("test whether the server relays for strangers", "第三者中継をしないか試験する"), Facts: Facts{}, Action: action{env},
		Reads: []string{"services", "relay", "tables", "settings", "accounts"}, Watched: true,
		Params: []runbook.Param{
			{Name: "targets", Type: runbook.Strings, Short: "HOST, ADDRESS, or either with :PORT, without which 25, 465 and 587 (the server itself)"},
			{Name: "account", Type: runbook.String, Short: "an account of the target, user@domain; without one a closed server is undetermined"},
			{Name: "domain", Type: runbook.String, Short: "a domain of the target (that of the account)"},
			{Name: "backup_domain", Type: runbook.String, Short: "a domain that it is secondary MX for"},
			{Name: "probe", Type: runbook.String, Short: "the probe mailbox, at a foreign domain of your own"},
			{Name: "from", Type: runbook.String, Short: "a second foreign sender, of your own"},
			{Name: "patterns", Type: runbook.String, Short: "a file of own tests"},
			{Name: "fast", Type: runbook.Bool, Short: "no pauses; own addresses only"},
			{Name: "deliver", Type: runbook.Bool, Short: "send real messages to the probe mailbox, where the consent says so; in a run only"},
			{Name: "failing_login", Type: runbook.Bool, Short: "one login may fail"},
			{Name: "pop", Type: runbook.Bool, Short: "the test account may log in over POP3"},
			{Name: "retry_deferred", Type: runbook.Bool, Short: "ask again what was put off, after 5 minutes and after 10 more"},
			{Name: "window", Type: runbook.Duration, Short: "how long is waited for messages (30m)"},
			{Name: "limit", Type: runbook.Duration, Short: "time for one listener (15m)"},
		},
	}
}

// Table reads the built-in tests and the own file, "" for that of the configuration. Mistakes in it are an error that holds a
// *strictyaml.Mistakes; where it cannot be opened the error wraps runbook.ErrInput.
func (e Env) Table(own string) (pattern.Table, error) {
	if own == "" {
		own = e.Patterns
	}
	if own == "" {
		return pattern.Load(e.Builtin, "", nil)
	}
	data, err := readFile(own)
	if err != nil {
		return pattern.Table{}, fmt.Errorf("%w: reading the relay tests: %w", runbook.ErrInput, err)
	}
	return pattern.Load(e.Builtin, own, data)
}

func readFile(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return strictyaml.ReadAll(f)
}

// A mailbox is where messages arrive, to be closed.
type mailbox interface {
	Poll() ([]probe.Arrival, error)
	Close() error
}

// linger is how long a mailbox may still be read when a test was cut short: what was sent until then may have arrived.
const linger = 5 * time.Second

// outlasting is a context that ends a little later than ctx.
func outlasting(ctx context.Context) context.Context {
	later, end := context.WithCancel(context.WithoutCancel(ctx))
	context.AfterFunc(ctx, func() { time.AfterFunc(linger, end) })
	return later
}

// every is how long is waited from one look into the mailbox to the next: longer where somebody else's server is asked.
func (e Env) every() time.Duration {
	if e.Receiver == "" && e.Maildir == "" {
		return 5 * time.Second
	}
	return time.Second
}

// openMailbox opens the probe mailbox. What is said to a server of it is written in log.
func (e Env) openMailbox(ctx context.Context, address string, log *talk.Log) (mailbox, error) {
	switch {
	case e.Receiver != "":
		l, err := net.Listen("tcp", e.Receiver)
		if err != nil {
			return nil, fmt.Errorf("%w: listening for the probe mailbox: %w", runbook.ErrInput, err)
		}
		return probe.Listen(l, address, e.Clock), nil
	case e.Maildir != "":
		m, err := probe.Open(e.Maildir, e.Clock)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", runbook.ErrInput, err)
		}
		return m, nil
	case e.IMAP != nil:
		p, err := e.IMAP()
		if err != nil {
			return nil, fmt.Errorf("%w: %w", runbook.ErrInput, err)
		}
		p.Log = log
		b, err := imap.Open(outlasting(ctx), p)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", runbook.ErrUndetermined, err)
		}
		return b, nil
	}
	return nil, fmt.Errorf("%w: real messages need a mailbox where they are seen to arrive (smtp.receiver, smtp.maildir or smtp.imap)", runbook.ErrInput)
}
