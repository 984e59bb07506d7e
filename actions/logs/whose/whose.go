// Package whose says by the logs who handed in certain messages: the login, the client and the HELO of each, in one pass over the time
// in which they came.
package whose

import (
	"context"
	"encoding/json"
	"errors"
	"net/netip"
	"strings"
	"time"

	"hikeshi/actions/logs/desk"
	"hikeshi/actions/logs/join"
	"hikeshi/actions/logs/tally"
	"hikeshi/runbook"
)

// Max is how many messages are asked for at a time; the rest is left out.
const Max = 5000

// The time that is read around the messages: a file may be older than the line that tells of it, and the line that tells the login comes
// at the end of the session.
const (
	before = time.Hour
	after  = 30 * time.Minute
)

// A Question asks for messages by their IDs, which came from From to Until.
type Question struct {
	IDs         []string
	From, Until time.Time
	Rec         runbook.Recorder // may be nil
}

// An Owner is what the logs know of one message. The texts are safe to show and in lower case.
type Owner struct {
	Login  string // "" without one, if Told
	Told   bool   // a log tells of logins at that time: without a login the message came without one
	Client netip.Addr
	HELO   string
}

// An Answer is what the logs know of the messages.
type Answer struct {
	Owners map[string]Owner // by ID; without those that stand in no log
	Read   bool             // a log of this time could be read
	Logins bool             // one of them tells of logins
}

// Find reads the logs. Where none can be read the answer is empty, and that is no error.
func Find(ctx context.Context, env desk.Env, q Question) (Answer, error) {
	a := Answer{Owners: map[string]Owner{}}
	if len(q.IDs) == 0 || q.From.IsZero() {
		return a, nil
	}
	r, err := open(ctx, env, q)
	switch {
	case errors.Is(err, errors.ErrUnsupported), errors.Is(err, runbook.ErrUndetermined):
		return a, nil
	case err != nil:
		return a, err
	}
	asked := map[uint64]string{}
	for _, id := range q.IDs[:min(len(q.IDs), Max)] {
		asked[tally.Hash([]byte(id))] = id
		asked[tally.Hash([]byte(strings.ToUpper(id)))] = id // logs may spell hexadecimal digits so
	}
	r.Span.Settled = func(m *join.Message, login string) {
		id, ok := asked[m.ID]
		if !ok || m.ID == 0 {
			return
		}
		a.Owners[id] = Owner{Login: login, Told: login != "" || r.Some.Logins && !m.Blind, Client: client(m.Place), HELO: m.HELO}
	}
	if err := r.Read(ctx, q.Rec); err != nil || r.Nothing() {
		return a, err
	}
	a.Read, a.Logins = true, r.Some.Logins
	return a, nil
}

// open finds the logs of the time, without any history before it.
func open(ctx context.Context, env desk.Env, q Question) (*desk.Reading, error) {
	zone := env.Zone
	if zone == nil {
		zone = time.Local
	}
	const layout = "2006-01-02 15:04:05"
	with, err := json.Marshal(map[string]string{"since": q.From.Add(-before).In(zone).Format(layout), "until": q.Until.Add(after).In(zone).Format(layout)})
	if err != nil {
		return nil, err
	}
	env.Budget = 0
	r, err := env.Open(ctx, runbook.Input{With: with})
	if err == nil {
		r.Span.History = r.Span.Since
	}
	return r, err
}

// client is the address of a peer, or the first one of its network.
func client(p netip.Prefix) netip.Addr {
	if !p.IsValid() {
		return netip.Addr{}
	}
	return p.Addr()
}
