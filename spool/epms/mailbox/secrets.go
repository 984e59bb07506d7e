package mailbox

import (
	"bytes"
	"crypto/subtle"
	"fmt"
	"io/fs"
)

// MaxAuth is the size of the largest auth file that is rewritten, in bytes.
const MaxAuth = 64 << 10

// Secrets are the passwords of auth files, for spool.AccountFiles: of each the first line, whatever account is asked for.
type Secrets struct{}

// cut parts the password from what follows it, line end included.
func cut(file []byte) (password, rest []byte) {
	n := bytes.IndexByte(file, '\n')
	if n < 0 {
		n = len(file)
	}
	if n > 0 && file[n-1] == '\r' && n < len(file) {
		n--
	}
	return file[:n], file[n:]
}

// Set overwrites the first line; what follows it stays. Line ends stay as they are; a file without any gets none.
func (Secrets) Set(file []byte, _, password string) ([]byte, error) {
	return with(file, []byte(password))
}

func with(file, password []byte) ([]byte, error) {
	if len(file) > MaxAuth {
		return nil, fmt.Errorf("larger than %d bytes, which is no auth file: %w", MaxAuth, fs.ErrInvalid)
	}
	if bytes.ContainsAny(password, "\r\n\x00") {
		return nil, fmt.Errorf("the new value does not fit into a line: %w", fs.ErrInvalid)
	}
	_, rest := cut(file)
	return append(bytes.Clone(password), rest...), nil
}

// Copy gives file the first line of from.
func (Secrets) Copy(file, from []byte, _ string) ([]byte, error) {
	password, _ := cut(from)
	return with(file, password)
}

// Equal says whether both have the same first line, in a time that does not depend on where they differ.
func (Secrets) Equal(a, b []byte, _ string) (bool, error) {
	p, _ := cut(a)
	q, _ := cut(b)
	return subtle.ConstantTimeCompare(p, q) == 1, nil
}

// Begins says whether the first line begins with mark.
func (Secrets) Begins(file []byte, _, mark string) (bool, error) {
	p, _ := cut(file)
	return len(p) >= len(mark) && subtle.ConstantTimeCompare(p[:len(mark)], []byte(mark)) == 1, nil
}
