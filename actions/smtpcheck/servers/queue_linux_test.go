package servers

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/textproto"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"hikeshi/spool/postfix/queuefile"
)

// inTree runs a program in the tree of the server.
func (w *world) inTree(stdin string, argv ...string) ([]byte, error) {
	cmd := exec.Command("nsenter", slices.Concat([]string{"-t", fmt.Sprint(w.cmd.Process.Pid), "-m", "-p", "-n", "-i", "-u", "-r", "-w", "--"}, argv)...)
	cmd.Env, cmd.Stdin = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C", "TZ=UTC"}, strings.NewReader(stdin)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		return out.Bytes(), fmt.Errorf("%s: %w\n%s", argv[0], err, errs.Bytes())
	}
	return out.Bytes(), nil
}

// keeping is a Postfix that relays for the outside host, believes what that says of logins (XCLIENT), and delivers nothing.
func keeping() server {
	return postfix("keeping", "check_client_access static:OK reject_unauth_destination\nsmtpd_authorized_xclient_hosts = "+clientIP+" 203.0.113.0/24\ndefer_transports = smtp local\n"+
		"smtpd_client_connection_rate_limit = 0\nsmtpd_client_connection_count_limit = 0\nheader_checks = regexp:{{/^X-Edit:/ PREPEND X-Edited: yes}}\n"+
		"in_flow_delay = 0\nqueue_minfree = 0\nmessage_size_limit = 1000000", "suspect")
}

// flood hands in n messages of many shapes over one connection after the other.
func flood(n, seed int) error {
	for n > 0 {
		part := min(n, 50)
		if err := handIn(part, seed); err != nil {
			return err
		}
		n, seed = n-part, seed+part
	}
	return nil
}

func handIn(n, seed int) error {
	c, err := textproto.Dial("tcp", serverIP+":25")
	if err != nil {
		return err
	}
	defer c.Close()
	say := func(code int, format string, args ...any) error {
		if format != "" {
			if err := c.PrintfLine(format, args...); err != nil {
				return err
			}
		}
		if _, _, err := c.ReadResponse(code); err != nil {
			return fmt.Errorf("%q: %w", fmt.Sprintf(format, args...), err)
		}
		return nil
	}
	if err := errors.Join(say(220, ""), say(250, "EHLO probe.example")); err != nil {
		return err
	}
	for i := seed; i < seed+n; i++ {
		if i%10 == 3 {
			if err := errors.Join(say(220, "XCLIENT ADDR=203.0.113.%d NAME=host%d.example.net LOGIN=user%d@example.jp", i%250+1, i, i%25), say(250, "EHLO thief.example")); err != nil {
				return err
			}
		}
		sender, options := fmt.Sprintf("user%d@example.jp", i%25), ""
		switch i % 7 {
		case 1:
			sender = ""
		case 2:
			sender, options = fmt.Sprintf("ユーザ%d@example.jp", i), " SMTPUTF8"
		case 4:
			options = fmt.Sprintf(" SIZE=1000 RET=HDRS ENVID=env%d", i)
		}
		if err := say(250, "MAIL FROM:<%s>%s", sender, options); err != nil {
			return err
		}
		for k := range 1 + i%4 {
			more := ""
			if i%7 == 4 {
				more = " NOTIFY=FAILURE,DELAY ORCPT=rfc822;first@example.org"
			}
			if err := say(250, "RCPT TO:<rcpt%d-%d@example.net>%s", i, k, more); err != nil {
				return err
			}
		}
		text := fmt.Sprintf("Subject: message %d\r\nX-Edit: %d\r\n\r\n%s\r\n..dot\r\n.", i, i, strings.Repeat("long ", i%50*60))
		if err := errors.Join(say(354, "DATA"), say(250, "%s", text)); err != nil {
			return err
		}
	}
	return say(221, "QUIT")
}

// queued is what postqueue -j says of a message.
type queued struct {
	Queue      string `json:"queue_name"`
	ID         string `json:"queue_id"`
	Arrived    int64  `json:"arrival_time"`
	Size       int64  `json:"message_size"`
	Sender     string `json:"sender"`
	Recipients []struct {
		Address string `json:"address"`
	} `json:"recipients"`
}

// liveMessages is how many are read. (More take their time in the server, not in the reader.)
const liveMessages = 10_000

// TestQueueFiles: of live queue files of a real Postfix the reader says what postqueue -j and postcat say.
func TestQueueFiles(t *testing.T) {
	_, err := exec.LookPath("nsenter")
	need(t, err == nil, "there is no nsenter here")
	w := start(t, keeping())
	began := time.Now()
	var wg sync.WaitGroup
	failures := make([]error, 4)
	done := make(chan struct{})
	go w.outside(func() { // connections are made in the network of the thread
		defer close(done)
		failures[0] = flood(liveMessages-100, 0)
	})
	wg.Go(func() {
		for i := range 100 {
			_, err := w.inTree(fmt.Sprintf("Subject: local %d\n\nx\n", i), "sendmail", "-f", "root@example.jp", "-F", "Root Mail", fmt.Sprintf("a%d@example.net", i), "b@example.net")
			failures[1] = errors.Join(failures[1], err)
		}
	})
	wg.Wait()
	<-done
	if err := errors.Join(failures...); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d messages handed in within %s", liveMessages, time.Since(began).Round(time.Second))
	told := w.settled(t)
	root := fmt.Sprintf("/proc/%d/root/var/spool/postfix", w.cmd.Process.Pid)
	files := queueFiles(t, root)
	if len(told) != liveMessages || len(files) != liveMessages {
		t.Fatalf("postqueue tells %d messages, there are %d files, want %d", len(told), len(files), liveMessages)
	}
	logins, local := 0, 0
	for id, path := range files {
		m := readFile(t, filepath.Join(root, path), id)
		q := told[id]
		var rcpts []string
		for _, r := range q.Recipients {
			rcpts = append(rcpts, r.Address)
		}
		var got []string
		for _, r := range m.Recipients {
			got = append(got, r.Address)
		}
		slices.Sort(rcpts)
		slices.Sort(got)
		sender := strings.TrimSuffix(q.Sender, "MAILER-DAEMON")
		if m.Sender != sender || m.Size != q.Size || m.Arrived.Unix() != q.Arrived || !slices.Equal(got, rcpts) {
			t.Fatalf("%s: %+v\npostqueue: %+v", path, m, q)
		}
		if m.Login != "" {
			logins++
		}
		if !m.Client.IsValid() {
			local++
		}
	}
	if logins == 0 || local != 100 {
		t.Errorf("%d with a login, %d of sendmail(1), want 100", logins, local)
	}
	compareRecords(t, w, root, files)
}

// settled waits until nothing is on its way, and returns what postqueue tells by queue id.
func (w *world) settled(t *testing.T) map[string]queued {
	t.Helper()
	for range 120 {
		out, err := w.inTree("", "postqueue", "-j")
		if err != nil {
			t.Fatal(err)
		}
		all, busy := map[string]queued{}, 0
		for line := range bytes.Lines(out) {
			var q queued
			if err := json.Unmarshal(line, &q); err != nil {
				t.Fatalf("%q: %v", line, err)
			}
			all[q.ID] = q
			if q.Queue != "deferred" {
				busy++
			}
		}
		if busy == 0 && len(all) >= liveMessages {
			return all
		}
		time.Sleep(time.Second)
	}
	t.Fatal("the queue does not come to rest")
	return nil
}

// queueFiles are the paths of all queue files below root, by queue id.
func queueFiles(t *testing.T, root string) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, folder := range []string{"maildrop", "incoming", "active", "deferred", "hold"} {
		err := filepath.WalkDir(filepath.Join(root, folder), func(path string, d fs.DirEntry, err error) error {
			if err == nil && d.Type().IsRegular() {
				rel, _ := filepath.Rel(root, path)
				all[d.Name()] = rel
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// readFile reads a queue file and checks that its name says its inode.
func readFile(t *testing.T, path, id string) queuefile.Message {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	fi, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	m, err := queuefile.Read(f, fi.Size())
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	parsed, ok := queuefile.ParseID(id)
	if got := fi.Sys().(*syscall.Stat_t).Ino; !ok || parsed.Inode != got {
		t.Fatalf("%s says inode %d, it has %d", id, parsed.Inode, got)
	}
	return m
}

var recordLine = regexp.MustCompile(`^ *(\d+) (?:\*\*\* ([A-Z]+ [A-Z]+)|([a-z_]+):)`)

// compareRecords compares offset and kind of every record with what postcat tells, and the text.
func compareRecords(t *testing.T, w *world, root string, files map[string]string) {
	t.Helper()
	kinds := map[byte]string{'C': "message_size", 'T': "message_arrival_time", 'F': "sender_fullname", 'S': "sender", 'O': "original_recipient", 'R': "recipient", 'D': "done_recipient", 'p': "pointer_record", 'N': "regular_text",
		'w': "padding", 'M': "MESSAGE CONTENTS", 'X': "HEADER EXTRACTED", 'E': "MESSAGE FILE"}
	var paths []string
	for _, path := range files {
		paths = append(paths, path)
	}
	slices.Sort(paths)
	for part := range slices.Chunk(paths, 500) {
		out, err := w.inTree("", slices.Concat([]string{"sh", "-c", `cd /var/spool/postfix && exec postcat -ov "$@"`, "sh"}, part)...)
		if err != nil {
			t.Fatal(err)
		}
		at := -1
		theirs := map[string][]string{}
		for line := range strings.Lines(string(out)) {
			if strings.HasPrefix(line, "*** ENVELOPE RECORDS ") {
				at++
				continue
			}
			if m := recordLine.FindStringSubmatch(line); m != nil && at >= 0 {
				theirs[part[at]] = append(theirs[part[at]], m[1]+" "+m[2]+m[3])
			}
		}
		for _, path := range part {
			f, err := os.Open(filepath.Join(root, path))
			if err != nil {
				t.Fatal(err)
			}
			fi, _ := f.Stat()
			var ours []string
			inside := false
			err = queuefile.Records(f, fi.Size(), func(r queuefile.Record) error {
				kind := kinds[r.Type]
				switch {
				case r.Type == 'A' && bytes.HasPrefix(r.Data, []byte("create_time=")):
					kind = "create_time"
				case r.Type == 'A':
					kind = "named_attribute"
				}
				inside = r.Type == 'M' || inside && r.Type != 'X'
				if kind != "" && !(inside && r.Type == 'L') { // of a line in parts postcat tells the offset of the last
					ours = append(ours, strconv.FormatInt(r.Offset, 10)+" "+kind)
				}
				return nil
			})
			f.Close()
			if err != nil {
				t.Fatalf("%s: %v", path, err)
			}
			known := slices.DeleteFunc(theirs[path], func(s string) bool { // kinds that only postcat names
				_, kind, _ := strings.Cut(s, " ")
				return kind != "named_attribute" && kind != "create_time" && !slices.Contains(slices.Collect(maps.Values(kinds)), kind)
			})
			for i := range max(len(ours), len(known)) {
				if i >= len(ours) || i >= len(known) || ours[i] != known[i] {
					t.Fatalf("%s, record %d: read as %q, by postcat as %q", path, i, ours[i:min(i+2, len(ours))], known[i:min(i+2, len(known))])
				}
			}
		}
	}
}
