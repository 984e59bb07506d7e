package logs_test

import (
	"strings"
	"testing"

	"hikeshi/actions/logs"
	"hikeshi/spool/lab/history"
)

// One incident, asked about with every kind.
func TestKinds(t *testing.T) {
	w, dir := write(t, 3, history.Options{Accounts: 30, Incidents: []history.Kind{"stolen-fast", "guessed-before", "read-out"}})
	victim := w.Truth.Accounts[0]

	out, text := plan(t, dir, "logs.suspects", "")
	t.Log(text[:min(len(text), 6000)])
	s := out.Facts.(logs.SuspectsFacts)
	if len(s.AccountNames) != 1 || s.AccountNames[0] != victim.Login || len(s.SourceNames) != len(w.Truth.Sources) || s.Spoof.Verdict != "login" || s.Unread != 0 {
		t.Errorf("accounts %q sources %d of %d, spoof %+v, unread %d", s.AccountNames, len(s.SourceNames), len(w.Truth.Sources), s.Spoof, s.Unread)
	}
	a := s.Accounts[0]
	if *a.Messages < int64(victim.Messages) || a.First.IsZero() || len(a.Signals) < 2 || len(a.Signals[0].Evidence) == 0 || a.Signals[0].Evidence[0].Text == "" {
		t.Errorf("%+v", a)
	}
	wants(t, text, "is a suspect", "は乗っ取りの疑いが強い", "cause (a)", "原因 (a)", "D4 D5: ", "receivelog")

	out, text = plan(t, dir, "logs.logins", "")
	l := out.Facts.(logs.LoginsFacts)
	if len(l.Found) != 1 || l.Found[0].Account != victim.Login || l.Found[0].Failures < 5 || strings.Join(l.FoundNames, " ") != victim.Login {
		t.Errorf("found %+v", l.Found)
	}
	wants(t, text, "password probably found at", "パスワードを当てられた疑い", "tries passwords")
	t.Log(text[:min(len(text), 3000)])

	out, text = plan(t, dir, "logs.timeline", "")
	tl := out.Facts.(logs.TimelineFacts)
	if tl.Of != "suspects" || *tl.Messages < int64(victim.Messages) || tl.First.After(tl.Peak) || tl.Peak.After(tl.Last) || len(tl.Spark) != 60 || strings.Trim(tl.Spark, " .:-=+*#%@") != "" {
		t.Errorf("%+v", tl)
	}
	t.Log(text[:min(len(text), 3000)])

	out, text = plan(t, dir, "logs.access", "")
	ac := out.Facts.(logs.AccessFacts)
	if len(ac.Accounts) != 1 || *ac.Mails != int64(victim.Reads) || *ac.Strange != *ac.Mails || len(ac.Unknown) != 0 {
		t.Errorf("%d mails of %d: %+v", *ac.Mails, victim.Reads, ac.Accounts)
	}
	t.Log(text[:min(len(text), 1500)])

	out, text = plan(t, dir, "logs.sizes", "")
	if f := out.Facts.(logs.SizesFacts); len(f.Logs) != 11 || f.Logs[0].Days != 14 {
		t.Errorf("%+v", f)
	}
	t.Log(text[:min(len(text), 1500)])
}
