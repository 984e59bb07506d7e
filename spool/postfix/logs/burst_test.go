package logs

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"hikeshi/spool"
)

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
