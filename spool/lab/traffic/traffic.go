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
	"net/textproto"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"hikeshi/spool/lab/standin"
)

// A Client is one host outside with what it sends.
type Client struct {
	Peer     netip.Addr
	Name     string // in HELO
	Login    string // "" for no AUTH
	Mode     string // of AUTH: LOGIN, else PLAIN
	Password string
	Sender   string
	To       [][]string    // recipients of the first message, the second, …; then again from the first
	Burst    int           // messages sent without a pause
	Every    time.Duration // pause between two messages after those
	Gate     string        // file without which this client does not reach the server: it is a form on a web page; "" for none
}

// A Thief is a client who was let in, by a stolen password or a hole. After each refusal he tries the next of his other ways, over
// and over, and keeps to the one that works.
type Thief struct {
	Client
	Tries   []Client
	Guesses []string // passwords that he tries in vain before; all thieves wait until each who guesses is done
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
	keys   sync.WaitGroup        // until the last thief has done guessing
	broken atomic.Pointer[error] // the ledger cannot be written

	numbers                      atomic.Int64
	spam, mail, refused, unheard atomic.Int64
	returned, guessed            atomic.Int64
}

// Count is what became of the attempts so far.
type Count struct {
	Spam, Mail int64 // messages accepted
	Returned   int64 // messages of everyone else that went back to their authors: no such user
	Refused    int64 // attempts of thieves that were answered with a refusal
	Guessed    int64 // passwords that thieves tried in vain before that
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
		if len(thief.Guesses) > 0 {
			t.keys.Add(1)
		}
	}
	for _, thief := range c.Thieves {
		t.all.Go(func() {
			t.guess(ctx, thief)
			t.keys.Wait()
			t.flood(ctx, thief)
		})
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
	return Count{Spam: t.spam.Load(), Mail: t.mail.Load(), Returned: t.returned.Load(), Refused: t.refused.Load(),
		Guessed: t.guessed.Load(), Unheard: t.unheard.Load()}
}

// flood sends as much as the thief can: many messages in a session, a new session by his next way after every refusal. To be turned
// away once is what a stop of the server looks like as well.
func (t *Traffic) flood(ctx context.Context, thief Thief) {
	ways := append([]Client{thief.Client}, thief.Tries...)
	away := 0
	for n, way := 0, 0; ctx.Err() == nil; {
		sent, err := t.session(ctx, ways[way], n)
		n += sent
		if err != nil {
			pause(ctx, thief.Every)
		}
		if away++; !errors.Is(err, ErrTurnedAway) {
			away = 0
		}
		switch {
		case errors.Is(err, ErrNoConnection) && away < 2:
			t.unheard.Add(1)
		case err != nil:
			t.refused.Add(1)
			way, away = (way+1)%len(ways), 0
		}
	}
}

// errGate says that a client does not reach the server any more.
var errGate = errors.New("the form is switched off")

// perSession is how many messages a thief sends before he connects anew: the server logs a session when it ends.
const perSession = 20

// session sends until something goes wrong, or enough for one session; n messages were sent before.
func (t *Traffic) session(ctx context.Context, thief Client, n int) (sent int, err error) {
	c, err := t.connect(ctx, thief)
	if err != nil {
		return 0, err
	}
	defer c.Close()
	for sent < perSession && ctx.Err() == nil {
		if thief.shut() {
			return sent, errGate
		}
		m := t.compose(thief, spamID, n+sent)
		began := time.Now()
		if err := c.Send(m); err != nil {
			return sent, err
		}
		sent++
		t.spam.Add(1)
		t.record(thief, m, began)
		if n+sent > thief.Burst {
			pause(ctx, thief.Every)
		}
	}
	return sent, nil
}

// shut says whether the client's gate is.
func (c Client) shut() bool { return c.Gate != "" && !standin.Exists(c.Gate) }

// correspond sends one message a session and tries each until it is accepted, or until it has to go back to its author because there
// is no such user.
func (t *Traffic) correspond(ctx context.Context, client Client) {
	for n := 0; ctx.Err() == nil; n++ {
		m := t.compose(client, mailID, n)
		for ctx.Err() == nil {
			err := t.try(ctx, client, m)
			settled := err == nil || unknownUser(err)
			if !settled || n >= client.Burst {
				pause(ctx, client.Every)
			}
			switch {
			case errors.Is(err, ErrNoConnection):
				t.unheard.Add(1)
			case unknownUser(err):
				t.returned.Add(1)
			}
			if settled {
				break
			}
		}
	}
}

func unknownUser(err error) bool {
	var smtp *textproto.Error
	return errors.As(err, &smtp) && smtp.Code == 550 && strings.HasPrefix(smtp.Msg, "5.1.1 ")
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
	if client.shut() {
		return nil, errGate
	}
	c, err := Dial(ctx, t.c.Address, client.Peer)
	if err != nil {
		return nil, err
	}
	if err := c.Hello(client); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

func (t *Traffic) compose(client Client, prefix string, n int) Message {
	m := Message{ID: fmt.Sprintf("%s%06d", prefix, t.numbers.Add(1)), Sender: client.Sender, Recipients: client.To[n%len(client.To)]}
	m.Subject, m.Body = "About tomorrow", "See you at ten.\n.\nThe line above is a single dot."
	if client.Sender == "" {
		m.Subject, m.Body = "Undelivered Mail Returned to Sender", "550 User Unknown"
	}
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
