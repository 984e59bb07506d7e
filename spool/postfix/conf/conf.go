// Package conf puts items at the beginning of lists in Postfix's main.cf (postconf(5)) and in the -o options of master.cf (master(5)), sets
// parameters of main.cf, and makes the inverse edit. Files are bytes here; nothing but what is put in or taken out changes.
//
// In both files a line that begins with a blank goes on with the line before, over empty lines and lines whose first character but blanks
// is #. Of several definitions of one parameter the last one counts.
package conf

import (
	"bytes"
	"fmt"
	"io/fs"
	"strings"
)

// A Span is one logical line.
type Span struct {
	At, End int // in bytes; End is behind the LF of its last line that is text
	Line    int // 1-based, where it begins
}

// blanks are what Postfix takes for one.
const blanks = " \t\r\n"

// spans are the logical lines of a file.
func spans(file []byte) []Span {
	var all []Span
	at, n := 0, 0
	for raw := range bytes.Lines(file) {
		n++
		end := at + len(raw)
		text := bytes.Trim(raw, blanks)
		switch {
		case len(text) == 0 || text[0] == '#':
		case (raw[0] == ' ' || raw[0] == '\t') && len(all) > 0:
			all[len(all)-1].End = end
		default:
			all = append(all, Span{at, end, n})
		}
		at = end
	}
	return all
}

// A Parameter is one definition in main.cf.
type Parameter struct {
	Span
	Name  string
	Value string // comments inside and blanks at both ends cut off, line ends made one blank; nothing in it is expanded
	at    int    // behind the = in the file
}

// Parameters are the definitions of a main.cf, in its order. What is none is passed over.
func Parameters(file []byte) []Parameter {
	var all []Parameter
	for _, s := range spans(file) {
		name, _, ok := bytes.Cut(file[s.At:s.End], []byte("="))
		word := strings.Trim(string(name), blanks)
		if !ok || word == "" || strings.ContainsAny(word, blanks) {
			continue
		}
		at := s.At + len(name) + 1
		all = append(all, Parameter{Span: s, Name: word, Value: joined(file[at:s.End]), at: at})
	}
	return all
}

// joined is the text of a logical line in one.
func joined(b []byte) string {
	var parts []string
	first := true
	for raw := range bytes.Lines(b) {
		if text := strings.Trim(string(raw), blanks); text != "" && (first || text[0] != '#') {
			parts = append(parts, text)
		}
		first = false
	}
	return strings.Join(parts, " ")
}

// Last is the definition of name that counts.
func Last(file []byte, name string) (p Parameter, ok bool) {
	for _, q := range Parameters(file) {
		if q.Name == name {
			p, ok = q, true
		}
	}
	return p, ok
}

// Items are the words of a list (postconf(5): separated by commas or blanks).
func Items(value string) []string {
	return strings.FieldsFunc(value, func(r rune) bool { return strings.ContainsRune(","+blanks, r) })
}

// An Insert is text that was put into a file, in plain data.
type Insert struct {
	Name string `json:"name"` // of the parameter, as postconf -M or -P would: smtp/inet/NAME in master.cf
	Text string `json:"text"`
	Line bool   `json:"line,omitempty"` // Text is a whole line that was put at the end
}

// Before puts item in front of all others in the list that the parameter name of a main.cf is. It is already there: no inserts.
func Before(file []byte, name, item string) ([]byte, []Insert) {
	p, ok := Last(file, name)
	if !ok {
		return appended(file, name, item)
	}
	if starts(Items(p.Value), item) {
		return file, nil
	}
	text := " " + item
	if p.Value != "" {
		text += ","
	}
	return splice(file, p.at, text), []Insert{{Name: name, Text: text}}
}

func starts(items []string, item string) bool {
	want := Items(item)
	return len(items) >= len(want) && strings.Join(items[:len(want)], " ") == strings.Join(want, " ")
}

func splice(file []byte, at int, text string) []byte {
	return append(append(append(make([]byte, 0, len(file)+len(text)), file[:at]...), text...), file[at:]...)
}

// appended gives the parameter a definition at the end.
func appended(file []byte, name, value string) ([]byte, []Insert) {
	text := fmt.Sprintf("%s = %s\n", name, value)
	if len(file) > 0 && file[len(file)-1] != '\n' {
		text = "\n" + text
	}
	return splice(file, len(file), text), []Insert{{Name: name, Text: text, Line: true}}
}

// TakeOut makes the inverse edit: of the inserts those that still stand there as they were put in. The error wraps fs.ErrNotExist when none
// does.
func TakeOut(file []byte, inserts []Insert) ([]byte, error) {
	done := false
	for i := len(inserts) - 1; i >= 0; i-- {
		if after, ok := takeOut(file, inserts[i]); ok {
			file, done = after, true
		}
	}
	if !done {
		return file, fmt.Errorf("taking settings out: nothing stands there as it was put in: %w", fs.ErrNotExist)
	}
	return file, nil
}

func takeOut(file []byte, in Insert) ([]byte, bool) {
	text := []byte(in.Text)
	if in.Line {
		line := bytes.TrimPrefix(text, []byte("\n"))
		for _, p := range Parameters(file) {
			if p.Name == in.Name && bytes.Equal(file[p.At:p.End], line) {
				from := p.At
				if len(line) < len(text) && from > 0 && p.End == len(file) {
					from--
				}
				return append(bytes.Clone(file[:from]), file[p.End:]...), true
			}
		}
		// Somebody has gone on with the line that was added: only the value of ours goes.
		text = bytes.TrimSuffix(line[len(in.Name)+len(" ="):], []byte("\n"))
	}
	text = bytes.TrimSuffix(text, []byte(","))
	for _, at := range valuesOf(file, in.Name) {
		rest, ok := bytes.CutPrefix(file[at:], text)
		if ok && (len(rest) == 0 || bytes.IndexByte([]byte(", \t\r\n}"), rest[0]) >= 0) {
			return append(bytes.Clone(file[:at]), bytes.TrimPrefix(rest, []byte(","))...), true
		}
	}
	return file, false
}

// valuesOf are the offsets behind the = of all definitions of name, the one that counts first.
func valuesOf(file []byte, name string) []int {
	var all []int
	for _, p := range Parameters(file) {
		if p.Name == name {
			all = append([]int{p.at}, all...)
		}
	}
	for _, o := range Options(file) {
		if o.Path() == name {
			all = append([]int{o.at}, all...)
		}
	}
	return all
}
