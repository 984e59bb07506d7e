package received

import (
	"net/netip"
	"regexp"
	"strings"

	"hikeshi/actions/trace/received/words"
)

// A found is a place of the from clause that holds an address where a server writes one.
type found struct {
	addr     netip.Addr
	bad      string // looks like an address and is none
	before   string // the word before the brackets: a name, or ident@name
	after    string // what follows them
	brackets bool
	port     bool
	login    string // how the client logged in
	spaced   bool   // a blank stands before a bare address (Scalix)
}

// client reads what stands before by.
func (h *Hop) client(items []words.Item) {
	if len(items) > 0 && items[0].Comment && items[0].Starts("from ") { // (from HELO [IP]) by ...
		items = append(words.Cut(items[0].Text), items[1:]...)
	}
	if len(items) == 0 || !items[0].Is("from") {
		return
	}
	items = items[1:]
	name, rest := "", items
	if len(items) > 0 && !items[0].Comment {
		name, rest = items[0].Text, items[1:]
	}
	at, f := h.place(rest)
	h.helo(rest)
	h.loginBehind(rest, at)
	switch {
	case f.addr.IsValid() || f.bad != "":
		h.names(name, rest[at], f)
	case strings.EqualFold(name, "localhost") && len(rest) > 0 && rest[0].Comment && (rest[0].Text == "localhost" || rest[0].Text == "localhost [local]"):
		h.Local = true // sendmail and OpenSMTPD to themselves
	default:
		h.literal(name)
	}
	if fetched(h.Protocol) {
		h.Local, h.IP, h.BadIP = true, netip.Addr{}, ""
	}
	h.RDNS, h.HELO = unknown(strings.TrimSuffix(words.Bare(h.RDNS), ".")), words.Bound(h.HELO)
}

// place finds the last words.Item that holds an address; the others are kept in Also.
func (h *Hop) place(items []words.Item) (at int, f found) {
	at = -1
	for i, c := range items {
		got, ok := addressIn(c)
		if !ok {
			continue
		}
		if f.addr.IsValid() && f.addr != got.addr && len(h.Also) < 8 {
			h.Also = append(h.Also, f.addr)
		}
		at, f = i, got
	}
	h.IP, h.BadIP = f.addr, f.bad
	return at, f
}

// loginBehind reads the comments that follow the address: those before it may be the words of the client.
func (h *Hop) loginBehind(items []words.Item, at int) {
	for i, c := range items {
		if i <= at || !c.Comment {
			continue
		}
		h.login(c)
		switch {
		case c.Starts("envelope-sender "), c.Starts("envelope-from "):
			h.comments(items[i : i+1])
		case h.TLS == "" && !c.Starts("HELO ") && tls.MatchString(c.Text):
			h.TLS = words.Bound(tls.FindString(c.Text))
		case c.Starts("may be forged"):
			h.Forged = true
		}
	}
}

// helo reads a comment or words that name the HELO.
func (h *Hop) helo(items []words.Item) {
	for i, c := range items {
		if helo, ok := value(c.Text, "helo="); ok && c.Comment { // Exim: (port=N helo=HELO ident=IDENT)
			h.HELO = helo
			h.Ident, _ = value(c.Text, "ident=")
			return
		}
		for _, word := range []string{"HELO ", "EHLO ", "LHLO "} {
			if c.Comment && c.Starts(word) {
				h.HELO = strings.TrimSpace(c.Text[len(word):])
				return
			}
		}
		if c.Comment && i+1 < len(items) && strings.HasPrefix(items[i+1].Text, "[") && !items[i+1].Comment && !strings.ContainsRune(c.Text, ' ') {
			h.HELO = c.Text // Exim 3: RDNS (HELO) [IP]
			return
		}
		if user, ok := strings.CutPrefix(c.Text, "account "); ok && c.Comment {
			if _, helo, ok := strings.Cut(user, " HELO "); ok {
				h.HELO = helo
			}
		}
		if c.Is("claiming") && i+3 < len(items) && items[i+2].Is("be") { // claiming to be "HELO"
			h.HELO = words.Bare(items[i+3].Text)
		}
	}
}

// names shares out the name before the brackets and those within.
func (h *Hop) names(name string, where words.Item, f found) {
	h.Forged = strings.Contains(f.after, "may be forged")
	if helo, ok := value(f.after, "helo="); ok { // Exim, ecelerity
		h.HELO, h.RDNS = helo, named(name)
		h.Ident, _ = value(f.after, "ident=")
		return
	}
	ident, rdns, both := strings.Cut(f.before, "@")
	if !both {
		ident, rdns = "", f.before
	} else if !f.brackets { // qmail: ident may hold an @ of its own
		ident, rdns = f.before[:strings.LastIndexByte(f.before, '@')], ""
	}
	h.Ident = words.Bound(strings.TrimPrefix(ident, "IDENT:"))
	if f.login != "" {
		h.Auth, h.AuthShown, h.User, h.Ident = true, words.Bound("with "+f.login), h.Ident, ""
	}
	switch {
	case h.HELO != "" || where.Comment && f.before == "" && h.heloSaid(f):
		h.RDNS = named(name)
	case h.Auth && strings.EqualFold(h.Protocol, "HTTP"): // web mail names the browser
	case where.Glued && where.Comment:
		h.RDNS = name
	case f.brackets && rdns != "":
		h.HELO, h.RDNS = name, rdns
	case f.brackets && (strings.TrimSpace(f.after) == "verified" || h.Software == Exim), !f.brackets && !f.port && !f.spaced && h.Software != Exchange:
		h.HELO, h.RDNS = name, unknown(name)
	default:
		h.HELO = name
	}
	if !f.brackets && strings.EqualFold(h.HELO, "unknown") {
		h.HELO = ""
	}
}

// heloSaid is for the empty (EHLO ) of old Yahoo servers: the name before it is the one that they found.
func (h *Hop) heloSaid(f found) bool { return h.Software == Yahoo && !f.brackets }

// literal reads an address that stands in the place of the name.
func (h *Hop) literal(name string) {
	addr, port := address(strings.Trim(name, "[],"))
	switch {
	case addr.IsValid():
		h.IP = addr
		if strings.HasPrefix(name, "[") && !port && h.HELO == "" && !strings.EqualFold(h.Protocol, "HTTP") {
			h.HELO = name
		}
	case quad.MatchString(strings.Trim(name, "[],")):
		h.BadIP = words.Bound(strings.Trim(name, "[],"))
	case h.Protocol != "" && strings.HasPrefix(strings.ToLower(h.Protocol), "local"), strings.Contains(name, "@"):
		h.Local, h.Ident = true, words.Bare(name)
	case h.HELO == "":
		h.HELO = words.Bare(name)
	}
}

var quad = regexp.MustCompile(`^[0-9]{1,4}(?:\.[0-9]{1,4}){3}$`)

// addressIn reads an words.Item as the place of an address: [IP], RDNS [IP] and what follows, IP, IDENT@IP, IP:PORT.
func addressIn(c words.Item) (f found, ok bool) {
	if !c.Comment {
		if !strings.HasPrefix(c.Text, "[") {
			return f, false
		}
		return bracketed(c.Text)
	}
	text := strings.TrimSpace(c.Text)
	if who, how, ok := strings.Cut(text, " with "); ok && strings.Count(text, " ") == 2 && strings.Contains(who, "@") { // qmail with a patch for AUTH: user@IP with plain
		text, f.login = who, how
	}
	f.spaced = len(text) > 0 && strings.HasPrefix(c.Text, " ")
	if strings.ContainsRune(text, '[') {
		return bracketed(text)
	}
	if strings.ContainsRune(text, ' ') {
		return f, false
	}
	at := strings.LastIndexByte(text, '@')
	f.addr, f.port = address(text[at+1:])
	if at >= 0 {
		f.before = text[:at+1]
	}
	if !f.addr.IsValid() && quad.MatchString(text[at+1:]) {
		f.bad = words.Bound(text[at+1:])
	}
	return f, f.addr.IsValid() || f.bad != ""
}

// bracketed reads RDNS [IP] and what follows: the last brackets count, since an ident before them is the word of the client, and may hold
// some too. More than one word before the brackets is no such form.
func bracketed(text string) (f found, ok bool) {
	for at := strings.LastIndexByte(text, '['); at >= 0; at = strings.LastIndexByte(text[:at], '[') {
		inside, after, closed := strings.Cut(text[at+1:], "]")
		before := strings.TrimSpace(text[:at])
		if !closed || strings.ContainsAny(before, " =") {
			continue
		}
		f = found{before: before, after: after, brackets: true, port: strings.HasPrefix(after, ":")}
		f.addr, _ = address(inside)
		if !f.addr.IsValid() && quad.MatchString(inside) {
			f.bad = words.Bound(inside)
		}
		if f.addr.IsValid() || f.bad != "" {
			return f, true
		}
	}
	return found{}, false
}

// address reads an address, with a port behind a colon, or of IPv4 behind a fifth dot, which it cuts off.
func address(text string) (a netip.Addr, port bool) {
	if len(text) > 5 && strings.EqualFold(text[:5], "IPv6:") {
		text = text[5:]
	}
	a, err := netip.ParseAddr(text)
	if err != nil {
		cutAt := strings.LastIndexByte(text, ':')
		if strings.Count(text, ".") == 4 && cutAt < 0 {
			cutAt = strings.LastIndexByte(text, '.')
		}
		if cutAt < 0 || !only(text[cutAt+1:], "0123456789") {
			return netip.Addr{}, false
		}
		if a, err = netip.ParseAddr(text[:cutAt]); err != nil || !a.Is4() {
			return netip.Addr{}, false
		}
		port = true
	}
	if a.Zone() != "" {
		return netip.Addr{}, false
	}
	return a.Unmap(), port
}

// value is the word behind key in text.
func value(text, key string) (string, bool) {
	_, v, ok := strings.Cut(" "+text, " "+key)
	v, _, _ = strings.Cut(v, " ")
	return words.Bound(v), ok
}

// named is a name unless an address stands in its place.
func named(name string) string {
	if strings.HasPrefix(name, "[") {
		return ""
	}
	return unknown(name)
}

// unknown takes away the words that stand where no name was found.
func unknown(name string) string {
	switch strings.ToLower(name) {
	case "unknown", "unverified", "softdnserr":
		return ""
	}
	return name
}

func fetched(protocol string) bool {
	return strings.EqualFold(protocol, "IMAP") || strings.EqualFold(protocol, "POP3")
}
