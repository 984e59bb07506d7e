// Package lock makes the passwords of mail accounts worthless: both are overwritten with random values that nobody knows, so that mail to
// the owner keeps arriving. The new password is set later in the console.
//
// A value begins with a mark that is no secret, by which Verify and Undo tell ours from one that a colleague has set since. What stood
// there before is in a backup of the incident only.
package lock

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"

	"hikeshi/actions/account/pick"
	"hikeshi/actions/account/rewrite"
	"hikeshi/runbook"
	"hikeshi/spool"
)

// Facts are the facts of account.lock. All lists hold addresses.
type Facts struct {
	Locked   []string `json:"locked" expr:"locked"`       // all that are locked or would be
	Already  []string `json:"already" expr:"already"`     // those of them that need nothing
	NoAuth   []string `json:"no_auth" expr:"no_auth"`     // have no auth file, and do not get one
	AuthOnly []string `json:"auth_only" expr:"auth_only"` // the account file cannot be rewritten: that password is for the console
	ByHand   []string `json:"by_hand" expr:"by_hand"`     // something of them can be shut in the console only: they are not closed by this
}

// lockData is one account whose passwords are overwritten.
type lockData struct {
	Name   string   `json:"name"`
	Domain string   `json:"domain"`
	Mark   string   `json:"mark"` // with which the new passwords begin; no secret
	Files  []secret `json:"files"`
}

// dataV is the newest version of the data of this kind.
const dataV = 1

// Action is account.lock.
type Action struct {
	Server    spool.Server
	Random    io.Reader
	Protected []string // accounts that are never renamed; a stolen password is overwritten all the same
}

// Plan makes one change of each account whose passwords are not overwritten yet.
func (l Action) Plan(_ context.Context, in runbook.Input) (runbook.Outcome, error) {
	d, c, err := pick.Asked(l.Server, in)
	if err != nil {
		return runbook.Outcome{}, err
	}
	facts := Facts{Locked: []string{}, Already: []string{}, NoAuth: []string{}, AuthOnly: []string{}, ByHand: []string{}}
	out := runbook.Outcome{}
	if len(c.Found) == 0 {
		out.Findings = []runbook.Finding{pick.Nobody}
	}
	for _, a := range c.Found {
		data := lockData{Name: a.Name, Domain: a.Domain, Mark: newMark(in, a), Files: secretsOf(a)}
		open, err := data.open(d)
		if err != nil {
			return runbook.Outcome{}, fmt.Errorf("%w: looking at %s: %w", runbook.ErrUndetermined, a.Address(), err)
		}
		out.Findings = append(out.Findings, facts.tell(a, data, open)...)
		if !open {
			continue
		}
		if never := pick.Never(a, l.Protected); !never.IsZero() {
			out.Findings = append(out.Findings, protected(a, never))
		}
		change, err := l.change(a, data)
		if err != nil {
			return out, err
		}
		out.Changes = append(out.Changes, change)
	}
	if len(out.Changes) > 0 {
		out.Findings = append(out.Findings, pick.Living)
	}
	out.Facts, out.ByHand = facts, facts.left()
	return out, nil
}

func (l Action) change(a spool.Account, data lockData) (runbook.Change, error) {
	c, err := runbook.NewChange("account.lock", "lock", a.Address(), data)
	c.UndoRisk = runbook.Reopening
	after := runbook.T("random passwords that nobody knows, in the account file and the auth file; mail to it keeps arriving", "アカウントファイルと認証ファイルのパスワードを誰も知らない乱数に置き換える。受信は続く")
	switch {
	case a.Fixed != "":
		after = runbook.T("a random password that nobody knows, in the auth file only", "認証ファイルのパスワードだけを誰も知らない乱数に置き換える")
	case !a.Auth:
		after = runbook.T("a random password that nobody knows, in the account file; there is no auth file", "アカウントファイルのパスワードを誰も知らない乱数に置き換える (認証ファイルはない)")
	}
	c.Describe(runbook.T("the passwords as they are", "現在のパスワード"), after)
	return c, err
}

// newMark is the beginning of the passwords of one lock: so an undo can tell them from a colleague's, and from those of another lock.
func newMark(in runbook.Input, a spool.Account) string {
	h := sha256.Sum256([]byte(in.Incident + "\x00" + in.Step + "\x00" + a.Address()))
	return rewrite.Mark + hex.EncodeToString(h[:4]) + "-"
}

// Apply overwrites the passwords, the one that SMTP AUTH asks for first.
func (l Action) Apply(_ context.Context, c runbook.Change, rec runbook.Recorder) error {
	ways, err := l.load(c)
	if err != nil {
		return err
	}
	for _, w := range ways {
		if err := w.lock().Apply(rec); err != nil {
			return fmt.Errorf("locking %s: %w", w.data.address(), gone(err))
		}
	}
	return nil
}

// Verify compares the passwords with those that were kept.
func (l Action) Verify(_ context.Context, c runbook.Change, rec runbook.Recorder) (runbook.State, error) {
	ways, err := l.load(c)
	if err != nil {
		return "", err
	}
	done := 0
	for _, w := range ways {
		state, err := w.state(rec)
		if err != nil {
			return "", fmt.Errorf("%w: verifying %s: %w", runbook.ErrUndetermined, w.data.address(), err)
		}
		switch state {
		case runbook.Partial, runbook.Drifted:
			return state, nil
		case runbook.Done:
			done++
		}
	}
	switch done {
	case len(ways):
		return runbook.Done, nil
	case 0:
		return runbook.None, nil
	}
	return runbook.Partial, nil
}

// Undo puts the kept passwords back where ours stand. One that a colleague has set since stays.
func (l Action) Undo(_ context.Context, c runbook.Change, rec runbook.Recorder) error {
	ways, err := l.load(c)
	if err != nil {
		return err
	}
	var errs []error
	for _, w := range slices.Backward(ways) {
		if err := w.unlock(rec); err != nil {
			errs = append(errs, fmt.Errorf("unlocking %s: %w", w.data.address(), gone(err)))
		}
	}
	return errors.Join(errs...)
}

// load reads the files of a change.
func (l Action) load(c runbook.Change) ([]way, error) {
	var data lockData
	if err := c.Decode(dataV, &data); err != nil {
		return nil, err
	}
	d, err := pick.Open(l.Server)
	if err != nil {
		return nil, err
	}
	var all []way
	for _, s := range data.Files {
		all = append(all, way{s, data, c.ID, l.Random, d})
	}
	return all, nil
}

func (d lockData) address() string { return d.Name + "@" + d.Domain }

// open says whether a password is not overwritten yet.
func (d lockData) open(desk pick.Desk) (bool, error) {
	for _, s := range d.Files {
		ours, err := s.ours(desk, d.Name)
		if err != nil || !ours {
			return true, err
		}
	}
	return false, nil
}
