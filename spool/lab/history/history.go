// Package history makes the logs of an E-Post Mail Server V: some days of everybody's habits and then, mostly, an incident, with the
// truth about it.
//
//	w := history.Make(7, history.Options{})
//	err := w.Write(spoolDir)                 // acceptlog/261107.log and so on
//	err = w.Stream(map[string]io.Writer{"acceptlog": f})   // or as a stream, of any size
//	w.Truth.Accounts                         // who was abused
//
// The same seed and options make the same bytes. What the lines say is in package daemon, who mails in package people, what the
// abusers do in package crime.
package history

import (
	"errors"
	"io"
	"math/rand/v2"
	"time"

	"hikeshi/spool/lab/history/crime"
	"hikeshi/spool/lab/history/daemon"
	"hikeshi/spool/lab/history/files"
	"hikeshi/spool/lab/history/people"
)

// The truth and its parts.
type (
	Truth    = crime.Truth
	Account  = crime.Account
	Source   = crime.Source
	Incident = crime.Incident
	Kind     = crime.Kind
)

// Options change what Make would choose; all may be left out.
type Options struct {
	Days       int       // the last of them is that of the incident and ends in its course; 15
	Start      time.Time // midnight of the first day; only its date counts; 7 November 2026
	Accounts   int       // at least 5; by the seed 20 to 200
	Incoming   float64   // mails from outside in an hour; by the number of accounts
	Size       int64     // bytes of all logs together, about, if that is more than they would have: by more mail from outside
	Incidents  []Kind    // by the seed; an empty list that is not nil is none
	Computer   string    // folder of that name in each log's folder; "" for none
	ReceiveLog bool      // write receivelog, which shows passwords
	SenderLog  bool      // write senderlog
}

// A World is what happened on one server.
type World struct {
	Truth   Truth
	Host    string
	Domain  string
	From    int64 // wall seconds: midnight of the first day
	To      int64 // when the logs end
	options Options
	seed    uint64
	config  people.Config
	deeds   []*daemon.Session
}

// Make settles everything that the seed and the options say; the logs are made when they are written.
func Make(seed uint64, o Options) *World {
	r := rand.New(rand.NewPCG(seed, 0x776f726c64))
	accounts, end := 20+r.IntN(181), int64(5+r.IntN(5))
	if r.IntN(3) == 0 {
		end = int64(10 + r.IntN(11))
	}
	if o.Days <= 0 {
		o.Days = 15
	}
	if o.Start.IsZero() {
		o.Start = time.Date(2026, 11, 7, 0, 0, 0, 0, time.UTC)
	}
	if o.Accounts <= 0 {
		o.Accounts = accounts
	}
	o.Accounts = max(o.Accounts, 5)
	w := &World{Host: "mail1.example.jp", Domain: "example.jp", options: o, seed: seed}
	y, m, d := o.Start.Date()
	w.From = time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Unix()
	w.To = w.From + int64(o.Days-1)*86400 + end*3600
	w.config = people.Config{Seed: seed, Accounts: o.Accounts, Span: people.Span{From: w.From, To: w.To}, Domain: w.Domain, Incoming: w.incoming()}
	kinds := o.Incidents
	if kinds == nil {
		kinds = crime.Draw(seed)
	}
	town := people.New(w.config)
	w.deeds, w.Truth = crime.Plan(town, kinds)
	w.Truth.Secrets = town.Secrets()
	w.heavy(town)
	return w
}

// perMail is how many bytes of logs a mail from outside makes, without receivelog and with it.
const (
	perMail     = 466
	perDialogue = 690
)

// incoming is how much mail comes from outside in an hour.
func (w *World) incoming() float64 {
	o := w.options
	if o.Incoming <= 0 {
		o.Incoming = float64(o.Accounts) * 0.4
	}
	if o.Size > 0 {
		each := float64(perMail)
		if o.ReceiveLog {
			each += perDialogue
		}
		o.Incoming = max(o.Incoming, float64(o.Size)/each/(float64(w.To-w.From)/3600))
	}
	return o.Incoming
}

// heavy notes who looks busy and is innocent.
func (w *World) heavy(t *people.Town) {
	abused := map[string]bool{}
	for _, a := range w.Truth.Accounts {
		abused[a.Login] = true
	}
	note := func(login string) {
		if !abused[login] {
			w.Truth.HeavyAccounts = append(w.Truth.HeavyAccounts, login)
		}
	}
	note(people.News + "@" + w.Domain)
	note(people.Scan + "@" + w.Domain)
	for i, p := range t.People {
		if p.Field || i == t.Stuck || t.Forwards[p.Login] != "" {
			note(p.Login)
		}
	}
	w.Truth.HeavySources = append(append(w.Truth.HeavySources, t.Webmail, t.Letters, t.Monitor, t.Device), t.Office...)
	w.Truth.HeavySources = append(w.Truth.HeavySources, t.Scanners...)
}

// planned is a list of sessions as a source.
type planned []*daemon.Session

// Next implements daemon.Source.
func (p *planned) Next() *daemon.Session {
	if len(*p) == 0 {
		return nil
	}
	s := (*p)[0]
	*p = (*p)[1:]
	return s
}

// play writes everything anew.
func (w *World) play(off [daemon.Logs]bool, flush func(daemon.Log, int64, []byte) error) error {
	town := people.New(w.config)
	deeds := planned(w.deeds)
	s := &daemon.Server{Host: w.Host, Domain: w.Domain, Forwards: town.Forwards, Off: off, To: w.To, LastID: 97000, Tight: w.seed%2 == 0, Flush: flush}
	s.Off[daemon.ReceiveLog] = s.Off[daemon.ReceiveLog] || !w.options.ReceiveLog
	s.Off[daemon.SenderLog] = s.Off[daemon.SenderLog] || !w.options.SenderLog
	return s.Play(append(town.Sources(), &deeds))
}

// Stream writes the logs that are named, as acceptlog, each in the order of its lines. The error is that of a writer.
func (w *World) Stream(to map[string]io.Writer) error {
	var off [daemon.Logs]bool
	var writers [daemon.Logs]io.Writer
	for log := range daemon.Logs {
		writers[log] = to[log.String()]
		off[log] = writers[log] == nil
	}
	return w.play(off, func(log daemon.Log, _ int64, text []byte) error {
		_, err := writers[log].Write(text)
		return err
	})
}

// Write writes the logs below the spool folder dir, one file a day: acceptlog/261107.log, or acceptlog/COMPUTER/261107.log. Files that
// are there are continued.
func (w *World) Write(dir string) error {
	f := &files.Files{Dir: dir, Computer: w.options.Computer}
	return errors.Join(w.play([daemon.Logs]bool{}, f.Write), f.Close())
}
