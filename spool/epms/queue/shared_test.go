package queue

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// shared returns the path of a file of the shared test data beside the module, or skips.
func shared(t *testing.T, elem ...string) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		if dir == filepath.Dir(dir) {
			t.Fatal("no go.mod above the test")
		}
		dir = filepath.Dir(dir)
	}
	path := filepath.Join(append([]string{filepath.Dir(dir), "shared"}, elem...)...)
	if _, err := os.Stat(path); err != nil {
		if strings.Contains(os.Getenv("HIKESHI_REQUIRE"), "shared") {
			t.Fatalf("the shared test data is required: %v", err)
		}
		t.Skipf("the shared test data is not beside the module: %v", err)
	}
	return path
}

// TestReceivedOfOthers reads Received lines of other servers, which write them differently: there may be no address, but never
// one that another reader of the same line does not see as that of the client.
func TestReceivedOfOthers(t *testing.T) {
	f, err := os.Open(shared(t, "corpora", "received", "spamassassin.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	read, agree := 0, 0
	for lines.Scan() {
		var c struct {
			Case, Header string
			Fields       struct{ IP string }
		}
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			t.Fatal(err)
		}
		a, err := ReadClient(strings.NewReader("Received: " + c.Header + "\r\n\r\n"))
		if err != nil {
			t.Errorf("%s: %v", c.Case, err)
		}
		read++
		if a.IsValid() {
			if a.String() != c.Fields.IP {
				t.Errorf("%s: %s, want %q\n%s", c.Case, a, c.Fields.IP, c.Header)
			}
			agree++
		}
	}
	if read < 90 || agree == 0 {
		t.Errorf("%d lines read, %d with an address", read, agree)
	}
	t.Logf("%d lines read, %d with an address", read, agree)
}

// TestHeadersOfBounces reads real mails, most of which were not taken in by this kind of server.
func TestHeadersOfBounces(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(shared(t, "corpora", "bounces"), "*", "*.eml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, name := range files {
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := ReadClient(f); err != nil {
			t.Errorf("%s: %v", filepath.Base(name), err)
		}
		f.Close()
	}
}
