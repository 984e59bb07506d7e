package epms

import (
	"encoding/base64"
	"slices"
	"strings"
	"testing"

	"hikeshi/spool"
)

// TestDoor: who has to log in, by deny file and setting. taro has an auth file, old has none.
func TestDoor(t *testing.T) {
	idx := ""
	for _, name := range []string{"taro", "old"} {
		idx += base64.StdEncoding.EncodeToString([]byte(name+"\tsecret\tX\texample.jp\t")) + "\n"
	}
	const shut = "#<> default\n#blank false\n*.*.*.* norelay,2\n"
	for _, test := range []struct {
		name, file, only string
		want             []string // senders
	}{
		{"as shipped", "#<> default\n#blank false\n", "0", []string{"taro@example.jp", "old@example.jp"}},
		{"a line of the site", "example.jp default\n" + shut, "0", []string{"taro@example.jp", "old@example.jp"}},
		{"everybody as shipped", "*.*.*.* default\n", "0", []string{"taro@example.jp", "old@example.jp"}},
		{"the setting shuts it", "*.*.*.* default\n", "2", []string{"old@example.jp"}},
		{"auth for those who have a file", "#<> default\n#blank false\n", "2", []string{"old@example.jp"}},
		{"auth for everybody", "example.jp true\n", "1", nil},
		{"catch-all", shut, "0", nil},
		{"own domain open", "example.jp true\n" + shut, "2", []string{"no-such-name-0@example.jp", "old@example.jp"}},
		{"a network of our own may relay", "10.1.2.* true\n" + shut, "0", nil},
		{"everybody may relay", "*.*.*.* true\n", "2", []string{"nobody@example.com", "no-such-name-0@example.jp", "old@example.jp"}},
	} {
		s, err := New(Config{Root: machine(t, map[string]string{
			"var/spool/epms/db/example.jp.idx":                    idx,
			"var/spool/epms/inbox/taro/apop.dat":                  "secret\n",
			"var/spool/epms/inbox/old/":                           "",
			"var/spool/epms/reg/epost/ims/DomainNamesAreLocal.0":  "example.jp\x00",
			"var/spool/epms/reg/epost/ims/EPST5RS/SMTPAUTHOnly.1": test.only + "\n",
		})})
		if err != nil {
			t.Fatal(err)
		}
		found, err := s.Door([]byte(test.file))
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, f := range found {
			// Under 0 only the lack of a demand lets taro in where no line permits more than the default rule.
			if undemanded := test.only == "0" && strings.Contains(f.Text, `"taro@`); undemanded != (f.Code == spool.NoLoginDemanded) {
				t.Errorf("%s: %+v", test.name, f)
			}
			sender := strings.Split(f.Text, "\"")[1]
			got = append(got, sender)
			if f.Level != "bad" || !strings.Contains(f.TextJA, sender) {
				t.Errorf("%s: %+v", test.name, f)
			}
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
}
