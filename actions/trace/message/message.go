// Package message finds the message that is the spam itself in what a responder has at hand: the message as a file, an mbox of several, a
// complaint with the spam attached (message/rfc822, nested too, or a file named .eml), forwarded as text with the header quoted, or a
// report by RFC 5965 (ARF) or RFC 3464 (DSN).
//
// Read it with Read, take a Mail, and look at those of its messages that Judged names: all that have Received lines, since a complaint may
// hold several, and a spammer can attach a message too. Which of them lies in which is said by Message.In. Within a report nothing is taken
// out of the message that the report is about.
//
// Mail that breaks the rules is read all the same: without a blank line before the body, with CR alone at line ends, with octets above
// 127, in UTF-16 with or without its mark. Everything is bounded (MaxFile, MaxHeader, MaxMails); what was left out is said. Nothing is
// decoded but what may hold a message, and nothing is written. Parts that may hold a message and cannot be read are named in Mail.Gaps.
package message

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"hikeshi/actions/trace/message/octets"
	"hikeshi/actions/trace/received/words"
)

// The bounds, in bytes and in numbers.
const (
	MaxFile   = 64 << 20 // of a file
	MaxHeader = 1 << 20  // of one header
	MaxMails  = 1000     // of an mbox
	maxValue  = 16 << 10 // of one field
	maxFields = 5000     // of one header
	maxDepth  = 10       // messages in messages
	maxFound  = 200      // messages in one mail
	maxParts  = 2000     // parts of one mail
	maxNest   = 20       // parts in parts
	maxText   = 4 << 20  // of a text that may quote a header
	maxGaps   = 20       // parts that are named as not read
)

// What Read refuses.
var (
	ErrEmpty   = errors.New("the file is empty")
	ErrOutlook = errors.New("this is no text but a file of Outlook (.msg, .oft, .pst), which is not read")
)

// outlook are the beginnings of files of Outlook: a compound file ([MS-CFB] section 2.2), which .msg and .oft are, and a .pst ([MS-PST] 2.2.2.6).
var outlook = [][]byte{{0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1}, []byte("!BDN")}

// A File is what was read.
type File struct {
	Mails []Mail
	Left  int  // mails of an mbox that were not looked at
	Cut   bool // the file is longer than MaxFile, and the rest was left out
}

// A Mail is one mail of a file.
type Mail struct {
	Number int       // 1 is the first
	Found  []Message // the mail itself first, then what it holds in order
	Report *Report   // of the mail, nil if it is none
	Gaps   []Gap     // what it holds and was not read
}

// A Gap is a part that was not read.
type Gap struct {
	Why  Why
	Part string
	Name string // of its file; bounded, printable
}

// Why says why a part was not read.
type Why string

// The reasons.
const (
	Deep   Why = "deep"   // too many messages or parts in one another
	Many   Why = "many"   // too many messages or parts
	Long   Why = "long"   // a text that may quote a header is too long
	Broken Why = "broken" // a multipart without parts
	Sealed Why = "sealed" // mail in a form that is not read: of Outlook, encrypted, a mailbox
	Packed Why = "packed" // an archive
)

// MaxDepth is how many messages within one another are read.
const MaxDepth = maxDepth

// How says how a message lies in its mail.
type How string

// The ways.
const (
	Itself   How = "itself"   // the mail is it
	Attached How = "attached" // as a part
	Reported How = "reported" // as the part that a report is about
	Quoted   How = "quoted"   // its header is quoted in the text
)

// A Message is the header of one message.
type Message struct {
	How     How
	Part    string  // 2.1 is the first part of the second one; "" for the mail itself
	Depth   int     // 0 is the mail itself
	In      int     // of Mail.Found: the message that holds it; -1: it is the mail itself
	Fields  []Field // in order
	Dropped int     // fields that were too many or too large to be kept
	Lost    int     // of them, Received lines
	NoBlank bool    // the body begins without a blank line
}

// A Field is one field of a header.
type Field struct {
	Name   string
	Value  string // folded as it stands; bounded, anything may be in it
	Offset int64  // where it begins in the file, bytes; -1 where that cannot be told, since its place was decoded
	Line   int    // 1-based, of the file; 0 where Offset is -1
}

// Is compares the name, letter case ignored.
func (f Field) Is(name string) bool { return strings.EqualFold(f.Name, name) }

// Get returns the first field of a name, in one line of printable characters; "" if there is none.
func (m Message) Get(name string) string {
	for _, f := range m.Fields {
		if f.Is(name) {
			return words.Bound(strings.TrimSpace(words.Printable(f.Value)))
		}
	}
	return ""
}

// Count says how many fields of a name there are.
func (m Message) Count(name string) int {
	n := 0
	for _, f := range m.Fields {
		if f.Is(name) {
			n++
		}
	}
	return n
}

// Judged are those of Found that have a way of their own: that have Received lines, or that a report is about. If there are none, it is the
// mail itself.
func (m Mail) Judged() (all []int) {
	for i, x := range m.Found {
		if x.How == Reported || x.Count("Received") > 0 {
			all = append(all, i)
		}
	}
	if len(all) == 0 {
		return []int{0}
	}
	return all
}

// Holds says whether message i of Found lies in message outer, however deep.
func (m Mail) Holds(outer, i int) bool {
	for i = m.Found[i].In; i >= 0; i = m.Found[i].In {
		if i == outer {
			return true
		}
	}
	return false
}

// Read reads a file. The error is that of r, or wraps ErrEmpty or ErrOutlook.
func Read(r io.Reader) (File, error) {
	data, err := io.ReadAll(io.LimitReader(r, MaxFile+1))
	if err != nil {
		return File{}, fmt.Errorf("reading the message: %w", err)
	}
	var f File
	if f.Cut = len(data) > MaxFile; f.Cut {
		data = data[:MaxFile]
	}
	if slices.ContainsFunc(outlook, func(begin []byte) bool { return bytes.HasPrefix(data, begin) }) {
		return File{}, fmt.Errorf("reading the message: %w", ErrOutlook)
	}
	text, moved := octets.Narrow(data)
	if len(bytes.TrimSpace(text)) == 0 {
		return f, fmt.Errorf("reading the message: %w", ErrEmpty)
	}
	starts, end := octets.Split(text), len(text)
	if len(starts) > MaxMails {
		f.Left, end = len(starts)-MaxMails, starts[MaxMails]
		starts = starts[:MaxMails]
	}
	for i, at := range starts {
		until, base := end, int64(at)
		if i+1 < len(starts) {
			until = starts[i+1]
		}
		if moved {
			base = -1
		}
		f.Mails = append(f.Mails, open(text[at:until], base, i+1))
	}
	f.number(text)
	return f, nil
}

// open reads one mail.
func open(b []byte, base int64, number int) Mail {
	r := &reader{mail: Mail{Number: number}}
	r.message(b, place{how: Itself, in: -1, base: base})
	return r.mail
}
