package trace

import (
	"net/mail"
	"slices"
	"strings"
	"time"

	"hikeshi/actions/trace/message"
	"hikeshi/actions/trace/received"
	"hikeshi/actions/trace/received/words"
	"hikeshi/actions/trace/walk"
	"hikeshi/spool"
)

// maxLines bounds the Received lines that are read of a message; servers refuse mail with more than about 100 (RFC 5321 section 6.3).
const maxLines = 300

// ownOf is what the lines are compared with.
func ownOf(o spool.Own) walk.Own {
	var w walk.Own
	for _, p := range o.Addresses {
		w.Nets = append(w.Nets, walk.Net{Prefix: p})
	}
	w.Domains = o.Domains
	if o.Hostname != "" {
		w.Hosts = []string{o.Hostname}
	}
	return w
}

// linesOf reads the Received lines of a message; more are those that are too many.
func linesOf(m message.Message, own walk.Own) (lines []walk.Line, more int) {
	below := false
	for _, f := range m.Fields {
		if f.Is("From") || f.Is("Subject") {
			below = true
		}
		if !f.Is("Received") {
			continue
		}
		if len(lines) == maxLines {
			more++
			continue
		}
		h, err := received.Parse(f.Value)
		h.Offset = f.Offset
		lines = append(lines, walk.Line{Hop: h, Read: err == nil, Below: below, Raw: words.Bound(strings.TrimSpace(words.Printable(f.Value[:min(len(f.Value), 2*words.Max)])))})
	}
	for _, name := range walk.OriginFields() {
		if value := m.Get(name); value != "" && more == 0 {
			lines = walk.WithOrigin(lines, own, name, value)
		}
	}
	return lines, more
}

// hopsOf writes down the lines.
func hopsOf(lines []walk.Line, w walk.Way, signs []walk.Sign) []Hop {
	all := []Hop{}
	for i, l := range lines {
		h := l.Hop
		row := Hop{Number: i + 1, Said: string(w.Said[i]), Name: h.RDNS, HELO: h.HELO, Ident: h.Ident, By: h.By, With: h.Protocol, ID: h.ID, From: h.EnvelopeFrom, For: h.For,
			Auth: h.Auth, User: h.User, TLS: h.TLS, Zone: h.Zone, Software: string(h.Software), Local: h.Local, Offset: h.Offset, Signs: []string{}}
		if row.IP = h.BadIP; h.IP.IsValid() {
			row.IP = h.IP.String()
		}
		if !l.Read {
			row.Text = l.Raw
		}
		if !h.Time.IsZero() {
			at := h.Time.UTC()
			row.Time, row.Delay = &at, delay(lines[i+1:], at)
		}
		for _, s := range signs {
			if slices.Contains(s.Lines, i) {
				row.Signs = append(row.Signs, s.Code)
			}
		}
		all = append(all, row)
	}
	return all
}

// delay is how long the message took from the next line below that has a time; nil if there is none.
func delay(below []walk.Line, at time.Time) *int64 {
	for _, l := range below {
		if !l.Hop.Time.IsZero() {
			n := int64(at.Sub(l.Hop.Time) / time.Second)
			return &n
		}
	}
	return nil
}

func signsOf(signs []walk.Sign) []Sign {
	all := []Sign{}
	for _, s := range signs {
		row := Sign{Code: s.Code, Weight: s.Weight, Text: s.Text, Lines: []int{}}
		for _, n := range s.Lines {
			row.Lines = append(row.Lines, n+1)
		}
		all = append(all, row)
	}
	return all
}

// author is the address in From, "" if it cannot be read.
func author(m message.Message) string {
	text := m.Get("From")
	if a, err := mail.ParseAddress(text); err == nil {
		return words.Bound(words.Printable(a.Address))
	}
	for _, f := range strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(" <>(),;\"", r) }) {
		if strings.Contains(f, "@") {
			return words.Bound(f)
		}
	}
	return ""
}
