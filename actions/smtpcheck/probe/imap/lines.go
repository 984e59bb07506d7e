package imap

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// A line is one line of an answer.
type line struct {
	text    string
	literal []byte // that it ends with; its rest is the next line
	open    bool   // it ends with one
}

// read reads one line. Only answers to FETCH have literals; rest says that this is the rest of one.
func (s *session) read(rest bool) (l line, err error) {
	var b []byte
	for {
		part, err := s.in.ReadSlice('\n')
		b = append(b, part...)
		if len(b) > maxLine {
			return l, fmt.Errorf("a line of more than %d bytes", maxLine)
		}
		if err == nil {
			break
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return l, s.broken(err)
		}
	}
	l.text = strings.TrimRight(string(b), "\r\n")
	n, ok := literal(l.text)
	if !ok || !rest && !strings.Contains(strings.ToUpper(l.text), " FETCH (") {
		return l, nil
	}
	if n > maxLiteral {
		return l, fmt.Errorf("a literal of %d bytes", n)
	}
	l.literal, l.open = make([]byte, n), true
	if _, err := io.ReadFull(s.in, l.literal); err != nil {
		return l, s.broken(err)
	}
	return l, nil
}

// broken is the error of a connection that ended: as it is, or that it was interrupted.
func (s *session) broken(err error) error {
	if s.ctx.Err() != nil {
		return s.ctx.Err()
	}
	if errors.Is(err, io.EOF) {
		return errors.New("the server closed the connection")
	}
	return err
}

// literal is the length at the end of a line: {123}.
func literal(text string) (n int, ok bool) {
	at := strings.LastIndexByte(text, '{')
	if at < 0 || !strings.HasSuffix(text, "}") {
		return 0, false
	}
	word := text[at+1 : len(text)-1]
	n, err := strconv.Atoi(word)
	if err != nil || n < 0 || len(word) > 10 {
		return 0, false
	}
	return n, true
}
