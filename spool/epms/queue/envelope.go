package queue

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"

	"hikeshi/spool"
)

// The bounds of reading an envelope.
const (
	MaxRecipients = 10000    // that are kept; all are counted
	maxLine       = 4 << 10  // bytes of a line
	maxEnvelope   = 64 << 20 // bytes of a file
)

// ReadEnvelope reads an RCP file. The ID is the message ID without its brackets. Lines that are not known are passed over; an
// envelope without a Return-path line is an error, so that half a file is not taken for mail from the null sender.
func ReadEnvelope(r io.Reader) (spool.MessageEnvelope, error) {
	var e spool.MessageEnvelope
	limited := &io.LimitedReader{R: r, N: maxEnvelope + 1}
	lines := bufio.NewReaderSize(limited, maxLine)
	sender := false
	for n := 1; ; n++ {
		line, err := lines.ReadSlice('\n')
		if err != nil && err != io.EOF {
			if errors.Is(err, bufio.ErrBufferFull) {
				err = fmt.Errorf("longer than %d bytes", maxLine)
			}
			return e, fmt.Errorf("reading envelope: line %d: %w", n, err)
		}
		if limited.N == 0 {
			return e, fmt.Errorf("reading envelope: larger than %d bytes", maxEnvelope)
		}
		name, value := field(line)
		switch {
		case bytes.EqualFold(name, []byte("Message-ID")) && e.ID == "":
			e.ID = address(value)
		case bytes.EqualFold(name, []byte("Return-path")) && !sender:
			e.Sender, sender = address(value), true
		case bytes.EqualFold(name, []byte("Recipient")):
			e.Total++
			if len(e.Recipients) < MaxRecipients {
				e.Recipients = append(e.Recipients, address(value))
			}
		}
		if err == io.EOF {
			break
		}
	}
	if !sender {
		return e, errors.New("reading envelope: no Return-path line")
	}
	return e, nil
}

// field cuts a line at its first colon.
func field(line []byte) (name, value []byte) {
	name, value, _ = bytes.Cut(line, []byte(":"))
	return bytes.TrimSpace(name), value
}

// address takes white space and one pair of brackets away.
func address(value []byte) string {
	v := bytes.TrimSpace(value)
	if len(v) >= 2 && v[0] == '<' && v[len(v)-1] == '>' {
		v = v[1 : len(v)-1]
	}
	return string(v)
}
