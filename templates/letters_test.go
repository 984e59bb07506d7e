package templates

import (
	"io/fs"
	"strings"
	"testing"
)

// TestLetters: every text is there in both languages, and what is sent begins with its subject; sheets for the responder have none.
func TestLetters(t *testing.T) {
	names, err := fs.Glob(Letters(), "*.txt")
	if data, ferr := fs.ReadFile(Letters(), "fields.yaml"); ferr != nil || !strings.Contains(string(data), "\nformat: 1\n") {
		t.Fatalf("%v: %.200s", ferr, data)
	}
	if err != nil || len(names) < 36 {
		t.Fatalf("%v, %v", names, err)
	}
	for _, name := range names {
		text, err := fs.ReadFile(Letters(), name)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(name, "parts.") && !strings.HasPrefix(name, "ask-form.") && !strings.HasPrefix(name, "ask-wait.") && !strings.HasPrefix(string(text), "Subject: ") {
			t.Errorf("%s begins with no subject: %.40s", name, text)
		}
		other := strings.NewReplacer(".en.", ".ja.", ".ja.", ".en.").Replace(name)
		if _, err := fs.Stat(Letters(), other); other == name || err != nil {
			t.Errorf("%s: the other language: %v", name, err)
		}
	}
}
