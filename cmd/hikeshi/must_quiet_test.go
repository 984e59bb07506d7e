//go:build linux

package main

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// cutOffVar tells a test that it is in namespaces of its own.
const cutOffVar = "HIKESHI_TEST_CUT_OFF"

// cutOff runs the test again in namespaces of its own, root only, and returns false there being nothing left to do; or true in that process.
func cutOff(t *testing.T, namespaces ...string) bool {
	t.Helper()
	if os.Getenv(cutOffVar) != "" {
		return true
	}
	unshare := append([]string{"unshare"}, namespaces...)
	if out, err := exec.Command(unshare[0], append(unshare[1:], "true")...).CombinedOutput(); err != nil {
		if strings.Contains(os.Getenv("HIKESHI_REQUIRE"), "root") {
			t.Fatalf("HIKESHI_REQUIRE asks for root, and for unshare(1): %v %s", err, out)
		}
		t.Skipf("needs root and unshare(1): %v %s", err, out)
	}
	cmd := exec.CommandContext(t.Context(), unshare[0], append(unshare[1:], os.Args[0], "-test.run=^"+t.Name()+"$", fmt.Sprint("-test.v=", testing.Verbose()))...)
	cmd.Env = append(os.Environ(), cutOffVar+"=1")
	out, err := cmd.CombinedOutput()
	t.Logf("%s", out)
	if err != nil {
		t.Fatal(err)
	}
	return false
}

// silence makes a nameserver that never answers the only one, and returns how often it was asked.
func silence(t *testing.T) *atomic.Int64 {
	t.Helper()
	up(t, "lo")
	conn, err := net.ListenPacket("udp4", "127.0.0.1:53")
	fine(t, err)
	t.Cleanup(func() { conn.Close() })
	resolv := filepath.Join(t.TempDir(), "resolv.conf")
	fine(t, os.WriteFile(resolv, []byte("nameserver 127.0.0.1\noptions timeout:1 attempts:1\n"), 0o644))
	hosts := filepath.Join(t.TempDir(), "hosts")
	fine(t, os.WriteFile(hosts, nil, 0o644)) // so that not even the own name is known without asking
	fine(t, unix.Mount(resolv, "/etc/resolv.conf", "", unix.MS_BIND, ""))
	fine(t, unix.Mount(hosts, "/etc/hosts", "", unix.MS_BIND, ""))
	var asked atomic.Int64
	go func() {
		for b := make([]byte, 512); ; asked.Add(1) {
			if _, _, err := conn.ReadFrom(b); err != nil {
				return
			}
		}
	}()
	return &asked
}

// up brings a network interface up.
func up(t *testing.T, name string) {
	t.Helper()
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	fine(t, err)
	defer unix.Close(fd)
	ifr, err := unix.NewIfreq(name)
	fine(t, err)
	ifr.SetUint16(unix.IFF_UP)
	fine(t, unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, ifr))
}

// TestMustAskNoNameserver: with a resolver that never answers, the whole runbook runs at its usual speed, since nothing asks it.
func TestMustAskNoNameserver(t *testing.T) {
	if !cutOff(t, "--net", "--mount", "--pid", "--fork", "--mount-proc", "--kill-child") {
		return
	}
	asked := silence(t)
	began := time.Now()
	code, doc, said := rehearsed(t, t.TempDir(), "--scenario", "stolen-password")
	if code != exitOK || doc.State != "done" {
		t.Errorf("exit %d, state %s\n%s", code, doc.State, said)
	}
	p := newPlayground(t, "epstrd", "epstdd") // with what is wired on a real machine
	p.abuse("--set", "cause=a", "--set", "accounts=taro").exits(t, exitOK)
	p.here("status", "--watch", "0").exits(t, exitFound)
	p.here("report", p.id).exits(t, exitOK)
	if took := time.Since(began); took > time.Minute {
		t.Errorf("all this took %s", took)
	}
	if n := asked.Load(); n != 0 {
		t.Errorf("the nameserver was asked %d times", n)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if _, err := (&net.Resolver{PreferGo: true}).LookupHost(ctx, "mail1.example.jp"); err == nil || asked.Load() == 0 {
		t.Errorf("the nameserver that counts was not the one in use: %v, asked %d times", err, asked.Load())
	}
}

// TestMustSayThatTheBusIsDead: without D-Bus the error names it, and the hint says how services are run all the same.
func TestMustSayThatTheBusIsDead(t *testing.T) {
	if !cutOff(t, "--mount", "--pid", "--fork", "--mount-proc", "--kill-child") {
		return
	}
	fine(t, unix.Mount("none", "/run", "tmpfs", 0, ""))
	t.Setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/run/dbus/system_bus_socket")
	p := newPlayground(t, "epstrd", "epstdd")
	before := p.tree()
	config, err := os.ReadFile(p.config())
	fine(t, err)
	fine(t, os.WriteFile(p.config(), bytes.Replace(config, []byte("manager: command"), []byte("manager: systemd"), 1), 0o600))
	const dead, way = "systemd does not answer over D-Bus", "hint: `--manager command`"
	p.here("--lang", "en", "service", "status").exits(t, exitFound, dead, way, "unknown")
	p.here("--lang", "en", "service", "stop", "--yes", "--accept-risk", "disruptive").exits(t, exitUndetermined, dead, way, "nothing was touched")
	p.here("--lang", "ja", "service", "stop", "--yes", "--accept-risk", "disruptive").exits(t, exitUndetermined, "D-Bus", "ヒント: `--manager command`", "何も変更していない")
	p.here("--lang", "en", "status", "--watch", "0").exits(t, exitFound, dead)
	p.abuse("--set", "cause=a", "--set", "accounts=taro").exits(t, exitStopped, "stopped at step stop", dead, way, "hikeshi resume "+p.id+" --manager command")
	same(t, "without a way to the services", before, p.tree())
	p.here("resume", p.id, "--yes", "--accept-risk", "disruptive", "--manager", "command").exits(t, exitOK)
	if now := p.runningNow(); len(now) != 2 {
		t.Errorf("these run after the end: %q", now)
	}
}
