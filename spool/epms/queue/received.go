package queue

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"strings"
)

// The bounds of reading a header, in bytes.
const (
	maxHeader   = 64 << 10
	maxReceived = 8 << 10
)

// ReadClient reads the address of the client from the topmost Received line of a message: the server puts its own above all
// others, so that the lines below it, which anybody may have written, play no part. It is the zero Addr if there is no such line
// or no address where the server writes it.
func ReadClient(r io.Reader) (netip.Addr, error) {
	line, err := topReceived(io.LimitReader(r, maxHeader))
	if err != nil {
		return netip.Addr{}, fmt.Errorf("reading header: %w", err)
	}
	return client(line), nil
}

// topReceived returns the text of the first Received field, unfolded and bounded.
func topReceived(r io.Reader) (string, error) {
	lines := bufio.NewReaderSize(r, 1024)
	var text []byte
	inside := false
	for fresh := true; ; {
		part, err := lines.ReadSlice('\n')
		full := errors.Is(err, bufio.ErrBufferFull)
		if err != nil && err != io.EOF && !full {
			return "", err
		}
		if fresh {
			folded := len(part) > 0 && (part[0] == ' ' || part[0] == '\t')
			if inside && !folded || len(bytes.TrimRight(part, "\r\n")) == 0 {
				break
			}
			inside = folded && inside || len(part) >= 9 && bytes.EqualFold(part[:9], []byte("Received:"))
		}
		if inside && len(text) < maxReceived {
			text = append(append(text, bytes.TrimRight(part, "\r\n")...), ' ')
			if full {
				text = text[:len(text)-1]
			}
		}
		if err == io.EOF {
			break
		}
		fresh = !full
	}
	return strings.ReplaceAll(string(text), "\t", " "), nil
}

// client finds the address in "from HELO (unverified [ADDRESS]) by HOST (…". HELO is chosen by the client and may hold anything,
// brackets and the word by included, so what counts is the last address in brackets before the last " by ": from there on all is
// the server's own. A name may stand in the place of the word unverified, or nothing.
func client(line string) netip.Addr {
	if i := strings.LastIndex(line, " by "); i >= 0 {
		line = line[:i]
	}
	end := strings.LastIndex(line, "])")
	if end < 0 {
		return netip.Addr{}
	}
	start := strings.LastIndexByte(line[:end], '[')
	open := strings.LastIndexByte(line[:max(0, start)], '(')
	if open < 0 || strings.ContainsFunc(strings.TrimSuffix(line[open+1:start], " "), notName) {
		return netip.Addr{}
	}
	text := line[start+1 : end]
	if len(text) > 5 && strings.EqualFold(text[:5], "IPv6:") {
		text = text[5:]
	}
	a, err := netip.ParseAddr(text)
	if err != nil || a.Zone() != "" {
		return netip.Addr{}
	}
	return a.Unmap()
}

// notName says whether r cannot be part of a host name.
func notName(r rune) bool { return r > 0x7e || !isAlnum(byte(r)) && r != '.' && r != '-' && r != '_' }
