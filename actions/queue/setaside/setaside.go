// Package setaside takes mail out of the queue of a server: queue.quarantine sets the queue aside as one set, and List says what is
// set aside. Bringing it back and removing it are packages release and purge, which share the Env.
//
// The mechanics are those of package spool/aside; here is when they may be used, on what, and what the responder is told.
package setaside

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"hikeshi/runbook"
	"hikeshi/spool"
	"hikeshi/spool/aside"
	"hikeshi/spool/disk"
	"hikeshi/spool/scan"
)

// Env is what the kinds work with.
type Env struct {
	Server    spool.Server
	Own       spool.Own // tells own domains
	MoveLimit int       // up to so many messages are moved one by one; 0: 2,000

	Clock func() time.Time // the present moment; nil: that of the system
	// Nodes says what is to be told of other servers on this spool, given the responder's answer, and is an error where one is missing; nil: not asked.
	Nodes func(answer string) ([]runbook.Finding, error)

	// InUse names what runs now and uses the queue folders; nil means that nobody can tell.
	InUse func(ctx context.Context) ([]string, error)
	// Recorded returns what an incident has set aside, by the records of it: see the function of that name. Nil, or nothing, means that nothing may be
	// purged.
	Recorded func(incident string) ([]disk.ID, error)
	// Counted returns how much that was when it was set aside, by the same records; nil, or nothing, means that nobody knows.
	Counted func(incident string) (aside.Stock, error)
}

// Set are the folders that are set aside together.
func (e Env) Set() []spool.Folder {
	var all []spool.Folder
	for _, f := range e.Server.Folders() {
		if f.Set {
			all = append(all, f)
		}
	}
	return all
}

// stopped says that nothing uses the queue now, or that an earlier step of this plan sees to it.
func (e Env) stopped(ctx context.Context, in runbook.Input) ([]runbook.Finding, error) {
	if e.InUse == nil {
		return []runbook.Finding{{Level: runbook.Warn, Text: runbook.T(
			"whether a mail service uses this queue cannot be told here; make sure that none does",
			"このキューを使うサービスが動いているか、ここでは確かめられない。動いていないことを確認すること")}}, nil
	}
	running, err := e.InUse(ctx)
	if err != nil {
		return nil, fmt.Errorf("%w: finding out whether a service uses the queue: %w", runbook.ErrUndetermined, err)
	}
	if len(running) == 0 {
		return nil, nil
	}
	if !slices.ContainsFunc(in.Planned, func(c runbook.Change) bool { return c.Kind == "service.stop" }) {
		return nil, inUse(running)
	}
	names := strings.Join(running, ", ")
	return []runbook.Finding{{Level: runbook.Info, Text: runbook.Tf(
		"counted while %s was running; it is stopped by an earlier step", "%s が動いているときの数。前の手順で停止する", names)}}, nil
}

// alone says that nothing uses the queue, here or on another server.
func (e Env) alone(ctx context.Context, in runbook.Input, nodes string) (all []runbook.Finding, err error) {
	if e.Nodes != nil {
		if all, err = e.Nodes(nodes); err != nil {
			return nil, err
		}
	}
	here, err := e.stopped(ctx, in)
	return append(all, here...), err
}

func inUse(running []string) error {
	return fmt.Errorf("the queue is in use by %s: stop it first (hikeshi service stop)", strings.Join(running, ", "))
}

// mustBeStopped refuses while a service uses the queue.
func (e Env) mustBeStopped(ctx context.Context) error {
	if e.InUse == nil {
		return nil
	}
	running, err := e.InUse(ctx)
	if err != nil {
		return fmt.Errorf("finding out whether a service uses the queue: %w", err)
	}
	if len(running) > 0 {
		return inUse(running)
	}
	return nil
}

// view is a server of which only some folders are looked at.
type view struct {
	spool.Server
	spool.Queue
	folders []spool.Folder
}

func (v view) Folders() []spool.Folder { return v.folders }

// look counts what lies in folders. sample is how many files are read for the sizes; 0: as many as a scan reads.
func look(ctx context.Context, s spool.Server, folders []spool.Folder, sample int) (spool.Backlog, error) {
	queue, ok := s.(spool.Queue)
	if !ok {
		return spool.Backlog{}, fmt.Errorf("counting the messages of %s: %w", s.Name(), errors.ErrUnsupported)
	}
	return scan.Look(ctx, view{s, queue, folders}, scan.Options{Sample: sample})
}

// unreadable is an error if one of the folders could not be read.
func unreadable(b spool.Backlog) error {
	for _, f := range b.Folders {
		if f.Unreadable != "" {
			return fmt.Errorf("%w: reading %s: %s", runbook.ErrUndetermined, f.Path, f.Unreadable)
		}
	}
	return nil
}

// state gives a state of package aside in the words of the engine.
func state(s aside.State, err error) (runbook.State, error) {
	if err != nil {
		return "", err
	}
	switch s {
	case aside.None:
		return runbook.None, nil
	case aside.Done:
		return runbook.Done, nil
	case aside.Drifted:
		return runbook.Drifted, nil
	}
	return runbook.Partial, nil
}

// Drift marks an error that says that somebody else was here, as the engine knows it.
func Drift(err error) error {
	if errors.Is(err, disk.ErrDrift) {
		return drifted{err}
	}
	return err
}

type drifted struct{ error }

func (d drifted) Is(target error) bool { return target == runbook.ErrDrift }

func (d drifted) Unwrap() error { return d.error }

// KeepLeft keeps the whole list of what could not be moved; the error names only an example.
func KeepLeft(rec runbook.Recorder, err error) error {
	var left *aside.LeftError
	if !errors.As(err, &left) {
		return err
	}
	var b strings.Builder
	for _, name := range left.Taken {
		fmt.Fprintf(&b, "name is taken\t%q\n", name)
	}
	for _, name := range left.Torn {
		fmt.Fprintf(&b, "other half is missing\t%q\n", name)
	}
	return errors.Join(err, rec.Evidence("not-moved.txt", strings.NewReader(b.String())))
}
