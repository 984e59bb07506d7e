package templates

import (
	"io/fs"
	"strings"
	"testing"
)

// TestLetters: every notice is there in both languages and begins with its subject.
func TestLetters(t *testing.T) {
	names, err := fs.Glob(Letters(), "*.txt")
	if err != nil || len(names) < 36 {
		t.Fatalf("%v, %v", names, err)
	}
	for _, name := range names {
		text, err := fs.ReadFile(Letters(), name)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(name, "parts.") && !strings.HasPrefix(string(text), "Subject: ") {
			t.Errorf("%s begins with no subject: %.40s", name, text)
		}
		other := strings.NewReplacer(".en.", ".ja.", ".ja.", ".en.").Replace(name)
		if _, err := fs.Stat(Letters(), other); other == name || err != nil {
			t.Errorf("%s: the other language: %v", name, err)
		}
	}
}
