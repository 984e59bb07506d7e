package delist

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"hikeshi/actions/delist/casefile"
	"hikeshi/runbook"
)

var moment = time.Date(2026, 11, 21, 19, 45, 0, 0, time.UTC)

// drafts is a recorder that keeps letters, and remembers them as a record does.
type drafts struct {
	*testing.T
	h     *runbook.History
	names []string
	full  bool
}

func (d *drafts) Evidence(string, io.Reader) error { return nil }
func (d *drafts) Backup(string, io.Reader) error   { return nil }
func (d *drafts) Progress(int64, int64)            {}
func (d *drafts) Draft(l runbook.Letter, name string, text []byte) error {
	if d.full {
		return errors.New("no room")
	}
	d.names = append(d.names, name)
	d.h.Records = append(d.h.Records, runbook.Record{Seq: len(d.h.Records), Time: moment, Event: runbook.Drafted, Letter: &l, Evidence: &runbook.EvidenceRef{Name: name, SHA256: sum(text)}})
	h, err := runbook.Fold(d.h.Records)
	if err != nil {
		d.Fatal(err)
	}
	*d.h = *h
	return nil
}

// stopped is the record of an incident in which the services were stopped a minute ago, and nothing else is known.
func stopped(t *testing.T) *runbook.History {
	t.Helper()
	h, err := runbook.Fold([]runbook.Record{
		{Time: moment.Add(-2 * time.Minute), Event: runbook.Opened, Opening: &runbook.Opening{Incident: "20261121-1943", Host: "mail1.example.jp", Steps: []runbook.StepHead{{ID: "stop", Uses: "service.stop"}}}},
		{Seq: 1, Time: moment.Add(-time.Minute), Event: runbook.Planned, Step: "stop", Plan: &runbook.StepPlan{Changes: []runbook.Change{{ID: "stop.1", Kind: "service.stop", Op: "stop"}}}},
		{Seq: 2, Time: moment.Add(-time.Minute), Event: runbook.Intent, Step: "stop", Change: "stop.1"},
		{Seq: 3, Time: moment.Add(-time.Minute), Event: runbook.Applied, Step: "stop", Change: "stop.1", State: runbook.Done},
	})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func kind(t *testing.T, h *runbook.History) runbook.Action {
	t.Helper()
	e := Env{Words: os.DirFS("../../templates/letters"), Writer: casefile.Writer{Addresses: []string{"192.0.2.25"}}, Lang: "ja", Zone: time.FixedZone("JST", 9*60*60), Clock: func() time.Time { return moment },
		History: func(incident string) (*runbook.History, error) {
			if incident != h.Opening.Incident {
				return nil, fmt.Errorf("incident %s: %w", incident, fs.ErrNotExist)
			}
			return h, nil
		}}
	return Kinds(e)[slices.IndexFunc(Kinds(e), func(k runbook.Kind) bool { return k.Name == "notice.draft" })].Action
}

func plan(t *testing.T, a runbook.Action, rec runbook.Recorder, incident, with string) (runbook.Outcome, error) {
	t.Helper()
	return a.Plan(t.Context(), runbook.Input{Incident: incident, Step: "words", Rec: rec, With: json.RawMessage(with)})
}

// TestFirstNoticeAtOnce: seconds after the stop, each audience has its letter and its words; the same again is no new draft.
func TestFirstNoticeAtOnce(t *testing.T) {
	h := stopped(t)
	rec := &drafts{T: t, h: h}
	for range 2 {
		out, err := plan(t, kind(t, h), rec, "20261121-1943", `{"about":["first"],"next":"05:30"}`)
		if err != nil {
			t.Fatal(err)
		}
		facts := out.Facts.(NoticeFacts)
		if len(facts.Letters) != 6 || len(facts.Incomplete) != 0 || len(rec.names) != 6 || len(out.Findings) != 6 {
			t.Errorf("%+v, %v, %+v", facts, rec.names, out.Findings)
		}
	}
	if l := h.Letter("first-upstream"); l == nil || l.State != runbook.LetterReady || l.Way != "letter" {
		t.Errorf("%+v", l)
	}
	if l := h.Letter("say-first-staff"); l == nil || l.State != runbook.LetterReady {
		t.Errorf("%+v", l)
	}
	if _, err := plan(t, kind(t, h), rec, "20261121-1943", `{"about":["first"],"next":"06:30"}`); err != nil || len(rec.names) != 12 {
		t.Errorf("another time is another text: %v, %v", rec.names, err)
	}
	if _, err := plan(t, kind(t, h), rec, "20261121-1943", `{"about":["first-staff"],"languages":["en","ja"]}`); err != nil || h.Letter("first-staff.en") == nil {
		t.Errorf("%v", err)
	}
}

// TestPlanWritesNothing: in a plan, and before there is a record, it only says that it will write.
func TestPlanWritesNothing(t *testing.T) {
	h := stopped(t)
	rec := &drafts{T: t, h: h}
	a := kind(t, h)
	one, err := plan(t, a, rec, "20261121-0000", `{"about":["first"]}`)
	two, err2 := a.Plan(t.Context(), runbook.Input{Incident: "20261121-1943", Planned: []runbook.Change{}, Rec: rec, With: json.RawMessage(`{"about":["first"]}`)})
	for _, out := range []runbook.Outcome{one, two} {
		if err != nil || err2 != nil || len(rec.names) > 0 || len(out.Findings) != 1 || out.Findings[0].Level != runbook.Info || len(out.Facts.(NoticeFacts).Letters) > 0 {
			t.Errorf("%+v, %v, %v, %v", out, rec.names, err, err2)
		}
	}
}

// TestNoticeRefused: what is asked wrongly is an error of input; a draft that cannot be kept is one.
func TestNoticeRefused(t *testing.T) {
	h := stopped(t)
	rec := &drafts{T: t, h: h}
	for _, with := range []string{`{"about":["nothing"]}`, `{"about":["first"],"next":"soon"}`, `{"about":["first"],"languages":["fr"]}`} {
		if _, err := plan(t, kind(t, h), rec, "20261121-1943", with); !errors.Is(err, runbook.ErrInput) || len(rec.names) > 0 {
			t.Errorf("%s: %v", with, err)
		}
	}
	rec.full = true
	if _, err := plan(t, kind(t, h), rec, "20261121-1943", `{"about":["first"]}`); err == nil || !strings.Contains(err.Error(), "no room") {
		t.Error(err)
	}
}

// TestNotUs: where only our address was forged, only the answer to a complaint is true.
func TestNotUs(t *testing.T) {
	h := stopped(t)
	facts, err := json.Marshal(runbook.ManualFacts{Answer: "h"})
	if err != nil {
		t.Fatal(err)
	}
	h.Steps = append(h.Steps, &runbook.StepHistory{Head: runbook.StepHead{ID: "cause"}, Result: runbook.ResultDone, Facts: facts})
	out, err := kind(t, h).Plan(t.Context(), runbook.Input{Incident: "20261121-1943", Rec: silent{}, With: json.RawMessage(`{"about":["first","provider","user","complaint"]}`)})
	if err != nil || !slices.Equal(out.Facts.(NoticeFacts).Letters, []string{"complaint"}) || len(out.Findings) != 9 {
		t.Errorf("%+v, %v", out, err)
	}
}

// TestFirstAfterAll: a first notice is written whenever it is wanted; that mail is back by the record is said beside it.
func TestFirstAfterAll(t *testing.T) {
	e := Env{Words: os.DirFS("../../templates/letters"), Lang: "en", Clock: func() time.Time { return moment }}
	c := casefile.Case{Incident: "20261121-1943", Started: moment.Add(-time.Hour), Services: &casefile.Services{At: moment}}
	for _, back := range []bool{true, false} {
		for about, first := range map[string]bool{"first": true, "say-first-staff": true, "restored": false, "jpcert": false} {
			list, left, err := e.Notices(c, NoticeAsk{About: []string{about}})
			if err != nil || len(list) == 0 || (len(left) == 1 && left[0].Level == runbook.Warn) != (back && first) {
				t.Errorf("%s, back %v: %d notices, %+v, %v", about, back, len(list), left, err)
			}
		}
		c.Services.Down = []string{"epstrd.service"}
	}
}

// silent keeps nothing.
type silent struct{}

func (silent) Evidence(string, io.Reader) error { return nil }
func (silent) Backup(string, io.Reader) error   { return nil }
func (silent) Progress(int64, int64)            {}

func sum(text []byte) string {
	s := sha256.Sum256(text)
	return hex.EncodeToString(s[:])
}
