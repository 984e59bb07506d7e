package delivery

import (
	"regexp"
	"testing"

	"hikeshi/spool/lab/standin"
)

// TestSenderlog: mail for outside only, a time of day with milliseconds behind a third colon (FAQ bsd/05-10, bsd/05-19).
func TestSenderlog(t *testing.T) {
	c := server(t)
	message(t, c, "B0000000001", "taro@example.jp", "hanako@example.jp")
	work(t, c, &standin.Power{}, func() bool { return len(tree(t, c.Spool())) == 0 })
	put(t, c.Spool("reg/epost/ims/EPST5DS/SenderlogEnabled.1"), "0\n")
	message(t, c, "B0000000002", "taro@example.jp", "a@example.com")
	work(t, c, &standin.Power{}, func() bool { return len(tree(t, c.Spool())) == 0 })
	if got := log(t, c, "senderlog"); got != "" {
		t.Errorf("it is switched off, and says %q", got)
	}
	put(t, c.Spool("reg/epost/ims/EPST5DS/SenderlogEnabled.1"), "1\n")
	message(t, c, "B0000000003", "taro@example.jp", "hanako@example.jp", "a@example.com")
	work(t, c, &standin.Power{}, func() bool { return len(tree(t, c.Spool())) == 0 })
	head := `\[\d\d:\d\d:\d\d:\d{3}\] \[B0000000003\] \[example\.com\] `
	want := regexp.MustCompile(`^` + head + `GetTryServer:\(\)\n` + head + `ConnectHost:192\.0\.2\.99\n` + head + `250 OK\n$`)
	if got := log(t, c, "senderlog"); !want.MatchString(got) {
		t.Errorf("senderlog: %q", got)
	}
}
