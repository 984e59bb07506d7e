package templates

import (
	"strings"
	"testing"
)

// TestProgrammes: the table is there, and nobody can change it for others.
func TestProgrammes(t *testing.T) {
	data := Programmes()
	if !strings.Contains(string(data), "\nformat: 1\n") {
		t.Fatalf("%.200s", data)
	}
	clear(data)
	if !strings.Contains(string(Programmes()), "\n  - id: microsoft-365\n") {
		t.Error("the table was changed")
	}
}
