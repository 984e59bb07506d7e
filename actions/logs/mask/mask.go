// Package mask shows the shape of a line that nobody understands, without what may be a secret in it.
//
// What a password looks like is not known, and where it stands in such a line is not either: so nothing is looked for, and only what is
// sure to be none is left as it is. These are dates and times, IP addresses, reply codes, punctuation and the words of a short list, which
// servers and protocols write:
//
//	[21/Nov/2026:03:00:01], 347c89c8, USER=[taro] PASS=[Kaji77] from 203.0.113.9
//	[21/Nov/2026:03:00:01], ***, USER=[***] PASS ***
//
// Behind a word of a login nothing is left at all.
package mask

import (
	"net/netip"
	"regexp"
	"strings"
)

// hidden stands for what is not shown, whatever its length.
const hidden = "***"

// vocabulary are the words that are shown.
var vocabulary = words(`
	AUTH PASS USER LOGIN APOP PLAIN CRAM-MD5 DIGEST-MD5 AUTH-LOGIN AUTH-PLAIN AUTH-CRAM-MD5 AUTH-DIGEST-MD5 AUTHENTICATE AUTHENTICATION
	HELO EHLO MAIL RCPT DATA RSET NOOP QUIT VRFY EXPN HELP ETRN STARTTLS STAT LIST RETR DELE UIDL TOP CAPA CAPABILITY SELECT EXAMINE FETCH STORE
	SEARCH APPEND IDLE LOGOUT CLOSE EXPUNGE SMTP ESMTP POP3 IMAP4 IMAP TLS SSL TCP HTTP ID UID FROM TO FOR BY WITH AT ON IN OF AND THE IS AS NOT NO
	OK ERR ERROR ABORT ABORTED FAIL FAILED FAILURE SUCCESS SUCCESSFUL SUCCEEDED REJECT REJECTED REFUSED DENIED ACCEPT ACCEPTED RECEIVED SENT SEND
	DELIVERED DELIVERY DEFERRED BOUNCED RETURNED QUEUED RELAY RELAYED START STARTED STOP STOPPED END ENDED OPEN OPENED CLOSED CONNECT CONNECTED
	CONNECTION DISCONNECT DISCONNECTED TIMEOUT RESET LOST WARNING INFO NOTICE DEBUG SESSION SERVER CLIENT HOST PEER MESSAGE MESSAGES LINE BYTES SIZE
	SENDER RECIPIENT RECIPIENTS UNKNOWN INVALID UNRECOGNIZED COMMAND SYNTAX BAD TOO MANY LIMIT USER-UNKNOWN DUNNO MON TUE WED THU FRI SAT SUN`)

// telling are parts of words behind which a password may stand. 334 is how a server asks for one (RFC 4954 section 4).
var telling = []string{"pass", "pwd", "auth", "login", "apop", "334", "secret", "plain", "cram", "digest"}

var (
	date  = regexp.MustCompile(`^(\d{1,2}/([A-Z][a-z]{2}|\d{1,2})/\d{4}|20\d\d([-/.])(0[1-9]|1[0-2])([-/.])[0-3]\d|[0-3]?\d\.[01]?\d\.20\d\d)(([:T]|T)[0-2]\d:[0-5]\d(:[0-6]\d(\.\d{1,6})?)?(Z|[-+]\d\d:?\d\d)?)?$`)
	clock = regexp.MustCompile(`^[0-2]\d:[0-5]\d(:[0-6]\d(\.\d{1,6})?)?$`)
	code  = regexp.MustCompile(`^[245](\d\d|\.\d{1,3}\.\d{1,3})$`)
)

func words(text string) map[string]bool {
	all := map[string]bool{}
	for _, w := range strings.Fields(text) {
		all[w] = true
	}
	return all
}

// Line masks a line.
func Line(line string) string {
	var b strings.Builder
	for line != "" {
		n := strings.IndexByte(line, ' ')
		switch {
		case n == 0:
			b.WriteByte(' ')
			line = line[1:]
			continue
		case n < 0:
			n = len(line)
		}
		if before, told := login(line[:n]); told {
			b.WriteString(before)
			if strings.Trim(line[n:], " ") != "" && !strings.HasSuffix(before, hidden) {
				b.WriteString(" " + hidden)
			}
			return b.String()
		}
		b.WriteString(word(line[:n]))
		line = line[n:]
	}
	return b.String()
}

// login finds a word of a login in what stands between two spaces. before is the part of it that is shown.
func login(text string) (before string, told bool) {
	lower := strings.ToLower(text)
	for _, t := range telling {
		told = told || strings.Contains(lower, t)
	}
	if !told {
		return "", false
	}
	open, rest := split(text)
	name := rest
	if i := strings.IndexAny(rest, inner); i >= 0 {
		name = rest[:i]
	}
	switch {
	case !vocabulary[strings.ToUpper(name)]:
		return open + hidden, true
	case name != rest:
		return open + name + " " + hidden, true
	}
	return open + name, true
}

// The punctuation around words, and between their parts.
const (
	outer = `[](){}<>,;:"'=`
	inner = `[](){}<>,;:"'=@`
)

// split takes the punctuation off the beginning of a word.
func split(text string) (open, rest string) {
	rest = strings.TrimLeft(text, outer)
	return text[:len(text)-len(rest)], rest
}

// word masks what stands between two spaces.
func word(text string) string {
	open, rest := split(text)
	bare := strings.TrimRight(rest, outer)
	if bare == "" {
		return text
	}
	end := rest[len(bare):]
	if shown(bare) || code.MatchString(bare) {
		return text
	}
	var b strings.Builder
	b.WriteString(open)
	for bare != "" {
		n := strings.IndexAny(bare, inner)
		if n < 0 {
			n = len(bare)
		}
		if part := bare[:n]; shown(part) {
			b.WriteString(part)
		} else if n > 0 {
			b.WriteString(hidden)
		}
		for n < len(bare) && strings.IndexByte(inner, bare[n]) >= 0 {
			b.WriteByte(bare[n])
			n++
		}
		bare = bare[n:]
	}
	return b.String() + end
}

// shown says whether a word is sure to be no secret.
func shown(text string) bool {
	if vocabulary[strings.ToUpper(text)] || date.MatchString(text) || clock.MatchString(text) {
		return true
	}
	_, err := netip.ParseAddr(text)
	return err == nil && strings.ContainsAny(text, ".:") && !strings.Contains(text, "%")
}
