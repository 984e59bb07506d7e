package account

import (
	"bytes"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"io/fs"
	"strings"
)

// WithName returns the file in which the account old is called name, and no other byte is changed. The error wraps fs.ErrNotExist if
// there is no old, and fs.ErrExist if there is a name, or a second old that the server would find instead.
func (f *File) WithName(old, name string) ([]byte, error) {
	i, err := f.editable(old)
	if err != nil {
		return nil, err
	}
	if other := f.index(name, 0); other >= 0 && other != i {
		return nil, fmt.Errorf("line %d has that name: %w", other+1, fs.ErrExist)
	}
	if again := f.index(old, i+1); again >= 0 {
		return nil, fmt.Errorf("lines %d and %d have the same name: %w", i+1, again+1, fs.ErrExist)
	}
	return f.with(i, fieldName, []byte(name))
}

// WithPassword returns the file in which the account has this password, and no other byte is changed. The error wraps fs.ErrNotExist if
// there is no such account.
func (f *File) WithPassword(name, password string) ([]byte, error) {
	i, err := f.editable(name)
	if err != nil {
		return nil, err
	}
	return f.with(i, fieldPassword, []byte(password))
}

// WithPasswordOf is WithPassword with the one that the account has in from.
func (f *File) WithPasswordOf(from *File, name string) ([]byte, error) {
	i, err := f.editable(name)
	if err != nil {
		return nil, err
	}
	password, err := from.password(name)
	if err != nil {
		return nil, err
	}
	return f.with(i, fieldPassword, password)
}

// SamePassword says whether both files have the same password for the account, in a time that does not depend on where they differ.
func (f *File) SamePassword(as *File, name string) (bool, error) {
	a, err := f.password(name)
	if err != nil {
		return false, err
	}
	b, err := as.password(name)
	return err == nil && subtle.ConstantTimeCompare(a, b) == 1, err
}

// PasswordBegins says whether the password of the account begins with mark.
func (f *File) PasswordBegins(name, mark string) (bool, error) {
	p, err := f.password(name)
	return err == nil && len(p) >= len(mark) && subtle.ConstantTimeCompare(p[:len(mark)], []byte(mark)) == 1, err
}

func (f *File) password(name string) ([]byte, error) {
	i := f.index(name, 0)
	if i < 0 {
		return nil, notThere()
	}
	return f.lines[i].fields[fieldPassword], nil
}

func notThere() error { return fmt.Errorf("finding the account: %w", fs.ErrNotExist) }

// editable finds an account in a file that may be rewritten.
func (f *File) editable(name string) (int, error) {
	if err := f.Rewritable(); err != nil {
		return 0, err
	}
	i := f.index(name, 0)
	if i < 0 {
		return 0, notThere()
	}
	return i, nil
}

// with returns the file with another value in one field of one line.
func (f *File) with(i, field int, value []byte) ([]byte, error) {
	if bytes.ContainsAny(value, "\t\r\n\x00") || len(value) > MaxField || field == fieldName && len(value) == 0 {
		return nil, fmt.Errorf("line %d: the new value does not fit into a field: %w", i+1, fs.ErrInvalid)
	}
	fields := append([][]byte(nil), f.lines[i].fields...)
	fields[field] = value
	text := base64.StdEncoding.EncodeToString(bytes.Join(fields, []byte("\t"))) + "\n"
	if len(text) > MaxLine {
		return nil, fmt.Errorf("line %d: it would be longer than the %d bytes that the server reads: %w", i+1, MaxLine, fs.ErrInvalid)
	}
	var b bytes.Buffer
	for n, l := range f.lines {
		if n == i {
			b.WriteString(text)
		} else {
			b.Write(l.raw)
		}
	}
	return b.Bytes(), nil
}

// Secrets are the passwords of account files, for spool.AccountFiles.
type Secrets struct{}

// Set is WithPassword.
func (Secrets) Set(file []byte, name, password string) ([]byte, error) {
	return Parse(file).WithPassword(name, password)
}

// Copy is WithPasswordOf.
func (Secrets) Copy(file, from []byte, name string) ([]byte, error) {
	return Parse(file).WithPasswordOf(Parse(from), name)
}

// Equal is SamePassword.
func (Secrets) Equal(a, b []byte, name string) (bool, error) {
	return Parse(a).SamePassword(Parse(b), name)
}

// Begins is PasswordBegins.
func (Secrets) Begins(file []byte, name, mark string) (bool, error) {
	return Parse(file).PasswordBegins(name, mark)
}

// The lengths of an account name: the receiver takes 128 bytes since November 2014, its ancestor said 20.
const (
	longName = 20
	maxName  = 128
)

// CheckName says whether an account may be given this name, which becomes the name of a folder, too: an error wrapping fs.ErrInvalid
// if not, and a remark if it had better not.
func CheckName(name string) (remark string, err error) {
	const allowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-"
	switch {
	case len(name) > maxName:
		err = fmt.Errorf("an account name of %d bytes: at most %d are possible: %w", len(name), maxName, fs.ErrInvalid)
	case strings.Trim(name, ".") == "":
		err = fmt.Errorf("account name %q: %w", name, fs.ErrInvalid)
	case strings.Trim(name, allowed) != "":
		err = fmt.Errorf("account name %q: only letters, digits, dot, dash and underscore can be used: %w", name, fs.ErrInvalid)
	case strings.HasPrefix(name, "-"):
		err = fmt.Errorf("account name %q: it begins with a dash: %w", name, fs.ErrInvalid)
	case len(name) > longName:
		remark = fmt.Sprintf("the name is longer than %d characters, which old versions do not take", longName)
	}
	return remark, err
}
