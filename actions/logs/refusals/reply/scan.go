package reply

import (
	"net/netip"
	"strings"

	"hikeshi/actions/logs/refusals/reply/block"
)

// A scan goes over a reply, word by word.
type scan struct {
	text   string
	head   int // bytes of the code at the beginning
	reply  *Reply
	normal strings.Builder
	words  strings.Builder // what is said, in lower case, a space before each word: without names, addresses, numbers and marks
	path   bool            // of a URL: up to the next space or bracket
	before string          // the last word that was said, in lower case
}

// What is folded in the normal form.
const (
	foldNumber  = "{n}"
	foldAddress = "{ip}"
)

func (s *scan) run() {
	s.normal.WriteString(s.text[:s.head])
	for i := s.head; i < len(s.text); {
		end := i
		for end < len(s.text) && wordByte(s.text[end]) {
			end++
		}
		word := strings.TrimRight(s.text[i:end], ".:-_#")
		lead := len(word) - len(strings.TrimLeft(word, ".:-_#"))
		if strings.HasPrefix(word, "::") { // an IPv6 address
			lead = 0
		}
		if lead == len(word) || lead > 0 {
			s.mark(i)
			i++
			continue
		}
		s.normal.WriteString(s.word(word, i))
		i += len(word)
	}
}

// mark takes a byte that belongs to no word.
func (s *scan) mark(i int) {
	c := s.text[i]
	s.normal.WriteByte(c)
	switch {
	case c == '/' && i+1 < len(s.text) && s.text[i+1] == '/' || c == '/' && i > 0 && s.text[i-1] == '/':
		s.path = false // a host follows
	case c == '/' || c == '?':
		s.path = true
	case strings.IndexByte(` <>()[]"'`, c) >= 0:
		s.path = false
	}
}

// word takes a word, and returns it as it stands in the normal form.
func (s *scan) word(w string, at int) string {
	r, lead := s.reply, s.before
	if !s.path {
		s.before = ""
	}
	if a, ok := address(w); ok {
		r.Addresses = put(r.Addresses, a)
		return foldAddress
	}
	if s.path {
		return folded(w)
	}
	if e := w[strings.LastIndexByte(w, '-')+1:]; isEnhanced(e) { // 550-5.7.1 in the second line
		r.Codes = put(r.Codes, e)
		return w
	}
	if name, about, ok := host(w); ok {
		if exists(name) && (about || leads[lead] || block.Called(name) || s.linked(at, at+len(w))) && !s.mailed(at) {
			r.Names = put(r.Names, name)
		}
		return hostFolded(name)
	}
	if isMark(w) {
		r.Codes = put(r.Codes, w)
		return w
	}
	for _, part := range strings.FieldsFunc(strings.ToLower(w), func(c rune) bool { return c < 'a' || c > 'z' }) {
		s.words.WriteByte(' ')
		s.words.WriteString(part)
		s.before = part
	}
	return folded(w)
}

// mailed says whether what begins at i is the domain of a mail address, whose @ may be written as %40 or =40.
func (s *scan) mailed(i int) bool {
	return strings.IndexByte("@%*", s.text[i-1]) >= 0 || strings.HasSuffix(s.text[:i], "*=")
}

// linked says whether the host from i to end stands in a URL, be it one without its scheme.
func (s *scan) linked(i, end int) bool {
	return strings.HasSuffix(s.text[:i], "//") || strings.HasPrefix(s.text[end:], "/") || len(s.text[i:end]) > 4 && strings.EqualFold(s.text[i:i+4], "www.")
}

// address reads an address, also as a literal of RFC 5321 section 4.1.3 and with a port.
func address(w string) (netip.Addr, bool) {
	if len(w) > 5 && strings.EqualFold(w[:5], "IPv6:") {
		w = w[5:]
	}
	if a, err := netip.ParseAddr(w); err == nil {
		return a.Unmap(), true
	}
	if p, err := netip.ParseAddrPort(w); err == nil {
		return p.Addr().Unmap(), true
	}
	return netip.Addr{}, false
}

// folded is a word of the normal form: one with a digit in it differs from reply to reply.
func folded(w string) string {
	for i := range len(w) {
		if digit(w[i]) {
			return foldNumber
		}
	}
	return strings.ToLower(w)
}

// isMark says whether a word is a mark of an operator: capitals and then digits, as S3140, TSS04, BL000010, OFR_506, RCP-P2, AUP#1310;
// or two words in capitals with a colon between, as RTR:BL. An id of a message has no such form, or is longer.
func isMark(w string) bool {
	i := capitals(w)
	if i == 0 || i > 6 || len(w) > 14 || notMarks[strings.TrimRight(w, "0123456789")] {
		return false
	}
	rest := w[i:]
	if rest == "" {
		return false
	}
	if strings.IndexByte("-_:#", rest[0]) >= 0 {
		colon := rest[0] == ':'
		rest = rest[1:]
		if n := capitals(rest); colon && n == len(rest) {
			return n >= 2 && n <= 3 && i == 3
		}
		rest = rest[min(capitals(rest), 4):]
	}
	return number(rest) && len(rest) <= 6
}

// notMarks are words of capitals before digits that mark nothing.
var notMarks = map[string]bool{"RFC": true, "IPV": true, "MX": true, "TLS": true, "UTF": true, "UTF-": true, "SHA": true, "BASE": true, "HTTP": true, "X": true, "ID": true, "ID:": true, "B": true}

func capitals(w string) int {
	i := 0
	for i < len(w) && w[i] >= 'A' && w[i] <= 'Z' {
		i++
	}
	return i
}

func wordByte(c byte) bool { return alnum(c) || strings.IndexByte("._:-#", c) >= 0 }
