// Package ledger keeps the books of a sweep: who logged in, from where, and what they sent, by hour and by day, in bounded memory.
//
// The span is the window that is asked about and the days of history before it. Days are counted from the beginning of the window, in
// spans of 24 hours; the history tells what is usual: a peer is usual for an account after two earlier days (one, in a
// history of less than a week), or as one of a
// provider's pool: a network (/24, of IPv6 /48) of which the account used at least three addresses on at least three earlier days.
//
// When a table is full, those with the least in them go, and Lost says how much any of what is left can be too low.
package ledger

import (
	"math"
	"net/netip"

	"hikeshi/actions/logs/deed"
	"hikeshi/actions/logs/entry"
	"hikeshi/actions/logs/join"
	"hikeshi/spool"
)

// Bounds of the tables.
const (
	maxAccounts = 20_000
	maxSources  = 60_000
	maxUses     = 4_096   // peers of one account
	maxAllUses  = 150_000 // of all accounts
	maxSteps    = 1 << 20
	day         = 86400
	hour        = 3600
	minute      = 60
)

// The parts of a Book.
type (
	Account = entry.Account
	Source  = entry.Source
	Use     = entry.Use
	Guess   = entry.Guess
	Break   = entry.Break
	Step    = entry.Step
	Claims  = entry.Claims
)

// Options say what the books are about. All times are on the wall clock, in seconds.
type Options struct {
	History, Since, Until int64
	Step                  int64                                     // seconds of one step of the timeline; steps begin at multiples of it
	Logins                bool                                      // a log tells of SMTP logins: a message without one was handed in without
	Accepts               bool                                      // a log tells of accepted messages; else the logins with an id are counted
	Taken                 func(wall int64) bool                     // a log tells of the messages that were accepted at that time, with their senders; nil: none does
	Inside                func(p netip.Prefix) bool                 // of the server itself or a private network
	Only                  func(account string, p netip.Prefix) bool // what the timeline counts; nil: everything
	Settled               func(m *join.Message, login string)       // told of each message once, with its login or ""; may be nil
}

// A Book is what a sweep adds up to. Take its batches, then Close it.
type Book struct {
	o        Options
	Accounts map[string]*Account
	Sources  map[netip.Prefix]*Source
	Guessers map[netip.Prefix]*Guess // peers whose logins were refused
	Guessed  map[string]*Guess       // names under which logins were refused
	Steps    []Step                  // the timeline, from the step of Since on
	Strange  entry.Range             // its messages from peers that are not usual
	Owners   entry.Range             // and from those that are
	Lost     int64                   // messages and logins that any figure of an account or a peer may lack
	Full     bool                    // peers of an account, or steps, are left out
	Days     uint32                  // of history with anything in it: bit 0 is the day before the window
	Incoming int64                   // messages from outside for this server, in the window
	Rejects  int64                   // in the window
	Sessions int64                   // of the window that stand for their messages, since no log tells of these
	MadeUp   Claims                  // logins of the window that were none: a sender was made to look like one
	Unproven Claims                  // of which nobody can tell whether they were
	Unjoined Claims                  // messages of the window for outside, from outside, whose session was not found: they count for their peer alone
	Unclear  Claims                  // messages of the window of which nobody knows who sent them and to whom: a space in a column may have shifted the others
	First    int64                   // wall clock of the first and the last deed of the window; 0 none
	Last     int64

	uses, steps int
	join        *join.Joiner
	batch       *deed.Batch
	accounts    []*Account // of the names of the batch
	heard       int64      // when a log last told of SMTP sessions
	claims      join.Claims
	plain, rich [4]int64 // by service: when a log of each sort last told of a login
}

// New returns an empty Book.
func New(o Options) *Book {
	first := entry.Floor(o.Since, max(o.Step, 1))
	n := min(entry.Floor(o.Until-1, max(o.Step, 1))-first+1, 1<<16)
	b := &Book{o: o, Accounts: map[string]*Account{}, Sources: map[netip.Prefix]*Source{}, Guessers: map[netip.Prefix]*Guess{},
		Guessed: map[string]*Guess{}, Steps: make([]Step, max(n, 0))}
	for i := range b.Steps {
		b.Steps[i].At = int32(first) + int32(i)
	}
	b.join = join.New(b.settle)
	return b
}

// Known says whether there is enough history to say what is usual.
func (b *Book) Known() bool { return entry.CountDays(b.Days) >= entry.Enough }

// full is how many days of history show both working days and days off.
const full = 7

// Usual says whether a peer is usual for an account, by the days before the given one: after two days, after one where the history is
// shorter than a week.
func (b *Book) Usual(a *Account, p netip.Prefix, day int) bool {
	days := 1
	if entry.CountDays(entry.Before(b.Days, day)) >= full {
		days = 2
	}
	return a.Usual(p, day, days)
}

// dayOf is the day of a time, counted from the beginning of the window; history has negative days. The last minute begins none: a window of
// a day that was rounded to minutes is one day.
func (b *Book) dayOf(wall int64) int {
	return int(entry.Floor(min(wall, max(b.o.Since, b.o.Until-minute))-b.o.Since, day))
}

// Take enters a batch.
func (b *Book) Take(batch *deed.Batch) {
	b.batch = batch
	b.accounts = append(b.accounts[:0], make([]*Account, len(batch.Names))...)
	for i := range batch.Deeds {
		d := &batch.Deeds[i]
		if d.Wall < b.o.History || d.Wall >= b.o.Until {
			continue
		}
		b.due(d.Wall)
		b.deed(d)
	}
}

// Close enters what still waits for the end of its session.
func (b *Book) Close() {
	b.due(math.MaxInt64)
	b.join.Close()
	for _, a := range b.Accounts {
		a.Close()
	}
}

func (b *Book) deed(d *deed.Deed) {
	if d.Wall >= b.o.Since {
		if b.First == 0 {
			b.First = d.Wall
		}
		b.Last = max(b.Last, d.Wall)
	}
	if d.Framed || d.Session && d.Service == spool.SMTP {
		b.heard = d.Wall
	}
	switch d.Kind {
	case spool.EventConnect:
		if p := b.place(d); p.IsValid() && d.Framed {
			b.join.Connect(p, d.Wall)
		}
	case spool.EventLogin:
		b.login(d)
	case spool.EventLoginFail:
		b.loginFail(d)
		b.ends(d)
	case spool.EventAccept:
		b.accept(d)
	case spool.EventReject:
		if d.Wall >= b.o.Since {
			b.Rejects++
		}
		b.ends(d)
	case spool.EventSent, spool.EventLocal, spool.EventDeferred, spool.EventBounced:
		b.delivery(d)
	case spool.EventRead:
		b.read(d)
	case spool.EventEnd:
		b.ends(d)
	}
}

// account finds or makes the account of a name of the batch.
func (b *Book) account(name int32) *Account {
	if name == deed.None || b.batch.Names[name] == "" {
		return nil
	}
	if a := b.accounts[name]; a != nil && !a.Gone {
		return a
	}
	a := b.Account(b.batch.Names[name])
	b.accounts[name] = a
	return a
}

// Account finds or makes an account.
func (b *Book) Account(name string) *Account {
	a := b.Accounts[name]
	if a == nil {
		if len(b.Accounts) >= maxAccounts {
			b.pruneAccounts()
		}
		a = entry.New(name, b.o.Since)
		b.Accounts[name] = a
	}
	return a
}

func (b *Book) place(d *deed.Deed) netip.Prefix {
	if d.Place == deed.None {
		return netip.Prefix{}
	}
	return b.batch.Places[d.Place]
}

func (b *Book) recipients(d *deed.Deed) []uint64 { return b.batch.Recipients[d.First:d.Past] }

// told says that another log tells of the same logins: the same sessions are in both. A log of sessions tells of every failure, and
// not from where; the other one tells from where, of the last try of a session only.
func (b *Book) told(d *deed.Deed) bool {
	s := min(int(d.Service), 3)
	mine, other := &b.plain[s], b.rich[s]
	if d.Session {
		mine, other = &b.rich[s], b.plain[s]
	}
	*mine = d.Wall
	return other != 0 && d.Wall-other < 2*hour
}
