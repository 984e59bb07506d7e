package trace

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"hikeshi/actions/trace/facts"
	"hikeshi/actions/trace/message"
	"hikeshi/actions/trace/received/words"
	"hikeshi/actions/trace/verdict"
	"hikeshi/actions/trace/walk"
	"hikeshi/runbook"
)

// A Request says what is looked at.
type Request struct {
	Name    string // of the file, to be shown
	Message int    // this mail of an mbox, from 1; 0: all
	First   bool   // only the first mail, if Message is 0
	Outer   bool   // the mail itself, not what it holds
}

// maxTraced bounds the messages of one file that are looked at: for each the log is read.
const maxTraced = 100

type trace struct{ env Env }

// Plan reads the file and asks the log.
func (a trace) Plan(ctx context.Context, in runbook.Input) (runbook.Outcome, error) {
	var p struct {
		File    string `json:"file"`
		All     bool   `json:"all"`
		Message int    `json:"message"`
		Outer   bool   `json:"outer"`
	}
	if err := in.Decode(&p); err != nil {
		return runbook.Outcome{}, err
	}
	if p.All && p.Message != 0 || p.Message < 0 {
		return runbook.Outcome{}, fmt.Errorf("reading parameter message: %w: it is a number from 1, and not together with all", runbook.ErrInput)
	}
	f, err := Open(p.File)
	if err != nil {
		return runbook.Outcome{}, err
	}
	defer f.Close()
	found, err := a.env.Look(ctx, f, Request{Name: p.File, Message: p.Message, First: !p.All, Outer: p.Outer})
	if err != nil {
		return runbook.Outcome{}, err
	}
	kept, err := json.MarshalIndent(found, "", "  ")
	if err != nil {
		return runbook.Outcome{}, err
	}
	if err := in.Rec.Evidence("trace.json", bytes.NewReader(kept)); err != nil {
		return runbook.Outcome{}, err
	}
	return runbook.Outcome{Findings: facts.Findings(found), Facts: found}, nil
}

// Open opens a file to be looked at. The error wraps runbook.ErrInput.
func Open(name string) (io.ReadCloser, error) {
	fi, err := os.Stat(name) // a pipe that nobody writes to would never open
	if err == nil && !fi.Mode().IsRegular() {
		err = errors.New("not a regular file")
	}
	if err != nil {
		return nil, fmt.Errorf("%w: opening the message %s: %w", runbook.ErrInput, name, err)
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", runbook.ErrInput, err)
	}
	return f, nil
}

// maxFar bounds how often the log is asked for another time than that of a line, which reads much of it, for all mails of one file.
const maxFar = 8

// Look looks at the mails in r. The error wraps runbook.ErrInput where r holds none, or not the one that is asked for.
func (e Env) Look(ctx context.Context, r io.Reader, q Request) (Facts, error) {
	file, err := message.Read(r)
	if errors.Is(err, message.ErrEmpty) || errors.Is(err, message.ErrOutlook) {
		return Facts{}, fmt.Errorf("%w: %s: %w", runbook.ErrInput, q.Name, err)
	}
	if err != nil {
		return Facts{}, err
	}
	mails := file.Mails
	f := Facts{Left: file.Left, Cut: file.Cut, Messages: []Traced{}}
	switch {
	case q.Message > len(mails):
		return f, fmt.Errorf("%w: %s has %s, there is no number %d", runbook.ErrInput, q.Name, runbook.Count(int64(len(mails)+file.Left), "mail"), q.Message)
	case q.Message > 0: // the others are not asked for
		f.Left, f.Cut = 0, file.Cut && q.Message == len(mails)
		mails = mails[q.Message-1 : q.Message]
	case q.First:
		f.Left += len(mails) - 1
		mails = mails[:1]
	}
	l := look{env: e, own: ownOf(e.Own), name: words.Bound(words.Printable(q.Name)), outer: q.Outer, far: maxFar}
	for _, m := range mails {
		if err := ctx.Err(); err != nil {
			return f, err
		}
		if len(f.Messages) >= maxTraced {
			f.Left++
			continue
		}
		told, left, err := l.mail(ctx, m, maxTraced-len(f.Messages))
		if err != nil {
			return f, err
		}
		f.Messages, f.Left = append(f.Messages, told...), f.Left+left
	}
	f.Sum()
	return f, nil
}

// A look is one look at a file.
type look struct {
	env   Env
	own   walk.Own
	name  string
	outer bool
	far   int
}

// seen is one message with its answer.
type seen struct {
	Traced
	verdict.Place
	at   int // of Mail.Found
	said verdict.Said
}

// mail looks at the messages of one mail, at most so many; left are those that are too many.
func (l *look) mail(ctx context.Context, m message.Mail, most int) (told []Traced, left int, err error) {
	judged := m.Judged()
	if l.outer {
		judged = []int{0}
	}
	if len(judged) > most {
		left, judged = len(judged)-most, judged[:most]
	}
	all := make([]seen, 0, len(judged))
	for _, i := range judged {
		s, err := l.message(ctx, m, i)
		if err != nil {
			return nil, left, err
		}
		all = append(all, s)
	}
	return settle(m, all, l), left, nil
}

// message looks at one message.
func (l *look) message(ctx context.Context, m message.Mail, at int) (seen, error) {
	x := m.Found[at]
	s := seen{at: at, said: saidOf(x)}
	s.Traced = Traced{File: l.name, Number: m.Number, Taken: string(x.How), Part: x.Part, Found: len(m.Found), From: s.said.From, ID: strings.Trim(x.Get("Message-ID"), "<>"), Gaps: []facts.Gap{}}
	t := &s.Traced
	t.OwnFrom = strings.Contains(t.From, "@") && l.own.Names(domain(t.From))
	c := verdict.Case{Own: l.own, Said: s.said, Log: l.env.Lookup, Far: &l.far, Now: l.env.now()}
	if x.How == message.Reported {
		c.Report = m.Report
	}
	c.Lines, t.More = linesOf(x, l.own)
	o, err := c.Decide(ctx, t)
	if err != nil {
		return s, err
	}
	s.Place = o.Place
	for _, line := range c.Lines {
		if !line.Read {
			t.Unread++
		}
	}
	t.Guess = o.Way.Guess
	t.Hops, t.Signs, t.Score = hopsOf(c.Lines, o.Way, o.Signs), signsOf(o.Signs), walk.Score(o.Signs)
	return s, nil
}
