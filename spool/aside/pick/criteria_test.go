package pick

import (
	"testing"

	"hikeshi/spool"
)

func TestAnyOf(t *testing.T) {
	tests := []struct {
		want, address string
		ok            bool
	}{
		{"taro@example.jp", "Taro@Example.JP", true},
		{"<taro@example.jp>", "taro@example.jp", true},
		{"taro@example.jp", "xtaro@example.jp", false},
		{"example.jp", "taro@example.jp", true},
		{"@example.jp", "taro@example.jp.", true},
		{"example.jp", "taro@mail.example.jp", false},
		{"ample.jp", "taro@example.jp", false},
		{"<>", "", true},
		{"", "", true},
		{"<>", "taro@example.jp", false},
		{"@", "taro@example.jp", false},
		{"example.jp", `"a@b"@example.jp`, true},
		{"taro", "taro", true},
		{"taro", "taro@example.jp", false},
	}
	for _, test := range tests {
		if got := anyOf([]string{"other@example.org", test.want}, test.address); got != test.ok {
			t.Errorf("%q and %q: %v", test.want, test.address, got)
		}
	}
}

func TestOwn(t *testing.T) {
	c := Criteria{OwnDomains: []string{"Example.JP"}}
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
