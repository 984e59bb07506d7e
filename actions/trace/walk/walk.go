// Package walk goes down the Received lines of a message, from the top, and says how far they can be believed.
//
// Whoever takes a message puts his line on top (RFC 5321 section 4.4). So the top line is that of the last server, which is one's own, or
// that of whoever complains. As long as the client of a line is trusted, the next line was written by that client and is as good. The first
// line whose client is not trusted is the border: its address is true, since a trusted machine wrote it down, and that host handed the
// message over. Everything below is hearsay, which that host may have made up. This is how SpamAssassin does it
// (Mail::SpamAssassin::Message::Metadata::Received).
//
// Trusted are the own addresses and loopback, and private ones if the line below names an own host: else a machine of the own network
// handed the message over, and that is the border. A login at an own host is the border too: who logged in is who is looked for. Above the
// own lines stand those of whoever complains, of whom only little is known: there private clients are trusted, and machines of one provider
// trust each other.
//
// A message that is handed in on an own host, from loopback or by a local user, may come from a filter, an alias or a list, and then the
// lines below are true; or from a script that made them up. Way.Doubt says where that begins.
package walk

import (
	"net/netip"
	"strconv"
	"strings"

	"hikeshi/actions/trace/received"
)

// A Net is a network of a list in which the first match decides.
type Net struct {
	Prefix netip.Prefix
	Not    bool // excluded
}

// Own is what is known to be trusted.
type Own struct {
	Nets       []Net
	Domains    []string // and all below them
	Hosts      []string
	Submission []netip.Prefix // clients whose next line was written by a submission server: its client has logged in
}

// A Line is one Received line, in the order of the header.
type Line struct {
	Hop   received.Hop
	Raw   string // where nothing could be read; bounded, printable
	Read  bool   // Hop holds something
	Below bool   // it stands below fields of the author: From, Subject

	Delivered string // Delivered-To between it and the line above: the mailbox or alias through which the message came back

	Origin bool // no Received line, but a field that names the address of the author's machine
}

// Said is who wrote a line, as far as the lines above it tell.
type Said string

// Who writes lines.
const (
	SaidOwn     Said = "own"      // a host of one's own
	SaidOther   Said = "receiver" // a trusted host that is not one's own: of whoever complains
	SaidBorder  Said = "border"   // a trusted host; its client is not trusted
	SaidHearsay Said = "hearsay"  // nobody knows
)

// A Way is what the lines say.
type Way struct {
	Said     []Said // of each line
	Trusted  int    // lines whose client is trusted, from the top
	Border   int    // the line whose client handed the message over; -1 if there is none
	Broken   int    // the line that could not be read, or whose client could not, and ended the trust; -1 if there is none
	Doubt    int    // the first own line that was handed in on an own host and has own lines below it, which a script may have made up; -1 if there is none
	Own      []int  // lines of own hosts that can be believed, from the top
	Claims   []int  // lines below the border that name an own host or have an own client
	Handed   int    // the line of another host whose client is an own address, which the trust reaches; -1 if there is none
	Login    bool   // the client of the border has logged in
	Guess    bool   // nothing is known to be own: the border is a guess
	Inside   bool   // the client of the border is in a private network
	Received int    // the line in which whoever complains took the message from elsewhere; -1 if there is none
}

// Walk goes down the lines.
func Walk(lines []Line, own Own) Way {
	w := Way{Said: make([]Said, len(lines)), Border: -1, Broken: -1, Doubt: -1, Handed: -1, Received: -1, Guess: own.empty()}
	for i := range w.Said {
		w.Said[i] = SaidHearsay
	}
	submitted := false
	for i := range lines {
		stop := w.step(lines, i, own, &submitted)
		if stop {
			break
		}
	}
	for i, l := range lines {
		if w.Said[i] == SaidHearsay && l.Read && (own.Names(l.Hop.By) || own.Client(l.Hop)) {
			w.Claims = append(w.Claims, i)
		}
	}
	return w
}

// step looks at line i; true says that the trust ends with it.
func (w *Way) step(lines []Line, i int, own Own, submitted *bool) bool {
	h := lines[i].Hop
	if !lines[i].Read {
		w.Broken = i
		return true
	}
	mine := own.Names(h.By) || w.writes(lines, i, own)
	w.Said[i] = SaidOther
	if mine {
		w.Said[i] = SaidOwn
		w.Own = append(w.Own, i)
	}
	if *submitted { // an own submission server wrote it: whoever its client is, he logged in
		w.Trusted, w.Border, w.Login = i+1, i, true
		return true
	}
	next := i+1 < len(lines) && lines[i+1].Read && own.Names(lines[i+1].Hop.By)
	if mine && w.Doubt < 0 && i+1 < len(lines) && lines[i+1].Read && !lines[i+1].Origin && inHouse(h, lines[i+1].Hop, own) {
		w.Doubt = i
	}
	switch {
	case mine && h.Auth, mine && own.named() && !next && (h.Local || hidden(h)):
		w.end(i, h)
		return true
	case !h.IP.IsValid() && h.BadIP == "" && h.HELO != "" && !h.Local && addresses(h.Software):
		w.Broken = i
		return true
	case !h.IP.IsValid() && h.BadIP == "":
		w.Trusted = i + 1
	case w.trusts(lines, i, own):
		w.Trusted = i + 1
		*submitted = own.submits(h.IP)
		if !mine && own.Client(h) && !Private(h.IP) {
			w.Handed = i
		}
	default:
		w.end(i, h)
		return true
	}
	return false
}

// inHouse says that an own line was handed in by a program on an own host, so that the line below it may be any program's: by a local user,
// over loopback, or from an own address by a client that does not call itself as the host that wrote the line below, or is that same host.
func inHouse(h, below received.Hop, own Own) bool {
	switch {
	case h.Auth:
		return false
	case h.Local || hidden(h) || h.IP.IsLoopback():
		return true
	case !h.IP.IsValid() || !own.Addr(h.IP) && !own.Called(h) && !Private(h.IP):
		return false
	}
	return below.By == "" || strings.EqualFold(below.By, h.By) || !calls(h.HELO, below.By) && !calls(h.RDNS, below.By)
}

// calls says that a name is that of a host, perhaps without its domain.
func calls(name, host string) bool {
	name, host = strings.ToLower(strings.Trim(name, "[].")), strings.ToLower(strings.Trim(host, "[]."))
	return name != "" && (name == host || strings.HasPrefix(host, name+"."))
}

// addresses says that a program never leaves out the address of a client that it names: where none can be read, the client wrote what
// stands in its place.
func addresses(s received.Software) bool {
	switch s {
	case received.EPost, received.Postfix, received.Exim, received.Sendmail, received.Qmail:
		return true
	}
	return false
}

// hidden says that a server has left out who its client was (Postfix, smtpd_hide_client_session).
func hidden(h received.Hop) bool {
	return !h.IP.IsValid() && h.BadIP == "" && h.HELO == "" && h.Software == received.Postfix && !h.Local
}

// end makes line i the border.
func (w *Way) end(i int, h received.Hop) {
	if w.Said[i] == SaidOther {
		w.Received = i
	}
	w.Said[i] = SaidBorder
	w.Border, w.Login, w.Inside = i, h.Auth, Private(h.IP)
}

// trusts says whether the client of line i is trusted to have written the line below.
func (w *Way) trusts(lines []Line, i int, own Own) bool {
	h := lines[i].Hop
	below, read := received.Hop{}, false
	if i+1 < len(lines) {
		below, read = lines[i+1].Hop, lines[i+1].Read
	}
	switch {
	case own.Client(h), w.Said[i] == SaidOwn && own.Called(h):
		return true
	case own.excludes(h.IP):
		return false
	case Private(h.IP) && len(w.Own) == 0: // of whoever complains, or nobody knows
		return true
	case Private(h.IP):
		return read && (!own.named() || own.Names(below.By))
	case len(w.Own) > 0 || !read:
		return false
	}
	w.Guess = w.Guess || oneProvider(h, below)
	return oneProvider(h, below)
}

// oneProvider says that both ends of a line, and the line below it, belong to one provider: the client has an address that only that
// provider has, or a name of its domain that is no customer's.
func oneProvider(h, below received.Hop) bool {
	org := provider(h.By)
	if org == "" || org != provider(below.By) {
		return false
	}
	if h.Software == received.Exchange && microsoft(h.IP) {
		return true
	}
	return !h.Forged && h.Software != received.Qmail && provider(h.RDNS) == org && !customer(h)
}

// provider is the organisation of a host; of the machines of Exchange Online it is one, whatever their domain.
func provider(host string) string {
	org := Organisation(host)
	if org == "exchangelabs.com" {
		return "outlook.com"
	}
	return org
}

// customerWords stand in the names that providers give to the lines of their customers.
const customerWords = " adsl cable client cust customer dial dhcp dsl dyn dynamic fiber ftth home host ip pool ppp user "

// customer says that a name looks like that of a customer's line: it holds such a word, or the last numbers of the address.
func customer(h received.Hop) bool {
	name := strings.ToLower(h.RDNS)
	for _, word := range strings.FieldsFunc(name, func(r rune) bool { return r < 'a' || r > 'z' }) {
		if strings.Contains(customerWords, " "+word+" ") {
			return true
		}
	}
	numbers := strings.FieldsFunc(name, func(r rune) bool { return r < '0' || r > '9' })
	if !h.IP.Is4() {
		return len(numbers) > 3
	}
	hits, octets := 0, h.IP.As4()
	for _, n := range numbers {
		if n == strconv.Itoa(int(octets[2])) || n == strconv.Itoa(int(octets[3])) {
			hits++
		}
	}
	return hits > 1
}

// microsoft says that an address is of Exchange Online's own networks (the names below prod.outlook.com lead there).
func microsoft(a netip.Addr) bool {
	return netip.MustParsePrefix("2603:1000::/24").Contains(a) || netip.MustParsePrefix("2a01:111::/32").Contains(a)
}

// writes says whether an own host wrote line i, by what the line above says of its client. Loopback and private addresses are those of
// whoever wrote that line.
func (w *Way) writes(lines []Line, i int, own Own) bool {
	for i--; i >= 0; i-- {
		if h := lines[i].Hop; h.IP.IsValid() {
			return own.Client(h) && (!Private(h.IP) || w.Said[i] == SaidOwn) || w.Said[i] == SaidOwn && own.Called(h)
		}
	}
	return false
}

// Private says that an address leads nowhere from outside: loopback, private, link-local, or shared between carriers (RFC 6598).
func Private(a netip.Addr) bool {
	return a.IsValid() && (a.IsPrivate() || a.IsLoopback() || a.IsLinkLocalUnicast() || netip.MustParsePrefix("100.64.0.0/10").Contains(a))
}
