// Package door says whether a stranger can mail the outside through E-Post Mail Server V without a login: by what effect.dat decides for
// peers that nobody knows, under the senders that a thief may name, and by the setting SMTPAUTHOnly (FAQ bsd/01-08, bsd/01-74).
package door

import (
	"fmt"
	"net/netip"

	"hikeshi/spool"
	"hikeshi/spool/epms/effect"
)

// strangers are peers that nobody has a reason to let relay: addresses of the documentation ranges (RFC 5737, RFC 3849), which stand for
// everyone on the Internet. What a line permits to single addresses is not asked here; package lint names wide ones.
var strangers = []netip.Addr{netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("198.51.100.1"), netip.MustParseAddr("203.0.113.1"), netip.MustParseAddr("2001:db8::1")}

// Bounds of a look.
const (
	maxTried = 200 // senders
	maxFound = 20
)

// A Server is what matters of one server.
type Server struct {
	AuthOnly int64           // SMTPAUTHOnly; the receiver reads it when it starts
	Domains  []string        // own domains
	Accounts []spool.Account // of these domains
	Others   []string        // addresses of aliases and lists, which have no auth file
}

// Open tries in thought whom a stranger may name as the sender to reach the outside without a login: accounts, aliases and lists, a name of
// an own domain that does not exist, and a foreign one. Nothing found means that mail to the outside needs a login.
func (s Server) Open(file []byte) []spool.LintFinding {
	if s.AuthOnly == 1 {
		return nil // every session has to log in
	}
	f := effect.Parse(file)
	var found []spool.LintFinding
	for _, try := range s.senders() {
		for _, peer := range strangers {
			d := f.Decide(effect.Query{Peer: peer, Sender: try.address, SenderGiven: true})
			if len(found) == maxFound || d.Reply(try.kind, false).Rcpt != effect.Accepted {
				continue
			}
			found = append(found, spool.LintFinding{Line: d.Line, Level: "bad", Code: s.code(try, d.Result), Raw: d.Text,
				Text:   fmt.Sprintf("%q from %s reaches the outside without a login (%s)", try.address, peer, d.Result),
				TextJA: fmt.Sprintf("差出人 %q は %s から認証なしで外部へ送信できる (%s)", try.address, peer, d.Result)})
			break
		}
	}
	return found
}

// code says of a way whether the setting alone would shut it: the line that decides permits no more than the default rule, and the
// sender has something to log in with, which is not asked for.
func (s Server) code(by sender, r effect.Result) string {
	if s.AuthOnly == 0 && by.auth && r != effect.Relay {
		return spool.NoLoginDemanded
	}
	return "no-login-needed"
}

type sender struct {
	address string
	kind    effect.SenderKind
	auth    bool // has an auth file
}

// senders are those whom a thief may name. Where local senders have to log in only those are of use to him that have nothing to log in with.
func (s Server) senders() []sender {
	all := []sender{{"nobody@example.com", effect.Outside, false}}
	for _, domain := range s.Domains {
		all = append(all, sender{"no-such-name-0@" + domain, effect.UnknownLocal, false})
	}
	for _, auth := range []bool{true, false} { // what the setting would shut first, so that it is among the found
		for _, a := range s.Accounts {
			if len(all) < maxTried && a.Auth == auth && !(s.AuthOnly == 2 && auth) {
				all = append(all, sender{a.Address(), effect.Local, auth})
			}
		}
	}
	for _, address := range s.Others {
		if len(all) < 2*maxTried {
			all = append(all, sender{address, effect.Local, false})
		}
	}
	return all
}
