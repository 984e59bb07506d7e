package history

import (
	"bytes"
	"encoding/base64"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"hikeshi/spool/lab/history/crime"
)

// names are all logs.
var names = []string{"acceptlog", "inlog", "outlog", "outlocallog", "faillog", "pop3log", "imap4log", "receivelog", "senderlog"}

// stream returns all logs of w by name.
func stream(t testing.TB, w *World) map[string]*bytes.Buffer {
	t.Helper()
	logs, to := map[string]*bytes.Buffer{}, map[string]io.Writer{}
	for _, name := range names {
		logs[name] = &bytes.Buffer{}
		to[name] = logs[name]
	}
	if err := w.Stream(to); err != nil {
		t.Fatal(err)
	}
	return logs
}

const (
	stampForm = `\[\d\d/(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)/\d{4}:\d\d:\d\d:\d\d\]`
	ipForm    = `(?:\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}|[0-9a-f:]*:[0-9a-f:]+)`
	mailForm  = `[^ @<>,\[\]]+@[a-z0-9.-]+`
	reply     = stampForm + `, [0-9a-f]{8}, `
)

// forms are the documented formats: acceptlog FAQ bsd/05-03, 05-24 and 05-36, inlog bsd/05-04, receivelog bsd/05-36, outlog and
// outlocallog bsd/05-43, faillog bsd/05-09, senderlog bsd/05-10. That of imap4log is of the source, that of pop3log is taken from it.
var forms = map[string]string{
	"acceptlog": stampForm + `, \(mail1\.example\.jp\), (?:\[` + ipForm + `\]:(?:25|587|465)(?: SSL)?, Client accept now\.|` +
		ipForm + `\[` + ipForm + `\],(?: ?AUTH-(?:PLAIN|LOGIN|CRAM-MD5):[^ ,]+ \[success\],<B\d{10}>,ok| ?AUTH-(?:PLAIN|LOGIN|CRAM-MD5):[^ ,]+ \[failed\],,abort|` +
		` (?:` + mailForm + `)?,<B\d{10}>,(?:ok|abort|connection timeout)| (?:It was in the ORDB IP\.|"Revers DNS" was failed\.),<B0000000000>,abort))`,
	"inlog":       `<B\d{10}@mail1\.example\.jp> ` + stampForm + ` ` + ipForm + ` [^ ]+ (?:` + mailForm + `)?(?: ` + mailForm + `)+`,
	"outlog":      `B\d{10}@mail1\.example\.jp sent on ` + stampForm + ` to ` + ipForm + ` mx\.[a-z.]+ from (?:-|` + mailForm + `) to ` + mailForm + `(?: ` + mailForm + `)*`,
	"outlocallog": `B\d{10}@mail1\.example\.jp sent on ` + stampForm + ` to 127\.0\.0\.1 mail1\.example\.jp from (?:-|` + mailForm + `) to [a-z0-9]+@example\.jp`,
	"faillog":     `B\d{10}@mail1\.example\.jp send fail on ` + stampForm + ` from (?:` + mailForm + `)? to ` + mailForm + ` \[(?:550 User Unknown|Unable to deliver to destination domain)\]`,
	"pop3log":     stampForm + ` [^ ]+ from ` + ipForm + ` (?:USER [^ ]+ Success|PASS \*\*\*\* (?:Success|failed)|RETR \d+ Success|QUIT  Success)`,
	"imap4log":    stampForm + ` [^ ]+ from ` + ipForm + ` (?:LOGIN [^ ]+ \*\*\*\* (?:Success|failed)|SELECT INBOX Success|FETCH \d+ Success|LOGOUT  Success)`,
	"receivelog": reply + `(?:220 mail1.*|EHLO [^ ]+|AUTH LOGIN|AUTH PLAIN [A-Za-z0-9+/]+=*|AUTH CRAM-MD5|334 [A-Za-z0-9+/]+=*|[A-Za-z0-9+/]+=*|` +
		`235 2\.0\.0 Authentication successful\.|535 5\.7\.0 Authentication failed\.|250 .*|MAIL FROM:<[^ ]*>|RCPT TO:<[^ ]+>|DATA|` +
		`354 Start mail input;id <B\d{10}> end with <CRLF>\.<CRLF>|55\d 5\.\d\.\d .*|QUIT|221 2\.0\.0 .*)\r|` + reply +
		`(?:get_reply\(\) SOCKET_ERROR OTHER CODE=\d+|Query_FILTER_RBL\(.*\)=found list)`,
	"senderlog": `\[\d\d:\d\d:\d\d:\d{3}\] \[B\d{10}\] \[[a-z.]+\] (?:GetTryServer:\(\)|ConnectHost:` + ipForm + `)`,
}

func TestLinesAreAsDocumented(t *testing.T) {
	for seed := range uint64(2) {
		w := Make(seed+1, Options{Days: 3, Accounts: 25, ReceiveLog: true, SenderLog: true, Incidents: crime.Kinds()})
		for name, log := range stream(t, w) {
			form := regexp.MustCompile(`^(?:` + forms[name] + `)$`)
			if log.Len() == 0 {
				t.Errorf("seed %d: %s is empty", seed+1, name)
			}
			wrong := 0
			for line := range strings.Lines(log.String()) {
				if !form.MatchString(strings.TrimSuffix(line, "\n")) && wrong < 3 {
					wrong++
					t.Errorf("seed %d: %s: %q", seed+1, name, line)
				}
			}
		}
	}
}

func TestTimesNeverGoBack(t *testing.T) {
	stamp := regexp.MustCompile(stampForm)
	w := Make(5, Options{Days: 4, Accounts: 30, ReceiveLog: true, Incidents: crime.Kinds()})
	for name, log := range stream(t, w) {
		before := w.From
		for line := range strings.Lines(log.String()) {
			at, err := time.Parse("[02/Jan/2006:15:04:05]", stamp.FindString(line))
			if err != nil || at.Unix() < before || at.Unix() >= w.To {
				t.Fatalf("%s: %q after %d: %v", name, line, before, err)
			}
			before = at.Unix()
		}
	}
}

// The two records of a connection are mostly not adjacent when there is some traffic (FAQ bsd/05-03).
func TestSessionsInterleave(t *testing.T) {
	log := stream(t, Make(6, Options{Days: 2, Accounts: 30, Incoming: 3000}))["acceptlog"].String()
	peer := regexp.MustCompile(`\[([0-9a-f.:]+)\](?::\d+|,)`)
	begun, adjacent, before := 0, 0, ""
	for line := range strings.Lines(log) {
		addr := peer.FindStringSubmatch(line)[1]
		if strings.HasSuffix(line, "Client accept now.\n") {
			begun++
			before = addr
			continue
		}
		if addr == before {
			adjacent++
		}
		before = ""
	}
	if apart := begun - adjacent; begun < 10000 || apart < begun/4 {
		t.Errorf("%d of %d sessions are apart", apart, begun)
	}
}

// Ids are given at MAIL FROM and written at the end of the mail, so that one may overtake another, but not by far.
func TestIDsRise(t *testing.T) {
	id := regexp.MustCompile(`^<B(\d{10})@`)
	logs := stream(t, Make(6, Options{Days: 2, Accounts: 30}))
	seen := map[string]bool{}
	highest, late := "", 0
	for line := range strings.Lines(logs["inlog"].String()) {
		m := id.FindStringSubmatch(line)
		if m == nil || seen[m[1]] {
			t.Fatalf("%q has no id, or one that was there", line)
		}
		seen[m[1]] = true
		if m[1] < highest {
			late++
		}
		highest = max(highest, m[1])
	}
	if len(seen) < 500 || late > len(seen)/20 {
		t.Errorf("%d of %d ids are late", late, len(seen))
	}
}

func TestSameSeedSameBytes(t *testing.T) {
	o := Options{Days: 3, ReceiveLog: true, SenderLog: true}
	w := Make(9, o)
	first, again, other := stream(t, w), stream(t, w), stream(t, Make(10, o))
	anew := stream(t, Make(9, o))
	for _, name := range names {
		if !bytes.Equal(first[name].Bytes(), again[name].Bytes()) || !bytes.Equal(first[name].Bytes(), anew[name].Bytes()) {
			t.Errorf("%s differs", name)
		}
		if bytes.Equal(first[name].Bytes(), other[name].Bytes()) {
			t.Errorf("%s of another seed is the same", name)
		}
	}
}

func TestWriteIsStreamByDay(t *testing.T) {
	dir := t.TempDir()
	w := Make(3, Options{Days: 3, Accounts: 20, Computer: "mail1"})
	if err := w.Write(dir); err != nil {
		t.Fatal(err)
	}
	logs := stream(t, w)
	for _, name := range names[:7] {
		var all []byte
		for _, day := range []string{"261107", "261108", "261109"} {
			text, err := os.ReadFile(filepath.Join(dir, name, "mail1", day+".log"))
			if err != nil && name != "faillog" {
				t.Error(err)
			}
			if want := "[" + day[4:] + "/Nov/2026:"; strings.Count(string(text), want) < bytes.Count(text, []byte("\n")) {
				t.Errorf("%s of %s: lines of another day", name, day)
			}
			all = append(all, text...)
		}
		if !bytes.Equal(all, logs[name].Bytes()) {
			t.Errorf("%s: files differ from the stream", name)
		}
	}
	for _, name := range names[7:] {
		if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
			t.Errorf("%s was not asked for", name)
		}
	}
}

func TestPasswordsStandInReceivelogOnly(t *testing.T) {
	w := Make(4, Options{Days: 4, Accounts: 20, ReceiveLog: true, SenderLog: true, Incidents: crime.Kinds()})
	logs := stream(t, w)
	shown := 0
	for _, secret := range w.Truth.Secrets {
		code := base64.StdEncoding.EncodeToString([]byte(secret))
		if strings.Contains(logs["receivelog"].String(), code) {
			shown++
		}
		for name, log := range logs {
			if s := log.String(); strings.Contains(s, secret) || name != "receivelog" && strings.Contains(s, code) {
				t.Errorf("%s shows %s", name, secret)
			}
		}
	}
	if shown < len(w.Truth.Secrets)/4 {
		t.Errorf("receivelog shows %d of %d passwords", shown, len(w.Truth.Secrets))
	}
}

func TestSeedsHaveEveryKindOfIncident(t *testing.T) {
	count, none := map[Kind]int{}, 0
	for seed := range uint64(30) {
		w := Make(seed+1, Options{})
		for _, i := range w.Truth.Incidents {
			count[i.Kind]++
		}
		if len(w.Truth.Incidents) == 0 {
			none++
			if len(w.Truth.Accounts)+len(w.Truth.Sources)+len(w.Truth.Guessers) > 0 {
				t.Errorf("seed %d: no incident, but a truth about it", seed+1)
			}
		}
	}
	for _, k := range crime.Kinds() {
		if count[k] < 2 {
			t.Errorf("%s happens %d times in 30 seeds", k, count[k])
		}
	}
	if none < 2 {
		t.Errorf("nothing happens in %d of 30 seeds", none)
	}
	t.Logf("%v, nothing in %d", count, none)
}

func TestSizeIsKept(t *testing.T) {
	for _, dialogue := range []bool{false, true} {
		const want = 48 << 20
		var got counter
		to := map[string]io.Writer{}
		for _, name := range names {
			to[name] = &got
		}
		if err := Make(2, Options{Days: 2, Accounts: 20, Size: want, ReceiveLog: dialogue}).Stream(to); err != nil {
			t.Fatal(err)
		}
		if got < want*8/10 || got > want*13/10 {
			t.Errorf("receivelog %v: %d MiB instead of %d", dialogue, got>>20, want>>20)
		}
	}
}

type counter int64

func (c *counter) Write(p []byte) (int, error) { *c += counter(len(p)); return len(p), nil }

func BenchmarkStream(b *testing.B) {
	var got counter
	to := map[string]io.Writer{}
	for _, name := range names {
		to[name] = &got
	}
	for b.Loop() {
		got = 0
		if err := Make(2, Options{Size: 200 << 20}).Stream(to); err != nil {
			b.Fatal(err)
		}
	}
	b.SetBytes(int64(got))
}

func TestHeavyOnesAreInnocent(t *testing.T) {
	for seed := range uint64(30) {
		w := Make(seed+1, Options{})
		for _, a := range w.Truth.Accounts {
			if slices.Contains(w.Truth.HeavyAccounts, a.Login) {
				t.Errorf("seed %d: %s is both", seed+1, a.Login)
			}
		}
		for _, s := range w.Truth.Sources {
			if slices.Contains(w.Truth.HeavySources, s.Addr) {
				t.Errorf("seed %d: %s is both", seed+1, s.Addr)
			}
		}
		if len(w.Truth.HeavyAccounts) < 2 || len(w.Truth.HeavySources) < 7 {
			t.Errorf("seed %d: few are heavy: %v %v", seed+1, w.Truth.HeavyAccounts, w.Truth.HeavySources)
		}
	}
}
