package logs_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hikeshi/actions/logs"
	"hikeshi/runbook"
	"hikeshi/spool"
)

// night are logs in which 700 messages came from eight addresses: state is what acceptlog says of a session, sender what inlog says.
func night(t *testing.T, state, sender string) string {
	t.Helper()
	dir := t.TempDir()
	var accept, in strings.Builder
	for i := range 700 {
		at, peer := fmt.Sprintf("21/Nov/2026:03:%02d:%02d", i/60, i%60), fmt.Sprintf("203.0.113.%d", 9+i%8)
		fmt.Fprintf(&accept, "[%s], (example.jp), %s[%s], %s,<B%010d>,ok\n", at, peer, peer, state, 10_000+i)
		fmt.Fprintf(&in, "<B%010d@mail1.example.jp> [%s] %s localhost %s v%d@example.com\n", 10_000+i, at, peer, sender, i)
	}
	put(t, dir, "acceptlog/261121.log", accept.String())
	put(t, dir, "inlog/261121.log", in.String())
	return dir
}

func put(t *testing.T, dir, file, text string) {
	t.Helper()
	path := filepath.Join(dir, file)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func suspectsAt(t *testing.T, dir string, now time.Time) (logs.SuspectsFacts, string) {
	t.Helper()
	env := logs.Env{Server: server{dir: dir}, Own: spool.Own{Domains: []string{"example.jp"}}, Zone: time.UTC, Clock: func() time.Time { return now }}
	out, err := logs.Kinds(env)[1].Action.Plan(context.Background(), runbook.Input{})
	if err != nil {
		t.Fatal(err)
	}
	return out.Facts.(logs.SuspectsFacts), text(t, out)
}

var morning = time.Date(2026, 11, 21, 8, 0, 0, 0, time.UTC)

// Whether mail came after a login is told by the log of that time, or by nobody.
func TestLoginLogIsMissing(t *testing.T) {
	const taro = "taro@example.jp"
	whole := night(t, "AUTH-LOGIN:"+taro+" [success]", taro)
	if f, _ := suspectsAt(t, whole, morning); f.Spoof.Verdict != "login" || f.Spoof.Login != 700 {
		t.Errorf("with the log: %+v", f.Spoof)
	}
	put(t, whole, "acceptlog/261121.log", "[20/Nov/2026:10:00:00], (example.jp), 192.0.2.7[192.0.2.7], AUTH-LOGIN:"+taro+" [success],<B0000000001>,ok\n")
	if f, told := suspectsAt(t, whole, morning); f.Spoof.Verdict != "unknown" || len(f.AccountNames) != 1 || strings.Contains(told, "cause (a)") {
		t.Errorf("without the log: %+v, suspects %v", f.Spoof, f.AccountNames)
	}
}

// A sender that looks like a login in acceptlog is none: inlog has it as a sender.
func TestMadeUpLogin(t *testing.T) {
	const forged = "AUTH-LOGIN:hanako@example.jp [success]"
	f, told := suspectsAt(t, night(t, forged, forged), morning)
	if f.Spoof.Login > 0 || f.Spoof.Verdict == "login" || strings.Contains(told, "cause (a)") {
		t.Errorf("%+v\n%s", f.Spoof, told)
	}
}

// One line with a date in the future hides nothing, and is told.
func TestFuture(t *testing.T) {
	dir := night(t, "AUTH-LOGIN:taro@example.jp [success]", "taro@example.jp")
	put(t, dir, "inlog/301231.log", "<B0000099999@mail1.example.jp> [31/Dec/2030:10:00:00] 192.0.2.7 pc hana@example.jp v@example.com\n")
	f, told := suspectsAt(t, dir, morning)
	if len(f.AccountNames) != 1 || f.AccountNames[0] != "taro@example.jp" {
		t.Errorf("suspects %v", f.AccountNames)
	}
	wants(t, told, "2030-12-31 10:00:00", "after the clock of this machine", "この機械の時計より先")
}
