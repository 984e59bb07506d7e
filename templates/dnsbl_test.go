package templates

import (
	"strings"
	"testing"
)

// TestDNSBL: the table is there, and nobody can change it for others.
func TestDNSBL(t *testing.T) {
	data := DNSBL()
	if !strings.Contains(string(data), "\nformat: 1\n") {
		t.Fatalf("%.200s", data)
	}
	clear(data)
	if !strings.Contains(string(DNSBL()), "\n  - id: spamhaus-zen\n") {
		t.Error("the table was changed")
	}
}
