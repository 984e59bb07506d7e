package past

import (
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"hikeshi/spool/lab/traffic"
)

func config(t *testing.T) Config {
	client := func(peer, login, sender string) traffic.Client {
		return traffic.Client{Peer: netip.MustParseAddr(peer), Name: "pc", Login: login, Password: "p", Sender: sender,
			To: [][]string{{"hanako@example.jp"}, {"a@example.com", "b@example.com"}}}
	}
	return Config{Dir: t.TempDir(), Computer: "mail1", Host: "mail1.example.jp", Domain: "example.jp", Days: 14, LastID: 80000,
		Now:     time.Date(2026, 11, 20, 15, 30, 0, 0, time.FixedZone("JST", 9*3600)),
		Clients: []traffic.Client{client("192.0.2.11", "taro@example.jp", "taro@example.jp"), client("198.51.100.7", "", "partner@example.com")}}
}

func TestHabitsOfTwoWeeks(t *testing.T) {
	c := config(t)
	if err := Write(c); err != nil {
		t.Fatal(err)
	}
	paths, err := filepath.Glob(filepath.Join(c.Dir, "acceptlog/mail1/*.log"))
	if err != nil || len(paths) < 13 || filepath.Base(paths[0]) != "261106.log" || filepath.Base(paths[len(paths)-1]) != "261120.log" {
		t.Fatalf("%q, %v", paths, err)
	}
	var text, in strings.Builder
	for _, path := range paths {
		for log, b := range map[string]*strings.Builder{"acceptlog": &text, "inlog": &in} {
			data, err := os.ReadFile(strings.Replace(path, "acceptlog", log, 1))
			if err != nil {
				t.Fatal(err)
			}
			b.Write(data)
		}
	}
	taro, partner := strings.Count(text.String(), " 192.0.2.11[192.0.2.11], AUTH-PLAIN:taro@example.jp [success],<B"), strings.Count(text.String(), " 198.51.100.7[198.51.100.7], partner@example.com,<B")
	if taro < 500 || partner < 500 {
		t.Errorf("taro mails %d times, partner %d times", taro, partner)
	}
	id := regexp.MustCompile(`<B(\d{10})@mail1\.example\.jp>`)
	for _, m := range id.FindAllStringSubmatch(in.String(), -1) {
		if m[1] <= "0000080000" || m[1] > "0000097000" {
			t.Fatalf("id %s", m[1])
		}
	}
	if last := in.String()[strings.LastIndex(strings.TrimSpace(in.String()), "\n")+1:]; !strings.Contains(last, "[20/Nov/2026:1") || strings.Contains(last, ":16:") {
		t.Errorf("the last line is %q, now is 15:30", last)
	}
}

func TestFolderThatIsNone(t *testing.T) {
	c := config(t)
	c.Dir = filepath.Join(c.Dir, "file")
	if err := os.WriteFile(c.Dir, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Write(c); err == nil {
		t.Error("logs were written below a file")
	}
}
