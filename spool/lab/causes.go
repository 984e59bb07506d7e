package lab

import (
	"net/netip"
	"time"

	"hikeshi/spool/lab/names"
	"hikeshi/spool/lab/traffic"
)

// server is what all scenarios have in common: a server that asks every account for a login, and people who mail through it. The
// queue fills much faster than it empties, and everyone's mail goes through the same queue. Passwords are given to the clients by Build.
func server() Scenario {
	address := addr("192.0.2.25")
	return Scenario{
		Addr:     address,
		Listings: names.Night(address),
		Refusing: []string{"bl.score.senderscore.com"},
		Failing:  []string{"black.dnsbl.brukalai.lt"},
		Host:     "mail1.example.jp",
		Domain:   "example.jp",
		Accounts: []string{"postmaster", "taro", "hanako", "jiro"},
		AuthOnly: 2,
		Fresh:    addrs("198.51.100.180", "198.51.100.181"),
		Spam:     3000,
		Recipients: [][]string{
			{"a1@example.com", "a2@example.com", "a3@example.net"},
			{"b1@example.net", "b2@slow.example.org"},
			{"c1@example.com", "c2@gone.example.net"},
		},
		Mail:       people(),
		Rate:       60,
		RetryAfter: 5 * time.Second,
		Refuses:    map[string]int{"slow.example.org": 1},
		Rejects:    []string{"gone.example.net"},
		// After so much spam the server is on lists, and others say so.
		Answers: map[string]string{
			"slow.example.org": "450 4.7.1 Client host [192.0.2.25] blocked using dnsbl.example.org; poor reputation, try again later",
			"gone.example.net": "550 5.7.1 Client host [192.0.2.25] blocked using zen.spamhaus.org; https://check.spamhaus.org/query/ip/192.0.2.25",
		},
	}
}

// people are a partner outside, a host that returns mail, and two users.
func people() []traffic.Client {
	return []traffic.Client{
		{Peer: addr("198.51.100.7"), Name: "mx.example.com", Sender: "partner@example.com", Every: 250 * time.Millisecond,
			To: [][]string{{"hanako@example.jp"}, {"jiro@example.jp", "hanako@example.jp"}}},
		{Peer: addr("198.51.100.25"), Name: "mx.example.net", Sender: "", Every: 700 * time.Millisecond,
			To: [][]string{{"jiro@example.jp"}}},
		{Peer: addr("192.0.2.10"), Name: "pc10.example.jp", Login: "hanako@example.jp", Sender: "hanako@example.jp", Every: 250 * time.Millisecond,
			To: [][]string{{"office@slow.example.org"}, {"customer@example.net"}, {"customer@example.net", "desk@slow.example.org", "jiro@example.jp"}}},
		{Peer: addr("192.0.2.11"), Name: "pc11.example.jp", Login: "taro@example.jp", Sender: "taro@example.jp", Every: 400 * time.Millisecond,
			To: [][]string{{"hanako@example.jp"}, {"client@example.com"}}},
	}
}

// stolenPassword: a handful of addresses log in as one user and flood the server. Mail to the owner goes on throughout.
func stolenPassword() Scenario {
	s := server()
	s.Name, s.Cause = "stolen-password", "a"
	s.Title, s.TitleJA = "a stolen password floods the server", "盗まれたパスワードによる大量送信"
	s.Abused, s.Stolen, s.Senders = "taro", true, []string{"taro@example.jp"}
	s.Sources = addrs("203.0.113.9", "203.0.113.41", "203.0.113.77", "203.0.113.130", "203.0.113.201")
	s.Mail = append(s.Mail, traffic.Client{Peer: addr("198.51.100.8"), Name: "mx2.example.com", Sender: "friend@example.com",
		Every: 500 * time.Millisecond, To: [][]string{{"taro@example.jp"}}})
	return s
}

// unauthenticatedSender: nobody has to log in, so that it is enough to name any account. A printer in the office has none to log in
// with; its address is permitted, as an administrator would do it, and it is to go on. Demanding a login of accounts with an auth file
// leaves the printer's own name open to everyone; a last line "*.*.*.* norelay,2" below its permission does not.
func unauthenticatedSender() Scenario {
	s := server()
	s.Name, s.Cause = "unauthenticated-sender", "b"
	s.Title, s.TitleJA = "an account is named without a login", "認証なしで実在のアカウントを名乗る大量送信"
	s.Accounts = append(s.Accounts, "printer")
	s.NoAuth, s.AuthOnly, s.Relay = []string{"printer"}, 0, "192.0.2.50 true\n"
	s.Abused, s.Senders = "taro", []string{"taro@example.jp"}
	s.Sources = addrs("203.0.113.12", "203.0.113.58", "203.0.113.99", "203.0.113.160")
	s.Mail = append(s.Mail, traffic.Client{Peer: addr("192.0.2.50"), Name: "printer", Sender: "printer@example.jp", Every: 400 * time.Millisecond,
		To: [][]string{{"office@example.net"}, {"hanako@example.jp"}}})
	return s
}

// openLine: a line of effect.dat permits everybody who names the server's own domain, whether there is such an account or not (FAQ
// bsd/01-08). The line below it is innocent.
func openLine() Scenario {
	s := server()
	s.Name, s.Cause = "open-line", "c"
	s.Title, s.TitleJA = "a line of the relay file lets everyone send", "中継設定の開いた行による大量送信"
	s.Opening = "example.jp true"
	s.Relay = s.Opening + "\n192.0.2.60 true\n"
	s.Senders = []string{"nobody@example.jp", "sales@example.jp", "info@example.jp"}
	s.Sources = addrs("203.0.113.20", "203.0.113.64", "203.0.113.118", "203.0.113.222")
	s.Mail = append(s.Mail, traffic.Client{Peer: addr("192.0.2.60"), Name: "gateway.example.jp", Sender: "alarm@example.org", Every: 500 * time.Millisecond,
		To: [][]string{{"guard@example.net"}}})
	return s
}

// ownHost: a form on a web page of the server itself mails whatever it is told. Its own address must be able to send, since a shop on
// the same host does; only the form can be switched off.
func ownHost() Scenario {
	s := server()
	s.Name, s.Cause = "own-host", "d"
	s.Title, s.TitleJA = "a web form on the server itself sends the spam", "サーバー上のWebフォームからの大量送信"
	s.Accounts = append(s.Accounts, "www", "shop")
	s.Relay = "127.0.0.1 true\n"
	s.Form, s.Senders = true, []string{"www@example.jp"}
	s.Mail = append(s.Mail, traffic.Client{Peer: addr("127.0.0.1"), Name: "localhost", Sender: "shop@example.jp", Every: 400 * time.Millisecond,
		To: [][]string{{"customer@example.net"}, {"hanako@example.jp"}}})
	return s
}

// forged: somebody else's server sends mail in the name of accounts here, and the world returns it. Nothing is wrong with this one.
func forged() Scenario {
	s := server()
	s.Name, s.Cause = "forged", "h"
	s.Title, s.TitleJA = "only the address is forged: bounces from everywhere", "差出人の詐称だけで、各地からエラーメールが届く"
	s.Listings = nil // nothing came from here
	s.Senders = []string{"taro@example.jp"}
	s.Rate = 30 // a third of the bounces is for nobody and is refused, the rest must pile up
	s.Bounces = addrs("198.51.100.101", "198.51.100.115", "198.51.100.130", "198.51.100.147", "203.0.113.33", "203.0.113.90",
		"203.0.113.144", "203.0.113.199", "2001:db8:1::25", "2001:db8:2::25", "2001:db8:3::25", "2001:db8:4::25")
	return s
}

func addr(s string) netip.Addr { return netip.MustParseAddr(s) }

func addrs(all ...string) []netip.Addr {
	var list []netip.Addr
	for _, s := range all {
		list = append(list, addr(s))
	}
	return list
}
