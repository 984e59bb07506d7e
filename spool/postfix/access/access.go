// Package access reads and changes the two tables by which a Postfix is told whom to refuse: peers by their address in a table of
// cidr_table(5), and envelope senders by their address or domain in a table of texthash, whose lines are those of access(5).
//
//	203.0.113.9	REJECT
//	2001:db8:0:1::/64	REJECT
//
//	spammer@example.com	REJECT
//	example.net	REJECT
//
// In both a line that begins with a blank goes on with the line before, and empty lines and those that begin with # are passed over
// (cidr_table(5), access(5), TABLE FORMAT). A table is bytes here: it is planned on what stands there and changed by whole lines, all others
// stay byte for byte.
package access

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
)

// A Table is one of the two formats.
type Table interface {
	// Takes says whether a target belongs into this table.
	Takes(target string) bool
	// key is a target as the table spells it.
	key(target string) (string, error)
	// refuses says whether file refuses all that the key means, whatever stands above the line that does.
	refuses(rules []rule, key string) bool
	// against is a line that lets a part of what the key means through, whatever is added.
	against(rules []rule, key string) (rule, bool)
	// proof says of how many lookups a change of file was compared, and is an error if it changes one that has to do with none of keys.
	proof(before, after []byte, keys []string) (int, error)
}

// Added is what Deny put into a file: plain data.
type Added struct {
	Lines []Line `json:"lines"`
}

// Line is one of these lines.
type Line struct {
	Target string `json:"target"` // as it was given
	Line   string `json:"line"`   // with its LF
	Twins  int    `json:"twins"`  // lines of the same bytes that stood in the file before
}

// An Edit is a change of a table.
type Edit struct {
	After   []byte
	Offset  int64 // of the first change
	Lines   []Line
	Already []string // targets that the table refuses as it is
	Tested  int      // lookups that were compared before and after
}

// action is the answer of a line that Deny writes: 554, or what access_map_reject_code says.
const action = "REJECT"

// Deny plans that the table refuses targets: a line for each, above all other rules, where nothing can be found before it.
func Deny(t Table, file []byte, targets []string) (Edit, error) {
	e := Edit{After: file}
	rules := parse(file)
	if len(rules) > 0 && strings.ContainsRune(" \t", rune(file[rules[0].at])) {
		return e, fmt.Errorf("line %d of the table begins with a blank and goes on with no line: mend it first", rules[0].line)
	}
	at := place(file, rules)
	e.Offset = int64(at)
	var keys []string
	for _, target := range targets {
		key, err := t.key(target)
		if err != nil {
			return e, fmt.Errorf("reading the target %.80q: %w", target, err)
		}
		if r, ok := t.against(rules, key); ok {
			return e, fmt.Errorf("line %d of the table lets a part of %.80q through: %.80q. Take that line out first", r.line, target, r.pattern+" "+r.result)
		}
		if t.refuses(rules, key) {
			e.Already = append(e.Already, target)
			continue
		}
		if slices.Contains(keys, key) {
			continue
		}
		keys = append(keys, key)
		line := key + "\t" + action + "\n"
		e.Lines = append(e.Lines, Line{Target: target, Line: line, Twins: count(file, line)})
	}
	if len(e.Lines) == 0 {
		return e, nil
	}
	e.After = insert(file, at, e.Lines)
	var err error
	if e.Tested, err = t.proof(file, e.After, keys); err != nil {
		return e, fmt.Errorf("proving the denials: %w", err)
	}
	return e, nil
}

// place is where denials go: in front of the first rule, so that no line is torn from the one it goes on with.
func place(file []byte, rules []rule) int {
	if len(rules) > 0 {
		return rules[0].at
	}
	return len(file)
}

func insert(file []byte, at int, lines []Line) []byte {
	var b bytes.Buffer
	b.Write(file[:at])
	if at > 0 && file[at-1] != '\n' {
		b.WriteByte('\n')
	}
	for _, l := range lines {
		b.WriteString(l.Line)
	}
	b.Write(file[at:])
	return b.Bytes()
}

// Allow takes out the lines for targets (all of added if there are none) that stand in the file as they were added. The error wraps
// fs.ErrNotExist when none does. A line that somebody has gone on with in the next one is no such line.
func Allow(t Table, file []byte, added Added, targets []string) (Edit, error) {
	e := Edit{After: file}
	for _, l := range added.Lines {
		if len(targets) > 0 && !slices.Contains(targets, l.Target) {
			continue
		}
		at := standing(e.After, l.Line)
		if at < 0 || count(e.After, l.Line) != l.Twins+1 {
			continue
		}
		if len(e.Lines) == 0 || int64(at) < e.Offset {
			e.Offset = int64(at)
		}
		e.Lines = append(e.Lines, l)
		e.After = slices.Concat(e.After[:at], e.After[at+len(l.Line):])
	}
	if len(e.Lines) == 0 {
		return e, fmt.Errorf("taking out denials: none of the lines stands in the file as it was added: %w", fs.ErrNotExist)
	}
	var keys []string
	for _, l := range e.Lines {
		key, err := t.key(l.Target)
		if err != nil {
			return e, err
		}
		keys = append(keys, key)
	}
	var err error
	if e.Tested, err = t.proof(file, e.After, keys); err != nil {
		return e, fmt.Errorf("taking out denials: %w", err)
	}
	return e, nil
}

// standing is the offset of the first rule that is line and nothing more; -1 if there is none.
func standing(file []byte, line string) int {
	for _, r := range parse(file) {
		if string(file[r.at:r.end]) == line {
			return r.at
		}
	}
	return -1
}

// count is how many rules are line and nothing more.
func count(file []byte, line string) (n int) {
	for _, r := range parse(file) {
		if string(file[r.at:r.end]) == line {
			n++
		}
	}
	return n
}

// Others says whether the table has a rule besides those for the targets, which are lines of Deny.
func Others(t Table, file []byte, targets []string) bool {
	var lines []string
	for _, target := range targets {
		if key, err := t.key(target); err == nil {
			lines = append(lines, key+"\t"+action+"\n")
		}
	}
	return slices.ContainsFunc(parse(file), func(r rule) bool { return !slices.Contains(lines, string(file[r.at:r.end])) })
}

// A rule is one logical line.
type rule struct {
	at, end int    // in bytes; end is behind its last LF
	line    int    // 1-based, where it begins
	pattern string // its first word
	result  string // the rest, blanks at both ends cut off
}

// parse reads the logical lines of a table.
func parse(file []byte) []rule {
	var all []rule
	at, n := 0, 0
	for raw := range bytes.Lines(file) {
		n++
		end := at + len(raw)
		text := strings.TrimSpace(string(raw))
		switch {
		case text == "" || text[0] == '#':
		case (raw[0] == ' ' || raw[0] == '\t') && len(all) > 0:
			r := &all[len(all)-1]
			r.end, r.result = end, strings.TrimSpace(r.result+" "+text)
		default:
			pattern, result := cutWord(text)
			all = append(all, rule{at: at, end: end, line: n, pattern: pattern, result: result})
		}
		at = end
	}
	return all
}

func cutWord(s string) (word, rest string) {
	i := strings.IndexAny(s, " \t")
	if i < 0 {
		return s, ""
	}
	return s[:i], strings.TrimSpace(s[i:])
}

// Refused says whether the result of a lookup turns a client away (access(5), ACTIONS). DISCARD and HOLD take the message.
func Refused(result string) bool {
	word, _ := cutWord(result)
	word = strings.ToUpper(word)
	switch word {
	case "REJECT", "DEFER", "DEFER_IF_PERMIT", "DEFER_IF_REJECT":
		return true
	}
	return len(word) == 3 && (word[0] == '4' || word[0] == '5') && strings.Trim(word, "0123456789") == ""
}

// A Found is the answer of a lookup.
type Found struct {
	Result string // "" if no line decides
	Line   int    // 1-based; 0 if no line decides
	Text   string // of that line, its blanks made one
}

func (r rule) found() Found {
	return Found{Result: r.result, Line: r.line, Text: strings.TrimSpace(r.pattern + " " + r.result)}
}

// sane refuses what a table cannot hold in one word.
func sane(s string) error {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' {
			return fmt.Errorf("byte %d is a space, a control character or no ASCII: the table cannot hold it", i+1)
		}
	}
	if len(s) > maxKey {
		return fmt.Errorf("it is longer than %d characters", maxKey)
	}
	if s == "" {
		return errors.New("it is empty")
	}
	return nil
}

// maxKey bounds a target: an address has at most 254 octets (RFC 5321 section 4.5.3.1.3).
const maxKey = 254
