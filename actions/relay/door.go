package relay

import (
	"context"
	"errors"
	"fmt"

	"hikeshi/runbook"
	"hikeshi/spool"
)

// DoorFacts are the facts of relay.door.
type DoorFacts struct {
	Open bool `json:"open" expr:"open"` // a stranger can mail the outside without a login
	Ways int  `json:"ways" expr:"ways"` // how many senders that was found with; bounded
}

type door struct{ env Env }

func doorKind(env Env) runbook.Kind {
	return runbook.Kind{
		Name: "relay.door", Short: runbook.T("finds out whether a stranger can send to the outside without a login", "他人が認証なしで外部へ送信できるかどうかを調べる"),
		Facts: DoorFacts{}, Reads: []string{"relay", "accounts", "settings"}, Action: door{env},
	}
}

// Plan tries in thought whom a stranger may name.
func (d door) Plan(_ context.Context, _ runbook.Input) (runbook.Outcome, error) {
	f, err := d.env.read()
	if err != nil {
		return runbook.Outcome{}, err
	}
	k, ok := d.env.Server.(spool.Doorkeeper)
	if !ok {
		return runbook.Outcome{}, fmt.Errorf("looking whether a login is needed: %w by this server", errors.ErrUnsupported)
	}
	ways, err := k.Door(f.Data)
	if err != nil {
		return runbook.Outcome{}, fmt.Errorf("%w: %w", runbook.ErrUndetermined, err)
	}
	out := runbook.Outcome{Facts: DoorFacts{Open: len(ways) > 0, Ways: len(ways)}}
	for _, w := range ways {
		out.Findings = append(out.Findings, finding(f.Path, w))
	}
	if len(ways) == 0 {
		out.Findings = []runbook.Finding{{Level: runbook.OK, Text: runbook.T("mail to the outside needs a login", "外部あての送信には認証が要る"), Evidence: f.Path}}
	}
	return out, nil
}
