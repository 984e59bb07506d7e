package lab

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

const (
	logStamp = `\[\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d\]`
	logAddr  = `[0-9a-f.:]+`
	logMail  = `[^ @]+@[a-z0-9.-]+`
	logID    = `B\d{10}@mail1\.example\.jp`
)

// logForms are the documented formats (FAQ bsd/05-03, 05-04, 05-09, 05-10, 05-36, 05-43).
var logForms = map[string]string{
	"acceptlog": logStamp + `, \(mail1\.example\.jp\), (?:\[` + logAddr + `\]:\d+, Client accept now\.|` + logAddr + `\[` + logAddr +
		`\], (?:AUTH-(?:PLAIN|LOGIN):[^ ]+ \[success\],<B\d{10}>|AUTH-(?:PLAIN|LOGIN):[^ ]+ \[failed\],|[^ ]*,<B\d{10}>),(?:ok|abort|connection timeout))`,
	"inlog":       `<` + logID + `> ` + logStamp + ` ` + logAddr + ` [^ ]+ (?:` + logMail + `)?(?: ` + logMail + `)+`,
	"outlog":      logID + ` sent on ` + logStamp + ` to ` + logAddr + ` [a-z.]+ from (?:-|` + logMail + `) to ` + logMail + `(?: ` + logMail + `)*`,
	"outlocallog": logID + ` sent on ` + logStamp + ` to ` + logAddr + ` [a-z0-9.]+ from (?:-|` + logMail + `) to ` + logMail,
	"faillog":     logID + ` send fail on ` + logStamp + ` from (?:` + logMail + `)? to ` + logMail + ` \[.+\]`,
	"senderlog":   `\[\d\d:\d\d:\d\d:\d{3}\] \[B\d{10}\] \[[a-z.]+\] .+`,
	"receivelog":  logStamp + `, [0-9a-f]{8}, .*`,
}

// TestLogs: all logs of the server are as documented, go back two weeks, and tell of the guesses, then of the stolen password.
func TestLogs(t *testing.T) {
	s := quick(t, "stolen-password")
	s.Spam = 60
	n := begin(t, s)
	n.must(n.traffic.Stop())
	n.must(n.Machine.Stop(n.ctx, []string{DeliveryUnit, ReceiverUnit}))
	today := time.Now().Format("060102")
	for log, form := range logForms {
		line := regexp.MustCompile(`^(?:` + form + `)\r?$`)
		paths, err := filepath.Glob(n.config.Spool(log, "mail1", "*.log"))
		if err != nil || len(paths) < 10 && log != "faillog" || len(paths) == 0 {
			t.Errorf("%s has %d files: %v", log, len(paths), err)
		}
		for _, path := range paths {
			data, err := os.ReadFile(path)
			n.must(err)
			for text := range strings.Lines(string(data)) {
				if !line.MatchString(strings.TrimSuffix(text, "\n")) {
					t.Errorf("%s: %q", path, text)
					break
				}
			}
		}
	}
	data, err := os.ReadFile(n.config.Spool("acceptlog/mail1", today+".log"))
	n.must(err)
	const thief = "203.0.113.9[203.0.113.9], AUTH-LOGIN:taro@example.jp "
	failed, first := strings.LastIndex(string(data), thief+"[failed],,abort\n"), strings.Index(string(data), thief+"[success],<B")
	if c := strings.Count(string(data), thief+"[failed],,abort\n"); c != 12 || first < failed {
		t.Errorf("%d failed logins, the last at %d, the first good one at %d", c, failed, first)
	}
	talk, err := os.ReadFile(n.config.Spool("receivelog/mail1", today+".log"))
	n.must(err)
	if !regexp.MustCompile(`, [0-9a-f]{8}, 354 Start mail input;id <B\d{10}> end with <CRLF>\.<CRLF>\r?\n`).Match(talk) || !strings.Contains(string(talk), ", 535 5.7.0 Authentication failed.") {
		t.Error("receivelog without an id, or without a refused login")
	}
}
