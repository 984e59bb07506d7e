package chain

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"hikeshi/runbook"
	"hikeshi/spool/disk"
)

// text is a whole journal of n notes after its opening.
func text(t testing.TB, n int) []byte {
	t.Helper()
	head, all := disk.Hash(nil), []byte(nil)
	for i := range n + 1 {
		r := runbook.Record{Seq: i, Time: time.Unix(1_800_000_000, 0).UTC(), Event: runbook.Noted, Text: strings.Repeat("x", i), Prev: head}
		if i == 0 {
			r.Event, r.Opening = runbook.Opened, &runbook.Opening{Format: Format}
		}
		line, err := Encode(r)
		if err != nil {
			t.Fatal(err)
		}
		head = disk.Hash(line[:len(line)-1])
		all = append(all, line...)
	}
	return all
}

func TestTail(t *testing.T) {
	whole := text(t, 3)
	long := text(t, 200_000/100)
	for name, tt := range map[string]struct {
		text      []byte
		next      int
		torn      int64
		brokenOff bool
	}{
		"empty": {nil, 0, 0, false}, "whole": {whole, 4, 0, false}, "torn": {append(bytes.Clone(whole), `{"se`...), 4, 4, false},
		"only torn": {[]byte(`{"seq":`), 0, 7, false}, "torn and long": {append(bytes.Clone(long), bytes.Repeat([]byte("x"), 300_000)...), 2001, 300_000, false},
		"NUL to the end":    {append(bytes.Clone(whole), make([]byte, 100)...), 4, 100, false},
		"NUL and a newline": {append(append(bytes.Clone(whole), make([]byte, 100)...), '\n'), 4, 101, false},
		"no record":         {append(bytes.Clone(whole), "hello\n"...), 0, 0, true}, "no number": {append(bytes.Clone(whole), "{}\n"...), 0, 0, true},
		"empty line": {append(bytes.Clone(whole), '\n'), 0, 0, true}, "NUL twice": {append(bytes.Clone(whole), "\x00\n\x00\n"...), 0, 0, true},
	} {
		got, err := ReadTail(bytes.NewReader(tt.text), int64(len(tt.text)))
		if tt.brokenOff != errors.Is(err, ErrBroken) || tt.brokenOff != (err != nil) {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if err == nil && (got.Next != tt.next || got.Size-got.End != tt.torn || got.Size != int64(len(tt.text))) {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestLineTooLong(t *testing.T) {
	endless := bytes.Repeat([]byte("x"), 5*MaxLine)
	if _, _, _, err := Read(bytes.NewReader(endless)); !errors.Is(err, ErrBroken) {
		t.Errorf("read: %v", err)
	}
	long := append(text(t, 1), endless...)
	if _, err := ReadTail(bytes.NewReader(long), int64(len(long))); !errors.Is(err, ErrBroken) {
		t.Errorf("tail: %v", err)
	}
}

// What Read takes for a sound journal is one, up to its last byte, and ReadTail finds the same end.
func FuzzRead(f *testing.F) {
	whole := text(f, 3)
	for _, seed := range [][]byte{nil, whole, whole[:len(whole)-1], append(bytes.Clone(whole), 0, 0, '\n'), []byte("{}\n{\n"), []byte("null\n"), []byte("\n\n"), []byte("\x00\n\n")} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		lines, end, torn, err := Read(bytes.NewReader(text))
		if err != nil {
			return
		}
		if end+torn != int64(len(text)) {
			t.Fatalf("%d bytes read as %d whole and %d torn", len(text), end, torn)
		}
		again, _, rest, err := Read(bytes.NewReader(text[:end]))
		if err != nil || rest != 0 || len(again) != len(lines) {
			t.Fatalf("the whole lines alone: %d lines, %d torn, %v", len(again), rest, err)
		}
		got, err := ReadTail(bytes.NewReader(text), int64(len(text)))
		if n := len(lines); n > 0 && err == nil && (got.End != end || got.Head != lines[n-1].Hash) {
			t.Fatalf("tail %+v, want %d %s", got, end, lines[n-1].Hash)
		}
		var before Line
		for i, l := range lines {
			if l.Check(i, before) != nil {
				return
			}
			before = l
		}
		if err != nil || got.Next != len(lines) {
			t.Fatalf("tail of a sound journal: %+v, %v", got, err)
		}
	})
}
