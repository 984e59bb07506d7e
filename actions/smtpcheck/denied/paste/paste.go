// Package paste writes what somebody else can paste into a shell, to ask a mail server from an address that this machine does not have. Each
// command is one line, asks at its own pace, and stops before DATA: no message is sent.
package paste

import (
	"fmt"
	"net/netip"
	"strings"
)

// A Line is one command.
type Line struct {
	Tool string `json:"tool" expr:"tool"` // bash, nc, telnet, swaks, swaks-login
	Text string `json:"text" expr:"text"`
}

// Mail are the addresses in it, which must be plain ones (consent.IsMailbox): they stand in a shell.
type Mail struct {
	Sender  string // a stranger
	Account string // of the server; "" if none is known
	Probe   string // a stranger to whom mail would have to be relayed
}

// Lines are the commands. Nothing stands in them that is not a plain mail address, a host name of one, or an address and a port.
func Lines(at netip.AddrPort, r Mail) []Line {
	_, helo, _ := strings.Cut(r.Sender, "@")
	words := []string{"EHLO " + helo}
	to := r.Probe
	if r.Account != "" {
		to = r.Account
	}
	words = append(words, "MAIL FROM:<"+r.Sender+">", "RCPT TO:<"+to+">")
	if r.Account != "" {
		words = append(words, "RSET", "MAIL FROM:<"+r.Account+">", "RCPT TO:<"+r.Probe+">")
	}
	loop := fmt.Sprintf(`for c in "%s"; do sleep 2; printf "%%s\r\n" "$c"`, strings.Join(append(words, "QUIT"), `" "`))
	host, port := at.Addr().String(), at.Port()
	all := []Line{
		{"bash", fmt.Sprintf(`timeout 60 bash -c 'exec 3<>/dev/tcp/%s/%d; %s >&3; done; cat <&3'`, host, port, loop)},
		{"nc", fmt.Sprintf(`(%s; done; sleep 5) | nc -w 20 %s %d`, loop, host, port)},
		{"telnet", fmt.Sprintf(`(%s; done; sleep 5) | telnet %s %d`, loop, host, port)},
		{"swaks", fmt.Sprintf(`swaks --server %s --port %d --helo %s --from %s --to %s --quit-after RCPT`, host, port, helo, r.Sender, to)},
	}
	if r.Account != "" {
		all = append(all, Line{"swaks-login", fmt.Sprintf(`swaks --server %s --port %d --helo %s --tls-optional --auth-user %s --from %s --to %s --quit-after RCPT`, host, port, helo, r.Account, r.Account, r.Probe)})
	}
	return all
}
