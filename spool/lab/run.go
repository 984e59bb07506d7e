package lab

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"hikeshi/spool"
	"hikeshi/spool/lab/judge"
	"hikeshi/spool/lab/traffic"
)

// Ledger is the file of what the clients were told 250 for.
func (l *Lab) Ledger() string { return l.config.Lab("accepted.jsonl") }

// Traffic starts the thief and everyone else. They go on until Stop or until ctx ends, whether the server runs or not.
func (l *Lab) Traffic(ctx context.Context) (*traffic.Traffic, error) {
	return traffic.Start(ctx, traffic.Config{Address: l.config.Address(), Ledger: l.Ledger(), Thieves: l.thieves(), Clients: l.clients()})
}

func (l *Lab) thieves() []traffic.Thief {
	s := l.Scenario
	var all []traffic.Thief
	for _, source := range s.Sources {
		c := traffic.Client{Peer: source, Name: "localhost", Login: s.Abused + "@" + s.Domain, Password: l.password[s.Abused],
			Sender: s.Abused + "@" + s.Domain, To: s.Recipients, Every: 200 * time.Millisecond}
		all = append(all, traffic.Thief{Client: c, Burst: s.Spam / len(s.Sources)})
	}
	return all
}

func (l *Lab) clients() []traffic.Client {
	var all []traffic.Client
	for _, c := range l.Scenario.Mail {
		user, _, _ := strings.Cut(c.Login, "@")
		c.Password = l.password[user]
		all = append(all, c)
	}
	return all
}

// Backlog counts the messages that wait: bodies in incoming and in holding.
func (l *Lab) Backlog() (int, error) {
	n := 0
	for _, folder := range []string{"incoming", "holding"} {
		entries, err := os.ReadDir(l.config.Spool(folder))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return 0, fmt.Errorf("counting the backlog: %w", err)
		}
		for _, e := range entries {
			if strings.EqualFold(filepath.Ext(e.Name()), ".msg") {
				n++
			}
		}
	}
	return n, nil
}

// Await waits until at least that many messages wait.
func (l *Lab) Await(ctx context.Context, messages int) error {
	for {
		n, err := l.Backlog()
		if err != nil || n >= messages {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting for a backlog of %d messages, %d so far: %w", messages, n, context.Cause(ctx))
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// A Looker says what a service manager knows of a unit.
type Looker interface {
	Look(ctx context.Context, unit string) (spool.UnitState, error)
}

// Look asks for the services of the lab.
func (l *Lab) Look(ctx context.Context, m Looker) ([]spool.UnitState, error) {
	var all []spool.UnitState
	for _, unit := range []string{ReceiverUnit, DeliveryUnit} {
		s, err := m.Look(ctx, unit)
		if err != nil {
			return nil, fmt.Errorf("looking at %s: %w", unit, err)
		}
		all = append(all, s)
	}
	return all, nil
}

// Run is what the judge has to be told of a run.
type Run struct {
	Contained  time.Time         // right after the services were stopped
	Found, Now []spool.UnitState // from Look, before and after
	Boots      int               // of the machine, the first one included
}

// Judge says how the run went. The services must be running; traffic may go on.
func (l *Lab) Judge(ctx context.Context, r Run) ([]judge.Judgement, error) {
	c := judge.Case{Config: l.config, Ledger: l.Ledger(), Own: []string{l.Scenario.Domain}, Contained: r.Contained,
		Found: r.Found, Now: r.Now, Boots: r.Boots, Witness: l.clients()[0]}
	for _, t := range l.thieves() {
		c.Denied = append(c.Denied, t.Client)
	}
	return judge.Judge(ctx, c)
}
