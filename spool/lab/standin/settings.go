package standin

import (
	"bufio"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Settings is the tree that stands for the registry. A missing or unreadable value is the built-in default.
type Settings struct{ root string }

// Number reads NAME.1; key may have folders: EPST5RS/SMTPAUTHOnly.
func (s Settings) Number(key string, missing int) int {
	n, err := strconv.Atoi(strings.TrimSpace(s.read(key + ".1")))
	if err != nil {
		return missing
	}
	return n
}

// Text reads the first line of NAME.2.
func (s Settings) Text(key, missing string) string {
	line, err := bufio.NewReader(strings.NewReader(s.read(key + ".2"))).ReadString('\n')
	if err != nil && line == "" {
		return missing
	}
	return strings.TrimRight(line, "\r\n")
}

// Bytes reads NAME.0.
func (s Settings) Bytes(key string) string { return s.read(key + ".0") }

// File is where a value lies: key with its ending.
func (s Settings) File(key string) string { return filepath.Join(s.root, key) }

func (s Settings) read(key string) string {
	f, err := os.Open(s.File(key))
	if err != nil {
		return ""
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, 64<<10))
	if err != nil {
		return ""
	}
	return string(data)
}
