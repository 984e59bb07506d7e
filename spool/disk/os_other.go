//go:build unix && !linux

package disk

func renameNew(fromFD int, from string, toFD int, to string) error {
	return renameChecked(fromFD, from, toFD, to)
}

func exchange(int, string, string) error { return ErrNoExchange }

// xattrs are not copied on systems other than Linux; owner and mode are.
func xattrs(int) (map[string][]byte, error) { return nil, nil }

func setXattr(int, string, []byte) error { return nil }

func removeXattr(int, string) error { return nil }
