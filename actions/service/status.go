package service

import (
	"context"
	"fmt"
	"strings"
	"time"

	"hikeshi/actions/service/guard"
	"hikeshi/actions/service/unit"
	"hikeshi/runbook"
	"hikeshi/spool"
)

// StatusFacts are the facts of service.status.
type StatusFacts struct {
	Running    []string `json:"running" expr:"running"`
	Stopped    []string `json:"stopped" expr:"stopped"`
	Missing    []string `json:"missing" expr:"missing"`
	QueueInUse bool     `json:"queue_in_use" expr:"queue_in_use"` // something of a service that uses the queue runs, named or not
	Barred     []string `json:"barred" expr:"barred"`             // cannot be started
}

type status struct{ env Env }

// Plan looks at the services, at all of the server unless some are named.
func (s status) Plan(ctx context.Context, in runbook.Input) (runbook.Outcome, error) {
	if n, ok := s.env.Manager.(none); ok {
		return noManager(n, nil), nil
	}
	var p params
	if err := in.Decode(&p); err != nil {
		return runbook.Outcome{}, err
	}
	services := s.env.Services
	if p.Units != nil {
		var err error
		if services, err = unit.Pick(services, p.Units, ""); err != nil {
			return runbook.Outcome{}, err
		}
	}
	var l look
	if err := s.env.lookAt(ctx, &l, services); err != nil {
		return runbook.Outcome{}, err
	}
	facts := StatusFacts{Running: []string{}, Stopped: []string{}, Missing: []string{}, Barred: []string{}}
	for _, u := range l.seen {
		facts.add(u, l.guards[u.Unit].Holds())
	}
	queue, err := unit.Pick(s.env.Services, nil, "")
	if err != nil {
		return runbook.Outcome{}, err
	}
	left, err := s.env.hand().Left(ctx, queue)
	facts.QueueInUse = len(left) > 0
	return runbook.Outcome{Findings: l.found, Facts: facts}, err
}

func (f *StatusFacts) add(u unit.Sight, barred bool) {
	switch {
	case !u.Down():
		f.Running = append(f.Running, u.Unit)
	case u.Missing():
		f.Missing = append(f.Missing, u.Unit)
	default:
		f.Stopped = append(f.Stopped, u.Unit)
	}
	if barred {
		f.Barred = append(f.Barred, u.Unit)
	}
}

// finding says what is seen of a service and of its guard; look is the command that shows it.
func finding(u unit.Sight, g guard.Guard, look string) runbook.Finding {
	what := fmt.Sprintf("%s (%s)", u.Unit, u.Service.Role)
	whatJA, state := u.Unit, seen(u)
	if role := rolesJA[u.Service.Role]; role != "" {
		whatJA += " (" + role + ")"
	}
	if !u.Since.IsZero() {
		at := u.Since.UTC().Format(time.RFC3339)
		state = runbook.T(state.EN+", "+at, state.JA+"  "+at+" から")
	}
	f := runbook.Finding{Level: runbook.Warn, Text: runbook.T(what+": "+state.EN, whatJA+": "+state.JA), Evidence: look}
	say := func(en, ja string, more ...any) {
		f.Text.EN = fmt.Sprintf(en, append([]any{what, state.EN}, more...)...)
		f.Text.JA = fmt.Sprintf(ja, append([]any{whatJA, state.JA}, more...)...)
	}
	switch {
	case u.Missing() && u.Down():
		f.Level = missingLevel(u.Service)
		f.Text = runbook.T(what+": there is no such unit", whatJA+": ユニットがない")
	case !u.Running() && !u.Down():
		f.Level = runbook.Bad
		say("%s: %s, but not in the unit: it was started outside the service manager", "%s: %s。ユニットの外で(サービス管理を通さずに)起動されている")
	case g.Holds() && !u.Down():
		f.Level = runbook.Bad
		say("%s: %s, though incident %s barred it", "%s: %s。事案 %s が起動を禁じているのに動いている", g.Incident)
	case g.Holds():
		f.Level = runbook.Info
		say("%s: %s; barred by incident %s since %s", "%s: %s。事案 %s により %s から起動禁止", g.Incident, g.Since.Format(time.RFC3339))
	case g.Stands():
		say("%s: %s; a part of a guard is left, which bars nothing", "%s: %s。起動禁止の設定が一部だけ残っているが、効いていない")
	case u.Load == "masked":
		say("%s: masked; %s", "%s: マスクされている。%s")
	case u.Active == "active":
		f.Level = runbook.OK
	}
	return f
}

// rolesJA are the roles of services in Japanese.
var rolesJA = map[spool.Role]string{spool.Receiver: "受信", spool.Delivery: "配送", spool.Mailbox: "受信箱"}

// seen is the state of a service, for people.
func seen(u unit.Sight) runbook.Text {
	return runbook.T(u.String(), strings.NewReplacer(", processes ", "  PID ", ", result ", "  result ").Replace(u.String()))
}

// missingLevel: a server without POP3 is just that; one without delivery is one whose units have other names.
func missingLevel(s spool.Service) runbook.Level {
	if s.Queue {
		return runbook.Bad
	}
	return runbook.Info
}
