package machine

import (
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// lay writes files below a folder that stands in the place of /.
func lay(t *testing.T, files map[string]string) Tables {
	t.Helper()
	root := t.TempDir()
	for name, text := range files {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return Tables{Root: root}
}

func recorded(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// words writes connections for comparison.
func words(all []Connection) []string {
	lines := []string{}
	for _, c := range all {
		lines = append(lines, c.Local.String()+" "+c.Remote.String()+" "+string(c.State))
	}
	return lines
}

func TestConnections(t *testing.T) {
	tables := lay(t, map[string]string{"proc/net/tcp": recorded(t, "tcp"), "proc/net/tcp6": recorded(t, "tcp6")})
	all, err := tables.Connections()
	want := []string{
		"192.0.2.25:25 203.0.113.9:54321 established",
		"192.0.2.25:25 198.51.100.7:49153 syn-received",
		"192.0.2.25:41394 198.51.100.99:25 syn-sent",
		"192.0.2.25:41395 198.51.100.99:25 time-wait",
		"192.0.2.25:25 203.0.113.9:57360 established",
		"[2001:db8::19]:25 [2001:db8::9]:57361 close-wait",
	}
	if d := cmp.Diff(want, words(all)); d != "" || err != nil {
		t.Errorf("%v\n%s", err, d)
	}
	living := 0
	for _, c := range all {
		if c.Living() {
			living++
		}
	}
	if living != 5 {
		t.Errorf("%d are living", living)
	}
}

func TestConnectionsWithoutIPv6(t *testing.T) {
	all, err := lay(t, map[string]string{"proc/net/tcp": recorded(t, "tcp")}).Connections()
	if len(all) != 4 || err != nil {
		t.Errorf("%v, %v", words(all), err)
	}
	if _, err := lay(t, nil).Connections(); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("without any table: %v", err)
	}
}

// What makes no sense is counted and costs nothing of the rest.
func TestHostileTable(t *testing.T) {
	const head, good = "  sl  local_address rem_address\n", "   1: 190200C0:0019 097100CB:D431 01 0\n"
	for name, bad := range map[string]string{
		"no colon":        "1 190200C0:0019 097100CB:D431 01\n",
		"few fields":      "1: 190200C0:0019\n",
		"short address":   "1: 0200C0:0019 097100CB:D431 01\n",
		"long address":    "1: 190200C0190200C0:0019 097100CB:D431 01\n",
		"no hexadecimals": "1: 19020XC0:0019 097100CB:D431 01\n",
		"a sign":          "1: +90200C0:0019 097100CB:D431 01\n",
		"large port":      "1: 190200C0:10019 097100CB:D431 01\n",
		"no port":         "1: 190200C0 097100CB:D431 01\n",
		"no state":        "1: 190200C0:0019 097100CB:D431 XX\n",
		"long state":      "1: 190200C0:0019 097100CB:D431 001\n",
		"escapes":         "\x1b[2J\x00\xff\n",
		"long line":       strings.Repeat("1: ", 5000) + "\n",
		"long field":      "1: " + strings.Repeat("A", 9000) + ":0019 097100CB:D431 01\n",
	} {
		t.Run(name, func(t *testing.T) {
			all, err := readTCP(strings.NewReader(head + good + bad + good))
			if len(all) != 2 || err == nil || !strings.Contains(err.Error(), "make no sense: 1, the first is line 3") {
				t.Errorf("%d connections, %v", len(all), err)
			}
			if err != nil && strings.ContainsAny(err.Error(), "\x1b\x00") {
				t.Errorf("%q", err)
			}
		})
	}
	all, err := readTCP(strings.NewReader(head + "\n" + strings.TrimSuffix(good, "\n")))
	if len(all) != 1 || err != nil {
		t.Errorf("no line end: %d, %v", len(all), err)
	}
	all, err = readTCP(strings.NewReader(head + "9: 190200C0:0019 097100CB:D431 0C\n9: 190200C0:0019 097100CB:D431 1F\n"))
	if d := cmp.Diff([]string{"192.0.2.25:25 203.0.113.9:54321 syn-received", "192.0.2.25:25 203.0.113.9:54321 state-1F"}, words(all)); d != "" || err != nil {
		t.Errorf("%v\n%s", err, d)
	}
}

// A pipe in the place of a table is refused, and not waited for.
func TestPipe(t *testing.T) {
	tables := lay(t, map[string]string{"proc/net/dev": ""})
	path := filepath.Join(tables.Root, "proc/net/tcp")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { _, err := tables.Connections(); done <- err }()
	select {
	case err := <-done:
		if err == nil || !strings.Contains(err.Error(), "not a regular file") {
			t.Error(err)
		}
	case <-time.After(5 * time.Second):
		t.Fatal("waits for a pipe")
	}
}

func TestInterfaces(t *testing.T) {
	const head = "Inter-|   Receive                                                |  Transmit\n face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed\n"
	tables := lay(t, map[string]string{
		"proc/net/dev":             head + "    lo: 10 1 0 0 0 0 0 0 10 1 0 0 0 0 0 0\n  eth0:1215 9 0 3 0 0 0 0 85413 98 0 4 0 0 0 0\n  wg0: 1 0 0 0 0 0 0 0 2 0 0 0 0 0 0 0\n",
		"sys/class/net/eth0/speed": "1000\n", "sys/class/net/wg0/speed": "-1\n",
	})
	all, err := tables.Interfaces()
	want := []Interface{{Name: "eth0", Received: 1215, Sent: 85413, Speed: 1_000_000_000, RecvDrop: 3, SendDrop: 4}, {Name: "wg0", Received: 1, Sent: 2}}
	if d := cmp.Diff(want, all); d != "" || err != nil {
		t.Errorf("%v\n%s", err, d)
	}
	for name, line := range map[string]string{
		"no colon": "eth0 1 2\n", "few": "eth0: 1 2 3\n", "a path": "../x: 1 9 0 3 0 0 0 0 2 98 0 4\n", "no number": "eth0: x 9 0 3 0 0 0 0 2 98 0 4\n",
		"negative": "eth0: -1 9 0 3 0 0 0 0 2 98 0 4\n", "no name": ": 1 9 0 3 0 0 0 0 2 98 0 4\n",
	} {
		if all, err := parseDev([]byte(head + line)); err == nil || len(all) != 0 || !strings.Contains(err.Error(), "line 3") {
			t.Errorf("%s: %v, %v", name, all, err)
		}
	}
}

func TestLoad(t *testing.T) {
	tables := lay(t, map[string]string{"proc/loadavg": "41.50 12.25 3.00 9/812 4711\n", "proc/stat": "cpu  1 2\ncpu0 1\ncpu1 1\nbtime 1795000000\n"})
	if l, err := tables.Load(); err != nil || l != (Load{41.5, 12.25, 3, 2}) {
		t.Errorf("%+v, %v", l, err)
	}
	if l, err := lay(t, map[string]string{"proc/loadavg": "nothing\n"}).Load(); err == nil {
		t.Errorf("%+v", l)
	}
}

func TestProcess(t *testing.T) {
	const rest = " S 1 812 812 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 "
	files := map[string]string{
		"proc/stat": "cpu 1\nbtime 1795000000\n", "etc/passwd": "root:x:0:0:root:/root:/bin/sh\nwww-data:x:33:33::/var/www:/usr/sbin/nologin\n",
		"proc/812/stat": "812 (epst) (rd)\x1b)" + rest + "12345 9 9 9\n", "proc/812/status": "Name:\tepstrd\nUid:\t33\t33\t33\t33\n",
		"proc/813/stat": "813 (epstdd)" + rest + "0 9 9\n", "proc/813/status": "Uid:\t997\t0\t0\t0\n",
		"proc/814/stat": "814 (epstdd) S 1\n", "proc/815/stat": "815 epstdd\n", "proc/816/stat": "816 (x)" + rest + "-5 9\n",
	}
	tables := lay(t, files)
	if err := os.Symlink("/usr/local/mta/bin/epstrd", filepath.Join(tables.Root, "proc/812/exe")); err != nil {
		t.Fatal(err)
	}
	p, err := tables.Process(812)
	want := Process{PID: 812, Name: "epst) (rd)?", Program: "/usr/local/mta/bin/epstrd", User: "www-data", Started: time.Unix(1795000000+123, 450_000_000).UTC()}
	if d := cmp.Diff(want, p); d != "" || err != nil {
		t.Errorf("%v\n%s", err, d)
	}
	if p, err := tables.Process(813); err != nil || p.User != "997" || p.Program != "" || !p.Started.Equal(time.Unix(1795000000, 0)) {
		t.Errorf("%+v, %v", p, err)
	}
	for _, pid := range []int{814, 815, 816} {
		if p, err := tables.Process(pid); err == nil {
			t.Errorf("%d: %+v", pid, p)
		}
	}
	if _, err := tables.Process(817); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a process that has ended: %v", err)
	}
}

// The tables of this machine say what this process does.
func TestHere(t *testing.T) {
	if runtime.GOOS != "linux" {
		if _, err := (Tables{}).Connections(); !errors.Is(err, errors.ErrUnsupported) {
			t.Fatal(err)
		}
		t.Skip("no such tables on this system")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	all, err := Tables{}.Connections()
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{c.LocalAddr().String() + " " + c.RemoteAddr().String() + " established", c.RemoteAddr().String() + " " + c.LocalAddr().String() + " established"} {
		if !slices.Contains(words(all), line) {
			t.Errorf("no %q", line)
		}
	}
	if slices.ContainsFunc(words(all), func(s string) bool { return strings.HasPrefix(s, l.Addr().String()+" 0.0.0.0:0") }) {
		t.Error("a listening socket is among them")
	}
	p, err := Tables{}.Process(os.Getpid())
	if err != nil || p.PID != os.Getpid() || p.User == "" || p.Program == "" || time.Since(p.Started) > time.Hour || time.Since(p.Started) < -2*time.Second {
		t.Errorf("%+v, %v", p, err)
	}
	if l, err := (Tables{}).Load(); err != nil || l.CPUs == 0 {
		t.Errorf("%+v, %v", l, err)
	}
	if _, err := (Tables{}).Interfaces(); err != nil {
		t.Error(err)
	}
	if c, err := ReadClock(); err != nil || c.MaxError < 0 {
		t.Errorf("%+v, %v", c, err)
	}
	if s, err := ReadSpace(t.TempDir()); err != nil || s.Bytes <= 0 || s.Free <= 0 || s.Free > 100 || s.Inodes < 0 || s.Inodes > 100 {
		t.Errorf("%+v, %v", s, err)
	}
	if _, err := ReadSpace("/none/such"); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}

func FuzzConnections(f *testing.F) {
	f.Add("   1: 190200C0:0019 097100CB:D431 01 0\n")
	f.Add("   1: 0000000000000000FFFF0000190200C0:0019 0000000000000000FFFF0000097100CB:E010 01\n")
	f.Fuzz(func(t *testing.T, text string) {
		all, _ := readTCP(strings.NewReader("head\n" + text))
		for _, c := range all {
			if !c.Local.IsValid() || !c.Remote.IsValid() || c.Remote.Addr().Is4In6() || c.State == "" {
				t.Errorf("%+v", c)
			}
		}
	})
}
