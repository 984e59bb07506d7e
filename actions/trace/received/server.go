package received

import (
	"regexp"
	"strings"

	"hikeshi/actions/trace/received/words"
)

// server reads what follows the by that counts.
func (h *Hop) server(items []words.Item) {
	h.comments(items)
	for i := 0; i < len(items); i++ {
		w := items[i]
		next := func() string { // the next word; comments before it count for nothing
			for i++; i < len(items); i++ {
				if !items[i].Comment {
					return items[i].Text
				}
			}
			return ""
		}
		switch {
		case i == 0:
			h.By = words.Bare(w.Text)
		case w.Is("with") && h.Protocol == "":
			h.Protocol = protocol(next(), items, i)
		case w.Is("via") && h.Protocol == "":
			h.Protocol = words.Bare(next())
		case w.Is("id") && h.ID == "":
			h.ID = words.Bare(next())
		case w.Is("for") && h.For == "":
			h.For = words.Bare(next())
		case w.Is("from") && h.EnvelopeFrom == "":
			if next := next(); strings.HasPrefix(next, "<") { // XMail
				h.EnvelopeFrom = words.Bare(next)
			}
		}
	}
	if strings.EqualFold(h.By, "alias") {
		h.By = ""
	}
}

// protocol is the word behind with, and the next one where a name of the maker stands first.
func protocol(word string, items []words.Item, at int) string {
	if strings.EqualFold(word, "Microsoft") && at+1 < len(items) && !items[at+1].Comment {
		return words.Bare(word + " " + items[at+1].Text)
	}
	return words.Bare(strings.Trim(word, "[]"))
}

// comments reads those that mean the same wherever a server puts them.
func (h *Hop) comments(items []words.Item) {
	for _, c := range items {
		if !c.Comment {
			continue
		}
		h.login(c)
		switch {
		case c.Starts("envelope-from ") || c.Starts("envelope-sender "):
			_, from, _ := strings.Cut(c.Text, " ")
			h.EnvelopeFrom = words.Bare(strings.TrimSpace(from))
		case c.Starts("via HTTP"):
			h.Protocol = "HTTP"
		case h.TLS == "" && tls.MatchString(c.Text):
			h.TLS = words.Bound(tls.FindString(c.Text))
		case c.Starts("Postfix, from userid "):
			h.Local, h.Ident = true, words.Bound(c.Text[len("Postfix, from userid "):])
		}
	}
}

var (
	tls      = regexp.MustCompile(`(?i)\b(?:TLS|SSL)v?-?1?[_.]?[0-9](?:[_.][0-9])?\b|\bTLS\b`)
	webLogin = regexp.MustCompile(`(?i)\bauthenticated user (\S+)`)
	ports    = regexp.MustCompile(`^[0-9]+\.[0-9]+[^/ ]*/`)
)

// login reads a comment that tells of a login.
func (h *Hop) login(c words.Item) {
	user := ""
	switch {
	case c.Starts("Authenticated sender:"):
		user = c.Text[len("Authenticated sender:"):]
	case c.Starts("authenticated bits="), c.Is("authenticated"):
	case c.Starts("authenticated as "):
		user = c.Text[len("authenticated as "):]
	case c.Starts("user="): // sendmail, behind the bits
		h.User = words.Bound(strings.TrimSpace(c.Text[len("user="):]))
		return
	case c.Starts("account "): // CommuniGate
		user, _, _ = strings.Cut(c.Text[len("account "):], " ")
	case c.Starts("AUTH: "): // Courier: AUTH: LOGIN taro, TLS: ...
		_, user, _ = strings.Cut(c.Text[len("AUTH: "):], " ")
		user, _, _ = strings.Cut(user, ",")
	default:
		m := webLogin.FindStringSubmatch(c.Text)
		if m == nil {
			return
		}
		user = m[1]
	}
	h.Auth = true
	if h.AuthShown == "" {
		h.AuthShown = words.Bound(c.Text)
	}
	if user = words.Bound(strings.TrimSpace(user)); user != "" {
		h.User = user
	}
}

// software tells who wrote the line, by the part that the client has no hand in.
func software(all, tail []words.Item) Software {
	by := ""
	if len(tail) > 0 {
		by = strings.ToLower(strings.TrimSuffix(words.Bare(tail[0].Text), "."))
	}
	for i, t := range tail {
		switch {
		case !t.Comment && t.Is("Microsoft"), t.Is("mapi"):
			return Exchange
		case !t.Comment:
		case t.Starts("E-POST "):
			return EPost
		case t.Starts("Postfix"):
			return Postfix
		case t.Starts("Exim "):
			return Exim
		case t.Starts("qmail"), t.Starts("qp "):
			return Qmail
		case t.Starts("Yahoo Inc."):
			return Yahoo
		case i == 1 && ports.MatchString(t.Text):
			return Sendmail
		}
	}
	switch {
	case under(by, "google.com"), under(by, "gmail.com"), strings.HasPrefix(by, "2002:a05:"):
		return Google
	case under(by, "yahoo.com"), under(by, "yahoo.co.jp"):
		return Yahoo
	case under(by, "outlook.com"), under(by, "exchangelabs.com"): // between the machines of Exchange Online, with HTTPS
		return Exchange
	case len(all) > 0 && all[0].Comment && all[0].Starts("qmail "):
		return Qmail
	}
	for i, w := range tail {
		if w.Is("id") && i+1 < len(tail) && eximID(tail[i+1].Text) {
			return Exim
		}
	}
	for _, c := range all[:len(all)-len(tail)] {
		if c.Comment && c.Starts("HELO ") && !hasID(tail) {
			return Qmail
		}
	}
	return Other
}

func hasID(items []words.Item) bool {
	for _, w := range items {
		if w.Is("id") {
			return true
		}
	}
	return false
}

// under says that a host is domain or lies below it.
func under(host, domain string) bool {
	return host == domain || strings.HasSuffix(host, "."+domain)
}
