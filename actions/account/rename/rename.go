// Package rename gives mail accounts another name and the old one again: the vendor's way to disable an account for a while is to put
// characters in front of its name (FAQ win/10-75).
//
// The line of the account file and the mailbox folder go together, as one change: SMTP AUTH asks only for the auth file in the
// folder of a name, so to rename the line alone would stop nothing. The folder goes first; it is known again by its inode.
//
// Backend idx does that here, where the account file is as documented. Backend command runs a command of the site, backend manual
// tells the responder what to do in the web console; what they did is found by reading the same two places. Nothing is ever deleted.
package rename

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"hikeshi/actions/account/pick"
	"hikeshi/actions/account/rename/move"
	"hikeshi/runbook"
	"hikeshi/spool"
)

// Env is what the kinds of this package work with; see account.Env.
type Env struct {
	Server    spool.Server
	Protected []string
	Prefix    string
	Backend   string
	Command   []string
	Random    io.Reader
	Run       func(ctx context.Context, argv []string) (output []byte, err error)
	Clock     func() time.Time
	Recorded  func() ([]Renamed, error)
	Standing  func(incident, renamed string) (bool, error)
}

// Renamed is an account that an incident renamed.
type Renamed struct {
	Incident string
	Account  string // name@domain before
	New      string // name@domain since
	At       time.Time
	Data     json.RawMessage // for account.restore
}

// The ways to rename an account.
const (
	auto    = "auto"
	idx     = "idx"
	command = "command"
	manual  = "manual"
)

// Kinds are the kinds of this package.
func Kinds(env Env) []runbook.Kind {
	reads := []string{"accounts"}
	named := "accounts, with or without their domain: taro, taro@example.jp"
	return []runbook.Kind{
		{Name: "account.rename", Short: runbook.T("rename accounts, so that nobody can send in their name", "アカウントを改名し、その名前で送信できないようにする"),
			Params: []runbook.Param{{Name: "accounts", Type: runbook.Strings, Required: true, Short: named},
				{Name: "backend", Type: runbook.Choice, Choices: []string{auto, idx, command, manual}, Short: "how; default: the configured one"}},
			Facts: Facts{}, MaxRisk: runbook.Disruptive, Reads: reads, Touches: reads, Action: rename{changer{env}}},
		{Name: "account.restore", Short: runbook.T("give renamed accounts their old name again", "改名したアカウントの名前を元に戻す"),
			Params: []runbook.Param{{Name: "accounts", Type: runbook.Strings, Short: named + "; none: all"},
				{Name: "incident", Type: runbook.String, Short: "only what this incident renamed"}},
			Facts: RestoreFacts{}, MaxRisk: runbook.Reopening, Reads: reads, Touches: reads, Action: restore{changer{env}}},
	}
}

// dataV is the newest version of the data of the kinds of this package.
const dataV = 1

// RenamedBy reads what a recorded change of account.rename renamed.
func RenamedBy(incident string, c runbook.Change) ([]Renamed, error) {
	var m move.Move
	if err := c.Decode(dataV, &m); err != nil {
		return nil, err
	}
	return []Renamed{{Incident: incident, Account: m.From + "@" + m.Domain, New: m.To + "@" + m.Domain, At: m.At, Data: c.Data}}, nil
}

// RestoredBy reads what a recorded change of account.restore gave its old name again.
func RestoredBy(c runbook.Change) ([]Renamed, error) {
	var m move.Move
	if err := c.Decode(dataV, &m); err != nil {
		return nil, err
	}
	return []Renamed{{Incident: m.Incident, Account: m.To + "@" + m.Domain, New: m.From + "@" + m.Domain, At: m.At}}, nil
}

// changer makes and takes back moves, for both kinds.
type changer struct{ env Env }

// Apply moves folder and line, or runs the command that does.
func (k changer) Apply(ctx context.Context, c runbook.Change, rec runbook.Recorder) error {
	t, err := k.load(c)
	if err != nil {
		return err
	}
	return t.Make(ctx, rec)
}

// Verify reads folder and line.
func (k changer) Verify(_ context.Context, c runbook.Change, _ runbook.Recorder) (runbook.State, error) {
	t, err := k.load(c)
	if err != nil {
		return "", err
	}
	state, err := t.State()
	if err != nil {
		return "", fmt.Errorf("%w: verifying the name of %s@%s: %w", runbook.ErrUndetermined, t.From, t.Domain, err)
	}
	return state, nil
}

// Undo goes the way back, from wherever the account is. A restoring whose renaming has been undone itself is not taken back: the account
// would have a strange name, and no incident would know why.
func (k changer) Undo(ctx context.Context, c runbook.Change, rec runbook.Recorder) error {
	t, err := k.load(c)
	if err != nil {
		return err
	}
	over, err := k.over(t)
	if err != nil {
		return err
	}
	if !over {
		return t.Reversed().Make(ctx, rec)
	}
	if state, err := t.State(); err != nil || state != runbook.Partial {
		return err
	}
	return t.Make(ctx, rec)
}

// over says of a restoring that the renaming it took back has been undone since.
func (k changer) over(t move.Trip) (bool, error) {
	if t.Incident == "" || k.env.Standing == nil {
		return false, nil
	}
	stands, err := k.env.Standing(t.Incident, t.From+"@"+t.Domain)
	if err != nil {
		return false, fmt.Errorf("%w: whether incident %s still has %s renamed: %w", runbook.ErrUndetermined, t.Incident, t.To, err)
	}
	return !stands, nil
}

func (k changer) load(c runbook.Change) (move.Trip, error) {
	var m move.Move
	if err := c.Decode(dataV, &m); err != nil {
		return move.Trip{}, err
	}
	d, err := pick.Open(k.env.Server)
	return move.Trip{Move: m, Desk: d, Change: c.ID, Random: k.env.Random, Run: k.env.Run}, err
}
