package access

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// postmap is the real one, out of the folder of unpacked mail servers.
func postmap(t *testing.T) func(table string, keys []string) map[string]string {
	t.Helper()
	root := filepath.Join(os.Getenv("HIKESHI_SERVERS"), "postfix/root")
	program := filepath.Join(root, "usr/sbin/postmap")
	if _, err := os.Stat(program); os.Getenv("HIKESHI_SERVERS") == "" || err != nil {
		if strings.Contains(os.Getenv("HIKESHI_REQUIRE"), "servers") {
			t.Fatal("HIKESHI_REQUIRE asks for servers: there is no postmap in the folder that HIKESHI_SERVERS names")
		}
		t.Skip("HIKESHI_SERVERS names no folder with unpacked mail servers (see .ci/run)")
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "main.cf"), []byte("myhostname = mail.example.jp\nmail_owner = mail\nsetgid_group = nogroup\ndefault_privs = daemon\nqueue_directory = "+dir+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	libs, err := filepath.Glob(filepath.Join(root, "usr/lib/*-linux-gnu"))
	if err != nil {
		t.Fatal(err)
	}
	path := strings.Join(append(libs, filepath.Join(root, "usr/lib/postfix")), ":")
	return func(table string, keys []string) map[string]string {
		cmd := exec.Command(program, "-c", dir, "-q", "-", table)
		cmd.Env, cmd.Stdin = []string{"LD_LIBRARY_PATH=" + path, "LANG=C"}, strings.NewReader(strings.Join(keys, "\n")+"\n")
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		out, err := cmd.Output()
		if err != nil && cmd.ProcessState.ExitCode() != 1 || strings.Contains(stderr.String(), "fatal:") {
			t.Fatalf("%v: %s", err, stderr.Bytes())
		}
		found := map[string]string{}
		for line := range strings.Lines(string(out)) {
			key, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
			found[key] = strings.Join(strings.Fields(value), " ")
		}
		return found
	}
}

func TestPeersAsPostfix(t *testing.T) {
	ask, r := postmap(t), rand.New(rand.NewPCG(1, 1))
	nets := []string{"203.0.113.0/24", "203.0.113.9", "203.0.113.8/29", "198.51.100.0/25", "2001:db8::/32", "2001:db8:0:1::/64", "[2001:db8::5]", "0.0.0.0/0", "::/0", "nonsense", "203.0.113.9/24", "[2001:db8:1::]/48"}
	keys := []string{"203.0.113.9", "203.0.113.10", "203.0.113.200", "198.51.100.1", "198.51.100.200", "192.0.2.1", "2001:db8::5", "2001:db8:0:1::7", "2001:db8:1::1", "2001:db9::1"}
	for n := range 150 {
		file, depth := []byte(nil), 0
		for range 1 + r.IntN(7) {
			not, net := [...]string{"", "", "", "!"}[r.IntN(4)], nets[r.IntN(len(nets))]
			switch r.IntN(9) {
			case 0:
				file = fmt.Appendf(file, "if %s%s\n", not, net)
				depth++
			case 1:
				if depth > 0 {
					file, depth = append(file, "endif\n"...), depth-1
				}
			case 2:
				file = fmt.Appendf(file, "# %s\n\n", net)
			case 3:
				file = fmt.Appendf(file, "%s%s\n  OK\n # c\n\tmore %d\n", not, net, n)
			default:
				file = fmt.Appendf(file, "%s%s %s\n", not, net, [...]string{"REJECT", "OK", "DUNNO", "554 no"}[r.IntN(4)])
			}
		}
		file = append(file, strings.Repeat("endif\n", depth)...)
		compare(t, file, ask, "cidr", keys, func(key string) Found { return Peers{}.Lookup(file, netip.MustParseAddr(key)) })
		if e, err := Deny(Peers{}, file, []string{"203.0.113.9", "2001:db8::/32"}); err == nil {
			refused := ask("cidr:"+write(t, e.After), []string{"203.0.113.9", "2001:db8:0:1::7"})
			if !Refused(refused["203.0.113.9"]) || !Refused(refused["2001:db8:0:1::7"]) {
				t.Fatalf("denied in\n%s\n%v", e.After, refused)
			}
		}
	}
}

func TestSendersAsPostfix(t *testing.T) {
	ask, r := postmap(t), rand.New(rand.NewPCG(2, 2))
	keys := []string{"a@example.com", "Example.com", "example.net", "<>", "sub.example.com", "b@example.com", "a@"}
	for range 80 {
		var file []byte
		for range 1 + r.IntN(6) {
			file = fmt.Appendf(file, "%s%s%s\n", keys[r.IntN(len(keys))], [...]string{" ", "\t", " \n\t"}[r.IntN(3)], [...]string{"REJECT", "OK", "550 x  y"}[r.IntN(3)])
		}
		m := table(parse(file))
		compare(t, file, ask, "texthash", keys, func(key string) Found {
			if r, ok := m[strings.ToLower(key)]; ok {
				return r.found()
			}
			return Found{}
		})
	}
}

func write(t *testing.T, file []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "table")
	if err := os.WriteFile(path, file, 0o644); err != nil {
		t.Fatal(err)
	}
	cold := time.Now().Add(-time.Hour) // a file of the last second is waited for
	if err := os.Chtimes(path, cold, cold); err != nil {
		t.Fatal(err)
	}
	return path
}

func compare(t *testing.T, file []byte, ask func(string, []string) map[string]string, kind string, keys []string, own func(string) Found) {
	t.Helper()
	theirs := ask(kind+":"+write(t, file), keys)
	for _, key := range keys {
		if got := strings.Join(strings.Fields(own(key).Result), " "); got != theirs[key] {
			t.Fatalf("%s in\n%s\nis %q, for Postfix %q", key, file, got, theirs[key])
		}
	}
}
