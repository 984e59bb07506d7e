package recorder

import (
	"bufio"
	"cmp"
	"crypto/tls"
	"fmt"
	"net"
	"strings"
	"time"
)

// A peer is one connection.
type peer struct {
	Client
	s  *Server
	c  net.Conn
	in *bufio.Reader
}

func (p *peer) use(c net.Conn) { p.c, p.in = c, bufio.NewReader(c) }

// silent is the answer after which the conversation goes on, and nothing is said.
const silent = "silent"

func (p *peer) serve(c net.Conn) {
	c.SetDeadline(time.Now().Add(time.Minute))
	if p.use(c); p.s.Implicit {
		p.use(tls.Server(c, p.s.TLS))
		p.TLS = true
	}
	reply := p.s.Banner
	if p.s.Greet != nil {
		reply = cmp.Or(p.s.Greet(&p.Client), reply)
	}
	for p.say(reply) {
		line, err := p.in.ReadString('\n')
		if err != nil {
			return
		}
		line = strings.TrimRight(line, "\r\n")
		p.s.record(line)
		p.Commands++
		verb, arg, _ := strings.Cut(line, " ")
		if reply = p.reply(strings.ToUpper(verb), arg); strings.EqualFold(verb, "QUIT") {
			p.s.forget(c) // whoever has the answer may connect again
			p.say(reply)
			return
		}
	}
}

// say writes a reply and says whether the conversation goes on.
func (p *peer) say(reply string) bool {
	switch reply {
	case silent:
		return true
	case "hang":
		p.in.ReadByte() // until the other side gives up
		return false
	case "close":
		return false
	}
	if text, slowly := strings.CutPrefix(reply, "trickle "); slowly {
		return p.trickle(text)
	}
	_, err := fmt.Fprint(p.c, reply+"\r\n")
	return err == nil
}

// trickle writes a byte at a time, without an end of the line.
func (p *peer) trickle(text string) bool {
	for i := range len(text) {
		if _, err := p.c.Write([]byte{text[i]}); err != nil {
			return false
		}
		time.Sleep(50 * time.Millisecond)
	}
	return true
}

func (p *peer) reply(verb, arg string) string {
	reply := ""
	if p.s.Command != nil {
		reply = p.s.Command(&p.Client, verb, arg)
	}
	if reply == "" {
		reply = p.answer(verb, arg)
	}
	if verb == "STARTTLS" && strings.HasPrefix(reply, "220") {
		p.say(reply)
		p.use(tls.Server(p.c, p.s.TLS))
		p.Client = Client{TLS: true, Number: p.Number, Peer: p.Peer} // RFC 3207 section 4.2
		return silent
	}
	return reply
}

func (p *peer) answer(verb, arg string) string {
	switch verb {
	case "EHLO":
		p.Helo = arg
		lines := append([]string{"mail.example.jp"}, p.s.Hello...)
		last := len(lines) - 1
		for i := range lines {
			lines[i] = "250" + map[bool]string{true: " ", false: "-"}[i == last] + lines[i]
		}
		return strings.Join(lines, "\r\n")
	case "HELO":
		p.Helo = arg
		return "250 mail.example.jp"
	case "RSET", "NOOP":
		p.From, p.To = "", nil
		return "250 2.0.0 ok"
	case "MAIL":
		from, params, _ := strings.Cut(strings.TrimPrefix(arg, "FROM:"), " ")
		p.From, p.Params, p.To = strings.Trim(from, "<>"), params, nil
		return "250 2.1.0 ok"
	case "RCPT":
		return p.rcpt(strings.TrimSuffix(strings.TrimPrefix(arg, "TO:<"), ">"))
	case "DATA":
		return p.data()
	case "AUTH":
		reply := "535 5.7.8 authentication failed"
		if p.s.Auth != nil {
			reply = p.s.Auth(arg)
		}
		p.Login = strings.HasPrefix(reply, "235")
		return reply
	case "STARTTLS":
		return "220 2.0.0 ready"
	case "QUIT":
		return "221 2.0.0 bye"
	}
	return "502 5.5.2 not known here"
}

func (p *peer) rcpt(to string) string {
	reply := ""
	if p.s.Rcpt != nil {
		reply = p.s.Rcpt(&p.Client, to)
	}
	for _, h := range p.s.Hosted {
		if reply == "" && strings.EqualFold(h, to) {
			reply = "250 2.1.5 ok"
		}
	}
	if reply == "" {
		reply = "554 5.7.1 <" + to + ">: Relay access denied"
	}
	if strings.HasPrefix(reply, "2") {
		p.To = append(p.To, to)
	}
	return reply
}

func (p *peer) data() string {
	if len(p.To) == 0 {
		return "503 5.5.1 no recipient"
	}
	p.say("354 go ahead")
	var text strings.Builder
	for {
		line, err := p.in.ReadString('\n')
		if err != nil {
			return "close"
		}
		if strings.TrimRight(line, "\r\n") == "." {
			break
		}
		text.WriteString(strings.TrimPrefix(line, "."))
	}
	p.s.keep(text.String())
	if p.s.Message != nil {
		if reply := p.s.Message(&p.Client, text.String()); reply != "" {
			return reply
		}
	}
	return "250 2.0.0 queued"
}
