package expression

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// HasExpression says whether s holds a ${…}, so that CompileValue is needed.
func HasExpression(s string) bool { return strings.Contains(s, "${") }

// CompileValue checks src, the value of a parameter with ${…} in it. If the whole of it is one ${…}, the program gives what the
// expression gives, else a text. The error is an *Error.
func (e *Env) CompileValue(src string, want Want) (*Program, error) {
	pieces, err := split(src)
	if err != nil {
		return nil, err
	}
	p := &Program{source: src, want: want, env: e}
	if len(pieces) == 1 && pieces[0].code {
		if err := e.add(p, pieces[0].text, pieces[0].offset); err != nil {
			return nil, err
		}
		if !p.shape.gives(want.Type) {
			return nil, &Error{Offset: pieces[0].offset, Text: fmt.Sprintf("this gives %s where %s is wanted", p.shape, want.Type.word())}
		}
		return p, nil
	}
	if want.Type != String && want.Type != Choice {
		return nil, &Error{Text: fmt.Sprintf("text with ${…} in it where %s is wanted: nothing may stand around the ${…}", want.Type.word())}
	}
	return p, e.mix(p, pieces)
}

// mix compiles a value that is partly text.
func (e *Env) mix(p *Program, pieces []piece) error {
	p.mixed = true
	for _, piece := range pieces {
		if !piece.code {
			p.parts = append(p.parts, part{text: piece.text})
			continue
		}
		if err := e.add(p, piece.text, piece.offset); err != nil {
			return err
		}
		if !p.shape.printable() {
			return &Error{Offset: piece.offset, Text: fmt.Sprintf("%s cannot stand in the middle of a text; a list can be joined with join(LIST, \", \")", p.shape)}
		}
	}
	return nil
}

// piece is a stretch of a value: text, or the inside of a ${…}.
type piece struct {
	text   string
	offset int // of text in the value, in characters
	code   bool
}

// split cuts a value into its pieces.
func split(src string) ([]piece, error) {
	var all []piece
	for at := 0; at < len(src); {
		start := strings.Index(src[at:], "${")
		if start < 0 {
			return append(all, piece{text: src[at:], offset: chars(src, at)}), nil
		}
		if start > 0 {
			all = append(all, piece{text: src[at : at+start], offset: chars(src, at)})
		}
		begin := at + start + len("${")
		length := closing(src[begin:])
		if length < 0 {
			return nil, &Error{Offset: chars(src, at+start), Text: "the ${ has no } that ends it"}
		}
		all = append(all, piece{text: src[begin : begin+length], offset: chars(src, begin), code: true})
		at = begin + length + len("}")
	}
	return all, nil
}

func chars(src string, bytes int) int { return utf8.RuneCountInString(src[:bytes]) }

// closing returns the place of the } that ends an expression, or -1. Braces in the expression come in pairs; those in its texts do not count.
func closing(s string) int {
	open := 0
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '{':
			open++
		case '}':
			if open == 0 {
				return i
			}
			open--
		case '"', '\'', '`':
			i = endOfText(s, i)
		}
	}
	return -1
}

// endOfText returns the place of the quote that ends the text beginning at i, or the end of s.
func endOfText(s string, i int) int {
	quote := s[i]
	for i++; i < len(s) && s[i] != quote; i++ {
		if s[i] == '\\' && quote != '`' {
			i++
		}
	}
	return i
}
