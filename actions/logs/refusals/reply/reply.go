// Package reply understands what the SMTP reply of another server says about the one that it refuses: the codes, whether it speaks of a
// block, and which blocklists, hosts, programmes and addresses it names.
//
//	550 5.7.1 Service unavailable; Client host [192.0.2.25] blocked using zen.spamhaus.org; https://check.spamhaus.org/query/ip/192.0.2.25
//
// A reply begins with three digits (RFC 5321 section 4.2), mostly followed by an enhanced code (RFC 3463); the rest is free text that a
// stranger chose. So it is bounded, what is no printable ASCII is taken out, the mail addresses in it lose what stands before the @, and
// fields that name a user (user=, rcpt= and their like) what stands behind; keys of a list's customers go too. The rest stays as it was
// written, links as well.
//
// What replies mean is said by words in English and by a few codes of large operators, see package block; other languages are not
// understood.
package reply

import (
	"net/netip"
	"slices"
	"strings"

	"hikeshi/actions/logs/refusals/reply/block"
)

// Bounds, in bytes and in things.
const (
	maxText    = 2048 // of a reply, that are read: four times what RFC 5321 section 4.5.3.1.5 allows for a line
	MaxExample = 240
	MaxNormal  = 160
	MaxNames   = 8 // of each: names, codes, addresses
)

// A Reply is what one reply says.
type Reply struct {
	Code      int          // 550; 0 if the text is no refusal of a server
	Enhanced  string       // 5.7.1, "" if there is none
	Blocking  bool         // it speaks of a block, a list, a reputation or spam
	Names     []string     // hosts and zones that it refers to, those of URLs too, in lower case
	Codes     []string     // enhanced codes, and marks of operators such as S3140
	Addresses []netip.Addr // that it names
	Normal    string       // the text in lower case, with what differs from reply to reply folded: addresses, numbers, ids
	Example   string       // the text, safe to show
}

// Read reads a reply to a message for a recipient, whose address is in nothing that is returned, but for its domain; nil: not known.
func Read(text, recipient []byte) Reply {
	plain := clean(text)
	var r Reply
	head := ""
	if r.Code, head = code(plain); r.Code == 0 {
		return Reply{}
	}
	who := clean(recipient)
	rest := hide(plain[len(head):], who)
	s := scan{text: head + rest, head: len(head), reply: &r}
	s.run()
	r.Enhanced = enhancedOf(r.Code, rest)
	r.Blocking = block.Speaks(block.Reply{Enhanced: r.Enhanced, Codes: r.Codes, Names: r.Names, Words: s.words.String() + " "})
	r.Example, r.Normal = bound(s.text, MaxExample), bound(s.normal.String(), MaxNormal)
	return r
}

// Domain makes a domain safe to show, in lower case.
func Domain(text []byte) string { return strings.ToLower(clean(text)) }

// code is the code of a refusal, 400 to 599, and how it is written.
func code(text string) (int, string) {
	if len(text) < 3 || text[0] != '4' && text[0] != '5' || !digit(text[1]) || !digit(text[2]) || len(text) > 3 && text[3] != ' ' && text[3] != '-' {
		return 0, ""
	}
	return int(text[0]-'0')*100 + int(text[1]-'0')*10 + int(text[2]-'0'), text[:3]
}

// enhancedOf is the enhanced code that stands right behind the code; it has to be of the same class (RFC 2034 section 4).
func enhancedOf(code int, rest string) string {
	rest = strings.TrimLeft(rest, " -#")
	end := strings.IndexFunc(rest, func(c rune) bool { return (c < '0' || c > '9') && c != '.' })
	if end < 0 {
		end = len(rest)
	}
	if e := strings.TrimRight(rest[:end], "."); isEnhanced(e) && int(e[0]-'0') == code/100 {
		return e
	}
	return ""
}

// isEnhanced says whether a word is 4.x.y or 5.x.y, of one digit and up to three digits twice.
func isEnhanced(w string) bool {
	parts := strings.Split(w, ".")
	if len(parts) != 3 || parts[0] != "4" && parts[0] != "5" {
		return false
	}
	return number(parts[1]) && number(parts[2]) && len(parts[1]) <= 3 && len(parts[2]) <= 3
}

// clean makes one line of printable ASCII of a text, with single spaces.
func clean(text []byte) string {
	var b strings.Builder
	for _, c := range text[:min(len(text), maxText)] {
		switch {
		case c <= ' ':
			if b.Len() > 0 && !strings.HasSuffix(b.String(), " ") {
				b.WriteByte(' ')
			}
		case c >= 0x7f:
			b.WriteByte('?')
		default:
			b.WriteByte(c)
		}
	}
	return strings.TrimRight(b.String(), " ")
}

// bound cuts a text off, and says so.
func bound(text string, most int) string {
	if len(text) <= most {
		return text
	}
	return text[:most-3] + "..."
}

// put adds to a list what is not in it yet.
func put[T comparable](all []T, one T) []T {
	if len(all) >= MaxNames || slices.Contains(all, one) {
		return all
	}
	return append(all, one)
}

func digit(c byte) bool  { return c >= '0' && c <= '9' }
func letter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }
func alnum(c byte) bool  { return digit(c) || letter(c) }

// number says whether a word is digits and nothing else.
func number(w string) bool {
	for i := range len(w) {
		if !digit(w[i]) {
			return false
		}
	}
	return w != ""
}
