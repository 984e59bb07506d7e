package pick

import (
	"testing"

	"hikeshi/spool"
)

func TestOwn(t *testing.T) {
	c := Criteria{Domains: []string{"Example.JP"}}
	tests := []struct {
		name string
		e    spool.MessageEnvelope
		ok   bool
	}{
		{"all own", spool.MessageEnvelope{Recipients: []string{"a@example.jp", "local"}, Total: 2}, true},
		{"one outside", spool.MessageEnvelope{Recipients: []string{"a@example.jp", "b@example.com"}, Total: 2}, false},
		{"too many to be read", spool.MessageEnvelope{Recipients: []string{"a@example.jp"}, Total: 2}, false},
		{"none", spool.MessageEnvelope{}, false},
		{"two domains in one", spool.MessageEnvelope{Recipients: []string{"a@example.com@example.jp"}, Total: 1}, true},
	}
	for _, test := range tests {
		if got := c.own(test.e); got != test.ok {
			t.Errorf("%s: %v", test.name, got)
		}
	}
}
