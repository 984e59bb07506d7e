package survey

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hikeshi/actions/dnsbl/ask"
	"hikeshi/actions/dnsbl/table"
	"hikeshi/actions/dnsbl/verdict"
)

// program returns the path of a program of Debian's, or skips the test.
func program(t *testing.T, name string) string {
	t.Helper()
	for _, dir := range append(filepath.SplitList(os.Getenv("PATH")), "/usr/sbin") {
		if file := filepath.Join(dir, name); exec.Command(file, "-h").Run() != nil {
			if _, err := os.Stat(file); err == nil {
				return file
			}
		} else {
			return file
		}
	}
	if strings.Contains(os.Getenv("HIKESHI_REQUIRE"), "dns") {
		t.Fatalf("HIKESHI_REQUIRE asks for dns: there is no %s", name)
	}
	t.Skipf("there is no %s here", name)
	return ""
}

// daemon runs a DNS server on a free port of loopback until the test ends; args are made for that port.
func daemon(t *testing.T, file string, args func(port string) []string) netip.AddrPort {
	t.Helper()
	pc, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := netip.MustParseAddrPort(pc.LocalAddr().String())
	pc.Close()
	var out bytes.Buffer
	cmd := exec.Command(file, args(fmt.Sprint(addr.Port()))...)
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	a := &ask.Asker{Servers: []netip.AddrPort{addr}, Wait: 300 * time.Millisecond, Patience: 100 * time.Millisecond}
	for range 30 {
		if a.Ask(context.Background(), "up.example.net", ask.A).Answered() {
			return addr
		}
		time.Sleep(100 * time.Millisecond)
	}
	cmd.Process.Kill()
	cmd.Wait()
	t.Fatalf("%s does not answer: %s", file, out.String())
	return addr
}

// zoneFiles are the lists that rbldnsd serves here.
var zoneFiles = map[string]string{
	"ip4": ":127.0.0.2:see https://example.net/?$\n127.0.0.2\n192.0.2.10\n198.51.100.0/24 :127.0.0.4:the range of $\n",
	"ip6": ":127.0.0.2:v6 $\n::ffff:7f00:2\n2001:db8:bad::/48\n",
	"dom": ":127.0.1.2:domain $\ntest\n.spam.example.net\n",
	"all": ":127.0.0.2:closed\n0.0.0.0/0\n", // how a list ends badly
	"nil": ":127.0.0.2:empty\n",             // how one ends well
}

func rbldnsd(t *testing.T) netip.AddrPort {
	file := program(t, "rbldnsd")
	dir := t.TempDir()
	for name, text := range zoneFiles {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(dir, 0o755); err != nil { // rbldnsd leaves root behind
		t.Fatal(err)
	}
	return daemon(t, file, func(port string) []string {
		return []string{"-n", "-b", "127.0.0.1/" + port, "-w", dir, "ip.bl.example:ip4set:ip4", "ip.bl.example:ip6trie:ip6", "dom.bl.example:dnset:dom", "world.bl.example:ip4trie:all", "empty.bl.example:ip4set:nil"}
	})
}

const realLists = `  - {id: ip, zone: ip.bl.example, kinds: [ip4, ip6], test: kept}
  - {id: dom, zone: dom.bl.example, kinds: [domain], test: kept}
  - {id: world, zone: world.bl.example, kinds: [ip4]}
  - {id: empty, zone: empty.bl.example, kinds: [ip4]}
  - {id: nobody, zone: nobody.example, kinds: [ip4]}
`

// look tells what a real server says, one line for each outcome.
func look(t *testing.T, server netip.AddrPort) string {
	t.Helper()
	subjects := append(addresses("192.0.2.10", "198.51.100.9", "203.0.113.1", "2001:db8:bad::1", "2001:db8:600d::1"), Subject{Name: "www.spam.example.net"}, Subject{Name: "example.jp"})
	zones := Run{Asker: &ask.Asker{Servers: []netip.AddrPort{server}}, Label: letters}.Do(t.Context(), lists(t, realLists), subjects)
	var b strings.Builder
	for _, z := range zones {
		for _, kind := range []table.Kind{table.IP4, table.IP6, table.Domain} {
			if h, ok := z.Health[kind]; ok {
				fmt.Fprintf(&b, "%s %s %s\n", z.List.ID, kind, h.State)
			}
		}
		for _, r := range z.Results {
			if z.Health[r.Subject.Kind()].State == verdict.Healthy {
				fmt.Fprintf(&b, "  %s %s %v %s\n", r.Subject, r.Outcome, r.Answers, r.Text)
			} else if r.Outcome != verdict.NotTested {
				fmt.Fprintf(&b, "  %s %s of a list that cannot be believed\n", r.Subject, r.Outcome)
			}
		}
	}
	return b.String()
}

const realWant = `ip ip4 healthy
ip ip6 healthy
  192.0.2.10 listed [127.0.0.2] see https://example.net/?192.0.2.10
  198.51.100.9 listed [127.0.0.4] the range of 198.51.100.9
  203.0.113.1 not-listed [] 
  2001:db8:bad::1 listed [127.0.0.2] v6 2001:db8:bad::1
  2001:db8:600d::1 not-listed [] 
dom domain healthy
  www.spam.example.net listed [127.0.1.2] domain spam.example.net
  example.jp not-listed [] 
world ip4 world
empty ip4 empty
`

// TestRbldnsd: the server that most lists run.
func TestRbldnsd(t *testing.T) {
	if got, want := look(t, rbldnsd(t)), realWant+"nobody ip4 blocked\n"; got != want { // it refuses what it does not serve
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// TestUnbound: the same through a recursive resolver, which turns the refusals behind it into SERVFAIL.
func TestUnbound(t *testing.T) {
	file, behind := program(t, "unbound"), rbldnsd(t)
	conf := filepath.Join(t.TempDir(), "unbound.conf")
	addr := daemon(t, file, func(port string) []string {
		text := fmt.Sprintf(`server:
  interface: 127.0.0.1
  port: %s
  username: ""
  chroot: ""
  directory: %q
  pidfile: ""
  use-syslog: no
  do-daemonize: no
  do-not-query-localhost: no
  module-config: "iterator"
  root-hints: ""
  local-zone: "up.example.net." static
  do-ip6: no
remote-control:
  control-enable: no
stub-zone:
  name: "example."
  stub-addr: 127.0.0.1@%d
stub-zone:
  name: "."
  stub-addr: 127.0.0.1@%d
`, port, filepath.Dir(conf), behind.Port(), behind.Port())
		if err := os.WriteFile(conf, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return []string{"-d", "-c", conf}
	})
	if got, want := look(t, addr), realWant+"nobody ip4 failing\n"; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
