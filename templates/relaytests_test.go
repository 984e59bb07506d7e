package templates

import (
	"strings"
	"testing"
)

// TestRelayTests: the table is there, and nobody can change it for others.
func TestRelayTests(t *testing.T) {
	data := RelayTests()
	if !strings.Contains(string(data), "\nformat: 1\n") {
		t.Fatalf("%.200s", data)
	}
	clear(data)
	if !strings.Contains(string(RelayTests()), "\n  - id: R36\n") {
		t.Error("the table was changed")
	}
}
