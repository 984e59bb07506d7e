package rewrite

import (
	"bytes"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"hikeshi/runbook"
)

// sealLen is the length of the line that stands before a kept file: 32 random bytes in hex and a line end. The record of the incident
// holds the hash of every kept file, and without that line a password could be guessed from the hash.
const sealLen = 65

// Seal puts a line of random bytes before data.
func Seal(random io.Reader, data []byte) ([]byte, error) {
	var b [32]byte
	if _, err := io.ReadFull(random, b[:]); err != nil {
		return nil, fmt.Errorf("drawing random bytes: %w", err)
	}
	return append(append(hex.AppendEncode(nil, b[:]), '\n'), data...), nil
}

// First returns what was kept first under name in this incident, without its seal. The error wraps fs.ErrNotExist if there is nothing.
func First(rec runbook.Recorder, name string) ([]byte, error) {
	data, err := runbook.Kept(rec, name)
	if err != nil {
		return nil, err
	}
	if len(data) < sealLen || data[sealLen-1] != '\n' {
		return nil, fmt.Errorf("reading the kept copy %s: it does not begin as copies of secrets do", name)
	}
	return data[sealLen:], nil
}

// maxCopies bounds how often one change keeps a file.
const maxCopies = 100

func numbered(name string, n int) string {
	if n == 0 {
		return name
	}
	return fmt.Sprintf("%s.%d", name, n+1)
}

// last returns what Keep has kept last under name, and how often it has.
func last(rec runbook.Recorder, name string) (data []byte, n int, err error) {
	for ; n < maxCopies; n++ {
		next, err := First(rec, numbered(name, n))
		if errors.Is(err, fs.ErrNotExist) {
			break
		}
		if err != nil {
			return nil, n, err
		}
		data = next
	}
	if n == 0 {
		return nil, 0, fmt.Errorf("reading the kept copy %s: %w", name, fs.ErrNotExist)
	}
	return data, n, nil
}

// Last returns what Keep has kept last under name. The error wraps fs.ErrNotExist if there is nothing.
func Last(rec runbook.Recorder, name string) ([]byte, error) {
	data, _, err := last(rec, name)
	return data, err
}

// Keep keeps a sealed copy under name, or a numbered one where another content is kept under it already: a change that goes on after a
// crash may find something else than at its first try.
func Keep(rec runbook.Recorder, random io.Reader, name string, data []byte) error {
	kept, n, err := last(rec, name)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err == nil && len(kept) == len(data) && subtle.ConstantTimeCompare(kept, data) == 1 {
		return nil
	}
	sealed, err := Seal(random, data)
	if err != nil {
		return err
	}
	if err := rec.Backup(numbered(name, n), bytes.NewReader(sealed)); err != nil {
		return fmt.Errorf("backing up %s: %w", name, err)
	}
	return nil
}
