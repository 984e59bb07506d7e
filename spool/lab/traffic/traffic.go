// Package traffic is the world outside a rehearsed server: a thief who floods it and never stops trying, and everyone else, who go
// on mailing through it. It speaks real SMTP to a loopback address.
//
// In order: [Start] begins, [Traffic.Stop] ends it, [ReadLedger] says what was accepted. A client of the legitimate kind tries each
// message until it is accepted, as a mail server would; every message that was answered 250 stands in the ledger, a file of one JSON
// object a line, and the server must not lose it (here in two lines):
//
//	{"began":"2026-11-21T03:12:00.09Z","time":"2026-11-21T03:12:00.1Z","id":"mail-000007",
//	 "peer":"192.0.2.10","sender":"hanako@example.jp","recipients":["a@example.net"]}
//
// The id stands in the message as its header X-Lab-Id. A message whose 250 was lost on the way is sent again, as in life: the server
// may then hold it twice.
package traffic

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"
)

// A Client is one host outside with what it sends.
type Client struct {
	Peer     netip.Addr
	Name     string // in HELO
	Login    string // "" for no AUTH
	Password string
	Sender   string
	To       [][]string    // recipients of the first message, the second, …; then again from the first
	Every    time.Duration // pause between two messages
}

// A Thief is a client with a stolen password.
type Thief struct {
	Client
	Burst int // messages sent without a pause; afterwards one each Client.Every
}

// Config says who sends.
type Config struct {
	Address string // file with the address of the receiver
	Ledger  string // file
	Thieves []Thief
	Clients []Client
}

// Traffic is under way until Stop or until its context ends.
type Traffic struct {
	c      Config
	ledger *ledger
	stop   context.CancelFunc
	all    sync.WaitGroup
	broken atomic.Pointer[error] // the ledger cannot be written

	numbers                      atomic.Int64
	spam, mail, refused, unheard atomic.Int64
}

// Count is what became of the attempts so far.
type Count struct {
	Spam, Mail int64 // messages accepted
	Refused    int64 // attempts of thieves that were answered with a refusal
	Unheard    int64 // attempts of anyone that found no connection or lost it
}

// Start begins with all clients at once.
func Start(ctx context.Context, c Config) (*Traffic, error) {
	l, err := openLedger(c.Ledger)
	if err != nil {
		return nil, err
	}
	t := &Traffic{c: c, ledger: l}
	ctx, t.stop = context.WithCancel(ctx)
	for _, thief := range c.Thieves {
		t.all.Go(func() { t.flood(ctx, thief) })
	}
	for _, client := range c.Clients {
		t.all.Go(func() { t.correspond(ctx, client) })
	}
	return t, nil
}

// Stop ends the traffic and waits for it. An error means that the ledger is not complete. It is called once.
func (t *Traffic) Stop() error {
	t.stop()
	t.all.Wait()
	var err error
	if p := t.broken.Load(); p != nil {
		err = *p
	}
	return t.ledger.close(err)
}

// Count says how it goes.
func (t *Traffic) Count() Count {
	return Count{Spam: t.spam.Load(), Mail: t.mail.Load(), Refused: t.refused.Load(), Unheard: t.unheard.Load()}
}

// flood sends as much as the thief can: many messages in a session, a new session after every refusal.
func (t *Traffic) flood(ctx context.Context, thief Thief) {
	for n := 0; ctx.Err() == nil; pause(ctx, thief.Every) {
		sent, err := t.session(ctx, thief, n)
		n += sent
		switch {
		case errors.Is(err, ErrNoConnection):
			t.unheard.Add(1)
		case err != nil:
			t.refused.Add(1)
		}
	}
}

// session sends until something goes wrong; n messages were sent before.
func (t *Traffic) session(ctx context.Context, thief Thief, n int) (sent int, err error) {
	c, err := t.connect(ctx, thief.Client)
	if err != nil {
		return 0, err
	}
	defer c.Close()
	for ctx.Err() == nil {
		m := t.compose(thief.Client, spamID, n+sent)
		began := time.Now()
		if err := c.Send(m); err != nil {
			return sent, err
		}
		sent++
		t.spam.Add(1)
		t.record(thief.Client, m, began)
		if n+sent > thief.Burst {
			pause(ctx, thief.Every)
		}
	}
	return sent, nil
}

// correspond sends one message a session and tries each until it is accepted.
func (t *Traffic) correspond(ctx context.Context, client Client) {
	for n := 0; ctx.Err() == nil; n++ {
		m := t.compose(client, mailID, n)
		for ctx.Err() == nil {
			err := t.try(ctx, client, m)
			pause(ctx, client.Every)
			if err == nil {
				break
			}
			if errors.Is(err, ErrNoConnection) {
				t.unheard.Add(1)
			}
		}
	}
}

func (t *Traffic) try(ctx context.Context, client Client, m Message) error {
	c, err := t.connect(ctx, client)
	if err != nil {
		return err
	}
	defer c.Close()
	began := time.Now()
	if err := c.Send(m); err != nil {
		return err
	}
	t.mail.Add(1)
	t.record(client, m, began)
	return nil
}

func (t *Traffic) connect(ctx context.Context, client Client) (*Conn, error) {
	c, err := Dial(ctx, t.c.Address, client.Peer)
	if err != nil {
		return nil, err
	}
	if err := c.Hello(client.Name, client.Login, client.Password); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

func (t *Traffic) compose(client Client, prefix string, n int) Message {
	m := Message{ID: fmt.Sprintf("%s%06d", prefix, t.numbers.Add(1)), Sender: client.Sender, Recipients: client.To[n%len(client.To)]}
	m.Subject, m.Body = "About tomorrow", "See you at ten.\n.\nThe line above is a single dot."
	if prefix == spamID {
		m.Subject, m.Body = "You have won", "Open http://www.example.org/ today."
	}
	return m
}

func (t *Traffic) record(client Client, m Message, began time.Time) {
	err := t.ledger.add(Accepted{Began: began.UTC(), Time: time.Now().UTC(), ID: m.ID, Peer: client.Peer.String(),
		Sender: m.Sender, Recipients: m.Recipients})
	if err != nil {
		t.broken.CompareAndSwap(nil, &err)
	}
}

func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}
