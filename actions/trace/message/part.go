package message

import (
	"bytes"
	"fmt"
	"mime"
	"path"
	"regexp"
	"slices"
	"strings"

	"hikeshi/actions/trace/message/octets"
	"hikeshi/actions/trace/received/words"
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
	in     int   // of Mail.Found: the message that holds it
	base   int64 // in the file; -1 if it was decoded
	report bool  // a part of a report
	digest bool  // a part of multipart/digest
	nest   int   // parts around it
}

// message reads one message and what it holds.
func (r *reader) message(b []byte, p place) {
	switch {
	case p.depth > maxDepth, p.nest > maxNest:
		r.gap(Deep, p.part, "")
		return
	case len(r.mail.Found) >= maxFound:
		r.gap(Many, p.part, "")
		return
	}
	m, body := header(b, p.base)
	m.How, m.Part, m.Depth, m.In = p.how, p.part, p.depth, p.in
	r.mail.Found = append(r.mail.Found, m)
	if p.how == Reported {
		return // what is attached to the spam is the spammer's
	}
	in := place{part: p.part, depth: p.depth, in: len(r.mail.Found) - 1, base: -1, nest: p.nest + 1}
	if p.base >= 0 {
		in.base = p.base + int64(len(b)-len(body))
	}
	r.entity(m, body, in)
}

// gap notes what was not read; of the same only the first.
func (r *reader) gap(why Why, part, name string) {
	g := Gap{Why: why, Part: part, Name: words.Bound(words.Printable(name))}
	if len(r.mail.Gaps) < maxGaps && !slices.Contains(r.mail.Gaps, g) {
		r.mail.Gaps = append(r.mail.Gaps, g)
	}
}

// entity looks into the body that belongs to a header.
func (r *reader) entity(m Message, body []byte, p place) {
	kind, params := typeOf(m, p.digest)
	name := nameOf(m, params)
	inner := p
	inner.depth, inner.how = p.depth+1, Attached
	if p.report {
		inner.how = Reported
	}
	ext := path.Ext(strings.ToLower(name))
	switch {
	case strings.HasPrefix(kind, "multipart/"):
		if params["boundary"] == "" || r.multipart(kind, params["boundary"], body, p) == 0 {
			r.gap(Broken, p.part, "")
			r.quoted(body, p)
		}
	case kind == "message/rfc822", kind == "message/global", kind == "message/rfc822-headers", kind == "text/rfc822-headers", ext == ".eml":
		body, decoded := decode(m, body)
		if decoded {
			inner.base = -1
		}
		r.message(body, inner)
	case kind == "message/feedback-report", kind == "message/delivery-status":
		body, _ := decode(m, body)
		if r.mail.Report == nil {
			r.mail.Report = reportOf(body)
		}
	case sealed(kind, ext):
		r.gap(Sealed, p.part, name)
	case packed(kind, ext):
		r.gap(Packed, p.part, name)
	case kind == "text/html":
		body, _ := decode(m, body)
		p.base = -1
		if len(body) > maxText {
			r.gap(Long, p.part, name)
		}
		r.quoted(octets.Plain(body[:min(len(body), maxText)]), p)
	case kind == "text/plain", kind == "", ext == ".txt", ext == ".log":
		body, decoded := decode(m, body)
		if decoded {
			p.base = -1
		}
		r.quoted(body, p)
	}
}

// sealed says that a part holds mail in a form that is not read: of Outlook, encrypted, or a mailbox.
func sealed(kind, ext string) bool {
	switch kind {
	case "application/vnd.ms-outlook", "application/ms-tnef", "application/vnd.ms-tnef", "application/pkcs7-mime", "application/x-pkcs7-mime", "application/pgp-encrypted", "application/mbox", "message/partial", "message/external-body":
		return true
	}
	return strings.Contains(" .msg .oft .pst .mbox .emlx .p7m .tnef ", " "+ext+" ") || ext == ".dat" && strings.HasPrefix(kind, "application/ms-")
}

// packed says that a part is an archive, which may hold anything.
func packed(kind, ext string) bool {
	switch kind {
	case "application/zip", "application/x-zip-compressed", "application/gzip", "application/x-gzip", "application/x-7z-compressed", "application/vnd.rar", "application/x-rar-compressed", "application/x-tar":
		return true
	}
	return strings.Contains(" .zip .gz .tgz .7z .rar .tar .lzh .xz .bz2 ", " "+ext+" ")
}

// nameOf is the name of the file that a part was, "" if it says none.
func nameOf(m Message, params map[string]string) string {
	if name := params["name"]; name != "" {
		return name
	}
	if _, d, err := mime.ParseMediaType(raw(m, "Content-Disposition")); err == nil {
		return d["filename"]
	}
	return ""
}

// multipart looks into each part, and says how many there are.
func (r *reader) multipart(kind, boundary string, body []byte, p place) (number int) {
	start := -1
	end := func(at int) {
		if start < 0 || at < start {
			return
		}
		number++
		switch {
		case p.nest > maxNest:
			r.gap(Deep, p.part, "")
			return
		case r.parts >= maxParts:
			r.gap(Many, p.part, "")
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
				return number
			}
		}
		rest = next
	}
	end(len(body))
	return number
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
