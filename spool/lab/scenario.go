package lab

import (
	"net/netip"
	"time"

	"hikeshi/spool/lab/traffic"
)

// A Scenario says what happens in a lab.
type Scenario struct {
	Name           string
	Title, TitleJA string
	Host           string   // of the server
	Domain         string   // its own
	Accounts       []string // of that domain
	Abused         string   // the account whose password was stolen
	Sources        []netip.Addr
	Spam           int        // messages that the sources send as fast as they can; then they go on more slowly
	Recipients     [][]string // of the spam
	Mail           []traffic.Client
	Rate           float64 // messages that the delivery handles in a second
	RetryAfter     time.Duration
	Refuses        map[string]int // how often a domain refuses for the time being
	Rejects        []string       // domains that take nothing
}

// Scenarios are all there are, the default first.
func Scenarios() []Scenario { return []Scenario{stolenPassword()} }

// Find returns the scenario of that name, or the default for "".
func Find(name string) (Scenario, bool) {
	for _, s := range Scenarios() {
		if s.Name == name || name == "" {
			return s, true
		}
	}
	return Scenario{}, false
}

// stolenPassword: a handful of addresses log in as one user and flood the server, whose queue fills much faster than it empties.
// The user's own mail, and everyone else's, goes through the same queue. Passwords are given to the clients by Build.
func stolenPassword() Scenario {
	return Scenario{
		Name:     "stolen-password",
		Title:    "a stolen password floods the server",
		TitleJA:  "盗まれたパスワードによる大量送信",
		Host:     "mail1.example.jp",
		Domain:   "example.jp",
		Accounts: []string{"postmaster", "taro", "hanako", "jiro"},
		Abused:   "taro",
		Sources: []netip.Addr{addr("203.0.113.9"), addr("203.0.113.41"), addr("203.0.113.77"), addr("203.0.113.130"),
			addr("203.0.113.201")},
		Spam: 3000,
		Recipients: [][]string{
			{"a1@example.com", "a2@example.com", "a3@example.net"},
			{"b1@example.net", "b2@slow.example.org"},
			{"c1@example.com", "c2@gone.example.net"},
		},
		Mail: []traffic.Client{
			{Peer: addr("198.51.100.7"), Name: "mx.example.com", Sender: "partner@example.com", Every: 250 * time.Millisecond,
				To: [][]string{{"hanako@example.jp"}, {"jiro@example.jp", "hanako@example.jp"}}},
			{Peer: addr("198.51.100.25"), Name: "mx.example.net", Sender: "", Every: 700 * time.Millisecond,
				To: [][]string{{"jiro@example.jp"}}},
			{Peer: addr("192.0.2.10"), Name: "pc10.example.jp", Login: "hanako@example.jp", Sender: "hanako@example.jp", Every: 250 * time.Millisecond,
				To: [][]string{{"office@slow.example.org"}, {"customer@example.net"}, {"customer@example.net", "desk@slow.example.org", "jiro@example.jp"}}},
			{Peer: addr("192.0.2.11"), Name: "pc11.example.jp", Login: "taro@example.jp", Sender: "taro@example.jp", Every: 400 * time.Millisecond,
				To: [][]string{{"hanako@example.jp"}, {"client@example.com"}}},
		},
		Rate:       60,
		RetryAfter: 5 * time.Second,
		Refuses:    map[string]int{"slow.example.org": 1},
		Rejects:    []string{"gone.example.net"},
	}
}

func addr(s string) netip.Addr { return netip.MustParseAddr(s) }
