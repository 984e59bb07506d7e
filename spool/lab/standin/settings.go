package standin

import (
	"bufio"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Settings is the tree that stands for the registry, as it was when it was read: a daemon reads it once, when it starts (FAQ
// bsd/01-11). A missing or unreadable value is the built-in default.
type Settings struct {
	root   string
	values map[string]string // by key with its ending
}

// ReadSettings reads the tree below root; no tree is an empty one.
func ReadSettings(root string) (Settings, error) {
	s := Settings{root: root, values: map[string]string{}}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return IgnoreGone(err)
		}
		key, _ := filepath.Rel(root, path)
		s.values[key] = readValue(path)
		return nil
	})
	return s, err
}

// Number is NAME.1; key may have folders: EPST5RS/SMTPAUTHOnly.
func (s Settings) Number(key string, missing int) int {
	return number(s.values[key+".1"], missing)
}

func number(text string, missing int) int {
	n, err := strconv.Atoi(strings.TrimSpace(text))
	if err != nil {
		return missing
	}
	return n
}

// Text is the first line of NAME.2.
func (s Settings) Text(key, missing string) string {
	line, err := bufio.NewReader(strings.NewReader(s.values[key+".2"])).ReadString('\n')
	if err != nil && line == "" {
		return missing
	}
	return strings.TrimRight(line, "\r\n")
}

// Bytes is NAME.0.
func (s Settings) Bytes(key string) string { return s.values[key+".0"] }

// File is where a value lies: key with its ending.
func (s Settings) File(key string) string { return filepath.Join(s.root, key) }

func readValue(path string) string {
	f, err := os.Open(path)
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
