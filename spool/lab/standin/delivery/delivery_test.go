package delivery

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"hikeshi/spool/lab/standin"
)

// server makes a small server whose accounts are taro and hanako; slow.example.org refuses once, gone.example.net for good.
func server(t *testing.T) standin.Config {
	t.Helper()
	c := standin.Config{Root: t.TempDir(), Rate: 1000, Scan: time.Millisecond, RetryAfter: 0,
		Refuses: map[string]int{"slow.example.org": 1, "slower.example.org": 2}, Rejects: []string{"gone.example.net"}}
	for path, text := range map[string]string{
		"lab/keep":                                                                  "",
		"var/spool/epms/incoming/keep":                                              "",
		"var/spool/epms/reg/epost/ims/HostName.2":                                   "mail1.example.jp\n",
		"var/spool/epms/reg/epost/ims/DomainNamesAreLocal.0":                        "example.jp\x00",
		"var/spool/epms/reg/epost/ims/EPST5DS/MailFaillogEnabled.1":                 "1\n",
		"var/spool/epms/reg/epost/ims/EPST5DS/Parameters/MailOutlogEnabled.1":       "1\n",
		"var/spool/epms/reg/epost/ims/EPST5DS/Parameters/MailSendLocallogEnabled.1": "1\n",
		"var/spool/epms/inbox/taro/keep":                                            "",
		"var/spool/epms/inbox/hanako/keep":                                          "",
		"var/spool/epms/db/example.jp.idx": standin.Account{Name: "taro", Domain: "example.jp"}.Line("p") +
			standin.Account{Name: "hanako", Domain: "example.jp"}.Line("p"),
	} {
		put(t, filepath.Join(c.Root, path), text)
	}
	return c
}

func put(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// message puts a message into incoming.
func message(t *testing.T, c standin.Config, name, sender string, rcpts ...string) {
	t.Helper()
	put(t, c.Spool("incoming", name+".MSG"), "X-Lab-Id: mail-"+name+"\r\n\r\nHello\r\n")
	e := standin.Envelope{ID: name + "@mail1.example.jp", Sender: sender, Recipients: rcpts}
	put(t, c.Spool("incoming", name+".RCP"), string(e.Bytes()))
}

// work runs a delivery until done says so, and stops it.
func work(t *testing.T, c standin.Config, p *standin.Power, done func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- Run(ctx, c, p, func() {}) }()
	for !done() && ctx.Err() == nil && len(ended) == 0 {
		time.Sleep(2 * time.Millisecond)
	}
	if !done() && ctx.Err() != nil {
		t.Errorf("the delivery is not done; left: %q", tree(t, c.Spool()))
	}
	cancel()
	if err := <-ended; err != nil && !strings.Contains(err.Error(), standin.ErrPower.Error()) {
		t.Error(err)
	}
}

// tree are the files of the queue below dir.
func tree(t *testing.T, dir string) []string {
	t.Helper()
	var all []string
	for _, folder := range []string{"incoming", "holding", "domains", "lists", "dead", "temp"} {
		filepath.WalkDir(filepath.Join(dir, folder), func(path string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() && d.Name() != "keep" {
				rel, _ := filepath.Rel(dir, path)
				all = append(all, rel)
			}
			return nil
		})
	}
	return all
}

func (c check) want(files ...string) {
	c.Helper()
	slices.Sort(files)
	got := tree(c.T, c.Spool())
	slices.Sort(got)
	if !slices.Equal(got, files) {
		c.Errorf("the queue holds\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(files, "\n"))
	}
}

type check struct {
	*testing.T
	standin.Config
}

func sink(t *testing.T, c standin.Config) []string {
	t.Helper()
	lines, err := standin.ReadSink(c.Sink())
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, l := range lines {
		all = append(all, fmt.Sprintf("%s %s %s", l.Lab, l.Recipient, l.Answer[:3]))
	}
	return all
}

func log(t *testing.T, c standin.Config, name string) string {
	t.Helper()
	data, _ := os.ReadFile(c.Spool(name, "mail1", time.Now().Format("060102")+".log"))
	return string(data)
}

func TestLifeOfAMessage(t *testing.T) {
	c := server(t)
	message(t, c, "B0000000001", "taro@example.jp", "hanako@example.jp", "a@example.com", "b@example.com", "c@slow.example.org")
	work(t, c, &standin.Power{}, func() bool { return len(sink(t, c)) == 4 && len(tree(t, c.Spool())) == 0 })
	want := []string{"mail-B0000000001 a@example.com 250", "mail-B0000000001 b@example.com 250",
		"mail-B0000000001 c@slow.example.org 451", "mail-B0000000001 c@slow.example.org 250"}
	if got := sink(t, c); !slices.Equal(got, want) {
		t.Errorf("left: %q, want %q", got, want)
	}
	if !standin.Exists(c.Spool("inbox/hanako/B0000000001.MSG")) {
		t.Error("it is not in the mailbox")
	}
	for name, line := range map[string]string{
		"outlog":      " to 192.0.2.99 mx.example.com from taro@example.jp to a@example.com b@example.com\n",
		"outlocallog": " from taro@example.jp to hanako@example.jp\n",
	} {
		if got := log(t, c, name); !strings.HasPrefix(got, "B0000000001@mail1.example.jp sent on [") || !strings.Contains(got, line) {
			t.Errorf("%s: %q", name, got)
		}
	}
}

func TestRetryFiles(t *testing.T) {
	c := server(t)
	c.RetryAfter = time.Hour
	message(t, c, "B0000000001", "", "c@slow.example.org", "d@SLOWER.example.org")
	work(t, c, &standin.Power{}, func() bool { return len(sink(t, c)) == 2 && !standin.Exists(c.Spool("incoming/B0000000001.MSG")) })
	first := "domains/slow.example.org-B0000000001-R0001/"
	second := "domains/slower.example.org-B0000000001-002-R0001/"
	check{t, c}.want("holding/B0000000001-R0001.MSG", first+"B0000000001-R0001.RCP", first+"Domain.mri",
		"holding/B0000000001-002-R0001.MSG", second+"B0000000001-002-R0001.RCP", second+"Domain.mri")
	mri, err := os.ReadFile(c.Spool(first, "Domain.mri"))
	if err != nil {
		t.Fatal(err)
	}
	var last, try, code int64
	if _, err := fmt.Sscanf(string(mri), "Domain-name: slow.example.org\nLast-tried: %d\nTry-number: %d\nErr-code: %d\n", &last, &try, &code); err != nil {
		t.Fatalf("%q: %v", mri, err)
	}
	// Facts of the format: from 2009-04-22 to 2145, Unix time = value + 3*2^32 - 11644473600.
	if unix := last + 3<<32 - 11644473600; try != 1 || code != 451 || time.Since(time.Unix(unix, 0)).Abs() > time.Minute {
		t.Errorf("Domain.mri says %q", mri)
	}
	e, err := standin.ReadEnvelope(c.Spool(second, "B0000000001-002-R0001.RCP"))
	if err != nil || e.Sender != "" || !slices.Equal(e.Recipients, []string{"d@SLOWER.example.org"}) {
		t.Errorf("envelope %+v, %v", e, err)
	}
	c.RetryAfter = 0
	work(t, c, &standin.Power{}, func() bool { return len(sink(t, c)) == 5 && len(tree(t, c.Spool())) == 0 })
}

func TestReturnToSender(t *testing.T) {
	c := server(t)
	message(t, c, "B0000000001", "taro@example.jp", "x@gone.example.net", "nobody@example.jp")
	message(t, c, "B0000000002", "", "y@gone.example.net")
	work(t, c, &standin.Power{}, func() bool {
		return standin.Exists(c.Spool("inbox/taro/B0000000001-E001.MSG")) && standin.Exists(c.Spool("inbox/taro/B0000000001-E002.MSG")) &&
			len(tree(t, c.Spool())) == 1
	})
	check{t, c}.want("dead/B0000000002.MSG")
	want := "B0000000001@mail1.example.jp send fail on ["
	if got := log(t, c, "faillog"); !strings.HasPrefix(got, want) || !strings.Contains(got, "] from taro@example.jp to x@gone.example.net [550 User Unknown]\n") {
		t.Errorf("faillog: %q", got)
	}
}

// TestAnswers: domains that refuse do it in words of their own, in senderlog and in faillog.
func TestAnswers(t *testing.T) {
	c := server(t)
	put(t, c.Spool("reg/epost/ims/EPST5DS/SenderlogEnabled.1"), "1\n")
	const later, never = "450 4.7.1 [192.0.2.25] blocked using dnsbl.example.org", "550 5.7.1 [192.0.2.25] blocked using dnsbl.example.net"
	c.Answers = map[string]string{"slow.example.org": later, "gone.example.net": never, "slower.example.org": never}
	message(t, c, "B0000000001", "taro@example.jp", "x@gone.example.net", "y@slow.example.org", "z@slower.example.org")
	work(t, c, &standin.Power{}, func() bool { return len(sink(t, c)) == 6 && len(tree(t, c.Spool())) == 0 })
	if got := log(t, c, "faillog"); !strings.Contains(got, "to x@gone.example.net ["+never+"]\n") || strings.Count(got, "\n") != 1 {
		t.Errorf("faillog: %q", got)
	}
	got := log(t, c, "senderlog")
	for _, want := range []string{"[slow.example.org] " + later, "[gone.example.net] " + never, "[slower.example.org] " + notNow} {
		if !strings.Contains(got, "[B0000000001] "+want+"\n") {
			t.Errorf("senderlog lacks %q: %q", want, got)
		}
	}
}

// TestHalvesAreDeleted is what makes half a set-aside queue dangerous.
func TestHalvesAreDeleted(t *testing.T) {
	c := server(t)
	c.RetryAfter = time.Hour
	for path, keep := range map[string]bool{
		"holding/B1-R0001.MSG":                      true,
		"domains/example.net-B1-R0001/B1-R0001.RCP": true,
		"holding/B2-R0001.MSG":                      false, // no envelope
		"holding/b3-r0001.msg":                      true,
		"domains/example.net-B3-R0001/b3-r0001.rcp": true,
		"holding/B4-R0001.MSG":                      false, // the folder is of another message
		"domains/example.net-B5-R0001/B4-R0001.RCP": true,
		"incoming/B6.$CP":                           false, // in work, without body
		"incoming/B7.$OK":                           false,
		"incoming/B7.$ng":                           false,
		"incoming/B8.RCP":                           false, // at the first look
		"incoming/B9.MSG":                           true,  // ignored, stays
		"incoming/notes.txt":                        true,
		"lists/news-B1/B1-M00000001.RCP":            false,
		"lists/news-B1/B1-M00000002.MSG":            false,
		"lists/news-B1/B1-M00000003.MSG":            true,
		"lists/news-B1/B1-M00000003.RCP":            true,
		"lists/news-B2/B2-M00000001.RCP":            true, // locked
		"lists/news-B2/$LockFile":                   false,
		"domains/example.net-B1-R0001/$LockFile":    false,
		"temp/B10.MSG":                              true, // the receiver's affair
	} {
		put(t, c.Spool(path), "x")
		if !keep {
			defer func() {
				if standin.Exists(c.Spool(path)) {
					t.Errorf("%s is still there", path)
				}
			}()
			continue
		}
		defer func() {
			if !standin.Exists(c.Spool(path)) && path != "lists/news-B2/B2-M00000001.RCP" {
				t.Errorf("%s was deleted", path)
			}
		}()
	}
	work(t, c, &standin.Power{}, func() bool { return !standin.Exists(c.Spool("incoming/B8.RCP")) })
	if standin.Exists(c.Spool("lists/news-B2/B2-M00000001.RCP")) {
		t.Error("the lock of the list went at the start, its half did not at the stop")
	}
}

func TestEnvelopeOfARetryWithoutBodyIsDeleted(t *testing.T) {
	c := server(t)
	dir := c.Spool("domains/example.net-B0000000001-R0001")
	put(t, filepath.Join(dir, "B0000000001-R0001.RCP"), "x")
	put(t, filepath.Join(dir, "Domain.mri"), fmt.Sprintf("Last-tried: %d\n", uint32(time.Now().Unix()+since1601)))
	work(t, c, &standin.Power{}, func() bool { return !standin.Exists(dir) })
	check{t, c}.want()
}

// TestPowerCutAtEveryChange: after the next boot every recipient gets the message, perhaps twice, and nothing is left behind.
func TestPowerCutAtEveryChange(t *testing.T) {
	for n := range 90 {
		t.Run(fmt.Sprint("after ", n), func(t *testing.T) {
			t.Parallel()
			c := server(t)
			message(t, c, "B0000000001", "taro@example.jp", "hanako@example.jp", "a@example.com", "c@slow.example.org", "d@slower.example.org", "x@gone.example.net")
			work(t, c, standin.Lasting(n), func() bool { return len(missing(t, c)) == 0 })
			work(t, c, &standin.Power{}, func() bool { return len(missing(t, c)) == 0 && len(tree(t, c.Spool())) == 0 })
			if m := missing(t, c); len(m) > 0 {
				t.Errorf("%q are missing", m)
			}
		})
	}
}

// missing is what has not happened yet to the message of TestPowerCutAtEveryChange.
func missing(t *testing.T, c standin.Config) []string {
	t.Helper()
	got := sink(t, c)
	var all []string
	for _, rcpt := range []string{"a@example.com 250", "c@slow.example.org 250", "d@slower.example.org 250", "x@gone.example.net 550"} {
		if !slices.Contains(got, "mail-B0000000001 "+rcpt) {
			all = append(all, rcpt)
		}
	}
	for _, name := range []string{"hanako/B0000000001", "taro/B0000000001-E005"} {
		if !standin.Exists(c.Spool("inbox", name+".MSG")) {
			all = append(all, name)
		}
	}
	return all
}
