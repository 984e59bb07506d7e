// Package past is what the logs of a rehearsed server hold when a rehearsal begins: the habits of everyone who mails through it.
package past

import (
	"errors"
	"math/rand/v2"
	"time"

	"hikeshi/spool/lab/history/daemon"
	"hikeshi/spool/lab/history/files"
	"hikeshi/spool/lab/history/people"
	"hikeshi/spool/lab/traffic"
)

// Config says whose habits they are.
type Config struct {
	Dir      string // of the spool
	Computer string // its folder in each log's folder; "" for none
	Host     string
	Domain   string
	Now      time.Time // the logs end here; its zone is that of the server
	Days     int       // before today
	LastID   uint64    // of the message before the first
	Clients  []traffic.Client
}

// Sessions of a client in an hour, by day on a working day and else.
const (
	busy  = 8
	quiet = 0.3
)

// Write writes the logs of these days, and of today up to now. What is in them is chance, the same for the same clients and hours.
func Write(c Config) error {
	y, m, d := c.Now.Date()
	midnight := time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Unix()
	when := people.Span{From: midnight - int64(c.Days)*86400, To: midnight + int64(c.Now.Sub(time.Date(y, m, d, 0, 0, 0, 0, c.Now.Location()))/time.Second)}
	f := &files.Files{Dir: c.Dir, Computer: c.Computer}
	s := &daemon.Server{Host: c.Host, Domain: c.Domain, To: when.To, LastID: c.LastID, Flush: f.Write}
	var all []daemon.Source
	for i, client := range c.Clients {
		all = append(all, people.NewHabit(rand.New(rand.NewPCG(uint64(i), 0)), when, rate, sends(client)))
	}
	return errors.Join(s.Play(all), f.Close())
}

func rate(at int64) float64 {
	if hour, off := people.Clock(at); off || hour < 8 || hour >= 19 {
		return quiet
	}
	return busy
}

// sends makes the sessions of a client: one message each, as in the rehearsal. Users write to somebody who is gone now and then.
func sends(c traffic.Client) func(*rand.Rand, int64) *daemon.Session {
	mode := c.Mode
	if mode == "" {
		mode = "PLAIN"
	}
	return func(r *rand.Rand, at int64) *daemon.Session {
		to := c.To[r.IntN(len(c.To))]
		if c.Login != "" && r.IntN(80) == 0 {
			to = []string{daemon.Gone + "-office@example.net"}
		}
		return &daemon.Session{At: at, Pace: 1, Peer: c.Peer, HELO: c.Name, Login: c.Login, Mode: mode, Password: c.Password, Port: 25,
			Mails: []daemon.Mail{{Sender: c.Sender, To: to}}}
	}
}
