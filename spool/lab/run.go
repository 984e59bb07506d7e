package lab

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"hikeshi/spool"
	"hikeshi/spool/lab/judge"
	"hikeshi/spool/lab/names"
	"hikeshi/spool/lab/traffic"
)

// Ledger is the file of what the clients were told 250 for.
func (l *Lab) Ledger() string { return l.config.Lab("accepted.jsonl") }

// Traffic starts the thieves and everyone else. They go on until Stop or until ctx ends, whether the server runs or not.
func (l *Lab) Traffic(ctx context.Context) (*traffic.Traffic, error) {
	return traffic.Start(ctx, traffic.Config{Address: l.config.Address(), Ledger: l.Ledger(), Thieves: l.thieves(), Clients: l.clients()})
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

// Names starts the Internet's DNS for the lab: these blocklists as the scenario has them, and the name of the server. It answers until
// it is closed, over power cuts too; whoever knows the folder finds it with names.Noted in the file Config().Resolver.
func (l *Lab) Names(lists []names.Zone) (*names.Server, error) {
	s := l.Scenario
	server, err := names.Start(names.World{Zones: lists, Listings: s.Listings, Refusing: s.Refusing, Failing: s.Failing,
		Hosts: map[netip.Addr]string{s.Addr: s.Host}})
	if err != nil {
		return nil, err
	}
	if err := server.Note(l.config.Resolver()); err != nil {
		return nil, errors.Join(err, server.Close())
	}
	return server, nil
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
	Contained  time.Time         // right after the services were stopped; zero if they were not
	Found, Now []spool.UnitState // from Look, before and after
	Boots      int               // of the machine, the first one included
	Verdicts   []judge.Verdict   // of its steps
	Listings   []names.Listing   // that the run has found of the server in blocklists; nil if it has not looked, or could test none
}

// Judge says how the run went. The services must be running; traffic may go on.
func (l *Lab) Judge(ctx context.Context, r Run) ([]judge.Judgement, error) {
	s := l.Scenario
	c := judge.Case{Config: l.config, Ledger: l.Ledger(), Own: []string{s.Domain}, Cause: s.Cause, Contained: r.Contained,
		Found: r.Found, Now: r.Now, Boots: r.Boots, Witnesses: l.witnesses(), Outside: s.Mail[0].Peer,
		Before: l.before, Abused: s.Abused, Opening: s.Opening, Gate: formFile(l.Root()), Listed: s.Listings, Seen: r.Listings, Verdicts: r.Verdicts}
	if !s.Form {
		for _, t := range l.thieves() {
			c.Denied = append(c.Denied, t.Client)
		}
	}
	c.Attempts = l.attempts(append(slices.Clone(s.Fresh), s.Sources[:min(1, len(s.Sources))]...))
	return judge.Judge(ctx, c)
}
