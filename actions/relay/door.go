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
	Here bool `json:"here" expr:"here"` // the files of a mail server are on this machine; where they are not, the rest says nothing
	Open bool `json:"open" expr:"open"` // a stranger can mail the outside without a login
	Ways int  `json:"ways" expr:"ways"` // how many senders that was found with; bounded
	// Undemanded: with one of them only because the settings demand a login of nobody.
	Undemanded bool `json:"undemanded" expr:"undemanded"`
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
	facts := DoorFacts{Here: true, Open: len(ways) > 0, Ways: len(ways)}
	var out runbook.Outcome
	for _, w := range ways {
		out.Findings = append(out.Findings, finding(f.Path, w))
		facts.Undemanded = facts.Undemanded || w.Code == spool.NoLoginDemanded
	}
	if facts.Undemanded {
		out.Findings = append(out.Findings, runbook.Finding{Level: runbook.Warn, Text: runbook.T("the settings demand a login of nobody: hikeshi relay settings --profile auth demands it of all accounts that have an auth file",
			"設定でだれにも認証を求めていない。hikeshi relay settings --profile auth で、認証ファイルのある全アカウントに認証を求める")})
	}
	out.Facts = facts
	if len(ways) == 0 {
		out.Findings = []runbook.Finding{{Level: runbook.OK, Text: runbook.T("mail to the outside needs a login", "外部あての送信には認証が要る"), Evidence: f.Path}}
	}
	return out, nil
}
