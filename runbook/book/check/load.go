// Package check reads a runbook from its file and finds everything that is wrong in it. The format is described in package book.
package check

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"hikeshi/runbook"
	"hikeshi/runbook/expression"
	"hikeshi/runbook/nearest"
	"hikeshi/runbook/strictyaml"
)

// MaxSteps and MaxRetries bound a runbook; nobody goes through more by hand.
const (
	MaxSteps   = 500
	MaxRetries = 10
)

// BookName and WordName are regular expressions for the names of runbooks, and for those of inputs, steps and choices.
const (
	BookName = `^[a-z][a-z0-9-]*$`
	WordName = `^[a-z][a-z0-9_]*$`
)

// Load reads the runbook in data and checks it against kinds. name is what mistakes call the file: its path. The error is a
// *strictyaml.Mistakes with all that is wrong.
func Load(name string, data []byte, kinds map[string]runbook.Kind) (*runbook.Runbook, error) {
	l := &loader{
		Document: strictyaml.Read(name, data), kinds: kinds,
		book:   &runbook.Runbook{Source: data},
		inputs: map[string]expression.Type{}, facts: map[string]any{}, absent: map[string]string{}, unsure: map[string]bool{},
	}
	var s bookShape
	l.Decode(&s)
	l.load(s)
	if err := l.Err(); err != nil {
		return nil, err
	}
	return l.book, nil
}

// A loader checks one file. What it has checked stands in book.
type loader struct {
	*strictyaml.Document
	kinds  map[string]runbook.Kind
	book   *runbook.Runbook
	inputs map[string]expression.Type
	facts  map[string]any    // prototypes, of the steps so far
	absent map[string]string // why a step has no facts here
	unsure map[string]bool   // inputs.X, facts.X, item: their definition is wrong, which was told where it stands
}

func (l *loader) load(s bookShape) {
	if s.Line == 0 {
		if l.Err() == nil {
			l.Mistake(strictyaml.Pos{}, "the file is empty")
		}
		return
	}
	b := l.book
	b.Format = s.Format.V
	switch {
	case !s.Format.Given():
		l.missing(s.Pos, "format", "format: %d", runbook.Format)
	case s.Format.OK && s.Format.V > runbook.Format:
		l.Mistake(s.Format.Pos, "format %d is newer than this version of hikeshi, which reads %d", s.Format.V, runbook.Format)
	case s.Format.OK && s.Format.V != runbook.Format:
		l.Mistake(s.Format.Pos, "there is no format %d; write format: %d", s.Format.V, runbook.Format)
	}
	b.Name = l.name(s.Pos, s.Name, "name", BookName)
	b.Title = l.title(s.Pos, s.Title)
	b.About = l.text(s.About)
	l.loadInputs(s.Inputs.V)
	l.loadSteps(s)
}

// missing tells that a key is not there in the group of keys at a place, unless it is misspelt there. After a broken line it may be
// there that the key stands.
func (l *loader) missing(group strictyaml.Pos, key, example string, args ...any) {
	if !l.Torn() && !l.Meant(group, key) {
		l.Mistake(group, "%s is missing; write %s", key, fmt.Sprintf(example, args...))
	}
}

// name checks a name that has to be there.
func (l *loader) name(at strictyaml.Pos, name strictyaml.At[string], key, pattern string) string {
	switch {
	case !name.Given():
		l.missing(at, key, "%s: and a name", key)
	case name.OK && !regexp.MustCompile(pattern).MatchString(name.V):
		l.Mistake(name.Pos, "%s %q must match %s", key, name.V, pattern)
	case name.OK:
		return name.V
	}
	return ""
}

// title checks a title, which has to be there.
func (l *loader) title(at strictyaml.Pos, t strictyaml.At[textShape]) runbook.Text {
	if !t.Given() {
		l.missing(at, "title", "title: {en: ..., ja: ...}")
	}
	text := l.text(t)
	if strings.Contains(text.EN+text.JA, "\n") {
		l.Mistake(t.Pos, "a title is one line")
	}
	return text
}

// text checks a text; it may be left out, but if it is there it is there in English.
func (l *loader) text(t strictyaml.At[textShape]) runbook.Text {
	if !t.Given() || t.V.Line == 0 {
		return runbook.Text{}
	}
	switch en := t.V.EN; {
	case !en.Given():
		l.missing(t.V.Pos, "en", "en: and the English text")
	case en.OK && strings.TrimSpace(en.V) == "":
		l.Mistake(en.Pos, "the English text is empty")
	}
	return runbook.T(strings.TrimRight(t.V.EN.V, " \n"), strings.TrimRight(t.V.JA.V, " \n"))
}

// oneOf checks that a word is one of those allowed; left out it is the first.
func oneOf[T ~string](l *loader, word strictyaml.At[string], key string, all ...T) T {
	if !word.OK {
		return all[0]
	}
	if i := slices.Index(all, T(word.V)); i >= 0 {
		return all[i]
	}
	var names []string
	for _, w := range all {
		if w != "" {
			names = append(names, string(w))
		}
	}
	l.Mistake(word.Pos, "%s %q is none of %s%s", key, word.V, strings.Join(names, ", "), nearest.Hint(word.V, names))
	return all[0]
}

// unique tells a name that was used before.
func (l *loader) unique(name strictyaml.At[string], key string, first map[string]int) bool {
	if line, twice := first[name.V]; twice {
		l.Mistake(name.Pos, "%s %q stands here again; it stands first in line %d", key, name.V, line)
		return false
	}
	first[name.V] = name.Line
	return true
}
