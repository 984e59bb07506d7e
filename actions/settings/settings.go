// Package settings holds the kinds around the settings of a mail server: what the values that matter in an incident mean
// (settings.show), and setting them (settings.set).
//
// A value is written while the service that reads it is stopped, by exchanging its file with a new one, one change for each value; the
// old value is kept in the change and comes back byte for byte. Which settings there are, what they mean and where they stand is the
// knowledge of the server (spool.Tuner): nothing else is ever written, so no secret is among them.
package settings

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"hikeshi/runbook"
	"hikeshi/spool"
)

// Env is what the kinds of this package work with.
type Env struct {
	Server spool.Server
	// InUse names which of the services run now: units, or processes with their number. Nil means that nobody can tell, as on a
	// mounted disk.
	InUse func(ctx context.Context, services []spool.Service) ([]string, error)
	// Without names the accounts that have no auth file and so can send without a login; nil means that nobody can tell.
	Without func() ([]string, error)
}

// Kinds are the kinds of this package.
func Kinds(env Env) []runbook.Kind {
	return []runbook.Kind{
		{Name: "settings.show", Short: runbook.T("show the settings that matter, and what they mean", "事案に関わる設定と、その意味を表示する"), Facts: ShowFacts{},
			Reads: []string{"settings"}, Action: show{env}},
		{Name: "settings.set", Short: runbook.T("set values of the server's settings", "サーバーの設定値を変更する"), Params: []runbook.Param{
			{Name: "values", Type: runbook.Strings, Short: "NAME=VALUE, names as settings.show has them", Risk: runbook.Reopening},
			{Name: "profile", Type: runbook.Choice, Choices: []string{"auth", "logs", "lockouts"}, Short: "values that belong together; those of values come on top"}},
			Facts: SetFacts{}, MaxRisk: runbook.Reopening, Reads: []string{"settings", "services"}, Touches: []string{"settings"}, Action: set{env}},
	}
}

func (e Env) tuner() (spool.Tuner, error) {
	t, ok := e.Server.(spool.Tuner)
	if !ok {
		return nil, fmt.Errorf("reading settings: %w by this server", errors.ErrUnsupported)
	}
	return t, nil
}

// queueService says whether a service is one of those that stand still in an incident. The services of the mailboxes run on; what
// they read is written all the same, since they read it when they start.
func queueService(s spool.Service) bool {
	return s.Queue || s.Role == spool.Receiver || s.Role == spool.Delivery
}

// running names which of the services run that must not, and which others do.
func (e Env) running(ctx context.Context, readers []spool.Service) (must, other []string, err error) {
	if e.InUse == nil {
		return nil, nil, nil
	}
	var stand, on []spool.Service
	for _, s := range readers {
		if queueService(s) {
			stand = append(stand, s)
		} else {
			on = append(on, s)
		}
	}
	if len(stand) > 0 {
		must, err = e.InUse(ctx, stand)
	}
	if err == nil && len(on) > 0 {
		other, err = e.InUse(ctx, on)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("%w: finding out whether a service runs: %w", runbook.ErrUndetermined, err)
	}
	return must, other, nil
}

func inUse(names []string) error {
	return fmt.Errorf("the settings are in use by %s: stop it first (hikeshi service stop)", strings.Join(names, ", "))
}

// mustBeStopped refuses while the service that reads a value runs.
func (e Env) mustBeStopped(ctx context.Context, reader spool.Service) error {
	must, _, err := e.running(ctx, readers(reader))
	if err == nil && len(must) > 0 {
		err = inUse(must)
	}
	return err
}

func readers(all ...spool.Service) []spool.Service {
	var known []spool.Service
	for _, s := range all {
		if s.Process != "" && !slices.Contains(known, s) {
			known = append(known, s)
		}
	}
	return known
}

// planned says whether an earlier step of this plan stops services.
func planned(in runbook.Input) bool {
	return slices.ContainsFunc(in.Planned, func(c runbook.Change) bool { return c.Kind == "service.stop" })
}
