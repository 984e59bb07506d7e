package logs_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hikeshi/actions/logs"
	"hikeshi/spool"
)

// A window in which nothing was written is not one whose logs cannot be read, and what a server shows now tells nothing of the past.
func TestWindowOfThePast(t *testing.T) {
	dir := newScribe(t).write(t)
	asked := 0
	env := logs.Env{Server: server{dir: dir}, Own: spool.Own{Domains: []string{"example.jp"}}, Zone: time.UTC, Clock: func() time.Time { return morning },
		Estimate: func(context.Context) ([]logs.Estimate, error) { asked++; return nil, nil }}
	out, told := planned(t, env, "logs.suspects", `{"until":"2026-11-01"}`)
	wants(t, told, "no log has lines of this time, 2026-11-01 00:00:00 to 2026-11-02 00:00:00", "この期間")
	if asked > 0 || strings.Contains(told, "could be read") || strings.Contains(told, "ok: no account") || !out.Facts.(logs.SuspectsFacts).Read.Problem {
		t.Errorf("asked %d times\n%s", asked, told)
	}
	_, told = planned(t, env, "logs.logins", `{"since":"2026-11-18 02:00","until":"2026-11-18 03:00"}`)
	wants(t, told, "no log has lines of this time, 2026-11-18 02:00:00 to", "whether anybody tries passwords cannot be told: nothing of this time")
	for _, name := range []string{"acceptlog", "inlog", "faillog"} {
		if err := os.RemoveAll(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	_, told = planned(t, env, "logs.suspects", "")
	wants(t, told, "no log could be read")
	if asked != 1 {
		t.Errorf("asked %d times", asked)
	}
}
