package report

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/mattn/go-runewidth"

	"hikeshi/runbook"
)

// The next responder is told where it stands, since when mail is down, what comes next, what is open and what is due.
func TestHandover(t *testing.T) {
	r, err := Build(sample().records)
	if err != nil {
		t.Fatal(err)
	}
	for lang, facts := range map[string][]string{
		"en": {"stopped at step deny", "hikeshi resume 20261121-0312", "4/8 deny the sources: failed", "tell the provider (done by hand, taro (root)): by telephone", "write down the cause (skipped, taro (root)): known already", "1 denial is due", "provider called", "check from outside: not reached"},
		"ja": {"途中で停止", "次にすること", "発信元の拒否: 失敗", "期限のあるもの", "引き継ぎ 事案 20261121-0312"},
	} {
		for _, markdown := range []bool{false, true} {
			var b bytes.Buffer
			if err := r.Handover(&b, markdown, Form{lang, tokyo}, []string{"1 denial is due"}); err != nil {
				t.Fatal(err)
			}
			if !markdown {
				has(t, b.String(), facts...)
				for _, line := range strings.Split(b.String(), "\n") {
					if n := runewidth.StringWidth(line); n > 80 && strings.Contains(strings.TrimSpace(line), " ") {
						t.Errorf("%d columns: %s", n, line)
					}
				}
			}
			if strings.ContainsFunc(b.String(), func(c rune) bool { return unicode.IsControl(c) && c != '\n' }) || strings.Contains(b.String(), "\u202e") {
				t.Errorf("control characters:\n%q", b.String())
			}
		}
	}
}

// What was decided by the inputs of the run is a decision too, and nobody was asked for it.
func TestHandoverTellsInputs(t *testing.T) {
	n := opened()
	n.records[0].Opening.Inputs = map[string]string{"cause": "a", "accounts": "[taro@example.jp]", "sources": "[]", "nodes": "", "reviewed": strings.Repeat("x", 500) + "\x1b[2J"}
	known := runbook.StepPlan{State: runbook.NothingToDo, Facts: []byte(`{"answer":"a","by_hand":false}`)}
	n.step("cause", known, nil)
	n.add(runbook.Record{Event: runbook.Ended, Step: "cause", Result: runbook.ResultDone, Facts: known.Facts})
	r, err := Build(n.records)
	if err != nil {
		t.Fatal(err)
	}
	for lang, facts := range map[string][]string{
		"en": {"inputs at the start: accounts=[taro@example.jp] cause=a reviewed=xxx", "write down the cause (nobody was asked): a"},
		"ja": {"開始時の入力項目: accounts=[taro@example.jp] cause=a reviewed=xxx", "原因の記録 (確認者なし): a"},
	} {
		var b bytes.Buffer
		if err := r.Handover(&b, false, Form{lang, tokyo}, nil); err != nil {
			t.Fatal(err)
		}
		text := strings.Join(strings.Fields(b.String()), " ")
		has(t, text, facts...)
		if strings.Contains(text, "sources=") || strings.Contains(text, "nodes=") || strings.Contains(text, strings.Repeat("x", 201)) || strings.Contains(text, "\x1b") {
			t.Errorf("empty, too long or unsafe:\n%s", text)
		}
	}
}

// Why a run has ended is told in the language of the report where there are words for it.
func TestWhyClosed(t *testing.T) {
	n := opened()
	n.step("check", runbook.StepPlan{State: runbook.Undetermined, Why: "step tell was not answered", WhyJA: "手順 tell に答えていない"}, nil)
	for recorded, want := range map[string]string{
		"stopped at step check: interrupted":                                           "手順 check で中断",
		"stopped at step check: the gate does not open: step tell was not answered":    "手順 check の関門が開かない: 手順 tell に答えていない",
		"stopped at step check: the gate does not open: not so: nobody else stands by": "手順 check の関門が開かない",
		"stopped at step check: no space left on device":                               "stopped at step check: no space left on device",
		"": "",
	} {
		r, err := Build(append(slices.Clone(n.records), runbook.Record{Seq: len(n.records), Event: runbook.Closed, Time: n.at, Text: string(runbook.IncidentStopped), Error: recorded}))
		if err != nil {
			t.Fatal(err)
		}
		if r.WhyClosed("ja") != want || r.WhyClosed("en") != recorded {
			t.Errorf("%q: %q, %q", recorded, r.WhyClosed("ja"), r.WhyClosed("en"))
		}
	}
}
