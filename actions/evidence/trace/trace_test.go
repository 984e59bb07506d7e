package trace

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"hikeshi/spool"
)

func put(t *testing.T, path, text string) {
	t.Helper()
	must(t, os.MkdirAll(filepath.Dir(path), 0o755))
	must(t, os.WriteFile(path, []byte(text), 0o600))
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func world(t *testing.T) (string, spool.Traces) {
	root := t.TempDir()
	put(t, root+"/authlock/203.0.113.9.smtp", "4\n")
	put(t, root+"/authlock/other.txt", "no counter")
	put(t, root+"/inbox/taro/apop.dat", "hunter2\n")
	put(t, root+"/inbox/taro/198.51.100.7.SMTP", "2\x1b[31m")
	put(t, root+"/inbox/taro/inbox/deep.smtp", "in a folder of the mailbox")
	put(t, root+"/inbox/taro/B0000000001.MSG", "mail")
	put(t, root+"/inbox/example.net/jiro/apop.dat", "hunter2\n")
	put(t, root+"/inbox/example.net/jiro/2001$db8$$9.smtp", strings.Repeat("1", 1000))
	put(t, root+"/db/example.jp.idx", "aHVudGVyMg==\n")
	put(t, root+"/db/EXAMPLE.NET.IDX", "x")
	put(t, root+"/db/readme", "x")
	must(t, syscall.Mkfifo(root+"/authlock/192.0.2.1.smtp", 0o600))
	must(t, syscall.Mkfifo(root+"/db/pipe.idx", 0o600))
	must(t, os.Symlink("/etc/passwd", root+"/db/link.idx"))
	must(t, os.Symlink("/etc/passwd", root+"/inbox/apop.dat"))
	must(t, os.Symlink(root+"/inbox/taro", root+"/inbox/hanako"))
	return root, spool.Traces{
		Counters: []string{root + "/authlock", root + "/iplock"}, Counter: ".smtp", Mailboxes: root + "/inbox", Login: "apop.dat", Accounts: root + "/db", Account: ".idx",
	}
}

func TestCounters(t *testing.T) {
	root, tr := world(t)
	l := Look{Traces: tr, Key: []byte("key")}
	h := l.Counters(context.Background())
	var lines []string
	for _, c := range h.Counters {
		lines = append(lines, fmt.Sprintf("%s %s %q", strings.TrimPrefix(c.Path, root), c.Peer, c.Count))
	}
	want := []string{
		`/authlock/203.0.113.9.smtp 203.0.113.9 "4"`,
		`/inbox/example.net/jiro/2001$db8$$9.smtp 2001$db8$$9 "` + strings.Repeat("1", maxCounter) + `"`,
		`/inbox/taro/198.51.100.7.SMTP 198.51.100.7 "2\x1b[31m"`,
	}
	if strings.Join(lines, "\n") != strings.Join(want, "\n") || h.Cut || h.Why != "" {
		t.Errorf("%s\n%+v", strings.Join(lines, "\n"), h)
	}
	if len(h.Digests) != 2 || h.Digests[0].Hash != h.Digests[1].Hash || len(h.Digests[0].Hash) != 64 || h.Digests[0].Size != 8 {
		t.Errorf("%+v", h.Digests)
	}
	other := Look{Traces: tr, Key: []byte("other")}
	if d := other.Counters(context.Background()).Digests; d[0].Hash == h.Digests[0].Hash {
		t.Error("the key makes no difference")
	}
	none := Look{Traces: tr}
	if h := none.Counters(context.Background()); len(h.Digests) != 0 || len(h.Counters) != 3 {
		t.Errorf("without a key: %+v", h)
	}
}

func TestAccounts(t *testing.T) {
	_, tr := world(t)
	l := Look{Traces: tr, Key: []byte("key")}
	h := l.Accounts(context.Background())
	if len(h.Digests) != 2 || h.Cut || h.Why != "" {
		t.Errorf("%+v", h)
	}
	tr.Accounts = t.TempDir() + "/none"
	l = Look{Traces: tr, Key: []byte("key")}
	if h := l.Accounts(context.Background()); len(h.Digests) != 0 || h.Why != "" {
		t.Errorf("%+v", h)
	}
}

// The end of the time is told, and what was seen until then counts.
func TestCut(t *testing.T) {
	_, tr := world(t)
	ctx, stop := context.WithCancel(context.Background())
	stop()
	l := Look{Traces: tr, Key: []byte("key")}
	if h := l.Counters(ctx); !h.Cut {
		t.Errorf("%+v", h)
	}
	if n, least, err := Recent(ctx, tr.Accounts, ".idx", time.Time{}); n != 0 || !least || err != nil {
		t.Error(n, least, err)
	}
}

func TestUnreadable(t *testing.T) {
	root, tr := world(t)
	put(t, root+"/iplock", "not a folder")
	l := Look{Traces: tr}
	if h := l.Counters(context.Background()); !strings.Contains(h.Why, "iplock") || len(h.Counters) != 3 {
		t.Errorf("%+v", h)
	}
}

func TestRecent(t *testing.T) {
	dir := t.TempDir()
	now := time.Now()
	for name, age := range map[string]time.Duration{"B1.MSG": 0, "B2.msg": time.Hour, "B3.MSG": 30 * time.Hour, "ims.ctl": 0, "x": 0} {
		put(t, filepath.Join(dir, name), "secret")
		must(t, os.Chtimes(filepath.Join(dir, name), now, now.Add(-age)))
	}
	if n, least, err := Recent(context.Background(), dir, ".msg", now.Add(-24*time.Hour)); n != 2 || least || err != nil {
		t.Error(n, least, err)
	}
	if _, _, err := Recent(context.Background(), dir+"/none", ".msg", now); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}

func TestSizes(t *testing.T) {
	dir := t.TempDir()
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.Local)
	for i, size := range []int{900, 10, 30, 20} {
		for _, sub := range []string{"", "mail1"} {
			path := filepath.Join(dir, sub, fmt.Sprintf("%d.log", i))
			put(t, path, strings.Repeat("x", size))
			must(t, os.Chtimes(path, now, now.AddDate(0, 0, -i)))
		}
	}
	if newest, median, days, err := Sizes(context.Background(), dir); newest != 1800 || median != 40 || days != 3 || err != nil {
		t.Error(newest, median, days, err)
	}
	if _, _, days, err := Sizes(context.Background(), dir+"/none"); days != 0 || err != nil {
		t.Error(days, err)
	}
}

func TestReadFile(t *testing.T) {
	root, _ := world(t)
	if b, at, err := ReadFile(root+"/authlock/203.0.113.9.smtp", 2); string(b) != "4\n" || at.IsZero() || err != nil {
		t.Errorf("%q, %v, %v", b, at, err)
	}
	for _, bad := range []string{"/authlock/192.0.2.1.smtp", "/db/link.idx", "/db", "/none/x", "/inbox/taro/apop.dat"} {
		if b, _, err := ReadFile(root+bad, 4); err == nil {
			t.Errorf("%s: %q", bad, b)
		} else if strings.Contains(err.Error(), "hunter2") {
			t.Error(err)
		}
	}
}
