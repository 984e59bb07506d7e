package lint

import (
	"fmt"
	"strings"

	"hikeshi/spool/epms/effect"
	"hikeshi/spool/epms/effect/pattern"
)

// longLine is about a piece beyond the 255 bytes that the server reads at once.
func (c *checker) longLine(l *line) {
	switch {
	case strings.Trim(l.Raw, "\r\n") == "":
	case l.Skipped:
		c.add(l, Info, "long-line", "the line is longer than 254 characters; the rest, shown here, is not read; shorten it")
	case l.Action.Opens():
		c.add(l, Bad, "long-line", "the line is longer than 254 characters and the rest, shown here, is a line of its own that means true; shorten it")
	default:
		c.add(l, Warn, "long-line", "the line is longer than 254 characters and the rest, shown here, is a line of its own; shorten it")
	}
}

// bytes is about bytes that make the server see another line than the reader.
func (c *checker) bytes(l *line) {
	if l.Offset == 0 && strings.HasPrefix(l.Raw, "\xef\xbb\xbf") {
		c.add(l, Warn, "utf8-mark", "the file begins with a UTF-8 mark, which belongs to the pattern of this line; save it without the mark")
	}
	if l.Raw[0] == '\t' {
		c.add(l, Warn, "tab-first", "the line begins with a TAB, which belongs to the pattern and does not skip the line; take it out")
	}
	rest := l.Raw[len(l.Text):]
	switch {
	case rest == "" || rest == "\n" || rest == "\r\n" || rest == "\r":
	case rest[0] == '\r':
		c.add(l, Warn, "lone-cr", "a carriage return without a newline ends the line here and the rest is lost; put a newline there")
	default:
		c.add(l, Warn, "nul-byte", "a NUL byte ends the line and the rest is lost; take it out")
	}
}

// action is about the right half of a line.
func (c *checker) action(l *line) {
	_, after, spaced := strings.Cut(l.Text, " ")
	switch {
	case l.Pattern != "" && strings.IndexByte(l.Pattern[1:], '\t') >= 0:
		c.tabSeparator(l)
	case strings.HasPrefix(l.Pattern, "#") && !isWord(l.Pattern):
		c.hashComment(l)
	case l.Action == effect.None:
		c.add(l, Warn, "no-action", "a pattern without an action means true: relay, no questions; write the action that is meant")
	case l.Action != effect.Unknown:
	case spaced && after == "":
		c.add(l, Warn, "trailing-space", "a space and nothing behind it means default; write the action that is meant")
	case l.Word == "":
		c.add(l, defaultLevel(after), "two-spaces", "two spaces before the action make it unknown, which means default; leave one")
	case strings.IndexByte(l.Word, '\t') >= 0:
		c.add(l, defaultLevel(l.Word), "tab-after-action", "the TAB belongs to the action and makes it unknown, which means default; take it out")
	default:
		c.add(l, defaultLevel(l.Word), "unknown-action", "the server does not know this action, which means default; the actions are true, false, default, only, norelay and norelay,0 to norelay,2")
	}
}

func (c *checker) tabSeparator(l *line) {
	ranged := l.pattern.IP && l.pattern.Form != pattern.Exact && l.pattern.Form != pattern.Never
	switch {
	case ranged && l.Action.Opens():
		c.add(l, Bad, "tab-separator", "a TAB does not separate: the line has no action, which opens the whole range; put one space there")
	case ranged:
		c.add(l, Warn, "tab-separator", "a TAB does not separate: it belongs to the pattern, and what follows it there is ignored; put one space there")
	default:
		c.add(l, Warn, "tab-separator", "a TAB does not separate: it belongs to the pattern, which matches nobody; put one space there")
	}
}

func (c *checker) hashComment(l *line) {
	text := "# is no comment mark: the line matches nobody, but it is read"
	if name := wordNames[l.pattern.Word]; name != "" {
		text = fmt.Sprintf("# is no comment mark: by its first letters this is a %s line", name)
	}
	if l.Action.Opens() {
		text += " and means true"
	}
	c.add(l, Warn, "hash-comment", text+"; begin a comment with an apostrophe")
}

var wordNames = [...]string{
	pattern.NoWord: "", pattern.NullSender: "#<>", pattern.Blank: "#blank",
	pattern.Number: "#number", pattern.NoDomain: "#nodomain", pattern.Host: "#host",
}

func isWord(text string) bool {
	for _, name := range wordNames {
		if pattern.EqualFold(text, name) {
			return true
		}
	}
	return false
}

// defaultLevel is Bad when an action that means default seems to have been meant as a denial.
func defaultLevel(word string) Level {
	word = pattern.Lower(strings.Trim(word, " \t"))
	for _, denial := range []string{"fal", "fla", "den", "rej", "ref", "blo", "dro"} {
		if strings.HasPrefix(word, denial) {
			return Bad
		}
	}
	return Warn
}
