package holes

import (
	"strings"
	"testing"
)

func TestThrough(t *testing.T) {
	own := func(d string) bool { return strings.EqualFold(d, "example.jp") }
	for _, c := range []struct {
		hole           Hole
		helo, from, to string
		want           string // "" for a mail that the rules decide
	}{
		{PercentHack, "x", "a@example.com", "u%example.net@example.jp", "u@example.net"},
		{PercentHack, "x", "a@example.com", "u%example.net@MAIL1.example.jp", "u@example.net"},
		{PercentHack, "x", "a@example.com", "u%example.net@[192.0.2.25]", "u@example.net"},
		{PercentHack, "x", "a@example.com", "u%example.net", "u@example.net"},
		{PercentHack, "x", "a@example.com", "u%example.net%example.jp@example.jp", "u@example.net"},
		{PercentHack, "x", "a@example.com", "u%example.jp@example.jp", ""},
		{PercentHack, "x", "a@example.com", "u%example.net@example.org", ""},
		{PercentHack, "x", "a@example.com", `"u%example.net"`, ""},
		{PercentHack, "x", "", "u@example.net", ""},
		{SourceRoute, "x", "a@example.com", "@example.jp:u@example.net", "u@example.net"},
		{SourceRoute, "x", "a@example.com", "@[192.0.2.25]:u@example.net", "u@example.net"},
		{SourceRoute, "x", "a@example.com", "@example.org:u@example.net", ""},
		{SourceRoute, "x", "a@example.com", "@example.jp:taro@example.jp", ""},
		{NullSender, "x", "", "u@example.net", "u@example.net"},
		{NullSender, "x", "a@example.com", "u@example.net", ""},
		{NullSender, "x", "", "taro@example.jp", ""},
		{TrustHelo, "mail1.example.jp", "a@example.com", "u@example.net", "u@example.net"},
		{TrustHelo, "localhost", "a@example.com", "u@example.net", ""},
		{DenyBeforeLogin, "mail1.example.jp", "", "u@example.net", ""},
	} {
		to, ok := Set{c.hole}.Through(Mail{Helo: c.helo, Sender: c.from, To: c.to, Host: "mail1.example.jp", Own: own})
		if ok != (c.want != "") || ok && to != c.want {
			t.Errorf("%s: %s from %q as %s goes to %q, %v; want %q", c.hole, c.to, c.from, c.helo, to, ok, c.want)
		}
	}
}
