package message

import (
	"bytes"
	"fmt"
	"mime"
	"path"
	"regexp"
	"strings"

	"hikeshi/actions/trace/message/octets"
)

// A reader collects the messages of one mail.
type reader struct {
	mail  Mail
	parts int
}

// place is where something lies.
type place struct {
	how    How
	part   string
	depth  int
	base   int64 // in the file; -1 if it was decoded
	report bool  // a part of a report
	digest bool  // a part of multipart/digest
	nest   int   // parts around it
}

// message reads one message and what it holds.
func (r *reader) message(b []byte, p place) {
	if p.depth > maxDepth || p.nest > maxNest || len(r.mail.Found) >= maxFound {
		r.mail.Left = true
		return
	}
	m, body := header(b, p.base)
	m.How, m.Part, m.Depth = p.how, p.part, p.depth
	r.mail.Found = append(r.mail.Found, m)
	if p.how == Reported {
		return // what is attached to the spam is the spammer's
	}
	in := place{part: p.part, depth: p.depth, base: -1, nest: p.nest + 1}
	if p.base >= 0 {
		in.base = p.base + int64(len(b)-len(body))
	}
	r.entity(m, body, in)
}

// entity looks into the body that belongs to a header.
func (r *reader) entity(m Message, body []byte, p place) {
	kind, params := typeOf(m, p.digest)
	name := strings.ToLower(params["name"])
	if name == "" {
		_, d, err := mime.ParseMediaType(raw(m, "Content-Disposition"))
		if err == nil {
			name = strings.ToLower(d["filename"])
		}
	}
	inner := p
	inner.depth, inner.how = p.depth+1, Attached
	if p.report {
		inner.how = Reported
	}
	switch {
	case strings.HasPrefix(kind, "multipart/") && params["boundary"] != "":
		r.multipart(kind, params["boundary"], body, p)
	case kind == "message/rfc822", kind == "message/global", kind == "message/rfc822-headers", kind == "text/rfc822-headers", path.Ext(name) == ".eml":
		body, decoded := decode(m, body)
		if decoded {
			inner.base = -1
		}
		r.message(body, inner)
	case kind == "message/feedback-report":
		body, _ := decode(m, body)
		if r.mail.Report == nil {
			r.mail.Report = reportOf(body)
		}
	case kind == "text/plain", kind == "":
		body, decoded := decode(m, body)
		if decoded {
			p.base = -1
		}
		r.quoted(body, p)
	case kind == "text/html":
		body, _ := decode(m, body)
		p.base = -1
		r.quoted(octets.Plain(body[:min(len(body), maxText)]), p)
	}
}

// multipart looks into each part.
func (r *reader) multipart(kind, boundary string, body []byte, p place) {
	start, number := -1, 0
	end := func(at int) {
		if start < 0 || at < start {
			return
		}
		if number++; r.parts >= maxParts || p.nest > maxNest {
			r.mail.Left = true
			return
		}
		r.parts++
		in := p
		in.nest++
		in.part, in.digest, in.report = strings.TrimPrefix(p.part+fmt.Sprintf(".%d", number), "."), kind == "multipart/digest", p.report || kind == "multipart/report"
		b := body[start:at]
		if in.base >= 0 {
			in.base += int64(start)
		}
		m, inner := header(b, in.base)
		if in.base >= 0 {
			in.base += int64(len(b) - len(inner))
		}
		r.entity(m, inner, in)
	}
	delimiter := []byte("--" + boundary)
	for rest := body; len(rest) > 0; {
		l, next := octets.Line(rest)
		at := len(body) - len(rest)
		if after, ok := bytes.CutPrefix(l, delimiter); ok && len(bytes.Trim(after, " \t-")) == 0 {
			end(at)
			if start = len(body) - len(next); bytes.HasPrefix(after, []byte("--")) {
				return
			}
		}
		rest = next
	}
	end(len(body))
}

// boundaryIn finds a boundary in a Content-Type that breaks the grammar.
var boundaryIn = regexp.MustCompile(`(?i)boundary\s*=\s*"?([^";\s]{1,200})`)

// typeOf is the type of a part in lower case, "" where it says none (RFC 2045 section 5.2, RFC 2046 section 5.1.5).
func typeOf(m Message, digest bool) (string, map[string]string) {
	text := raw(m, "Content-Type")
	if text == "" && digest {
		return "message/rfc822", nil
	}
	kind, params, err := mime.ParseMediaType(text)
	if err != nil {
		kind, _, _ = strings.Cut(strings.ToLower(strings.TrimSpace(text)), ";")
		if params = map[string]string{}; boundaryIn.MatchString(text) {
			params["boundary"] = boundaryIn.FindStringSubmatch(text)[1]
		}
	}
	return strings.TrimSpace(kind), params
}

// raw is the first field of a name, unfolded.
func raw(m Message, name string) string {
	for _, f := range m.Fields {
		if f.Is(name) {
			return strings.TrimSpace(strings.NewReplacer("\r", "", "\n", "").Replace(f.Value))
		}
	}
	return ""
}

// decode undoes the transfer encoding.
func decode(m Message, body []byte) ([]byte, bool) {
	return octets.Decode(raw(m, "Content-Transfer-Encoding"), body, MaxFile)
}
