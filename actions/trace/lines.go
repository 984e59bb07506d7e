package trace

import (
	"net/mail"
	"strings"

	"hikeshi/actions/trace/message"
	"hikeshi/actions/trace/received"
	"hikeshi/actions/trace/received/words"
	"hikeshi/actions/trace/verdict"
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
	below, delivered := false, ""
	more = m.Lost
	for _, f := range m.Fields {
		switch {
		case f.Is("From"), f.Is("Subject"):
			below = true
		case f.Is("Delivered-To"):
			delivered = one(f)
		}
		if !f.Is("Received") {
			continue
		}
		if len(lines) == maxLines {
			more++
			continue
		}
		h, err := received.Parse(f.Value)
		h.Offset, h.Line = f.Offset, f.Line
		lines = append(lines, walk.Line{Hop: h, Read: err == nil, Below: below, Delivered: delivered, Raw: words.Bound(strings.TrimSpace(words.Printable(f.Value[:min(len(f.Value), 2*words.Max)])))})
		delivered = ""
	}
	for _, name := range walk.OriginFields() {
		if value := m.Get(name); value != "" && more == 0 {
			lines = walk.WithOrigin(lines, own, name, value)
		}
	}
	return lines, more
}

// one is the address in a field that holds one, in one line.
func one(f message.Field) string {
	return words.Bound(strings.Trim(strings.TrimSpace(words.Printable(f.Value)), "<>"))
}

// maxSaid bounds the addresses of one message that are compared.
const maxSaid = 200

// saidOf reads what the other fields say.
func saidOf(m message.Message) verdict.Said {
	s := verdict.Said{From: author(m), Bounce: bounce(m)}
	domains := []string{}
	above := true
	for _, f := range m.Fields {
		recipient := f.Is("To") || f.Is("Cc") || f.Is("Delivered-To") || f.Is("X-Original-To") || f.Is("Envelope-To")
		switch {
		case f.Is("Received"):
			above = false
		case f.Is("Return-Path"):
			s.ReturnPath = one(f)
			fallthrough
		case recipient, f.Is("From"), f.Is("Sender"), f.Is("Reply-To"), f.Is("Message-ID"), f.Is("DKIM-Signature"):
			for _, a := range addresses(f.Value) {
				if len(domains) < maxSaid {
					domains = append(domains, domain(a))
				}
				if recipient && len(s.To) < maxSaid {
					s.To = append(s.To, a)
				}
			}
		}
		s.Delivered = s.Delivered || above && (f.Is("Return-Path") || f.Is("Delivered-To"))
	}
	s.Domains = domains
	return s
}

// bounce says that a message has the form of a delivery status notification (RFC 3464).
func bounce(m message.Message) bool {
	kind := strings.ToLower(m.Get("Content-Type"))
	return strings.HasPrefix(kind, "multipart/report") && strings.Contains(kind, "delivery-status")
}

// addresses are the words of a field that hold an address.
func addresses(value string) (all []string) {
	for _, f := range strings.FieldsFunc(words.Printable(value[:min(len(value), 8<<10)]), func(r rune) bool { return strings.ContainsRune(" <>(),;:=\"", r) }) {
		if strings.Contains(f, "@") {
			all = append(all, words.Bound(strings.ToLower(f)))
		}
	}
	return all
}

func domain(address string) string { return address[strings.LastIndexByte(address, '@')+1:] }

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
