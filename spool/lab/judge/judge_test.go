package judge

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"hikeshi/spool"
	"hikeshi/spool/lab/standin"
	"hikeshi/spool/lab/traffic"
)

// A scene is a tree with a ledger and a sink; nothing runs in it.
type scene struct {
	*testing.T
	Case
}

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

func newScene(t *testing.T) *scene {
	t.Helper()
	s := &scene{T: t}
	s.Config.Root = t.TempDir()
	s.Ledger = s.Config.Lab("accepted.jsonl")
	s.Own, s.Contained = []string{"example.jp"}, noon
	for _, dir := range []string{s.Config.Lab(), s.Config.Spool("inbox")} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

func (s *scene) write(path, text string) {
	s.Helper()
	path = s.Config.Spool(path)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		s.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		s.Fatal(err)
	}
}

func (s *scene) body(path, id string) {
	s.write(path, "Received: x\r\n\ty\r\nX-Lab-Id: "+id+"\r\n\r\nX-Lab-Id: other\r\n")
}

func (s *scene) envelope(path string, rcpts ...string) {
	s.write(path, string(standin.Envelope{ID: "B1@mail1.example.jp", Sender: "x@example.com", Recipients: rcpts}.Bytes()))
}

func (s *scene) line(path string, v any) {
	s.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		s.Fatal(err)
	}
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		s.Fatal(err)
	}
	defer f.Close()
	if _, err := f.Write(append(data, '\n')); err != nil {
		s.Fatal(err)
	}
}

func (s *scene) accepted(id string, began time.Time, rcpts ...string) {
	s.line(s.Ledger, traffic.Accepted{Began: began, Time: began, ID: id, Recipients: rcpts})
}

func (s *scene) left(id, rcpt, answer string, at time.Time) {
	s.line(s.Config.Sink(), standin.Left{Time: at, Lab: id, Recipient: rcpt, Answer: answer})
}

// The recipients of mail-1.
const a, b = "a@example.com", "jiro@example.jp"

// where is a place that mail-1 was put in, and what is to be said of that.
type where struct {
	put         func(s *scene)
	lost, aside bool
	halves      string
}

func wheres() map[string]where {
	return map[string]where{
		"nowhere":           {put: func(*scene) {}, lost: true},
		"incoming":          {put: func(s *scene) { s.body("incoming/B1.MSG", "mail-1"); s.envelope("incoming/B1.RCP", a, b) }},
		"in work, any case": {put: func(s *scene) { s.body("incoming/B1.msg", "mail-1"); s.envelope("incoming/b1.$cp", a, b) }},
		"body alone":        {put: func(s *scene) { s.body("incoming/B1.MSG", "mail-1") }, lost: true, halves: "incoming/B1.MSG"},
		"for one of two":    {put: func(s *scene) { s.body("incoming/B1.MSG", "mail-1"); s.envelope("incoming/B1.RCP", a) }, lost: true},
		"retry": {put: func(s *scene) {
			s.body("holding/B1-R0001.MSG", "mail-1")
			s.envelope("domains/example.com-B1-R0001/B1-R0001.RCP", a, b)
		}},
		"body in holding, envelope in incoming": {put: func(s *scene) {
			s.body("holding/B1.MSG", "mail-1")
			s.envelope("incoming/B1.RCP", a, b)
		}, lost: true, halves: "holding/B1.MSG incoming/B1.RCP"},
		"half set aside": {put: func(s *scene) {
			s.body("holding/B1-R0001.MSG", "mail-1")
			s.envelope("domains.1121-0312/example.com-B1-R0001/B1-R0001.RCP", a, b)
		}, lost: true, halves: "holding/B1-R0001.MSG"},
		"set aside by rename": {put: func(s *scene) {
			s.body("holding.1121-0312/B1-R0001.MSG", "mail-1")
			s.envelope("domains.1121-0312/example.com-B1-R0001/B1-R0001.RCP", a, b)
		}, aside: true},
		"set aside by moving": {put: func(s *scene) {
			s.body("aside.1121-0312/incoming/B1.MSG", "mail-1")
			s.envelope("aside.1121-0312/incoming/B1.RCP", a, b)
		}, aside: true},
		"in temp": {put: func(s *scene) { s.body("temp/B1.MSG", "mail-1"); s.envelope("temp/B1.RCP", a, b) }, lost: true},
		"delivered": {put: func(s *scene) {
			s.left("mail-1", a, "250 OK", noon)
			s.body("inbox/jiro/B1.MSG", "mail-1")
		}},
		"in a mailbox that was renamed": {put: func(s *scene) {
			s.left("mail-1", "A@example.com", "550 User Unknown", noon)
			s.body("inbox/zz-abc-jiro/B1.MSG", "mail-1")
		}},
		"in somebody else's mailbox": {put: func(s *scene) {
			s.left("mail-1", a, "250 OK", noon)
			s.body("inbox/hanako/B1.MSG", "mail-1")
		}, lost: true},
		"refused for the time being and gone": {put: func(s *scene) {
			s.left("mail-1", a, "451 later", noon)
			s.body("inbox/jiro/B1.MSG", "mail-1")
		}, lost: true},
	}
}

func TestWhereAMessageIs(t *testing.T) {
	for name, c := range wheres() {
		t.Run(name, func(t *testing.T) {
			s := newScene(t)
			s.accepted("mail-1", noon.Add(-time.Minute), a, b)
			c.put(s)
			f, err := look(s.Case)
			if err != nil {
				t.Fatal(err)
			}
			if lost, aside := len(f.lostMail) > 0, len(f.asideMail) > 0; lost != c.lost || aside != c.aside || strings.Join(f.halves, " ") != c.halves {
				t.Errorf("lost %v, aside %v, halves %v", lost, aside, f.halves)
			}
		})
	}
}

func TestSpamAndTime(t *testing.T) {
	s := newScene(t)
	before, after := noon.Add(-time.Second), noon.Add(time.Second)
	s.accepted("spam-1", before, "a@example.com")
	s.accepted("spam-2", after, "a@example.com")
	s.accepted("mail-3", after, "a@example.com")
	s.left("spam-1", "a@example.com", "250 OK", before)
	s.left("spam-4", "a@example.com", "451 later", after) // its 250 never arrived, so it is in no ledger
	s.left("mail-3", "a@example.com", "250 OK", after)
	s.body("incoming/B2.MSG", "spam-2")
	s.envelope("incoming/B2.RCP", "a@example.com")
	f, err := look(s.Case)
	if err != nil {
		t.Fatal(err)
	}
	for what, pair := range map[string][2][]string{
		"leaving":  {f.leaving, {"spam-4 to a@example.com"}},
		"accepted": {f.takenSpam, {"spam-2"}},
		"live":     {f.liveSpam, {"spam-2"}},
		"lost":     {f.lostSpam, nil},
	} {
		if !slices.Equal(pair[0], pair[1]) {
			t.Errorf("%s: %q, want %q", what, pair[0], pair[1])
		}
	}
	if f.again != 1 || f.arrived != 1 || f.mail != 1 || f.spam != 2 {
		t.Errorf("%+v", f)
	}
}

// TestWhatMovesIsNotLost: a message that arrives between two looks is not missed, one that never does is.
func TestWhatMovesIsNotLost(t *testing.T) {
	s := newScene(t)
	s.accepted("mail-1", noon, "a@example.com")
	s.accepted("mail-2", noon, "a@example.com")
	s.envelope("incoming/B3.RCP", "a@example.com")
	s.body("incoming/B4.MSG", "mail-4") // nobody was told 250 for it
	s.body("incoming/B5.MSG", "mail-5") // nor for this one: it was sent again, and arrived
	s.accepted("mail-5", time.Now().Add(time.Second), "a@example.com")
	s.left("mail-5", "a@example.com", "250 OK", noon)
	moved := time.AfterFunc(200*time.Millisecond, func() { s.left("mail-1", "a@example.com", "250 OK", noon) })
	defer moved.Stop()
	f, err := settle(t.Context(), s.Case)
	if err != nil || !slices.Equal(f.lostMail, []string{"mail-2"}) || !slices.Equal(f.halves, []string{"incoming/B3.RCP"}) {
		t.Errorf("lost %q, halves %q, %v", f.lostMail, f.halves, err)
	}
}

func TestServices(t *testing.T) {
	up := spool.UnitState{Unit: "epstrd.service", Active: "active", Enabled: "enabled"}
	down, held, disabled := up, up, up
	down.Active, held.DropIns, disabled.Enabled = "inactive", []string{"50-hikeshi-hold.conf"}, "disabled"
	for _, c := range []struct {
		name       string
		found, now []spool.UnitState
		ok         bool
	}{
		{"back", []spool.UnitState{up}, []spool.UnitState{up}, true},
		{"stopped before and after", []spool.UnitState{down}, []spool.UnitState{down}, true},
		{"left down", []spool.UnitState{up}, []spool.UnitState{down}, false},
		{"started although it was down", []spool.UnitState{down}, []spool.UnitState{up}, false},
		{"a forgotten guard", []spool.UnitState{up}, []spool.UnitState{held}, false},
		{"disabled", []spool.UnitState{up}, []spool.UnitState{disabled}, false},
		{"not looked at", []spool.UnitState{up}, nil, false},
		{"nothing was found", nil, nil, false},
	} {
		if j := (Case{Found: c.found, Now: c.now}).services(); j.OK != c.ok {
			t.Errorf("%s: %+v", c.name, j)
		}
	}
}

func TestJudgeNeedsTheTimeOfContainment(t *testing.T) {
	s := newScene(t)
	s.Contained = time.Time{}
	if _, err := Judge(t.Context(), s.Case); err == nil {
		t.Error("it judged without")
	}
}
