package whose

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"hikeshi/actions/logs/desk"
	"hikeshi/actions/logs/join"
	"hikeshi/actions/logs/sweep"
	"hikeshi/actions/logs/tally"
	"hikeshi/runbook"
)

// An Entry is what the logs know of one message, and where they tell of it.
type Entry struct {
	Owner
	Found   bool
	Doubt   bool      // nobody can tell whether the login is one: a sender may be made to look so
	Outside bool      // it has a recipient of another domain
	Sender  string    // of its envelope, in lower case, if Said
	Said    bool      // the logs tell of the sender
	to      []uint64  // all its recipients, by tally.Hash
	Time    time.Time // UTC
	At      string    // the line that tells of the message: path:offset, in bytes
	Covers  bool      // the logs tell of the messages of that time, before and after it: one that is not found was not taken then
}

// For says whether the message was for an address, in lower case; false for told: the logs do not tell of all its recipients.
func (e Entry) For(address string) (is, told bool) {
	return slices.Contains(e.to, tally.Hash([]byte(address))), len(e.to) > 0
}

// A Moment is a time, give or take.
type Moment struct {
	At     time.Time
	Within time.Duration
}

// One looks for the message with an ID that came at about the given moment. Where no log can be read nothing is found, and Covers is false;
// that is no error.
func One(ctx context.Context, env desk.Env, id string, moment Moment) (Entry, error) {
	around := moment.At
	var e Entry
	if id == "" || around.IsZero() {
		return e, nil
	}
	r, err := open(ctx, env, Question{From: around.Add(-moment.Within), Until: around.Add(moment.Within)})
	switch {
	case errors.Is(err, errors.ErrUnsupported), errors.Is(err, runbook.ErrUndetermined):
		return e, nil
	case err != nil:
		return e, err
	}
	plain, upper := tally.Hash([]byte(id)), tally.Hash([]byte(strings.ToUpper(id))) // logs may spell hexadecimal digits so
	var m join.Message
	login := ""
	r.Span.Settled = func(x *join.Message, by string) {
		if x.ID != 0 && (x.ID == plain || x.ID == upper) && !e.Found {
			m, login, e.Found = *x, by, true
		}
	}
	if err := r.Read(ctx, nil); err != nil || r.Nothing() {
		return Entry{}, err
	}
	if e.Found {
		if m.Forged() {
			login = ""
		}
		e.Owner = Owner{Login: login, Told: login != "" || r.Some.Logins && !m.Blind, Client: client(m.Place), HELO: m.HELO}
		e.Doubt, e.Outside, e.Time = m.Doubt, m.Outside, r.Time(m.Wall)
		if e.Sender, e.Said = m.Sender, m.Said && !m.Forged(); int64(len(m.Recipients)) >= m.Count {
			e.to = slices.Clone(m.Recipients)
		}
		e.At = fmt.Sprintf("%s:%d", r.Result.Files[m.At.File].Path, m.At.Offset)
	}
	wall := sweep.WallOf(around.In(r.Zone()))
	e.Covers = r.Known.Accepts && r.Book.First != 0 && r.Book.First <= wall && r.Book.Last >= wall
	return e, nil
}
