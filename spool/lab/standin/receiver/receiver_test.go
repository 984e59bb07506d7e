package receiver

import (
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hikeshi/spool/lab/standin"
)

// say plays the lines of a client, reads everything the server answers, and returns it when either side is done.
func say(t testing.TB, c standin.Config, lines ...string) string {
	t.Helper()
	addr, err := os.ReadFile(c.Address())
	if err != nil {
		t.Fatal(err)
	}
	conn, err := net.Dial("tcp", string(addr))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(conn, "LAB-PEER 198.51.100.7\r\n%s\r\n", strings.Join(lines, "\r\n"))
	conn.(*net.TCPConn).CloseWrite()
	answers, _ := io.ReadAll(conn)
	return string(answers)
}

func names(t testing.TB, dir string) string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, e := range entries {
		all = append(all, e.Name())
	}
	return strings.Join(all, " ")
}

var oneMail = []string{"HELO mx", "MAIL FROM:<partner@example.com>", "RCPT TO:<jiro@example.jp>", "DATA", "X-Lab-Id: mail-1", "", "Hello", ".", "QUIT"}

func TestStartWipesTemp(t *testing.T) {
	c := server(t)
	for _, name := range []string{"B0000000001.MSG", "b0000000002.rcp", "B3.RST", "B3.TMP", "B3.RCX", "B3.RCB", "B3.MSB", "notes"} {
		put(t, c.Spool("temp", name), "left")
	}
	stop := start(t, c, &standin.Power{})
	if got := names(t, c.Spool("temp")); got != "notes" {
		t.Errorf("temp holds %q after the start, want notes", got)
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
	if standin.Exists(c.Address()) {
		t.Error("the address is still announced after the stop")
	}
}

func TestLostConnectionLeavesNothing(t *testing.T) {
	c := server(t)
	stop := start(t, c, &standin.Power{})
	answers := say(t, c, oneMail[:7]...)
	if strings.Contains(answers, "Mail accepted") {
		t.Errorf("accepted: %s", answers)
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
	if got := names(t, c.Spool("temp")) + names(t, c.Spool("incoming")); got != "" {
		t.Errorf("left behind: %s", got)
	}
}

func TestStopLeavesHalfReceivedMail(t *testing.T) {
	c := server(t)
	stop := start(t, c, &standin.Power{})
	addr, err := os.ReadFile(c.Address())
	if err != nil {
		t.Fatal(err)
	}
	conn, err := net.Dial("tcp", string(addr))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "LAB-PEER 198.51.100.7\r\n%s\r\n", strings.Join(oneMail[:7], "\r\n"))
	for i := 0; names(t, c.Spool("temp")) == ""; i++ {
		if i > 500 {
			t.Fatal("nothing comes into temp")
		}
		time.Sleep(10 * time.Millisecond)
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
	if got := names(t, c.Spool("temp")); got != "B0000000001.MSG" {
		t.Errorf("temp holds %q, want the half-received body", got)
	}
}

// TestPowerCutAtEveryChange: whatever was answered 250 is whole in incoming, and a body there without envelope is all that can be
// left of the rest.
func TestPowerCutAtEveryChange(t *testing.T) {
	accepted := 0
	for n := range 60 {
		c := server(t)
		stop, err := launch(c, standin.Lasting(n))
		if err != nil {
			continue // it did not come so far as to listen
		}
		answers := say(t, c, oneMail...)
		if err := stop(); err != nil {
			t.Errorf("cut after %d changes: %v", n, err)
		}
		got := names(t, c.Spool("incoming"))
		told := strings.Contains(answers, "Mail accepted")
		if told {
			accepted++
		}
		if told && got != "B0000000001.MSG B0000000001.RCP" || strings.Contains(got, "RCP") && !strings.Contains(got, "MSG") {
			t.Errorf("cut after %d changes: told 250: %v, incoming holds %q", n, told, got)
		}
	}
	if accepted == 0 || accepted == 60 {
		t.Errorf("%d of 60 accepted: the cuts were not where the message is taken", accepted)
	}
}

func FuzzSession(f *testing.F) {
	f.Add(strings.Join(oneMail, "\r\n"))
	f.Add("EHLO x\r\nAUTH PLAIN AHRhcm8Ac2VjcmV0LXQ=\r\nMAIL FROM:<taro@example.jp>\r\nRCPT TO:<a@b\x00c>\r\nDATA\r\n..\r\n.\r\n")
	f.Add("MAIL FROM:<@a,@b:taro@example.jp>\r\nRCPT TO:<\"a b\"@example.jp>\nVRFY ../x\rNOOP")
	c := server(f)
	stop := start(f, c, &standin.Power{})
	f.Cleanup(func() { stop() })
	f.Fuzz(func(t *testing.T, text string) {
		say(t, c, text)
		files, err := filepath.Glob(c.Spool("incoming", "*.RCP"))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range files {
			e, err := standin.ReadEnvelope(path)
			data, _ := os.ReadFile(path)
			if err != nil || strings.Count(string(data), "\n") != 2+len(e.Recipients) {
				t.Errorf("envelope %q: %v", data, err)
			}
			for _, name := range []string{path, strings.TrimSuffix(path, ".RCP") + ".MSG"} {
				if err := os.Remove(name); err != nil {
					t.Error(err)
				}
			}
		}
		if got := names(t, c.Spool("incoming")); got != "" {
			t.Errorf("incoming still holds %s", got)
		}
	})
}
