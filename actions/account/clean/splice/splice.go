// Package splice puts lines that were cut out of a text in ini style back to their place, though somebody has edited the text since.
//
// A place is recognised, in this order, by everything above it being as it was, by everything below it, by the lines just above and below
// it standing together in one place only, by one of them doing so. It has to be in the same section ([Name]), since a line in another one
// means something else. An empty line is no mark by itself.
package splice

import (
	"bytes"
	"slices"
	"strings"
)

// A Text is a text of lines, some of which were cut out.
type Text struct {
	Lines [][]byte // with their line ends
	Cut   []bool   // those that were; as long as Lines
}

// Back returns now with the lines of was that were cut out, at their places; ok is false if one of the places cannot be told. Lines that
// stand in now already are there: somebody has put them back.
func Back(was Text, now []byte) (back []byte, ok bool) {
	text := slices.Collect(bytes.Lines(now))
	missing := missingOf(was, text)
	rest := Text{}
	for i, line := range was.Lines {
		if !was.Cut[i] || !missing[i] {
			rest.Lines = append(rest.Lines, line)
		}
	}
	put := make([][][]byte, len(text)+1) // what goes in front of each line
	from, to := sections(rest.Lines), sections(text)
	above := 0
	for i, line := range was.Lines {
		if !was.Cut[i] || !missing[i] {
			above++
			continue
		}
		in := from[above]
		at, found := place(rest.Lines, text, above, func(at int) bool { return to[at] == in })
		if !found {
			return nil, false
		}
		put[at] = append(put[at], line)
	}
	return join(text, put), true
}

// missingOf says which of the lines that were cut out do not stand in text.
func missingOf(was Text, text [][]byte) []bool {
	there := map[string]int{}
	for _, l := range text {
		there[bare(l)]++
	}
	for i, l := range was.Lines { // a line that stayed is not one that came back
		if !was.Cut[i] && there[bare(l)] > 0 {
			there[bare(l)]--
		}
	}
	missing := make([]bool, len(was.Lines))
	for i, l := range was.Lines {
		if !was.Cut[i] {
			continue
		}
		if there[bare(l)] > 0 {
			there[bare(l)]--
		} else {
			missing[i] = true
		}
	}
	return missing
}

// bare is a line without its end.
func bare(line []byte) string { return string(bytes.TrimRight(line, "\r\n")) }

func same(a, b []byte) bool { return bare(a) == bare(b) }

// sections are the sections in which each line begins, and what would come behind the last one, in lower case.
func sections(text [][]byte) []string {
	all := []string{""}
	for _, line := range text {
		in := all[len(all)-1]
		if l := strings.ToLower(strings.Trim(bare(line), " \t\x00\ufeff")); strings.HasPrefix(l, "[") {
			in = l
		}
		all = append(all, in)
	}
	return all
}

// place finds in text the place that is in rest just below its first lines above, and that fits.
func place(rest, text [][]byte, above int, fits func(at int) bool) (int, bool) {
	below := len(rest) - above
	switch {
	case len(rest) == 0:
		return 0, len(text) == 0
	case above > 0 && above <= len(text) && slices.EqualFunc(rest[:above], text[:above], same):
		return above, true
	case below > 0 && below <= len(text) && fits(len(text)-below) && slices.EqualFunc(rest[above:], text[len(text)-below:], same):
		return len(text) - below, true
	}
	markAbove, markBelow := above > 0 && marks(rest, rest[above-1]), below > 0 && marks(rest, rest[above])
	for _, by := range []func(at int) bool{
		func(at int) bool { return isAbove(rest, text, above, at) && isBelow(rest, text, above, at) },
		func(at int) bool { return markAbove && isAbove(rest, text, above, at) },
		func(at int) bool { return markBelow && isBelow(rest, text, above, at) },
	} {
		if at, found := only(len(text), func(at int) bool { return fits(at) && by(at) }); found {
			return at, true
		}
	}
	return 0, false
}

// isAbove says whether the line above the place at in text is that above the place in rest.
func isAbove(rest, text [][]byte, above, at int) bool {
	return above > 0 && at > 0 && same(rest[above-1], text[at-1])
}

func isBelow(rest, text [][]byte, above, at int) bool {
	return above < len(rest) && at < len(text) && same(rest[above], text[at])
}

// marks says whether a line is not empty and stands in rest once.
func marks(rest [][]byte, line []byte) bool {
	n := 0
	for _, l := range rest {
		if same(l, line) {
			n++
		}
	}
	return n == 1 && len(bytes.TrimSpace(line)) > 0
}

// only returns the one place from 0 to last for which is holds.
func only(last int, is func(at int) bool) (at int, found bool) {
	for i := range last + 1 {
		if !is(i) {
			continue
		}
		if found {
			return 0, false
		}
		at, found = i, true
	}
	return at, found
}

// join puts the lines in, and a line end where one would run into the next.
func join(text [][]byte, put [][][]byte) []byte {
	var all []byte
	end := "\n"
	add := func(line []byte) {
		if len(all) > 0 && all[len(all)-1] != '\n' {
			all = append(all, end...)
		}
		if bytes.HasSuffix(line, []byte("\r\n")) {
			end = "\r\n"
		} else if bytes.HasSuffix(line, []byte("\n")) {
			end = "\n"
		}
		all = append(all, line...)
	}
	for i, lines := range put {
		for _, l := range lines {
			add(l)
		}
		if i < len(text) {
			add(text[i])
		}
	}
	return all
}
