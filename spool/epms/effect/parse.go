// Package effect is a complete model of effect.dat, the file by which E-Post Mail Server V decides at
// every MAIL FROM who may relay. It is pure: bytes go in, decisions and edits come out.
//
// Use: [Parse] a file, ask it with [File.Decide], find the place of a denial with [File.DenyAll], put it
// in with [Edit.Apply], and take it out again with [File.Remove]. Package proof shows that an edit changed
// nobody else's decision, package lint reads a file for mistakes, package index is for many queries.
//
// The format, one entry a line (FAQ bsd/01-09, bsd/04-01, bsd/10-60, win/15-93):
//
//	#<> default
//	#blank false
//	203.0.113.9 false
//	192.168.1.* only
//	*.*.*.* norelay,2
//
// The server reads pieces: up to and with the next LF, but at most 255 bytes; what lies beyond is a line
// of its own. A piece that begins with CR, LF, space or an apostrophe is skipped; # is no comment mark.
// The text ends at the first CR, LF or NUL. The pattern is what stands before the first space, the action
// what stands between the first and the second space. No action means true, an unknown one default. The
// first line that matches decides; see package pattern for what matches and [File.Decide] for the rest.
//
// Every byte is kept: the raw pieces of a file, one after the other, are the file. What the package does
// not promise: it knows no settings of the server (SMTPAUTHOnly, FROMSecLevel), no accounts, and not the
// personal effect.dat that is read for a recipient.
package effect

import (
	"iter"
	"strings"

	"hikeshi/spool/epms/effect/pattern"
)

// maxPiece is the most the server takes as one line, LF included.
const maxPiece = 255

// A File is the text of an effect.dat. It is immutable and safe for concurrent use.
type File struct{ text string }

// Parse takes the bytes of an effect.dat. No bytes are wrong: the server reads every file, and so does
// the model. The lines are read when they are asked for, so the cost of Parse is one copy.
func Parse(data []byte) *File { return &File{text: string(data)} }

// Bytes returns a copy of the file, byte for byte.
func (f *File) Bytes() []byte { return []byte(f.text) }

// A Line is one piece as the server reads it.
type Line struct {
	Offset  int64  // of the first byte
	Number  int    // 1-based, counted by LF: a piece beyond 255 bytes has the number of its line
	Raw     string // every byte, with its LF if there is one
	Skipped bool   // not read: begins with CR, LF, space or an apostrophe; the fields below are empty
	Text    string // up to the first CR, LF or NUL
	Pattern string // up to the first space
	Action  Action
	Word    string // the action as written; what follows a second space is in neither
	Zero    bool   // the action carries ",0"
}

// Tail reports whether the piece is the continuation of a line longer than 255 bytes.
func (l Line) Tail(f *File) bool { return l.Offset > 0 && f.text[l.Offset-1] != '\n' }

// Lines returns the pieces from the top, skipped ones included.
func (f *File) Lines() iter.Seq[Line] {
	return func(yield func(Line) bool) {
		number := 1
		for at := 0; at < len(f.text); {
			l := f.Piece(int64(at))
			l.Number = number
			if !yield(l) {
				return
			}
			at += len(l.Raw)
			if l.Raw[len(l.Raw)-1] == '\n' {
				number++
			}
		}
	}
}

// Piece reads the piece that begins at the offset; it does not know the number of its line.
func (f *File) Piece(offset int64) Line {
	rest := f.text[offset:]
	if len(rest) > maxPiece {
		rest = rest[:maxPiece]
	}
	if i := strings.IndexByte(rest, '\n'); i >= 0 {
		rest = rest[:i+1]
	}
	l := Line{Offset: offset, Raw: rest}
	switch rest[0] {
	case '\r', '\n', ' ', '\'':
		l.Skipped = true
		return l
	}
	l.Text = rest
	if i := strings.IndexAny(rest, "\r\n\x00"); i >= 0 {
		l.Text = rest[:i]
	}
	pattern, after, spaced := strings.Cut(l.Text, " ")
	l.Pattern = pattern
	if !spaced {
		l.Action = None
		return l
	}
	l.Word, _, _ = strings.Cut(after, " ")
	l.Action, l.Zero = parseAction(l.Word)
	return l
}

// An Action is what a line wants done.
type Action uint8

// The actions. None and True do the same, and so do Unknown and Default.
const (
	Unknown  Action = iota // no word the server knows, or an empty one: as Default
	Default                // as if there were no entry
	None                   // no space, so no action: as True
	True                   // relay, no questions
	False                  // refuse
	Only                   // relay from here only
	NoRelay0               // default rule, never outside recipients
	NoRelay1               // default rule, outside recipients only after AUTH; also a plain norelay
	NoRelay2               // any sender, outside recipients only after AUTH
)

// Opens reports whether the action lets everything through: True and None.
func (a Action) Opens() bool { return a == True || a == None }

// IsDefault reports whether the action means the default rule: Default and Unknown.
func (a Action) IsDefault() bool { return a == Default || a == Unknown }

// Mark returns the restriction mark after a line of this action was read, whether it matched or not: an
// Only sets it, the actions that open, False and NoRelay2 clear it, the others leave it.
func (a Action) Mark(before bool) bool {
	switch a {
	case None, True, False, NoRelay2:
		return false
	case Only:
		return true
	}
	return before
}

// parseAction reads an action word, letter case free. Every known action may carry ",0" or ",1", which
// changes the meaning of norelay only; norelay may carry ",2" as well.
func parseAction(word string) (a Action, zero bool) {
	name, flag := word, ""
	if i := strings.IndexByte(word, ','); i >= 0 {
		name, flag = word[:i], word[i:]
	}
	if pattern.EqualFold(name, "norelay") {
		switch flag {
		case "", ",1":
			return NoRelay1, false
		case ",0":
			return NoRelay0, true
		case ",2":
			return NoRelay2, false
		}
		return Unknown, false
	}
	if flag != "" && flag != ",0" && flag != ",1" {
		return Unknown, false
	}
	switch {
	case pattern.EqualFold(name, "true"):
		a = True
	case pattern.EqualFold(name, "false"):
		a = False
	case pattern.EqualFold(name, "default"):
		a = Default
	case pattern.EqualFold(name, "only"):
		a = Only
	default:
		return Unknown, false
	}
	return a, flag == ",0"
}
