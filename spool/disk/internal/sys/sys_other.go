//go:build unix && !linux

package sys

// RenameNew renames without ever replacing anything.
func RenameNew(fromFD int, from string, toFD int, to string) error {
	return RenameChecked(fromFD, from, toFD, to)
}

// Exchange gives ErrNoExchange.
func Exchange(int, string, string) error { return ErrNoExchange }

// Xattrs are not copied on systems other than Linux; owner and mode are.
func Xattrs(int) (map[string][]byte, error) { return nil, nil }

// SetXattr does nothing.
func SetXattr(int, string, []byte) error { return nil }

// RemoveXattr does nothing.
func RemoveXattr(int, string) error { return nil }
