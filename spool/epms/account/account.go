// Package account reads and rewrites the account file of one domain, <domain>.idx in the account folder of E-Post Mail Server V.
//
// The file is text. Each line is one account: the Base64 (RFC 4648 section 4) of a record whose fields are separated by TAB:
//
//	account TAB password TAB full name TAB domain TAB home folder [TAB more ...]
//
// with the columns in the order of the export (FAQ bsd/01-88) and the account as the unique key (FAQ bsd/01-87). The server reads
// lines into a buffer of 1,024 bytes, ends a line at the first space or LF, does not see a last line without LF, compares accounts
// without case and takes the first match. It reads the file anew at every check, so a change acts at once.
//
// The password may be plain or in a reversible form and is treated as a secret of opaque bytes: it can be overwritten, copied from
// another copy of the file and compared, and nothing here gives it out; no error holds anything of the content.
//
// [Parse] keeps every byte. A rewrite is refused unless every line is as documented ([File.Rewritable]), and changes one field of
// one line.
package account

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io/fs"
	"strings"
)

// The limits of the server's reader, in bytes.
const (
	MaxLine  = 1023 // with its LF: the buffer holds a NUL too
	MaxField = 255
)

// maxLines bounds the work on a foreign file; the product is licensed by users.
const maxLines = 1 << 20

// The fields of a record that are used here.
const (
	fieldName = iota
	fieldPassword
	fieldFullName
	fieldDomain
	fieldsAtLeast
)

// A File is an account file.
type File struct{ lines []line }

type line struct {
	raw    []byte   // with its LF
	fields [][]byte // nil if it is not seen as an account
	fault  Fault    // why it is not as documented
}

// An Entry is one account of a file, without its password.
type Entry struct {
	Line                   int // 1-based
	Name, FullName, Domain string
}

// A Fault is a line that is not as documented.
type Fault struct {
	Line         int // 1-based; 0: no fault
	Text, TextJA string
}

// Error says which line is not as documented.
func (f Fault) Error() string { return fmt.Sprintf("line %d: %s", f.Line, f.Text) }

// Parse reads a file. It never fails: what is not as documented is kept and found by Faults.
func Parse(data []byte) *File {
	f := &File{}
	at := 0
	for raw := range bytes.Lines(data) {
		if len(f.lines) == maxLines {
			f.lines = append(f.lines, line{raw: data[at:], fault: Fault{maxLines + 1, "more lines than are read", "読み込める行数を超えている"}})
			break
		}
		at += len(raw)
		l := parseLine(raw)
		if l.fault.Text != "" {
			l.fault.Line = len(f.lines) + 1
		}
		f.lines = append(f.lines, l)
	}
	return f
}

func parseLine(raw []byte) line {
	l := line{raw: raw}
	text, ended := bytes.CutSuffix(raw, []byte("\n"))
	seen, _, spaced := bytes.Cut(text, []byte(" "))
	record, err := decode(seen)
	if ended && err == nil && len(raw) <= MaxLine {
		l.fields = bytes.Split(record, []byte("\t"))
	}
	switch {
	case len(raw) > MaxLine:
		l.fault = Fault{Text: fmt.Sprintf("longer than the %d bytes that the server reads", MaxLine), TextJA: fmt.Sprintf("サーバが読む %d バイトを超えている", MaxLine)}
	case !ended:
		l.fault = Fault{Text: "the last line has no line end: the server does not see it", TextJA: "最終行に改行がなく、サーバからは見えない"}
	case len(text) == 0:
		l.fault = Fault{Text: "an empty line", TextJA: "空行"}
	case bytes.IndexByte(text, '\r') >= 0:
		l.fault = Fault{Text: "a carriage return", TextJA: "復帰文字 (CR) がある"}
	case spaced:
		l.fault = Fault{Text: "a space: the server reads the line up to it", TextJA: "空白があり、サーバはその手前までしか読まない"}
	case err != nil:
		l.fault = Fault{Text: "not Base64", TextJA: "Base64 ではない"}
	default:
		l.fault = faultOf(l.fields)
	}
	if len(l.fields) < fieldsAtLeast {
		l.fields = nil
	}
	return l
}

func faultOf(fields [][]byte) Fault {
	if len(fields) < fieldsAtLeast {
		return Fault{Text: "fewer fields than an account has", TextJA: "項目数が足りない"}
	}
	if len(fields[fieldName]) == 0 {
		return Fault{Text: "an account without a name", TextJA: "アカウント名が空"}
	}
	for _, f := range fields {
		if len(f) > MaxField {
			return Fault{Text: fmt.Sprintf("a field longer than %d bytes", MaxField), TextJA: fmt.Sprintf("%d バイトを超える項目がある", MaxField)}
		}
		if bytes.ContainsAny(f, "\n\x00") {
			return Fault{Text: "a line end or NUL within a field", TextJA: "項目の中に改行または NUL がある"}
		}
	}
	return Fault{}
}

// decode takes only what encode gives back byte for byte. The decoder skips CR, which is not in the alphabet.
func decode(text []byte) ([]byte, error) {
	if bytes.IndexByte(text, '\r') >= 0 {
		return nil, fs.ErrInvalid
	}
	out := make([]byte, base64.StdEncoding.DecodedLen(len(text)))
	n, err := base64.StdEncoding.Strict().Decode(out, text)
	return out[:n], err
}

// Bytes is the file as it was parsed.
func (f *File) Bytes() []byte {
	var b bytes.Buffer
	for _, l := range f.lines {
		b.Write(l.raw)
	}
	return b.Bytes()
}

// Entries are the accounts that the server sees, in order.
func (f *File) Entries() []Entry {
	var all []Entry
	for i, l := range f.lines {
		if l.fields != nil {
			all = append(all, l.entry(i+1))
		}
	}
	return all
}

func (l line) entry(n int) Entry {
	return Entry{n, string(l.fields[fieldName]), string(l.fields[fieldFullName]), string(l.fields[fieldDomain])}
}

// Faults are the lines that are not as documented, in order.
func (f *File) Faults() []Fault {
	var all []Fault
	for _, l := range f.lines {
		if l.fault.Line > 0 {
			all = append(all, l.fault)
		}
	}
	return all
}

// Rewritable says why the file is not to be rewritten: the first fault, or nil.
func (f *File) Rewritable() error {
	if all := f.Faults(); len(all) > 0 {
		return all[0]
	}
	return nil
}

// Find returns the account that the server takes for name: the first one, letter case apart.
func (f *File) Find(name string) (Entry, bool) {
	if i := f.index(name, 0); i >= 0 {
		return f.lines[i].entry(i + 1), true
	}
	return Entry{}, false
}

func (f *File) index(name string, from int) int {
	for i := from; i < len(f.lines); i++ {
		if l := f.lines[i]; l.fields != nil && strings.EqualFold(string(l.fields[fieldName]), name) {
			return i
		}
	}
	return -1
}
