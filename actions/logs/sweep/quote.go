package sweep

import (
	"context"
	"strings"
	"unicode"
	"unicode/utf8"

	"hikeshi/actions/logs/deed"
	"hikeshi/actions/logs/mask"
	"hikeshi/spool"
	"hikeshi/spool/lines"
)

// MaxQuote is the length of a line that is shown, in characters.
const MaxQuote = 160

// far is how much text of a compressed file is read for a quotation, in bytes.
const far = 256 << 20

// Quote returns the line at a place, safe to show, or "" where it holds a password, is no longer there, is too far into a
// compressed file, or tells of a failed login whose name is not to be shown. Of a line that nobody understands only the shape is left, by
// package mask. A line of a log of sessions is never quoted.
func (r *Result) Quote(ctx context.Context, at deed.Ref, parser func(string, spool.LogFile) spool.LogParser) string {
	if at.File < 0 || int(at.File) >= len(r.Files) {
		return ""
	}
	f := &r.Files[at.File]
	p := parser(f.Log, f.source)
	if f.Session || p == nil || f.Packed && at.Offset > far {
		return ""
	}
	file, err := lines.Open(f.Path, f.source.Compressed)
	if err != nil {
		return ""
	}
	defer file.Close()
	var reader lines.Reader
	reader.Reset(ctx, file, lines.Piece{From: at.Offset, To: at.Offset + 1})
	line, ok := reader.Next()
	if !ok || line.Offset != at.Offset {
		return ""
	}
	var e spool.Event
	switch reading := p.Parse(line.Text, &e); {
	case e.Secret:
		return ""
	case reading != spool.LineSaid: // what its words are nobody knows
		return mask.Line(Safe(line.Text))
	}
	if e.Kind == spool.EventLoginFail && r.Hide != nil && r.Hide(e.Login) {
		return ""
	}
	return Safe(line.Text)
}

// Safe makes a line from a stranger safe to show: in one line, bounded, without anything that a terminal might obey.
func Safe(line []byte) string {
	var b strings.Builder
	n := 0
	for len(line) > 0 && n < MaxQuote {
		r, size := utf8.DecodeRune(line)
		line = line[size:]
		switch {
		case r == '\t':
			r = ' '
		case r == utf8.RuneError || !unicode.IsPrint(r) || r == '\u00a0' || unicode.Is(unicode.Cf, r):
			r = '?'
		}
		b.WriteRune(r)
		n++
	}
	if len(line) > 0 {
		b.WriteString("...")
	}
	return b.String()
}
