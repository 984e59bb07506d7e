package logs

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hikeshi/spool"
)

// TestCrowdsecCases compares the address, the name, the time and whether it failed with the cases of crowdsecurity/hub.
func TestCrowdsecCases(t *testing.T) {
	for _, name := range []string{"postfix", "dovecot"} {
		s := score{source: "crowdsec-" + name}
		for lines := corpus(t, "crowdsec-hub/"+name+"-logs.jsonl"); lines.Scan(); {
			var c struct {
				Line   string
				Expect struct{ Fields, Meta map[string]string }
			}
			if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
				t.Fatal(err)
			}
			e, r := read(c.Line)
			s.take(t, fmt.Sprintf("%s/%d", s.source, s.n+1), crowdsec(c.Expect.Fields, c.Expect.Meta, e, r))
		}
		s.judge(t, 3)
	}
}

func crowdsec(fields, meta map[string]string, e spool.Event, r spool.Reading) (wrong []string) {
	if r == spool.LineUnknown || e.Client.String() != meta["source_ip"] {
		wrong = append(wrong, fmt.Sprintf("%v, client %s", r, e.Client))
	}
	if user := fields["dovecot_user"]; user != string(e.Login) {
		wrong = append(wrong, fmt.Sprintf("login %q", e.Login))
	}
	failed := meta["dovecot_login_result"] == "auth_failed" || meta["log_type_enh"] == "spam-attempt"
	if failed != (e.Kind == spool.EventLoginFail) || (meta["action"] == "reject") != (e.Kind == spool.EventReject) {
		wrong = append(wrong, "kind "+e.Kind.String())
	}
	if reason := fields["message_failure"] + fields["reason"]; !strings.Contains(string(e.Reply), strings.TrimSpace(reason)) {
		wrong = append(wrong, fmt.Sprintf("reply %q", e.Reply))
	}
	if at, err := time.Parse(time.RFC3339Nano, meta["timestamp"]); err == nil && at.Unix() != e.Wall {
		wrong = append(wrong, fmt.Sprintf("time %d", e.Wall))
	}
	if strings.Contains(fields["message"], "given password") != e.Secret {
		wrong = append(wrong, "a password would be shown")
	}
	return wrong
}

// TestCrowdsecBursts: of each burst the addresses that are to be blamed are those of failed logins or refusals, as many as events are expected of
// each, but for those that testdata/differs.txt names; and every line is understood.
func TestCrowdsecBursts(t *testing.T) {
	corpus(t, "crowdsec-hub/postfix-logs.jsonl") // skips where there is none
	tests, err := filepath.Glob("../../../../shared/corpora/logs/crowdsec-hub/*/expected.json")
	if err != nil || len(tests) != 8 {
		t.Fatalf("%v, %d bursts", err, len(tests))
	}
	for _, path := range tests {
		raw, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var want struct {
			Alerts []struct {
				Scenario  string
				Sources   []string
				EventMeta []struct {
					IP string `json:"source_ip"`
				} `json:"event_meta"`
			}
		}
		if err := json.Unmarshal(raw, &want); err != nil {
			t.Fatal(err)
		}
		blamed, name := burst(t, filepath.Dir(path)), filepath.Base(filepath.Dir(path))
		var wrong []string
		for _, a := range want.Alerts {
			for _, source := range a.Sources {
				n := 0
				for _, e := range a.EventMeta {
					if e.IP == source {
						n++
					}
				}
				if blamed[source] < max(n, 1) {
					wrong = append(wrong, fmt.Sprintf("%s: %d events of %s, want %d", a.Scenario, blamed[source], source, n))
				}
			}
		}
		if why, known := golden(t)["bursts/"+name]; known != (len(wrong) > 0) {
			t.Errorf("%s: %q, and testdata/differs.txt says %q", name, wrong, why)
		}
	}
}

// burst counts the failed logins and refusals of each address in the one log of a folder.
func burst(t *testing.T, dir string) map[string]int {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "*.log"))
	if err != nil || len(names) != 1 {
		t.Fatalf("%s: %v, %d logs", dir, err, len(names))
	}
	text, err := os.ReadFile(names[0])
	if err != nil {
		t.Fatal(err)
	}
	blamed, p := map[string]int{}, NewParser(time.UTC, modified)
	for n, line := range bytes.Split(bytes.TrimSpace(text), []byte{'\n'}) {
		var e spool.Event
		switch p.Parse(line, &e) {
		case spool.LineUnknown:
			t.Errorf("%s:%d is not understood", filepath.Base(names[0]), n+1)
		case spool.LineSaid:
			if e.Kind == spool.EventLoginFail || e.Kind == spool.EventReject {
				blamed[e.Client.String()]++
			}
		}
	}
	return blamed
}
