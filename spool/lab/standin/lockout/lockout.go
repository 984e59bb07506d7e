// Package lockout decides by rejectsmtpip.dat as the receiver reads it at each connection, before the banner.
//
// A row is a pattern, a TAB and what holds for it (FAQ win/19-19):
//
//	198.51.100.7	true                          always allowed
//	203.0.113.9	                              refused for ever, as without the TAB
//	203.0.113.41	133977293793391816            refused until the lock time after that moment has passed
//	203.0.113.77	133977517517477385	iplock    counts for another check, not here
//
// The moment is in units of 100 ns since 1601 UTC. The file is read in pieces of at most 127 bytes; a row ends at the first space,
// "'", CR or LF. The first row decides that matches and has not run out (FAQ bsd/19-04). A pattern is an exact address, the text
// before a "*", or a network in CIDR form, of which /32 is by mistake the text before it.
package lockout

import (
	"bytes"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"hikeshi/spool/epms/effect"
)

// since1601 are the units of 100 ns from the beginning of 1601 to the beginning of 1970, UTC.
const since1601 = 11644473600 * 10_000_000

// most is how much of a row is read at once, in bytes.
const most = 127

// Refused says whether a connection of peer is refused at that time. A lock time of 0 is for ever.
func Refused(file []byte, peer netip.Addr, lock time.Duration, now time.Time) bool {
	for len(file) > 0 {
		var piece []byte
		piece, file = cut(file)
		pattern, value, ok := row(piece)
		if !ok || !matches(pattern, peer) {
			continue
		}
		if strings.EqualFold(value, "true") {
			return false
		}
		set, _ := strconv.ParseInt(value, 10, 64)
		if set == 0 || lock == 0 || now.Before(moment(set).Add(lock)) {
			return true
		}
	}
	return false
}

// Row locks peer from that time on.
func Row(peer netip.Addr, now time.Time) []byte {
	return fmt.Appendf(nil, "%s\t%d\n", peer, now.UnixNano()/100+since1601)
}

// Without is the file without the rows that refuse peer for a time only.
func Without(file []byte, peer netip.Addr) []byte {
	var kept []byte
	for len(file) > 0 {
		var piece []byte
		piece, file = cut(file)
		pattern, value, ok := row(piece)
		if set, _ := strconv.ParseInt(value, 10, 64); !ok || set == 0 || pattern != peer.String() {
			kept = append(kept, piece...)
		}
	}
	return kept
}

func moment(stamp int64) time.Time {
	units := stamp - since1601
	return time.Unix(units/10_000_000, units%10_000_000*100)
}

// cut takes the next piece off, up to and with an LF.
func cut(file []byte) (piece, rest []byte) {
	end := min(most, len(file))
	if i := bytes.IndexByte(file[:end], '\n'); i >= 0 {
		end = i + 1
	}
	return file[:end], file[end:]
}

func row(piece []byte) (pattern, value string, ok bool) {
	text := string(piece)
	if i := strings.IndexAny(text, " '\r\n"); i >= 0 {
		text = text[:i]
	}
	columns := strings.Split(text, "\t")
	if len(columns) > 1 {
		value = columns[1]
	}
	return columns[0], value, columns[0] != "" && len(columns) <= 2
}

func matches(pattern string, peer netip.Addr) bool {
	text := peer.String()
	if prefix, _, star := strings.Cut(pattern, "*"); star {
		return strings.HasPrefix(text, prefix)
	}
	base, bits, network := strings.Cut(pattern, "/")
	switch {
	case !network:
		return pattern == text
	case bits == "32" && !strings.Contains(base, ":"):
		return strings.HasPrefix(text, base)
	}
	return effect.Covers(pattern, peer)
}
