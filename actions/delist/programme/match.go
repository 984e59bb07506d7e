package programme

import (
	"slices"
	"strconv"
	"strings"
	"unicode"

	"hikeshi/actions/delist/casefile"
)

// maxText bounds how much of a reply is looked at, in bytes.
const maxText = 4096

// Match returns the programmes that a reply points to, in the order of the table; none if it points to none.
//
// A code or a phrase of a programme tells most, a name in a reply that blocks tells less, and the recipients' domain of such a reply
// tells least, since many providers have others filter for them: the weaker sign counts only where there is no stronger one.
func (t Table) Match(r casefile.Reply) []Programme {
	if len(r.Text) > maxText {
		r.Text = r.Text[:maxText]
	}
	text := strings.ToLower(strings.Join(strings.Fields(r.Text), " "))
	codes := slices.Concat(r.Codes, tokens(r.Text))
	for _, points := range []func(Programme) bool{
		func(p Programme) bool {
			return slices.ContainsFunc(p.Codes, func(c string) bool { return slices.ContainsFunc(codes, fits(c)) }) ||
				slices.ContainsFunc(p.Phrases, func(s string) bool { return holds(text, strings.ToLower(s)) })
		},
		func(p Programme) bool {
			return r.Blocking && slices.ContainsFunc(p.Names, func(n string) bool {
				n = strings.ToLower(n)
				return holds(text, n) || slices.ContainsFunc(r.Names, func(s string) bool { return holds(strings.ToLower(s), n) })
			})
		},
		func(p Programme) bool {
			return r.Blocking && slices.ContainsFunc(p.Domains, func(d string) bool { return below(d)(r.Domain) })
		},
	} {
		var found []Programme
		for _, p := range t.Programmes {
			if points(p) {
				found = append(found, p)
			}
		}
		if len(found) > 0 {
			return found
		}
	}
	return nil
}

// tokens are the words of a reply that may be codes.
func tokens(text string) []string {
	words := strings.FieldsFunc(text, func(r rune) bool { return r != '.' && !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	for i, w := range words {
		words[i] = strings.Trim(w, ".")
	}
	return words
}

// fits says whether a code of a reply is the pattern, or in its range.
func fits(pattern string) func(code string) bool {
	class, low, high, ok := enhanced(pattern)
	return func(code string) bool {
		if !ok {
			return strings.EqualFold(code, pattern)
		}
		c, n, m, enhancedCode := enhanced(code)
		return enhancedCode && c == class && n == m && low <= n && n <= high
	}
}

// enhanced reads an enhanced status code (RFC 3463 section 2) whose last number may be a range: class and subject, and that range.
func enhanced(s string) (class string, low, high int, ok bool) {
	parts := strings.Split(s, ".")
	if len(parts) != 3 || !slices.Contains([]string{"2", "4", "5"}, parts[0]) {
		return "", 0, 0, false
	}
	subject, ok := number(parts[1])
	from, to, ranged := strings.Cut(parts[2], "-")
	if !ranged {
		to = from
	}
	low, isLow := number(from)
	high, isHigh := number(to)
	return parts[0] + "." + strconv.Itoa(subject), low, high, ok && isLow && isHigh && low <= high
}

// number reads a number of one to three digits.
func number(s string) (int, bool) {
	n, err := strconv.Atoi(s)
	return n, err == nil && len(s) <= 3 && n >= 0 && s[0] != '+' && s[0] != '-'
}

// below says whether a name is that name or below it.
func below(parent string) func(name string) bool {
	parent = strings.ToLower(strings.TrimSuffix(parent, "."))
	return func(name string) bool {
		name = strings.ToLower(strings.TrimSuffix(name, "."))
		return name == parent || strings.HasSuffix(name, "."+parent)
	}
}

// holds says whether text has word, both in lower case, and not as a part of a longer one. A host name has words between its dots.
func holds(text, word string) bool {
	part := func(r byte) bool {
		return r == '-' || r == '_' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 0x80
	}
	for from := 0; ; {
		i := strings.Index(text[from:], word)
		if i < 0 {
			return false
		}
		i += from
		end := i + len(word)
		if (i == 0 || !part(text[i-1])) && (end == len(text) || !part(text[end])) {
			return true
		}
		from = i + 1
	}
}
