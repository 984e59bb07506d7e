package walk

import (
	"net/netip"
	"strings"

	"hikeshi/actions/trace/received"
)

// OriginFields are the fields in which web mail and some providers write the address of the author's machine.
func OriginFields() []string {
	return []string{"X-Yahoo-Post-IP", "X-Originating-IP", "X-Apparently-From", "X-SenderIP", "X-AOL-IP"}
}

// WithOrigin adds a line for the address that such a field names, if all lines can be believed: then the field was put there by a
// trusted machine. The name of the field stands in the place of the protocol.
func WithOrigin(lines []Line, own Own, name, value string) []Line {
	a, err := netip.ParseAddr(strings.Trim(strings.TrimSpace(value), "[]"))
	w := Walk(lines, own)
	if err != nil || a.Zone() != "" || w.Border >= 0 || w.Broken >= 0 || len(lines) == 0 || w.Trusted < len(lines) {
		return lines
	}
	return append(lines, Line{Read: true, Origin: true, Hop: received.Hop{IP: a.Unmap(), Protocol: name, Software: received.Other, Offset: -1}})
}
