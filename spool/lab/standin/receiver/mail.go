package receiver

import (
	"strings"

	"hikeshi/spool/epms/effect"
	"hikeshi/spool/lab/standin"
	"hikeshi/spool/lab/standin/holes"
)

// mailFrom makes the checks in the order of the real server: AUTH, length, FROMSecLevel, effect.dat, then what its result asks for.
func (s *session) mailFrom(arg string) error {
	sender, ok := address(arg, "FROM:")
	s.sender = strings.Trim(sender, "<>")
	switch {
	case !ok:
		return s.reply("501 5.5.4 Syntax error in MAIL FROM")
	case s.auth == authFailed, s.r.authOnly == 1 && s.auth != authDone:
		return s.reply("503 5.0.0 Need AUTH before MAIL")
	case len(sender) > 255 || !printable(sender):
		return s.reply("553 5.1.7 Address not accepted")
	case s.auth == authDone && s.level >= 1 && !hasPrefixFold(sender, s.user):
		return s.reply("550 5.1.7 Please, mail from a valid e-mail address.")
	}
	file, err := s.r.effectFile()
	if err != nil {
		return s.reply("451 4.3.0 Local error in processing")
	}
	q := effect.Query{Peer: s.peer, Sender: sender, SenderGiven: true, Login: s.auth == authDone}
	d := effect.Parse(file).Decide(q)
	if d.Result == effect.Deny && q.Login && s.r.Holes.Has(holes.DenyBeforeLogin) {
		d.Result = effect.Relay
	}
	return s.decided(sender, d)
}

// decided goes on after effect.dat.
func (s *session) decided(sender string, d effect.Decision) error {
	m := &mail{sender: strings.Trim(sender, "<>"), kind: s.kind(sender), decision: d}
	user, domain := standin.SplitAddress(sender)
	switch {
	case d.Result == effect.Deny:
		return s.reply("550 5.1.7 Please, mail from a valid IP or Domain address.")
	case m.kind == effect.UnknownLocal && asksForKnownSender(d.Result):
		return s.reply("550 5.1.7 Please, mail from a valid e-mail address.")
	case m.kind == effect.Local && s.r.authOnly == 2 && s.auth == noAuth && asksForLogin(d.Result) && s.r.HasAuth(user, domain):
		return s.reply("503 5.0.0 Need EHLO before AUTH")
	}
	var err error
	if m.id, err = s.r.nextID(); err != nil {
		return s.reply("451 4.3.0 Local error in processing")
	}
	s.mail = m
	return s.reply("250 2.1.0 <%s> ... Sender ok", m.sender)
}

// rcptTo says whether the result of effect.dat, or a hole, lets the sender reach the recipient.
func (s *session) rcptTo(arg string) error {
	rcpt, ok := address(arg, "TO:")
	user, domain := standin.SplitAddress(rcpt)
	switch {
	case s.mail == nil:
		return s.reply("503 5.5.1 Need MAIL before RCPT")
	case len(s.mail.recipients) >= maxRcpt:
		return s.reply("452 4.5.3 Too many recipients")
	}
	to, open := s.r.Holes.Through(holes.Mail{Helo: s.helo, Sender: s.mail.sender, To: rcpt, Host: s.r.Host, Own: s.r.Own})
	switch {
	case !ok || !printable(to) || len(rcpt) > 255 || !open && (user == "" || domain == ""):
		return s.reply("501 5.1.3 Bad recipient address")
	case open:
		return s.taken(to)
	}
	outside := !s.r.Own(domain)
	if _, known := s.account(rcpt); !outside && !known {
		return s.reply("550 5.1.1 <%s> ... User unknown.", rcpt)
	}
	if !reaches(s.mail, s.auth == authDone, outside) {
		return s.reply("550 5.7.1 Sorry <%s>, I don't allow unauthorized relaying.", rcpt)
	}
	return s.taken(rcpt)
}

func (s *session) taken(rcpt string) error {
	s.mail.recipients = append(s.mail.recipients, rcpt)
	return s.reply("250 2.1.5 <%s> ... Recipient ok", rcpt)
}

// asksForKnownSender is U of the table of results: a sender of an own domain must exist.
func asksForKnownSender(r effect.Result) bool { return r != effect.Relay && r != effect.AnyAfterAuth }

// asksForLogin is A of the table: under SMTPAUTHOnly 2 a local sender with an auth file must log in.
func asksForLogin(r effect.Result) bool { return asksForKnownSender(r) && r != effect.OnlyFrom }

// reaches is the table of results at RCPT, for a recipient outside or an existing local one.
func reaches(m *mail, login, outside bool) bool {
	local := m.kind == effect.Local
	switch m.decision.Result {
	case effect.Relay:
		return true
	case effect.DefaultRule, effect.OnlyFrom:
		return !outside || local
	case effect.RelayAfterAuth:
		return !outside || local && login
	case effect.RelayNever:
		return !outside
	case effect.AnyAfterAuth:
		return !outside || login
	case effect.RestrictedByOnly:
		return !outside && (!local || login && !m.decision.Zero)
	}
	return false
}

func (s *session) kind(sender string) effect.SenderKind {
	_, domain := standin.SplitAddress(sender)
	if !s.r.Own(domain) {
		return effect.Outside
	}
	if _, ok := s.account(sender); ok {
		return effect.Local
	}
	return effect.UnknownLocal
}

func (s *session) account(addr string) (standin.Account, bool) {
	return s.r.Account(standin.SplitAddress(addr))
}

// address takes the address out of the argument of MAIL or RCPT: what stands between < and >, "<>" for nothing between them, ""
// for nothing at all.
func address(arg, keyword string) (addr string, ok bool) {
	if len(arg) < len(keyword) || !strings.EqualFold(arg[:len(keyword)], keyword) {
		return "", false
	}
	arg = strings.TrimLeft(arg[len(keyword):], " ")
	if inner, found := strings.CutPrefix(arg, "<"); found {
		addr, _, ok = strings.Cut(inner, ">")
		if addr == "" {
			addr = "<>"
		}
		return addr, ok
	}
	addr, _, _ = strings.Cut(arg, " ")
	return addr, true
}

// printable refuses what would end a line or a field of an envelope, a log or a folder name.
func printable(addr string) bool {
	for _, c := range []byte(addr) {
		if c <= ' ' || c == 0x7f {
			return false
		}
	}
	return true
}

func hasPrefixFold(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}
