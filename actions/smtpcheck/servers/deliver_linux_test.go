package servers

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"hikeshi/actions/smtpcheck/relaytest"
)

// TestDelivered: real messages show which of the servers that take something relay it. They arrive at the outside host, over its own network.
func TestDelivered(t *testing.T) {
	needServers(t)
	for name, want := range map[string]string{"postfix-permit": "open", "exim-relay-nets": "open", "postfix-routing": "suspect"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			i := slices.IndexFunc(all(), func(s server) bool { return s.name == name })
			window := time.Minute // which ends when all have arrived
			if want == "suspect" {
				window = 5 * time.Second
			}
			rep := relayTest(t, start(t, all()[i]), relaytest.Request{Deliver: true, Window: window})
			f := rep.Facts()
			if f.State != want || want == "suspect" && (f.Proven > 0 || f.Weak == 0 || f.Strong > 0) {
				t.Errorf("%s, want %s; %d proven, %d strong, %d weak\n%s", f.State, want, f.Proven, f.Strong, f.Weak, rep.Log)
			}
			proven := map[string]bool{}
			for _, x := range f.Tests {
				proven[x.ID] = x.Verdict == "open-relay-proven"
			}
			for _, id := range []string{"R01", "R02", "R03", "R05", "R06", "R08"} {
				if proven[id] != (want == "open") {
					t.Errorf("%s: proven %v", id, proven[id])
				}
			}
			for _, a := range rep.Arrived {
				if !strings.Contains(a.Raw, "["+clientIP+"]") {
					t.Errorf("a message that has another way: %s", a.Raw)
				}
			}
			t.Logf("%s: %d of %d hits proven", name, f.Proven, f.Strong+f.Weak)
		})
	}
}

// consentFile allows real messages through the server to the probe mailbox.
func consentFile(t *testing.T) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "targets.yaml")
	text := fmt.Sprintf("format: 1\ntargets:\n  - {address: %q, ports: [25], by: test, until: \"2999-12-31\", deliver: true, probe: relaytest@probe.example}\n", serverIP)
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}
