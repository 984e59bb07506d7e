package talk

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode"

	"hikeshi/actions/smtpcheck/talk/lines"
)

// MaxLine is how many bytes of a line are kept.
const MaxLine = lines.Max

// A Reply is what the peer answered. The zero Reply is none.
type Reply struct {
	Code     int      // 200 to 599
	Enhanced string   // 5.7.1 (RFC 3463); "" if there is none, or one of another class than Code
	Lines    []string // the texts, safe for a terminal, without the codes
}

// Good says whether the code is 2xx.
func (r Reply) Good() bool { return r.Code/100 == 2 }

// Soft says whether the code is 4xx.
func (r Reply) Soft() bool { return r.Code/100 == 4 }

// Hard says whether the code is 5xx.
func (r Reply) Hard() bool { return r.Code/100 == 5 }

// Text is the text in one line.
func (r Reply) Text() string { return strings.Join(r.Lines, " ") }

// String is the reply in one line: 550 5.7.1 Relaying denied. "" for none.
func (r Reply) String() string {
	if r.Code == 0 {
		return ""
	}
	return strings.TrimRight(fmt.Sprintf("%03d %s", r.Code, r.Text()), " ")
}

var enhancedCode = regexp.MustCompile(`^([245])\.\d{1,3}\.\d{1,3}(?: |$)`)

// parse reads the lines of one reply, in which no secret stands any more.
func parse(raw []string) (Reply, error) {
	var r Reply
	for i, line := range raw {
		code, text, err := parseLine(line, i == len(raw)-1)
		if err != nil {
			return Reply{}, err
		}
		if i > 0 && code != r.Code {
			return Reply{}, fmt.Errorf("a reply with two codes, %d and %d", r.Code, code)
		}
		r.Code = code
		r.Lines = append(r.Lines, Safe(text))
	}
	if len(raw) == 0 {
		return Reply{}, errors.New("an empty reply")
	}
	if m := enhancedCode.FindStringSubmatch(r.Lines[0]); m != nil && int(m[1][0]-'0') == r.Code/100 {
		r.Enhanced = strings.TrimRight(m[0], " ")
	}
	return r, nil
}

func parseLine(line string, last bool) (code int, text string, err error) {
	bad := fmt.Errorf("no reply of a mail server: %q", Safe(head(line, 80)))
	if len(line) < 3 || line[0] < '2' || line[0] > '5' || !digit(line[1]) || !digit(line[2]) {
		return 0, "", bad
	}
	code = int(line[0]-'0')*100 + int(line[1]-'0')*10 + int(line[2]-'0')
	switch {
	case len(line) == 3 && last:
		return code, "", nil
	case len(line) > 3 && (line[3] == ' ' && last || line[3] == '-' && !last):
		return code, line[4:], nil
	}
	return 0, "", bad
}

func digit(c byte) bool { return c >= '0' && c <= '9' }

func head(s string, n int) string {
	if len(s) > n {
		return s[:n]
	}
	return s
}

// Safe makes foreign text fit for a terminal and a record: one line of at most MaxLine bytes, in which every character that is not shown is
// a question mark.
func Safe(s string) string {
	var b strings.Builder
	for _, r := range s {
		if r == unicode.ReplacementChar || !unicode.IsPrint(r) {
			r = '?'
		}
		if b.Len()+len(string(r)) > MaxLine {
			break
		}
		b.WriteRune(r)
	}
	return b.String()
}
