package daemon

import (
	"strconv"
	"strings"
)

// Seconds from the first try of a mail to the second, and to the end of all tries (setting SendMaxRetryTime, hours).
const (
	retryAfter  = 900
	giveUpAfter = 8 * 3600
)

// The answers of the world in faillog.
const (
	userUnknown = "550 User Unknown"
	unreachable = "Unable to deliver to destination domain"
)

// deliver brings a mail to its recipients, those of a domain in one go. At the last try (late) those are left who had to wait.
func (p *player) deliver(m *Mail, id uint64, late bool) {
	var waiting, dead bool
	for i := 0; i < len(m.To); {
		_, domain, _ := strings.Cut(m.To[i], "@")
		n := i + 1
		for n < len(m.To) && strings.HasSuffix(m.To[n], domain) && m.To[n][len(m.To[n])-len(domain)-1] == '@' {
			n++
		}
		rcpts := m.To[i:n]
		i = n
		switch {
		case strings.HasPrefix(domain, Dead) && late:
			p.fail(m, id, rcpts, unreachable)
		case strings.HasPrefix(domain, Dead):
			dead = true
		case strings.HasPrefix(domain, Later) && !late:
			waiting = true
		case domain == p.Domain:
			p.local(m, id, rcpts)
		default:
			p.outside(m, id, domain, rcpts)
		}
	}
	if waiting {
		p.push(item{at: p.now + retryAfter, mail: onlyTo(m, Later), id: id, late: true})
	}
	if dead {
		p.push(item{at: p.now + giveUpAfter, mail: onlyTo(m, Dead), id: id, late: true})
	}
}

// onlyTo is m for its recipients at domains that begin so.
func onlyTo(m *Mail, domain string) *Mail {
	rest := &Mail{Sender: m.Sender}
	for _, rcpt := range m.To {
		if strings.Contains(rcpt, "@"+domain) {
			rest.To = append(rest.To, rcpt)
		}
	}
	return rest
}

// local puts a mail into mailboxes, and sends it on if its owner wants that.
func (p *player) local(m *Mail, id uint64, rcpts []string) {
	for i := range rcpts {
		p.sent(p.home(), id, m.Sender, rcpts[i:i+1])
		if to := p.Forwards[rcpts[i]]; to != "" {
			_, domain, _ := strings.Cut(to, "@")
			p.outside(m, id, domain, []string{to})
		}
	}
}

// outside brings a mail to a host of a domain outside.
func (p *player) outside(m *Mail, id uint64, domain string, rcpts []string) {
	mx := hop{log: OutLog, addr: "198.51.100." + strconv.Itoa(1+len(domain)*7%50), host: "mx." + domain}
	p.dialogue(id, domain, "GetTryServer:()")
	p.dialogue(id, domain, "ConnectHost:"+mx.addr)
	first := 0
	for i, rcpt := range rcpts {
		if strings.HasPrefix(rcpt, Gone) {
			p.sent(mx, id, m.Sender, rcpts[first:i])
			p.fail(m, id, rcpts[i:i+1], userUnknown)
			first = i + 1
		}
	}
	p.sent(mx, id, m.Sender, rcpts[first:])
}

// hop is where a mail goes.
type hop struct {
	log        Log // outlog or outlocallog
	addr, host string
}

func (p *player) home() hop { return hop{log: OutLocalLog, addr: "127.0.0.1", host: p.Host} }

// sent writes a line of outlog or outlocallog, if the mail was for anybody.
func (p *player) sent(to hop, id uint64, sender string, rcpts []string) {
	b, ok := p.line(to.log)
	if !ok || len(rcpts) == 0 {
		return
	}
	if sender == "" {
		sender = "-"
	}
	b = append(append(append(appendID(b, id), '@'), p.Host...), " sent on "...)
	b = append(append(append(b, p.stamp...), " to "...), to.addr...)
	b = append(append(append(b, ' '), to.host...), " from "...)
	b = append(append(b, sender...), " to"...)
	for _, rcpt := range rcpts {
		b = append(append(b, ' '), rcpt...)
	}
	p.buf[to.log] = append(b, '\n')
}

// fail writes a line of faillog for each recipient and returns the mail to its author, if he is of this server.
func (p *player) fail(m *Mail, id uint64, rcpts []string, why string) {
	for _, rcpt := range rcpts {
		if b, ok := p.line(FailLog); ok {
			b = append(append(append(appendID(b, id), '@'), p.Host...), " send fail on "...)
			b = append(append(append(b, p.stamp...), " from "...), m.Sender...)
			b = append(append(append(b, " to "...), rcpt...), " ["...)
			p.buf[FailLog] = append(append(b, why...), "]\n"...)
		}
		if strings.HasSuffix(m.Sender, "@"+p.Domain) {
			p.sent(p.home(), id, "", []string{m.Sender})
		}
	}
}

// dialogue writes a line of senderlog, which has a time of day only, with milliseconds behind a third colon.
func (p *player) dialogue(id uint64, domain, text string) {
	b, ok := p.line(SenderLog)
	if !ok {
		return
	}
	b = append(append(append(b, '['), p.stamp[13:21]...), ":000] ["...)
	b = append(append(append(appendID(b, id), "] ["...), domain...), "] "...)
	p.buf[SenderLog] = append(append(b, text...), '\n')
}
