package lab

import (
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"slices"
	"strings"
	"time"

	"hikeshi/spool/lab/judge"
	"hikeshi/spool/lab/standin"
	"hikeshi/spool/lab/standin/lockout"
	"hikeshi/spool/lab/traffic"
)

// thieves are where the spam comes from, each with what he tries when he is refused.
func (l *Lab) thieves() []traffic.Thief {
	s := l.Scenario
	from := s.Sources
	if s.Form {
		from = addrs("127.0.0.1", "127.0.0.1", "127.0.0.1")
	}
	var all []traffic.Thief
	for i, source := range from {
		c := l.spammer(source, s.Senders[i%len(s.Senders)])
		c.Burst = s.Spam / len(from)
		peers := []netip.Addr{s.Fresh[i%len(s.Fresh)]}
		switch {
		case s.Form:
			c.Gate = formFile(l.Root()) // the host itself is reached through the form only
		case s.Stolen:
			c = l.loggedIn(c)
			fallthrough
		default:
			peers = append(peers, source)
		}
		tries := l.attempts(peers)
		all = append(all, traffic.Thief{Client: c, Tries: slices.Concat(tries.Login, tries.Senders, tries.Others)})
	}
	if s.Stolen {
		all[0].Guesses = guesses()
	}
	return all
}

// guesses are what the first thief tries before he knows the password; the others wait for him.
func guesses() []string {
	var all []string
	for n := range 12 {
		all = append(all, fmt.Sprintf("guess-%02d", n+1))
	}
	return all
}

// attempts are all ways in that a thief at these addresses could still know.
func (l *Lab) attempts(peers []netip.Addr) judge.Attempts {
	s := l.Scenario
	var a judge.Attempts
	for _, peer := range peers {
		for _, sender := range s.Senders {
			c := l.spammer(peer, sender)
			a.Senders = append(a.Senders, c)
			if s.Stolen {
				a.Login = append(a.Login, l.loggedIn(c))
			}
		}
		for _, account := range s.Accounts {
			if sender := s.address(account); !slices.Contains(s.Senders, sender) {
				a.Others = append(a.Others, l.spammer(peer, sender))
				if s.Stolen {
					a.Login = append(a.Login, l.loggedIn(l.spammer(peer, sender)))
				}
			}
		}
	}
	return a
}

func (l *Lab) spammer(peer netip.Addr, sender string) traffic.Client {
	return traffic.Client{Peer: peer, Name: "localhost", Sender: sender, To: l.Scenario.Recipients, Every: 200 * time.Millisecond}
}

// loggedIn gives a client the stolen password.
func (l *Lab) loggedIn(c traffic.Client) traffic.Client {
	c.Login, c.Mode, c.Password = l.Scenario.address(l.Scenario.Abused), "LOGIN", l.password[l.Scenario.Abused]
	return c
}

// clients are everyone else.
func (l *Lab) clients() []traffic.Client {
	var all []traffic.Client
	for _, c := range l.Scenario.Mail {
		user, _, _ := strings.Cut(c.Login, "@")
		c.Password = l.password[user]
		all = append(all, c)
	}
	for i, peer := range l.Scenario.Bounces {
		all = append(all, traffic.Client{Peer: peer, Name: fmt.Sprintf("mx%d.example.net", i+1), Burst: l.Scenario.Spam / len(l.Scenario.Bounces),
			Every: time.Second, To: [][]string{{"taro@example.jp"}, {"hanako@example.jp"}, {"nobody@example.jp"}}})
	}
	return all
}

// witnesses are those who must be accepted to the end: not the owner of an abused account, who has to wait for a new password.
func (l *Lab) witnesses() []traffic.Client {
	return slices.DeleteFunc(l.clients(), func(c traffic.Client) bool {
		return l.Scenario.Abused != "" && c.Login == l.Scenario.address(l.Scenario.Abused)
	})
}

// LetIn ends the lock-out of a peer that the lab in root has locked out for a time, as if that time had passed: a rehearsal is over long before.
// What the administrator has refused stays refused.
func LetIn(root string, peer netip.Addr) error {
	file := standin.Config{Root: root}.Program("rejectsmtpip.dat")
	data, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		if rest := lockout.Without(data, peer); len(rest) < len(data) {
			err = os.WriteFile(file, rest, 0o644) // in place, as the receiver appends to it
		}
	}
	if err != nil {
		return fmt.Errorf("ending the lock-out of %s: %w", peer, err)
	}
	return nil
}

// CloseForm switches off the form on the server, which is what a responder does by hand in the scenario with one. It may be off.
func (l *Lab) CloseForm() error { return CloseForm(l.Root()) }

// CloseForm is for a process that has not built the lab in root.
func CloseForm(root string) error {
	if err := os.RemoveAll(formFile(root)); err != nil {
		return fmt.Errorf("switching off the form of the lab: %w", err)
	}
	return nil
}
