package queue_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hikeshi/actions/queue"
	"hikeshi/runbook"
	"hikeshi/spool/aside/trial"
)

// Where another server may use the spool, nothing is set aside until the responder has answered for it.
func TestQuarantineOfAShared(t *testing.T) {
	s := filled(t)
	shared, fails := true, error(nil)
	env := queue.Env{Server: s, Shared: func() (runbook.Text, bool, error) {
		return runbook.T("Clustering is 1", "Clustering が 1"), shared, fails
	}}
	quarantine := func(with string) (runbook.Outcome, error) {
		return kindOf(t, env, "queue.quarantine").Plan(context.Background(), runbook.Input{Incident: incident, Step: "step", With: json.RawMessage(with), Rec: quiet{}})
	}
	before := s.Exact(t)
	for _, with := range []string{`{}`, `{"nodes":""}`, `{"nodes":"perhaps"}`} {
		out, err := quarantine(with)
		if !errors.Is(err, runbook.ErrInput) || len(out.Changes) > 0 {
			t.Errorf("%s: %v", with, err)
		}
	}
	fails = errors.New("no number")
	if _, err := quarantine(`{}`); !errors.Is(err, runbook.ErrUndetermined) || !strings.Contains(err.Error(), "--nodes stopped") {
		t.Errorf("undetermined: %v", err)
	}
	for _, with := range []string{`{"nodes":"stopped"}`, `{"nodes":"single"}`} {
		out, err := quarantine(with)
		if err != nil || len(out.Changes) != 1 || !strings.Contains(out.Findings[0].Text.EN, "the responder says") {
			t.Errorf("%s: %+v (%v)", with, out, err)
		}
	}
	fails, shared = nil, false
	out, err := quarantine(`{}`)
	if err != nil || len(out.Changes) != 1 {
		t.Errorf("alone: %+v (%v)", out, err)
	}
	if d := cmp.Diff(before, s.Exact(t)); d != "" {
		t.Errorf("planning changed something:\n%s", d)
	}
	nodes, err := kindOf(t, env, "queue.nodes").Plan(context.Background(), runbook.Input{Incident: incident, Step: "step", Rec: quiet{}})
	if b, _ := json.Marshal(nodes.Facts); err != nil || string(b) != `{"shared":false,"why":""}` {
		t.Errorf("%s (%v)", b, err)
	}
	found, err := queue.FindMail(context.Background(), env, "B0000000001", "")
	if err != nil || len(found) != 0 || found == nil {
		t.Errorf("found in nothing: %+v (%v)", found, err)
	}
	trial.Must(t, kindOf(t, env, "queue.quarantine").(runbook.Changer).Apply(context.Background(), out.Changes[0], quiet{}))
	if found, err = queue.FindMail(context.Background(), env, "B0000000001", ""); err != nil || len(found) != 1 || found[0].Sender != "taro@example.jp" {
		t.Errorf("found: %+v (%v)", found, err)
	}
}
