// Package received reads one value of a Received field into a Hop: who handed a message over, to whom, under which id, when.
//
// The grammar of RFC 5321 section 4.4 is kept by few programs, and each puts other things into the comments. So a value is cut into words
// and comments, the date is taken off behind the last semicolon, and the clause words from, by, via, with, id and for share out the rest;
// what the comments of the from clause mean is told from their form:
//
//	E-Post    from HELO (unverified [IP]) by HOST (E-POST ESMTP Receiver VERSION) with ESMTP id <B0000000001@HOST>; DATE
//	Postfix   from HELO (RDNS [IP]) (using TLSv1.3 ...) (Authenticated sender: USER) by HOST (Postfix) with ESMTPSA id ID for <R>; DATE
//	          by HOST (Postfix, from userid N) id ID; DATE    and with smtpd_hide_client_session no from clause at all
//	Exim      from RDNS ([IP] helo=HELO) by HOST with esmtpsa (TLS1.3) ... (envelope-from <S>) id 1abcde-0000ab-2x for R; DATE
//	sendmail  from HELO (RDNS [IP] (may be forged)) (authenticated bits=0) (user=USER) by HOST (8.17.1/8.17.1) with ESMTPSA id ID; DATE
//	qmail     from RDNS (HELO HELO) (IDENT@IP) by HOST with SMTP; DATE    and (qmail PID invoked by uid N); DATE
//	Exchange  from HELO (IP) by HOST (IP) with Microsoft SMTP Server (version=TLS1_2, cipher=...) id 15.20.1.1; DATE
//
// HELO is the word of a stranger and may hold anything, clause words and brackets too. So the last by decides, and before it the last
// address that stands where a server writes it; logins count only behind that address. Nothing here says whether a line is true: that is
// for package walk.
package received

import (
	"errors"
	"net/netip"
	"slices"
	"strings"
	"time"

	"hikeshi/actions/trace/received/words"
)

// ErrForm says that a value has no form of which anything could be told.
var ErrForm = errors.New("no form of a Received line")

// Max is how many bytes of a value are read; the rest is left out and Hop.Cut says so.
const Max = 8 << 10

// Software is the program that wrote a line, as far as its form tells.
type Software string

// The programs and providers that are told apart.
const (
	EPost    Software = "epost"
	Postfix  Software = "postfix"
	Exim     Software = "exim"
	Sendmail Software = "sendmail"
	Qmail    Software = "qmail"
	Exchange Software = "exchange"
	Google   Software = "google"
	Yahoo    Software = "yahoo"
	Other    Software = "other"
)

// A Hop is what one line says. All texts are bounded, printable and without brackets around addresses of mail; "" is not said.
type Hop struct {
	HELO         string     // as the client named itself; an address literal keeps its brackets
	RDNS         string     // the name that the server found for the address, without a final dot; "" if it found none
	IP           netip.Addr // of the client; the zero Addr if there is none
	Also         []netip.Addr
	BadIP        string // what stands where the address belongs and is none, such as 192.0.2.300
	Ident        string // of RFC 1413, or the local user that handed it in
	By           string
	Protocol     string // ESMTPSA
	ID           string // of the message, as the logs of that server spell it: without brackets, of E-Post without @HOST
	EnvelopeFrom string
	For          string
	User         string // who logged in, where the line names them
	Auth         bool   // the line says that the client logged in
	AuthShown    string // how: the word of the protocol, or the words of the comment
	TLS          string
	Time         time.Time // UTC; the zero time if there is none that can be read
	Zone         bool      // the line says of which zone Time is; else it was read as UTC
	NoSemicolon  bool      // none stands before the date
	WrongDay     bool      // the date names another day of the week than it is
	Forged       bool      // (may be forged): the name and the address do not agree, by sendmail
	Software     Software
	Local        bool  // handed in on the host itself, or fetched from a mailbox, not over SMTP
	Cut          bool  // longer than Max
	Line         int   // 1-based, of the file; 0 where that cannot be told, or by Parse
	Offset       int64 // where the field begins in its file, bytes; -1 where that cannot be told. Parse leaves it at 0
}

// Parse reads one value, folded or not, in any encoding. The error wraps ErrForm where neither a host that took the message nor one that
// handed it over can be told.
func Parse(value string) (Hop, error) {
	h := Hop{Software: Other}
	if len(value) > Max {
		value, h.Cut = value[:Max], true
	}
	text := words.Printable(value)
	items := words.Cut(text)
	items = h.takeDate(text, items)
	if h.local(items) {
		return h, nil
	}
	by := lastBy(items)
	tail := items[len(items):]
	if by >= 0 {
		tail = items[by+1:]
	}
	h.Software = software(items, tail)
	h.server(tail)
	if by < 0 {
		by = len(items)
	}
	h.client(items[:by])
	h.finish()
	if h.By == "" && !h.IP.IsValid() && !h.Local {
		return h, ErrForm
	}
	return h, nil
}

// takeDate reads the date and returns what stands before it: behind the last semicolon, or at the end where a server forgot that.
func (h *Hop) takeDate(text string, items []words.Item) []words.Item {
	if at := lastSemicolon(items); at >= 0 && h.date(text[items[at].End:]) {
		h.comments(items[at+1:]) // where some relays put the envelope sender
		return items[:at+1]
	}
	at := looseDate.FindStringIndex(text)
	if at == nil || !h.date(text[at[0]:]) {
		return items
	}
	h.NoSemicolon = true
	n := slices.IndexFunc(items, func(i words.Item) bool { return i.End > at[0]+1 })
	if n < 0 {
		n = len(items)
	}
	return items[:n]
}

// lastSemicolon finds the one before the date: the last; -1 if there is none.
func lastSemicolon(items []words.Item) int {
	for i := len(items) - 1; i >= 0; i-- {
		if items[i].Is(";") {
			return i
		}
	}
	return -1
}

// lastBy finds the by that the server wrote: the last one that a name follows.
func lastBy(items []words.Item) int {
	for i := len(items) - 2; i >= 0; i-- {
		if !items[i].Is("by") || items[i+1].Comment || i > 0 && items[i-1].Is("for") {
			continue
		}
		if next := items[i+1].Text; !strings.EqualFold(next, "uid") && !strings.HasPrefix(next, "<") {
			return i
		}
	}
	return -1
}

// finish draws the conclusions that need both halves of a line.
func (h *Hop) finish() {
	switch p := strings.ToUpper(h.Protocol); {
	case h.Auth:
	case authProtocol(p) && !(h.Software == Exchange && strings.HasPrefix(p, "HTTP")): // between the machines of one Exchange
		h.Auth, h.AuthShown = true, h.Protocol
	}
	if h.Local && h.User == "" { // OpenSMTPD writes ESMTPA for its own host
		h.Auth, h.AuthShown = false, ""
	}
	if h.Software == EPost { // it never shows a login: what looks like one is the HELO
		h.Auth, h.AuthShown, h.User = false, "", ""
		h.ID, _, _ = strings.Cut(h.ID, "@")
	}
	if h.Software == Postfix && h.Protocol == "" && !h.IP.IsValid() && h.HELO == "" { // a bounce, or sent on by an alias
		h.Local = true
	}
}

// authProtocol says that the word of a protocol tells of a login (RFC 3848, RFC 6531 section 4.3; asmtp is Exim's before that).
func authProtocol(p string) bool {
	p = strings.TrimPrefix(p, "UTF8")
	switch p {
	case "SMTPA", "SMTPSA", "ESMTPA", "ESMTPSA", "ASMTP", "HTTP", "HTTPS":
		return true
	}
	return false
}

// Shows says whether the line would show a login: programs that are known to name it in the word of the protocol. E-Post and qmail never
// do, and of the others nobody knows.
func (h Hop) Shows() bool {
	switch h.Software {
	case Postfix, Exim, Sendmail:
		return h.Protocol != ""
	}
	return false
}

// QueueID says whether the id has the form that the software gives it; true where no form is known.
func (h Hop) QueueID() bool {
	switch id := h.ID; h.Software {
	case EPost:
		return len(id) == 11 && (id[0] == 'B' || id[0] == 'b') && only(id[1:], "0123456789")
	case Exim:
		return eximID(id)
	case Postfix:
		return id == "" || len(id) >= 6 && len(id) <= 20 && (only(id, "0123456789ABCDEF") || only(id, alnum))
	}
	return true
}

const alnum = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// eximID: 6-6-2 digits of base 62, since Exim 4.97 6-11-4.
func eximID(id string) bool {
	a, rest, _ := strings.Cut(id, "-")
	b, c, _ := strings.Cut(rest, "-")
	long := len(b) == 11 && len(c) == 4
	return len(a) == 6 && (len(b) == 6 && len(c) == 2 || long) && only(a+b+c, alnum)
}

func only(text, set string) bool {
	return text != "" && strings.Trim(text, set) == ""
}
