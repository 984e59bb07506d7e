// Package notice writes what has to be told about an incident: that mail is down, that it is back, what happened. A notice asks for nothing
// that a gate could refuse, so it can be written at any time, the first one seconds after the stop.
//
// [Load] reads the texts, [Texts.Write] writes one notice. A text is a file NAME.LANG.txt, a text/template whose first line is "Subject: " and
// the subject, then an empty line, then the body:
//
//	Subject: Mail is down since {{fact "stopped"}}
//
//	Receipt and delivery were stopped at {{fact "stopped"}}.
//	{{if known "phone"}}Questions: {{fact "phone"}}{{end}}
//
// The file parts.LANG.txt defines what texts share. A text knows facts by their names, those of [Page.facts], and [View]. A fact that neither
// the record nor the configuration tells becomes a marked gap, [[FILL IN: what]] or 【要記入:何を】, and the notice is incomplete.
//
// Values from outside stay values: none can end a line or be read as a template.
package notice

import (
	"errors"
	"fmt"
	"net/mail"
	"strings"
	"time"

	"hikeshi/actions/delist/casefile"
	"hikeshi/actions/delist/eml"
	"hikeshi/runbook"
)

// ErrForged says that a notice would not be true: by the record this server sent nothing, only its address was forged (cause h).
var ErrForged = errors.New("by the record only our address was forged, so this server sent nothing")

// A Request is what notices are written from.
type Request struct {
	Case   casefile.Case
	Writer casefile.Writer
	Now    time.Time
	Next   time.Time      // of the next word
	Zone   *time.Location // in which times are given
	Lang   string         // of the responder: en or ja
}

// A Notice is one text for one reader.
type Notice struct {
	Letter runbook.Letter // Name is left to who writes it down
	Lang   string
	File   string // a name for its file
	Text   string // as it is read
	Data   []byte // as a file: a message that mail programs open, or Text
}

// Write writes the notice name in lang: one, or for the owners of accounts one for each account that was named, which may be none. The
// error is ErrForged where it would not be true.
func (t Texts) Write(r Request, name, lang string) ([]Notice, error) {
	s, ok := find(name)
	if !ok {
		return nil, fmt.Errorf("%w: no notice has the name %q", runbook.ErrInput, name)
	}
	if r.Case.Cause == "h" && !s.forged {
		return nil, fmt.Errorf("writing %s: %w", name, ErrForged)
	}
	accounts := []string{""}
	if s.owners && len(r.Case.Accounts) > 0 {
		accounts = r.Case.Accounts
	} else if s.owners && strings.Contains("cdefg", r.Case.Cause) && r.Case.Cause != "" {
		return nil, nil // these need no account
	}
	var all []Notice
	for _, account := range accounts {
		n, err := t.one(r, s, lang, account)
		if err != nil {
			return nil, fmt.Errorf("writing %s: %w", name, err)
		}
		all = append(all, n)
	}
	return all, nil
}

// one writes one notice.
func (t Texts) one(r Request, s spec, lang, account string) (Notice, error) {
	p := newPage(r, s, lang, account)
	subject, body, err := t.execute(s.name, p)
	if err != nil {
		return Notice{}, err
	}
	n := Notice{Lang: lang, File: s.name + "." + lang}
	n.Letter = runbook.Letter{ID: s.name, To: s.to, About: plain(account), Way: s.way, Title: s.title, State: runbook.LetterReady}
	if account != "" {
		n.Letter.ID += "@" + n.Letter.About
		n.File = s.name + "-" + n.Letter.About + "." + lang
	}
	if lang != s.home(r.Lang) {
		n.Letter.ID += "." + lang // another letter than that in the language that is written first
	}
	switch {
	case s.way == say:
		n.Text, n.File, n.Data = body, n.File+".txt", []byte(body)
	case s.paper:
		n.Text = subject + "\n\n" + body
		n.File, n.Data = n.File+".txt", []byte(n.Text)
	default:
		if err := n.mail(r.Writer, s, subject, body); err != nil {
			return Notice{}, err
		}
	}
	n.Letter.Gaps = p.missing
	if len(p.missing) > 0 {
		n.Letter.State = runbook.LetterIncomplete
	}
	return n, nil
}

// mail makes the notice a message.
func (n *Notice) mail(w casefile.Writer, s spec, subject, body string) (err error) {
	m := eml.Message{Subject: subject, Body: body, From: mail.Address{Name: w.Name.In(n.Lang), Address: w.Email}}
	if s.network && w.ProviderEmail != "" {
		m.To = []mail.Address{{Name: w.Provider.In(n.Lang), Address: w.ProviderEmail}}
	} // else the person names the recipients: no mail program sends without
	n.Text = "Subject: " + subject + "\n\n" + body
	n.File += ".eml"
	n.Data, err = m.Bytes()
	return err
}

// NextWord returns the time of the next word: that of text, which is RFC 3339 or HH:MM in zone, or without one an hour from now, on a
// quarter of an hour. The error wraps runbook.ErrInput where text is no time, or one that is over.
func NextWord(text string, now time.Time, zone *time.Location) (time.Time, error) {
	if text == "" {
		return now.Add(time.Hour).Round(15 * time.Minute).UTC(), nil
	}
	if at, err := time.Parse(time.RFC3339, text); err == nil {
		if !at.After(now) {
			return time.Time{}, fmt.Errorf("%w: the time of the next word, %s, is over", runbook.ErrInput, text)
		}
		return at.UTC(), nil
	}
	clock, err := time.Parse("15:04", text)
	if err != nil {
		return time.Time{}, fmt.Errorf("%w: %q is no time: 14:30 or 2026-11-22T14:30:00+09:00 is wanted", runbook.ErrInput, text)
	}
	local := now.In(zone)
	at := time.Date(local.Year(), local.Month(), local.Day(), clock.Hour(), clock.Minute(), 0, 0, zone)
	if !at.After(now) {
		at = time.Date(local.Year(), local.Month(), local.Day()+1, clock.Hour(), clock.Minute(), 0, 0, zone)
	}
	return at.UTC(), nil
}
