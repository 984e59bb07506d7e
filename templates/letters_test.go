package templates

import (
	"io/fs"
	"strings"
	"testing"
)

// TestLetters: the texts are found by the names of their files.
func TestLetters(t *testing.T) {
	data, err := fs.ReadFile(Letters(), "fields.yaml")
	if err != nil || !strings.Contains(string(data), "\nformat: 1\n") {
		t.Fatalf("%v: %.200s", err, data)
	}
}
