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
	"hikeshi/actions/trace/walk"
	"hikeshi/runbook"
)

// A Request says what is looked at.
type Request struct {
	Name    string // of the file, to be shown
	Message int    // this mail of an mbox, from 1; 0: all
	Outer   bool   // the mail itself, not what it holds
}

// maxTraced bounds the mails of one file that are looked at: for each the log is read.
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
	if p.Message == 0 && !p.All {
		p.Message = 1
	}
	f, err := Open(p.File)
	if err != nil {
		return runbook.Outcome{}, err
	}
	defer f.Close()
	found, err := a.env.Look(ctx, f, Request{Name: p.File, Message: p.Message, Outer: p.Outer})
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

// Look looks at the mails in r. The error wraps runbook.ErrInput where r holds none, or not the one that is asked for.
func (e Env) Look(ctx context.Context, r io.Reader, q Request) (Facts, error) {
	file, err := message.Read(r)
	if errors.Is(err, message.ErrEmpty) {
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
	case q.Message > 0:
		mails = mails[q.Message-1 : q.Message]
	case len(mails) > maxTraced:
		f.Left += len(mails) - maxTraced
		mails = mails[:maxTraced]
	}
	for _, m := range mails {
		if q.Outer {
			m = m.Outer()
		}
		t, err := e.one(ctx, m, q.Name)
		if err != nil {
			return f, err
		}
		f.Messages = append(f.Messages, t)
	}
	f.Sum()
	return f, nil
}

// one looks at one mail.
func (e Env) one(ctx context.Context, m message.Mail, file string) (Traced, error) {
	taken := m.Taken()
	t := Traced{File: words.Bound(words.Printable(file)), Number: m.Number, Taken: string(taken.How), Part: taken.Part, Found: len(m.Found), From: author(taken), ID: strings.Trim(taken.Get("Message-ID"), "<>")}
	own := ownOf(e.Own)
	t.OwnFrom = strings.Contains(t.From, "@") && own.Names(domain(t.From))
	j := &judge{env: e, own: own, t: &t}
	if taken.How == message.Reported {
		j.report = m.Report
	}
	j.lines, t.More = linesOf(taken, own)
	j.way = walk.Walk(j.lines, own)
	j.signs = j.way.Look(j.lines, own, e.now())
	if err := j.decide(ctx); err != nil {
		return t, err
	}
	if r, i := j.report, j.way.Received; r != nil && i >= 0 && r.SourceIP.IsValid() && r.SourceIP != j.lines[i].Hop.IP {
		j.sign("source-ip", 1, runbook.Tf("the report names another source, %s", "報告の Source-IP は異なる (%s)", r.SourceIP), i)
	}
	for _, l := range j.lines {
		if !l.Read {
			t.Unread++
		}
	}
	t.Guess = j.way.Guess
	t.Hops, t.Signs, t.Score = hopsOf(j.lines, j.way, j.signs), signsOf(j.signs), walk.Score(j.signs)
	return t, nil
}

func domain(address string) string { return address[strings.LastIndexByte(address, '@')+1:] }

// at1 writes a place in a file.
func at1(file string, offset int64) string { return fmt.Sprintf("%s:%d", file, offset) }
