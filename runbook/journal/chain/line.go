// Package chain is the format of a journal: lines that each hold the hash of the line before.
//
// [Read] splits a journal into its lines and [Line.Check] compares each with the one before; [ReadTail] finds the place of the next
// record. The format is described in package journal.
package chain

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"hikeshi/runbook"
	"hikeshi/spool/disk"
)

// Format is the version of the format that this package writes, and the newest that it reads.
const Format = 1

// MaxLine is the length of the longest line, with its newline, in bytes.
const MaxLine = 16 << 20

// ErrBroken says that a journal is not as it was written.
var ErrBroken = errors.New("the journal was damaged or changed")

// Encode returns r as one line with its newline.
func Encode(r runbook.Record) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false) // a null sender stays readable as <>
	if err := e.Encode(r); err != nil {
		return nil, fmt.Errorf("encoding record %s: %w", r.Event, err)
	}
	if b.Len() > MaxLine {
		return nil, fmt.Errorf("encoding record %s: %d bytes are more than a line may have (%d)", r.Event, b.Len(), MaxLine)
	}
	return b.Bytes(), nil
}

func decode(text []byte) (runbook.Record, error) {
	var r struct {
		Seq *int `json:"seq"` // before the one of Record: a line without a number is no record
		runbook.Record
	}
	if err := json.Unmarshal(text, &r); err != nil {
		return r.Record, err
	}
	if r.Seq == nil {
		return r.Record, errors.New("it has no number")
	}
	r.Record.Seq = *r.Seq
	return r.Record, nil
}

// A Line is one whole line of a journal.
type Line struct {
	Record runbook.Record
	Hash   string
	Err    error // it is no record
}

// Read reads whole lines up to the end of r. torn is the length of what follows them; end is where they end.
func Read(r io.Reader) (lines []Line, end, torn int64, err error) {
	in := bufio.NewReaderSize(r, 64<<10)
	for {
		text, err := readLine(in)
		if torn > 0 && (len(text) > 0 || err == nil) { // the line with a NUL was not the last one
			return lines, end, 0, fmt.Errorf("%w: a line holds a NUL", ErrBroken)
		}
		if err == io.EOF {
			return lines, end, torn + int64(len(text)), nil
		}
		if err != nil {
			return lines, end, 0, err
		}
		if bytes.IndexByte(text, 0) >= 0 {
			torn = int64(len(text)) + 1
			continue
		}
		l := Line{Hash: disk.Hash(text)}
		l.Record, l.Err = decode(text)
		lines = append(lines, l)
		end += int64(len(text)) + 1
	}
}

// readLine returns the next line without its newline. With io.EOF it returns what stands after the last newline.
func readLine(in *bufio.Reader) ([]byte, error) {
	var text []byte
	for {
		part, err := in.ReadSlice('\n')
		text = append(text, part...)
		if len(text) > MaxLine {
			return nil, fmt.Errorf("%w: a line is longer than %d bytes", ErrBroken, MaxLine)
		}
		if err == bufio.ErrBufferFull {
			continue
		}
		if err != nil {
			return text, err
		}
		return text[:len(text)-1], nil
	}
}

// Check says what is wrong with line i after the line before, which is the zero line for i = 0.
func (l Line) Check(i int, before Line) error {
	broken := func(what string, args ...any) error {
		return fmt.Errorf("reading record %d: %w: %s", i, ErrBroken, fmt.Sprintf(what, args...))
	}
	if i == 0 {
		before.Hash = disk.Hash(nil)
	}
	switch {
	case l.Err != nil:
		return broken("it is no record: %v", l.Err)
	case l.Record.Seq != i:
		return broken("it calls itself record %d", l.Record.Seq)
	case l.Record.Prev != before.Hash:
		return broken("it does not follow the record before it")
	case (i == 0) != (l.Record.Event == runbook.Opened) || (i == 0 && l.Record.Opening == nil):
		return broken("only record 0 opens an incident, and it must")
	case i == 0 && l.Record.Opening.Format > Format:
		return fmt.Errorf("reading record 0: version %q wrote format %d; this version reads up to %d", l.Record.Opening.Version, l.Record.Opening.Format, Format)
	}
	return nil
}
