package frame

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

var jst = time.FixedZone("JST", 9*3600)

func at(s string) int64 {
	t, err := time.Parse("2006-01-02 15:04:05", s)
	if err != nil {
		panic(err)
	}
	return t.Unix()
}

func TestRead(t *testing.T) {
	modified := time.Date(2026, 11, 25, 12, 0, 0, 0, jst)
	for _, c := range []struct{ line, wall, program, text string }{
		{"Nov 25 03:04:05 mail postfix/smtpd[123]: connect from x", "2026-11-25 03:04:05", "postfix/smtpd", "connect from x"},
		{"Nov  5 03:04:05 mail postfix-in/submission/smtpd[1]: x", "2026-11-05 03:04:05", "postfix-in/submission/smtpd", "x"},
		{"Nov 5 03:04:05 mail dovecot: imap-login: x", "2026-11-05 03:04:05", "dovecot", "imap-login: x"},
		{"Nov 25 03:04:05.123 mail postfix/qmgr[7]: x", "2026-11-25 03:04:05", "postfix/qmgr", "x"},
		{"2026-11-25T03:04:05.123456+09:00 mail postfix/smtpd[123]: x", "2026-11-25 03:04:05", "postfix/smtpd", "x"},
		{"2026-11-24T18:04:05Z mail postfix/smtpd[123]: x", "2026-11-25 03:04:05", "postfix/smtpd", "x"},
		{"2026-11-24T13:04:05-0500 mail postfix/smtpd[123]: x", "2026-11-25 03:04:05", "postfix/smtpd", "x"},
		{"2026-11-25 03:04:05 auth-worker(default): Info: pam(x", "2026-11-25 03:04:05", "dovecot", "auth-worker(default): Info: pam(x"},
		{"Nov 25 03:04:05 auth(a,192.0.2.1,sasl:login)<x>: Info: y", "2026-11-25 03:04:05", "dovecot", "auth(a,192.0.2.1,sasl:login)<x>: Info: y"},
		{"Nov 25 03:04:05 mail postfix/smtpd[1]: message repeated 2 times: [ warning: x]", "2026-11-25 03:04:05", "postfix/smtpd", "warning: x"},
		{"Nov 25 03:04:05 mail last message repeated 2 times", "2026-11-25 03:04:05", "", "last message repeated 2 times"},
		{"Nov 25 03:04:05 mail [1]: x", "2026-11-25 03:04:05", "", "[1]: x"},
		{"Nov 25 03:04:05 mail " + strings.Repeat("x", 65) + ": y", "2026-11-25 03:04:05", "", strings.Repeat("x", 65) + ": y"},
		{`{"__CURSOR":"s=1","__REALTIME_TIMESTAMP":"1795543445123456","MESSAGE":"a \"b\" \u00e9\n\\","SYSLOG_IDENTIFIER":"postfix/smtpd","_PID":"7"}`, "2026-11-25 03:04:05", "postfix/smtpd", "a \"b\" é\n\\"},
		{`{ "MESSAGE" : [120, 255, 10], "_COMM" : "dovecot", "__REALTIME_TIMESTAMP" : "1795543445123456", "A":["x","y"], "B":null, "C":[[1],[2]] }`, "2026-11-25 03:04:05", "dovecot", "x\xff\n"},
		{`{"MESSAGE":["first","second"],"__REALTIME_TIMESTAMP":"1795543445123456"}`, "2026-11-25 03:04:05", "", "first"},
		{`{"MESSAGE":null,"__REALTIME_TIMESTAMP":"1795543445123456","SYSLOG_IDENTIFIER":"postfix/smtpd"}`, "2026-11-25 03:04:05", "postfix/smtpd", ""},
	} {
		r := New(jst, modified)
		for range 2 { // the second time by what the clock remembers
			var l Line
			if !r.Read([]byte(c.line), &l) || l.Wall != at(c.wall) || string(l.Program) != c.program || string(l.Text) != c.text {
				t.Errorf("%s: %s, %q, %q", c.line, time.Unix(l.Wall, 0).UTC(), l.Program, l.Text)
			}
			if wall, ok := r.Wall([]byte(c.line)); !ok || wall != at(c.wall) {
				t.Errorf("%s: %d, %v", c.line, wall, ok)
			}
		}
	}
}

func TestNone(t *testing.T) {
	for _, line := range []string{"", "x", "Nov 25", "Nov 25 03:04:05", "Nov 25 24:04:05 mail x: y", "Nov 31 03:04:05 mail x: y", "Nuv 25 03:04:05 mail x: y",
		"Nov 25 03:04:65 mail x: y", "2026-11-25T03:04:05+99:00 mail x: y", "2026-11-25T03:04:05+0 mail x: y", "2026-13-25T03:04:05Z mail x: y",
		"2026-11-25T03:04:05Z", "{", "{}", `{"MESSAGE":"x"}`, `{"__REALTIME_TIMESTAMP":"-1795543445123456"}`, `{"__REALTIME_TIMESTAMP":"1795543445123456"`,
		`{"__REALTIME_TIMESTAMP":"1795543445123456","MESSAGE":"x`, `{"__REALTIME_TIMESTAMP":"1795543445123456","MESSAGE":"\u00`, strings.Repeat("[", 100)} {
		var l Line
		if r := New(jst, time.Now()); r.Read([]byte(line), &l) {
			t.Errorf("%q: %+v", line, l)
		}
	}
}

// The year of a classic stamp is the last one in which it is not after the last change, by a day at most.
func TestYear(t *testing.T) {
	for _, c := range []struct{ modified, stamp, want string }{
		{"2027-01-02 06:00:00", "Dec 31 23:59:59", "2026-12-31 23:59:59"},
		{"2027-01-02 06:00:00", "Jan  1 00:00:00", "2027-01-01 00:00:00"},
		{"2027-01-02 06:00:00", "Jan  3 05:00:00", "2027-01-03 05:00:00"},
		{"2027-01-02 06:00:00", "Jan  4 05:00:00", "2026-01-04 05:00:00"},
		{"2026-12-31 20:00:00", "Jan  1 08:00:00", "2027-01-01 08:00:00"},
		{"2027-03-02 06:00:00", "Feb 29 12:00:00", "2024-02-29 12:00:00"},
		{"2028-03-02 06:00:00", "Feb 29 12:00:00", "2028-02-29 12:00:00"},
		{"2103-03-02 06:00:00", "Feb 29 12:00:00", "2096-02-29 12:00:00"},
	} {
		wall, ok := New(jst, time.Unix(at(c.modified)-9*3600, 0)).Wall([]byte(c.stamp + " mail x: y"))
		if !ok || wall != at(c.want) {
			t.Errorf("%s in a file of %s: %s", c.stamp, c.modified, time.Unix(wall, 0).UTC())
		}
	}
}

// The wall clock of a zone that changes it: what is written with an offset, and the journal, follow the zone.
func TestSummer(t *testing.T) {
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Skip(err)
	}
	r := New(zone, time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC))
	for unix := time.Date(2026, 10, 24, 22, 0, 0, 0, time.UTC).Unix(); unix < time.Date(2026, 10, 25, 4, 0, 0, 0, time.UTC).Unix(); unix += 299 {
		moment := time.Unix(unix, 0)
		_, east := moment.In(zone).Zone()
		for _, line := range []string{moment.In(zone).Format(time.RFC3339) + " mail x: y", moment.UTC().Format(time.RFC3339) + " mail x: y",
			fmt.Sprintf(`{"__REALTIME_TIMESTAMP":"%d000000","MESSAGE":"x"}`, unix)} {
			if wall, ok := r.Wall([]byte(line)); !ok || wall != unix+int64(east) {
				t.Fatalf("%s: %d, want %d", line, wall, unix+int64(east))
			}
		}
	}
}
