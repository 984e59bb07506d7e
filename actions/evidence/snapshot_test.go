package evidence_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hikeshi/actions/evidence/snapshot"
	"hikeshi/runbook"
	"hikeshi/spool"
	"hikeshi/spool/machine"
)

func connection(local, remote string, s machine.State) machine.Connection {
	return machine.Connection{Local: netip.MustParseAddrPort(local), Remote: netip.MustParseAddrPort(remote), State: s}
}

func (l *lab) busy() {
	l.env.Connections = func() ([]machine.Connection, error) {
		return []machine.Connection{
			connection("192.0.2.25:25", "203.0.113.9:40001", machine.Established),
			connection("192.0.2.25:587", "203.0.113.9:40002", machine.Established),
			connection("192.0.2.25:25", "203.0.113.8:40002", machine.SynReceived),
			connection("192.0.2.25:25", "203.0.113.7:40002", machine.TimeWait),
			connection("192.0.2.25:443", "203.0.113.6:40002", machine.Established),
			connection("192.0.2.25:50001", "198.51.100.1:25", machine.Established),
			connection("192.0.2.25:50002", "198.51.100.2:25", machine.SynSent),
			connection("192.0.2.25:50003", "198.51.100.3:25", machine.TimeWait),
			connection("127.0.0.1:50004", "127.0.0.1:25", machine.Established),
			connection("192.0.2.25:50005", "192.0.2.25:25", machine.Established),
		}, errors.New("lines that make no sense: 1")
	}
}

func TestSnapshot(t *testing.T) {
	l := newLab(t)
	for i := range 60 {
		l.message(i, "203.0.113.9", "taro@example.jp", "v@example.com")
	}
	l.busy()
	before := l.tree()
	steps := make(chan struct{})
	go func() { // the counter steps while the snapshot is taken
		defer close(steps)
		time.Sleep(100 * time.Millisecond)
		must(t, os.WriteFile(filepath.Join(l.root, settings+"LastMsgId.1"), []byte("1010"), 0o644))
	}()
	k := newKeeper()
	out, text := l.plan("evidence.snapshot", `{"gap":"400ms"}`, k, nil)
	<-steps
	l.noSecret(k, text)
	facts := out.Facts.(snapshot.Facts)
	if facts.Rate < 900 || facts.Rate > 1600 {
		t.Errorf("rate %v, want a little less than 1500", facts.Rate)
	}
	facts.Rate = 0
	want := snapshot.Facts{RateKnown: true, Connections: 3, Outbound: 2, ClockKnown: true, Synced: true, Clients: []string{"203.0.113.9", "203.0.113.8"}, Counters: 2, Envelopes: 50, NotSeen: []string{"connections"}}
	if d := cmp.Diff(want, facts); d != "" {
		t.Errorf("%s\n%s", d, text)
	}
	wants(t, text,
		"3 connected to the mail ports from 2 addresses: 203.0.113.9 (2), 203.0.113.8 (1)", "warn: 2 deliveries to other servers in flight", "not seen: connections: lines that make no sense",
		"counter of message IDs 1000, then 1010", "the clock is synchronised", "epstrd runs (1): 812 (www-data, 2026-11-20T00:00:00Z)", "rejectsmtpip.dat was copied",
		fmt.Sprintf("SHA-256 %x", sha256.Sum256([]byte("#<> default\n#blank false\n"))), "2 failure counters kept", "auth files hashed: 2", "account files hashed: 1", "can be cracked", "50 of 60 envelopes kept")
	for name, part := range map[string]string{
		"connections.txt": "192.0.2.25:50002\t198.51.100.2:25\tsyn-sent", "clock.txt": "synchronised true", "message-id-counter.txt": "1010", "processes.txt": "epstrd.service\t812\twww-data\t2026-11-20T00:00:00Z\t/usr/local",
		"rejectsmtpip.dat": "203.0.113.200\t\n", "failure-counters.txt": "authlock/203.0.113.9.smtp\t203.0.113.9\t4\t", "envelopes.txt": "from pc (unverified [203.0.113.9])", "deny-file-hash.txt": "effect.dat",
	} {
		wants(t, string(k.evidence[name]), part)
	}
	if strings.Contains(string(k.evidence["connections.txt"]), ":443") {
		t.Error("a connection to another port was kept")
	}
	must(t, os.WriteFile(filepath.Join(l.root, settings+"LastMsgId.1"), []byte("1000"), 0o644))
	if after := l.tree(); strings.Count(after, "\n") != strings.Count(before, "\n") {
		t.Error("looking changed something")
	}
	l.checkKey(k)
}

// checkKey checks that the hashes are those with the key of the backup, and that a second snapshot uses the same one.
func (l *lab) checkKey(k *keeper) {
	l.t.Helper()
	lines := strings.Split(strings.TrimSpace(string(k.backups["account-hash-key"])), "\n")
	if len(lines) != 2 || len(lines[0]) != 64 || len(lines[1]) != 64 || len(k.backups) != 1 {
		l.t.Fatalf("%q", lines)
	}
	key, err := hex.DecodeString(lines[1])
	must(l.t, err)
	data, err := os.ReadFile(filepath.Join(l.root, spoolDir+"db/example.jp.idx"))
	must(l.t, err)
	h := hmac.New(sha256.New, key)
	h.Write(data)
	want := hex.EncodeToString(h.Sum(nil))
	wants(l.t, string(k.evidence["account-file-hashes.txt"]), want)
	plain := sha256.Sum256(data)
	for name, text := range k.evidence {
		if strings.Contains(string(text), hex.EncodeToString(plain[:])) || strings.Contains(string(text), lines[1]) {
			l.t.Errorf("%s holds a plain hash of an account file, or the key", name)
		}
	}
	l.plan("evidence.snapshot", `{"gap":"1ms"}`, k, nil)
	wants(l.t, string(k.evidence["account-file-hashes.txt"]), want)
}

// In a plan nothing is waited for and nothing hashed, since nothing is kept.
func TestSnapshotInAPlan(t *testing.T) {
	l := newLab(t)
	before := l.tree()
	k := newKeeper()
	began := time.Now()
	out, text := l.plan("evidence.snapshot", `{"gap":"30s"}`, k, []runbook.Change{{Kind: "service.stop"}})
	if time.Since(began) > 5*time.Second || len(k.backups) != 0 || strings.Contains(text, "hashed") {
		t.Errorf("%s, %q\n%s", time.Since(began), k.backups, text)
	}
	if f := out.Facts.(snapshot.Facts); f.RateKnown {
		t.Errorf("%+v", f)
	}
	wants(t, text, "stands at 1000; its rate is taken when the step is run")
	if before != l.tree() {
		t.Error("a plan changed something")
	}
}

// What hangs, is a pipe or fails costs nothing but itself.
func TestSnapshotIsBounded(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.message(1, "203.0.113.9", "taro@example.jp", "v@example.com")
	stuck := make(chan struct{})
	defer close(stuck)
	l.env.Connections = func() ([]machine.Connection, error) { <-stuck; return nil, nil }
	l.env.Processes = func(string) ([]spool.Process, error) { return nil, errors.New("no \x1b[31mtable") }
	for _, name := range []string{program + "rejectsmtpip.dat", program + "effect.dat", settings + "LastMsgId.1", spoolDir + "authlock/203.0.113.9.smtp"} {
		must(t, os.Remove(filepath.Join(l.root, name)))
		must(t, syscall.Mkfifo(filepath.Join(l.root, name), 0o600))
	}
	k := newKeeper()
	began := time.Now()
	out, text := l.plan("evidence.snapshot", `{"limit":"1s","gap":"10ms"}`, k, nil)
	if gone := time.Since(began); gone > 4*time.Second {
		t.Errorf("took %s", gone)
	}
	l.noSecret(k, text)
	wants(t, text, "not seen: connections: no answer within 1s", "not seen: processes: no ?[31mtable", "not seen: rate of accepted mail: ", "not seen: deny file and lock-out tables: ", "1 failure counters kept", "1 of 1 envelopes kept")
	if d := cmp.Diff([]string{"connections", "rate of accepted mail", "processes", "deny file and lock-out tables"}, out.Facts.(snapshot.Facts).NotSeen); d != "" {
		t.Errorf("%s\n%s", d, text)
	}
}

// A counter that is read while time is up says so.
func TestRateNeedsTime(t *testing.T) {
	l := newLab(t)
	_, text := l.plan("evidence.snapshot", `{"limit":"200ms","gap":"1h"}`, newKeeper(), nil)
	wants(t, text, "not seen: rate of accepted mail: the time was up between two readings")
}
