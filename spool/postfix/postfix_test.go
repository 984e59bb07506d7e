package postfix

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"hikeshi/spool"
	"hikeshi/spool/scan"
)

func put(t *testing.T, path, text string) {
	t.Helper()
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o700)); err != nil {
		t.Fatal(err)
	}
}

const mainCF = `# a comment
myhostname = mail.example.jp
mydestination = $myhostname, example.jp,
	localhost.${mydomain}, localhost, /etc/postfix/more
virtual_mailbox_domains = hash:/etc/postfix/virtual, example.com
relay_domains = $mydestination, backup.example.net
`

// tree makes a Postfix below a folder.
func tree(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	put(t, root+"/etc/postfix/main.cf", mainCF)
	put(t, root+"/etc/postfix/more", "# x\nexample.org OK\n\n")
	for _, name := range []string{"active", "incoming", "maildrop", "deferred/A", "deferred/0", "hold", "corrupt", "pid"} {
		if err := os.MkdirAll(filepath.Join(root, "var/spool/postfix", name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func found(t *testing.T, c Config) *Server {
	t.Helper()
	s, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestNew(t *testing.T) {
	root := tree(t)
	s := found(t, Config{Root: root, Own: spool.Own{Domains: []string{"configured.example"}}})
	if s.Root() != root+"/var/spool/postfix" || s.Name() != "postfix" || s.Services()[0].Unit != "postfix.service" || s.DenyFile() != root+"/etc/postfix/hikeshi-peers.cidr" {
		t.Errorf("%s, %+v, %s", s.Root(), s.Services(), s.DenyFile())
	}
	want := []string{"backup.example.net", "configured.example", "example.com", "example.jp", "example.org", "localhost.example.jp", "mail.example.jp"}
	got := slices.Sorted(slices.Values(s.Own().Domains))
	if !slices.Equal(got, want) || s.Own().Hostname != "mail.example.jp" {
		t.Errorf("%q, %s", got, s.Own().Hostname)
	}
	put(t, root+"/usr/lib/systemd/system/postfix@.service", "")
	if u := s.Services()[0].Unit; u != "postfix@-.service" {
		t.Error(u)
	}
	if !Detect(root) || Detect(t.TempDir()) {
		t.Error("whether a Postfix is there")
	}
	for _, missing := range []string{"etc/postfix/main.cf", "var/spool/postfix"} {
		root := tree(t)
		if err := os.RemoveAll(filepath.Join(root, missing)); err != nil {
			t.Fatal(err)
		}
		if _, err := New(Config{Root: root}); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("without %s: %v", missing, err)
		}
	}
	if err := os.Symlink("/data/queue", filepath.Join(root, "queue")); err != nil {
		t.Fatal(err)
	}
	put(t, root+"/etc/postfix/main.cf", "queue_directory = /queue\nmyhostname = mail.$mydomain\nmydomain = $myhostname\n")
	if err := os.MkdirAll(root+"/data/queue", 0o755); err != nil {
		t.Fatal(err)
	}
	if s := found(t, Config{Root: root}); s.Root() != root+"/data/queue" || len(s.Own().Hostname) > maxValue {
		t.Errorf("%s %.50s", s.Root(), s.Own().Hostname)
	}
}

// message is a queue file.
func message(sender, client, login string, arrived time.Time, rcpt ...string) string {
	rec := func(kind byte, data string) string {
		if len(data) > 127 {
			panic("long")
		}
		return string([]byte{kind, byte(len(data))}) + data
	}
	text := rec('N', "Subject: x") + rec('N', "") + rec('N', "y")
	env := rec('T', fmt.Sprintf("%d 0", arrived.Unix())) + rec('A', "client_address="+client)
	if login != "" {
		env += rec('A', "sasl_username="+login)
	}
	env += rec('S', sender)
	for _, r := range rcpt {
		env += rec('R', r)
	}
	size := 2 + 4*16 - 1
	return rec('C', fmt.Sprintf("%15d %15d %15d %15d", len(text), size+len(env)+2, len(rcpt), 0)) + env + rec('M', "") + text + rec('X', "") + rec('E', "")
}

// TestScan: the queue is looked at as that of any server: messages are counted once, in folders at any depth, with senders, clients and
// recipient domains; the time is that of arrival, not that of the next try, which the file system has.
func TestScan(t *testing.T) {
	root := tree(t)
	arrived := time.Now().Add(-3 * time.Hour).Truncate(time.Second).UTC()
	queue := root + "/var/spool/postfix/"
	for i := range 20 {
		path := fmt.Sprintf("%sdeferred/A/A%04d%05X", queue, i, 77000+i)
		put(t, path, message("taro@example.jp", "203.0.113.9", "taro", arrived, "a@example.net", "b@example.net"))
		next := time.Now().Add(time.Hour)
		if err := os.Chtimes(path, next, next); err != nil {
			t.Fatal(err)
		}
	}
	put(t, queue+"active/B0001AAAAA", message("", "198.51.100.7", "", arrived.Add(time.Hour), "hana@example.jp"))
	put(t, queue+"hold/C0001AAAAB", message("x@example.com", "198.51.100.7", "", arrived, "hana@example.jp"))
	put(t, queue+"incoming/D0001AAAAC", message("x@example.com", "198.51.100.7", "", arrived, "hana@example.jp")[:100])
	put(t, queue+"active/README", "no message\n")
	s := found(t, Config{Root: root})
	b, err := scan.Look(context.Background(), s, scan.Options{Own: s.Own()})
	if err != nil {
		t.Fatal(err)
	}
	total := b.Total
	if total.Messages != 22 || total.Files != 23 || total.Odd != 1 || !total.Oldest.Equal(arrived) || total.NullSender != 1 || total.Outside != 20 || total.Own != 0 {
		t.Errorf("%+v", total)
	}
	if total.Senders[0] != (spool.Count{Name: "taro@example.jp", N: 20}) || total.Clients[0] != (spool.Count{Name: "203.0.113.9", N: 20}) || total.Domains[0].Name != "example.net" {
		t.Errorf("%+v", total)
	}
	if hold := b.Folders[slices.IndexFunc(b.Folders, func(f spool.FolderBacklog) bool { return f.Name == "hold" })]; hold.Messages != 1 {
		t.Errorf("%+v", hold)
	}
}

// TestScanTellsWhatIsThere: what is still being written is no broken envelope, what has no sender is one, and in a queue of which only a sample is
// read no time lies in the future, though that of the files does.
func TestScanTellsWhatIsThere(t *testing.T) {
	root := tree(t)
	queue, arrived := root+"/var/spool/postfix/", time.Now().Add(-3*time.Hour).Truncate(time.Second).UTC()
	whole := message("a@example.com", "198.51.100.7", "", arrived, "hana@example.jp")
	put(t, queue+"incoming/D0001AAAAC", whole[:len(whole)-4])
	if err := os.Chmod(queue+"incoming/D0001AAAAC", 0o600); err != nil {
		t.Fatal(err)
	}
	put(t, queue+"active/D0001AAAAD", strings.Replace(whole, "S\x0da@example.com", "F\x0da@example.com", 1))
	for i := range 300 {
		path := fmt.Sprintf("%sdeferred/A/A%04d%05X", queue, i, 77000+i)
		put(t, path, whole)
		next := time.Now().Add(time.Hour)
		if err := os.Chtimes(path, next, next); err != nil {
			t.Fatal(err)
		}
	}
	b, err := scan.Look(context.Background(), found(t, Config{Root: root}), scan.Options{Sample: 10})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range b.Folders {
		want := map[string]string{"active": "1 envelopes make no sense"}[f.Name]
		if f.Unreadable != want {
			t.Errorf("%s: %q, want %q", f.Name, f.Unreadable, want)
		}
		if f.Name == "deferred" && (!f.Newest.Equal(arrived) || !f.Oldest.Equal(arrived)) {
			t.Errorf("from %s to %s, want %s", f.Oldest, f.Newest, arrived)
		}
	}
}
