package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hikeshi/actions/service"
	"hikeshi/runbook"
	"hikeshi/runbook/engine"
	"hikeshi/spool/lab"
)

// TestMustAskForOtherNodes: where the settings say that other servers use the spool, nothing is set aside and nothing is started before
// somebody has said that they are down.
func TestMustAskForOtherNodes(t *testing.T) {
	if !alone(t) {
		return
	}
	shared := func(p *playground) { p.put("reg/epost/ims/Clustering.1", "1\n"); p.age() }
	t.Run("quarantine", func(t *testing.T) {
		t.Parallel()
		p := newPlayground(t)
		shared(p)
		before := p.tree()
		p.here("spool", "quarantine", "--yes", "--lang", "en").exits(t, exitUsage, "another server may use this spool", "Clustering", "--nodes stopped")
		p.here("spool", "quarantine", "--yes", "--lang", "ja").exits(t, exitUsage, "Clustering")
		same(t, "after the refusal", before, p.tree())
		p.here("spool", "quarantine", "--yes", "--nodes", "stopped").exits(t, exitOK)
		if left, err := os.ReadDir(filepath.Join(p.spool(), "incoming")); err != nil || len(left) > 0 {
			t.Errorf("left in the queue: %v, %v", left, err)
		}
	})
	t.Run("mail-abuse", func(t *testing.T) {
		t.Parallel()
		p := newPlayground(t, "epstrd", "epstdd")
		shared(p)
		p.abuse("--set", "cause=a", "--set", "accounts=taro").exits(t, exitStopped, "are the other nodes stopped?")
		p.untouched(t)
		p.here("resume", p.id, "--yes", "--accept-risk", "disruptive").exits(t, exitStopped)
		p.untouched(t)
	})
}

// untouched wants the queue where it was, and no service.
func (p *playground) untouched(t *testing.T) {
	t.Helper()
	if _, err := os.Stat(filepath.Join(p.spool(), "incoming/B0000000001.MSG")); err != nil {
		t.Error(err)
	}
	if aside, err := filepath.Glob(filepath.Join(p.spool(), "*.q-*")); err != nil || len(aside) > 0 {
		t.Errorf("set aside: %q, %v", aside, err)
	}
	if now := p.runningNow(); len(now) > 0 {
		t.Errorf("these run: %q", now)
	}
}

// secondHand is the responder of a lab with two nodes, who stops the other one when asked for it, if at all.
type secondHand struct {
	labHand
	stop  func() error // nil: leaves the question open
	asked *int
}

func (h secondHand) Decide(ctx context.Context, v engine.View) (runbook.Decision, error) {
	if v.Ask != engine.AskManual || v.Step.ID != "nodes_down" {
		return h.labHand.Decide(ctx, v)
	}
	*h.asked++
	if h.stop == nil {
		return runbook.Decision{Answer: runbook.Open, Via: "test"}, nil
	}
	return runbook.Decision{Answer: runbook.ByHand, Choice: "stopped", Via: "test"}, h.stop()
}

// TestMustWaitForTheSecondNode: with a second service manager on the spool of the lab, the queue stays as it is until the other delivery
// is stopped; then the same incident goes on to a good end.
func TestMustWaitForTheSecondNode(t *testing.T) {
	s, _ := lab.Find("stolen-password")
	s.Cluster, s.Spam = true, 1500
	dir := t.TempDir()
	var out, errs bytes.Buffer
	a := &app{stdin: strings.NewReader(""), stdout: &out, stderr: &errs, now: time.Now, getenv: func(name string) string { return map[string]string{"HIKESHI_STATE": dir, "LANG": "C.UTF-8"}[name] }}
	a.flags.quiet = true
	r := &rehearsal{app: a, dir: dir, runbook: "mail-abuse", scenario: s}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	fine(t, r.prepare(ctx))
	defer r.end()
	fine(t, r.stage.boot(ctx))
	other := r.lab.SecondNode()
	fine(t, other.Boot(ctx))
	defer other.Close()
	traffic, err := r.lab.Traffic(ctx)
	fine(t, err)
	defer traffic.Stop()
	fine(t, r.lab.Await(ctx, pile))
	found, err := r.stage.look(ctx)
	fine(t, err)

	asked := 0
	hand := secondHand{labHand: a.labOperator(r.server()).(labHand), asked: &asked}
	if err := r.goes(ctx, hand); codeOf(err) != exitStopped {
		t.Errorf("with the other node at work: %v\n%s", err, &errs)
	}
	aside, err := filepath.Glob(filepath.Join(r.server(), "var/spool/epms/*.q-*"))
	fine(t, err)
	now, err := r.stage.look(ctx)
	fine(t, err)
	if len(aside) > 0 || now[0].Active == "active" || now[1].Active == "active" || asked != 1 {
		t.Errorf("set aside %q, services %+v, asked %d times", aside, now, asked)
	}
	hand.stop = func() error { return other.Stop(ctx, []string{lab.DeliveryUnit}) }
	if err := r.goes(ctx, hand); err != nil {
		t.Fatalf("with the other node stopped: %v\n%s", err, &errs)
	}
	sleep(ctx, after)
	fine(t, traffic.Stop())
	o, err := r.judge(ctx, found, nil)
	fine(t, err)
	for _, j := range o.judgement {
		// Nobody cut the power; and between the stop here and that of the other node spam left through there.
		if !j.OK && !strings.Contains(j.Name, "boot") && j.Name != "spam leaving after containment" {
			t.Errorf("%s: %s, want %s %q", j.Name, j.Value, j.Want, j.Items)
		}
	}
	if len(o.judgement) < 10 {
		t.Errorf("%d judgements", len(o.judgement))
	}
}

// goes opens the incident of a rehearsal in this process, or goes on with it.
func (r *rehearsal) goes(ctx context.Context, op engine.Operator) error {
	m := r.lab.Machine
	w, err := r.labWorld(r.server(), service.Env{Manager: m, Processes: m, UnitDir: r.lab.UnitDir()}, r.dir)
	if err != nil {
		return err
	}
	return r.labEngine(ctx, w, r.runbook, labInputs(r.scenario, r.server()), op)
}
