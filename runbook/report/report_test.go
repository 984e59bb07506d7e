package report

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/mattn/go-runewidth"
	"pgregory.net/rapid"

	"hikeshi/runbook"
	"hikeshi/runbook/report/page"
)

func render(t interface {
	Helper()
	Fatal(...any)
}, n *night, form, lang string, loc *time.Location) string {
	t.Helper()
	r, err := Build(n.records)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	switch form {
	case "text":
		err = r.Text(&b, lang, loc)
	case "md":
		err = r.Markdown(&b, lang, loc)
	case "json":
		err = r.JSON(&b, lang)
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// flat takes out line ends and margins, so that a fact can be looked for wherever lines are broken.
func flat(text string) string { return strings.Join(strings.Fields(text), " ") }

func has(t *testing.T, text string, facts ...string) {
	t.Helper()
	for _, f := range facts {
		if !strings.Contains(flat(text), f) {
			t.Errorf("does not say %q", f)
		}
	}
	if t.Failed() {
		t.Log(text)
	}
}

func hasNot(t *testing.T, text string, facts ...string) {
	t.Helper()
	for _, f := range facts {
		if strings.Contains(flat(text), f) {
			t.Errorf("says %q", f)
		}
	}
}

func TestEnglish(t *testing.T) {
	has(t, render(t, sample(), "text", "en", tokyo),
		"Incident report 20261121-0312: relay abuse", "opened 2026-11-21 03:12 JST (2026-11-20 18:12Z)", "after 38 min",
		"mail1.example.jp [epms]", "responder taro (root)", "responder hanako (root)", "complaint of the provider",
		"4 done, 1 by hand, 0 left open, 1 skipped, 1 failed, 0 undone, 1 not finished or not reached",
		"5 made, 5 of them in force", "mail stopped 03:19 JST (18:19Z) to 03:47 JST (18:47Z), 28 min",
		"03:14:00 JST (18:14:00Z) found [bad] incoming holds 48210 messages",
		"03:19:00 JST (18:19:00Z) changed: stop epstdd.service, epstrd.service",
		"[x] 5 tell the provider: done by hand: by telephone (taro (root), 03:40 JST (18:40Z))",
		"[-] 6 write down the cause: skipped: known already", "[ ] 8 check from outside: not reached",
		"Still open ---------- [ ] 4 deny the sources: failed: the file is read-only [ ] 8 check from outside",
		"bad incoming holds 48210 messages (see /var/spool/epms/incoming)",
		"do it, asked at the terminal; by taro (root), 03:17 JST (18:17Z)",
		"aside.1 rename /var/spool/epms/incoming (incoming -> incoming.20261121-0312): made",
		"hikeshi undo 20261121-0312 stop", "hikeshi undo 20261121-0312 aside", "--accept-risk reopening",
		"48,210 messages, 96,420 files, strategy rename", "hikeshi spool list",
		"evidence/stop-temp: not kept: no space left on device", "2 records could not be written to disk at once",
		"evidence/stop-units.txt, 120 bytes SHA-256 abab", "head 0000000000000000000000000000000000000000000000000000000000000026",
		"hikeshi verify 20261121-0312 --head HEAD", "(hanako (root))", "stopped at step deny")
}

func TestJapanese(t *testing.T) {
	text := render(t, sample(), "text", "ja", tokyo)
	has(t, text,
		"障害報告書 事案 20261121-0312: メールサーバーの踏み台利用", "所要 38 分", "対応者 taro (root)", "状態 途中で停止",
		"メール停止 03:19 JST (18:19Z) から 03:47 JST (18:47Z) まで(28 分)", "実施 5 件、うち現在有効 5 件",
		"判明 [異常] incoming に 48210 通が滞留", "[x] 5 回線事業者への連絡: 手作業で実施", "[-] 6 原因の記録: 見送り: known already",
		"[ ] 8 外部からの確認: 未着手", "残作業", "封じ込め: 2 配送と受信の停止 [stop]", "実施(端末で確認)。判断者 taro (root)、03:17 JST (18:17Z)",
		"変更箇所と取り消し方法", "hikeshi undo 20261121-0312 deny", "48210 通、96420 ファイル", "記録できなかった事項", "2026-11-21(土)")
	hasNot(t, text, "found", "made", "decision", "Summary", "skipped", "evidence,")
}

func TestMarkdown(t *testing.T) {
	text := render(t, sample(), "md", "ja", tokyo)
	has(t, text, "# 障害報告書", "## 経過", "- [x] 1 滞留の確認: 完了", "- [ ] 8 外部からの確認", `- \[-\] 6 原因の記録`, "- `hikeshi undo 20261121-0312 aside`",
		`back\</b>`, `\\u001b\[2J\\u202e http\://example.net`, "\\`rm\\`")
	hasNot(t, text, " <b", "]( ", " http://")
}

func TestUTC(t *testing.T) {
	has(t, render(t, sample(), "text", "en", time.UTC), "opened 2026-11-20 18:12 UTC", "18:14:00 UTC found", "Fri 2026-11-20")
}

// A night that passes midnight says the date where it is another.
func TestOverMidnight(t *testing.T) {
	n := sample()
	n.at = n.at.Add(26 * time.Hour)
	n.add(runbook.Record{Event: runbook.Began, Text: "resume"})
	n.add(runbook.Record{Event: runbook.Closed, Text: string(runbook.IncidentDone)})
	text := render(t, n, "text", "en", tokyo)
	has(t, text, "ended 2026-11-22 05:52 JST (2026-11-21 20:52Z) after 26 h 40 min", "Sun 2026-11-22 05:51:00 JST", "resume begins", "state done")
	hasNot(t, text, "state done: stopped at step deny")
}

func TestInterrupted(t *testing.T) {
	n := opened()
	n.step("stop", runbook.StepPlan{State: runbook.Ready, Changes: []runbook.Change{change("stop.1", "service.stop", "stop", "epstdd.service", runbook.Reversible)}},
		&runbook.Decision{Answer: runbook.Do, Via: "--yes"})
	n.add(runbook.Record{Event: runbook.Intent, Step: "stop", Change: "stop.1"})
	n.add(runbook.Record{Event: runbook.Torn, Text: "12 bytes of an unfinished line", Evidence: &runbook.EvidenceRef{Name: "journal.torn-1", Size: 12, SHA256: "ab"}})
	text := render(t, n, "text", "en", tokyo)
	has(t, text, "state open", "begun, no result is recorded: stop epstdd.service", "change stop.1 (stop epstdd.service) was begun, and how far it got is not known",
		"hikeshi resume 20261121-0312", "do it, by --yes", "[ ] 2 stop delivery and receipt: not finished", "how far is not known", "a crash left unfinished: 12 bytes")
	hasNot(t, text, "mail stopped", "ended")
}

func TestUndone(t *testing.T) {
	n := sample()
	n.add(runbook.Record{Event: runbook.Began, Text: "undo"})
	for _, c := range [][2]string{{"start", "start.1"}, {"deny", "deny.1"}} {
		n.add(runbook.Record{Event: runbook.UndoIntent, Step: c[0], Change: c[1]})
		n.add(runbook.Record{Event: runbook.Undone, Step: c[0], Change: c[1], State: runbook.None})
	}
	n.add(runbook.Record{Event: runbook.UndoIntent, Step: "stop", Change: "stop.2"})
	n.add(runbook.Record{Event: runbook.Undone, Step: "stop", Change: "stop.2", Error: "the unit is gone"})
	n.add(runbook.Record{Event: runbook.Closed, Text: string(runbook.IncidentStopped)})
	text := render(t, n, "text", "en", tokyo)
	has(t, text, "5 made, 3 of them in force", "deny 203.0.113.0/24: undone, 03:55 JST (18:55Z)", "undone: deny 203.0.113.0/24",
		"not undone: bar epstdd.service, epstrd.service: the unit is gone", "could not be undone: the unit is gone", "7 start again: undone",
		"mail stopped since 03:53 JST (18:53Z), not started again by this incident", "hikeshi undo 20261121-0312 stop")
	hasNot(t, text, "hikeshi undo 20261121-0312 deny", "hikeshi undo 20261121-0312 start")
}

func TestIrreversible(t *testing.T) {
	n := opened()
	purge := change("aside.1", "queue.purge", "purge", "20261101-0200", runbook.Irreversible)
	purge.Risk = runbook.Irreversible
	n.step("aside", runbook.StepPlan{State: runbook.Ready, Changes: []runbook.Change{purge}, Facts: json.RawMessage(`{"messages":7}`)}, &runbook.Decision{Answer: runbook.Do, Via: "prompt"})
	n.made("aside", "aside.1", runbook.Done, "")
	text := render(t, n, "text", "en", tokyo)
	has(t, text, "1 of these changes cannot be undone", "set the queue aside [aside]: 7 messages")
	hasNot(t, text, "hikeshi undo", "still set aside")
}

func TestUndetermined(t *testing.T) {
	n := opened()
	n.step("look", runbook.StepPlan{State: runbook.Undetermined, Why: "permission denied"}, nil)
	n.add(runbook.Record{Event: runbook.Ended, Step: "look", Result: runbook.ResultOpen, Text: "permission denied"})
	has(t, render(t, n, "text", "en", tokyo), "look at the backlog: cannot be determined: permission denied", "[ ] 1 look at the backlog: left open: permission denied")
	has(t, render(t, n, "text", "ja", tokyo), "滞留の確認: 判定できず: permission denied")
}

func TestNothingHappened(t *testing.T) {
	n := opened()
	has(t, render(t, n, "text", "en", tokyo), "0 made, 0 of them in force", "Still open ---------- [ ] 1 look", "Mail set aside -------------- none", "Not recorded ------------ none")
	if _, err := Build(nil); err == nil {
		t.Error("built of nothing")
	}
	if _, err := Build(n.records[1:]); err == nil {
		t.Error("built without an opening")
	}
}

func TestJSON(t *testing.T) {
	text := render(t, sample(), "json", "ja", nil)
	if !strings.HasPrefix(flat(text), `{ "hikeshi": 1, "kind": "incident", "id": "20261121-0312", "runbook": "mail-abuse", "state": "stopped", "opened": "2026-11-20T18:12:00Z", "closed": "2026-11-20T18:50:00Z", "head": "`) {
		t.Errorf("begins %.300s", flat(text))
	}
	var d Incident
	if err := json.Unmarshal([]byte(text), &d); err != nil {
		t.Fatal(err)
	}
	look, stop, deny, last := d.Steps[0], d.Steps[1], d.Steps[3], d.Steps[7]
	if look.Title != "滞留の確認" || look.State != runbook.NothingToDo || look.Findings[0].Text != "incoming に 48210 通が滞留" || string(look.Facts) != "null" {
		t.Errorf("look: %+v", look)
	}
	if stop.Result != runbook.ResultDone || stop.Started == nil || stop.Ended == nil || len(stop.Changes) != 2 || !stop.Changes[0].InForce || stop.DecidedBy.Sudo != "taro" {
		t.Errorf("stop: %+v", stop)
	}
	if deny.Result != runbook.ResultFailed || deny.Error != "the file is read-only" || deny.Changes[1].InForce || deny.Changes[1].Error == "" {
		t.Errorf("deny: %+v", deny)
	}
	if last.State != "" || last.Result != runbook.ResultPending || last.Started != nil || !last.Manual || last.Changes == nil {
		t.Errorf("check: %+v", last)
	}
	if len(d.Notes) != 1 || !strings.Contains(d.Notes[0].Text, "\x1b[2J") || d.Notes[0].By != "hanako (root)" || d.Error != "stopped at step deny" || len(d.Missing) != 2 {
		t.Errorf("notes %+v, error %q, missing %q", d.Notes, d.Error, d.Missing)
	}
}

// Whatever stands in the records, nothing steers the reader's terminal, no line is wider than the console, and Markdown stays text.
func TestHostileRecords(t *testing.T) {
	odd := rapid.OneOf(rapid.String(), rapid.StringOf(rapid.RuneFrom([]rune("\x00\x1b\u009b\u202e\u2066\n\r\t\\`*_[]()<>#|~:/.@&!$-+=0 日、あ\u0301\u200d漢"))),
		rapid.SampledFrom([]string{strings.Repeat("x", 300), strings.Repeat("日本", 100), "http://example.net", "www.example.net", "<script>", "\xff\xfe", "- [x] a", "1. b", "# c"}))
	rapid.Check(t, func(t *rapid.T) {
		s := odd.Draw(t, "text")
		n := opened()
		n.actor.Sudo, n.actor.Host = s, s
		o := *n.records[0].Opening
		o.Title, o.Reason, o.Server, o.Host, o.Root, o.Runbook = runbook.T(s, s), s, s, s, s, s
		n.records[0].Opening = &o
		c := change("look.1", "queue.quarantine", s, s, runbook.Reopening)
		c.Before, c.After = s, s
		n.step("look", runbook.StepPlan{State: runbook.Ready, Why: s, Changes: []runbook.Change{c}, Facts: json.RawMessage(`{"strategy":"x"}`),
			Findings: []runbook.Finding{{Level: runbook.Level(s), Text: runbook.T(s, ""), Evidence: s}}, Gate: []runbook.GateRow{{Title: runbook.T(s, ""), Why: s}}},
			&runbook.Decision{Answer: runbook.Answer(s), Via: s, Note: s, Choice: s, File: s})
		n.made("look", "look.1", runbook.State(s), s)
		n.add(runbook.Record{Event: runbook.Ended, Step: "look", Result: runbook.Result(s), Text: s, Error: s, Facts: json.RawMessage(`{"messages":"x"}`)})
		n.add(runbook.Record{Event: runbook.Noted, Text: s, Error: s})
		n.add(runbook.Record{Event: runbook.Evidenced, Step: "look", Evidence: &runbook.EvidenceRef{Name: s, SHA256: s, Cut: true}, Error: s})
		n.add(runbook.Record{Event: runbook.Closed, Text: s, Error: s})
		for _, lang := range []string{"en", "ja"} {
			checkHarmless(t, render(t, n, "text", lang, tokyo), true)
			checkHarmless(t, render(t, n, "md", lang, tokyo), false)
			text := render(t, n, "json", lang, tokyo)
			checkHarmless(t, text, false)
			var d Incident
			if err := json.Unmarshal([]byte(text), &d); err != nil || d.Reason != strings.ToValidUTF8(s, "\ufffd") && !strings.Contains(s, "\xff") {
				t.Fatalf("reason %q read back as %q: %v", s, d.Reason, err)
			}
		}
	})
}

func checkHarmless(t *rapid.T, text string, narrow bool) {
	c := runewidth.Condition{EastAsianWidth: true}
	for _, line := range strings.Split(text, "\n") {
		if i := strings.IndexFunc(line, page.Steers); i >= 0 {
			t.Fatalf("%q steers the terminal", line)
		}
		if narrow && c.StringWidth(line) > 80 && !strings.Contains(line, "hikeshi ") {
			t.Fatalf("%d columns: %q", c.StringWidth(line), line)
		}
	}
}

// The program's own words hold no characters of ambiguous width and nothing that a serial console cannot show.
func TestOwnWordsAreNarrowOrWide(t *testing.T) {
	for _, lang := range []string{"en", "ja"} {
		for _, form := range []string{"text", "md"} {
			for _, r := range render(t, sample(), form, lang, tokyo) {
				if runewidth.IsAmbiguousWidth(r) || r != '\n' && !unicode.IsPrint(r) {
					t.Errorf("%s %s: %q", form, lang, r)
				}
			}
		}
	}
}

// TestHeadlines: what the runbook names for it stands in the summary: what needs attention, with where it was seen.
func TestHeadlines(t *testing.T) {
	n := sample()
	n.records[0].Opening.Steps[0].Headline = true
	summary, _, _ := strings.Cut(render(t, n, "text", "en", tokyo), "18:12:00")
	summary, _, _ = strings.Cut(summary, "Timeline")
	has(t, summary, "look at the backlog step 1", "bad incoming holds 48210 messages (see /var/spool/epms/incoming)")
	hasNot(t, summary, "lists is empty")
	plain, _, _ := strings.Cut(render(t, sample(), "text", "en", tokyo), "Timeline")
	hasNot(t, plain, "incoming holds")

	quiet := opened()
	quiet.records[0].Opening.Steps[0].Headline = true
	quiet.step("look", runbook.StepPlan{State: runbook.NothingToDo, Findings: []runbook.Finding{{Level: runbook.Info, Text: runbook.T("584 messages", "584 通")}, {Level: runbook.Info, Text: runbook.T("read in 2 s", "2 秒")}}}, nil)
	summary, _, _ = strings.Cut(render(t, quiet, "text", "en", tokyo), "Timeline")
	has(t, summary, "584 messages")
	hasNot(t, summary, "read in 2 s")
}
