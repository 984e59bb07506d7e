package logs_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hikeshi/runbook"
)

// Whoever is named and stands in no log is no account with a clean bill, and one who does gets one of his own only.
func TestNamedAndNotThere(t *testing.T) {
	dir := readers(t, "hanako")
	for _, c := range []struct{ with, who string }{{`{"accounts":["nosuch@example.jp"],"since":"24h"}`, "nosuch@example.jp"}, {`{"sources":["198.51.100.99"],"since":"24h"}`, "198.51.100.99"},
		{`{"accounts":["hanako","nosuch"],"since":"24h"}`, "nosuch"}} {
		for _, kind := range []string{"logs.suspects", "logs.logins", "logs.timeline"} {
			if kind == "logs.timeline" && strings.Contains(c.with, `"hanako"`) {
				continue // she has mail to be counted
			}
			out, told := ask(t, dir, kind, c.with)
			if f := out.Findings[0]; f.Level != runbook.Info || !strings.HasPrefix(f.Text.EN, "nothing stands out of "+c.who+", for no log of this time names it: is it spelt so?") || !strings.Contains(f.Text.JA, c.who+" は、") {
				t.Errorf("%s %s: %+v", kind, c.with, f)
			}
			if strings.Contains(told, "no account and no address") || strings.Contains(told, "nobody tries") || strings.Contains(told, "ok: no message of those") {
				t.Error(told)
			}
		}
	}
	for _, with := range []string{`{"accounts":["hanako"]}`, `{"sources":["192.0.2.7"]}`} {
		_, told := ask(t, dir, "logs.suspects", with)
		wants(t, told, "ok: nothing stands out of ", " in what these logs show", " に目立つ点はない")
		if strings.Contains(told, "no account and no address") {
			t.Error(told)
		}
	}
	_, told := ask(t, dir, "logs.access", `{"accounts":["nosuch@example.jp"],"since":"24h"}`)
	wants(t, told, "nosuch@example.jp: no log of this time names the account; is it spelt so?")
}

// TestNamedAndBarred: where a log cannot be read, that is the reason why nothing is known of a name, and not its spelling.
func TestNamedAndBarred(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("root may read everything")
	}
	dir := readers(t, "hanako")
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".log") || !strings.Contains(path, "/acceptlog/") {
			return err
		}
		return os.Chmod(path, 0)
	})
	if err != nil {
		t.Fatal(err)
	}
	out, told := ask(t, dir, "logs.timeline", `{"accounts":["nosuch@example.jp"]}`)
	if f := out.Findings[0]; f.Level != runbook.Warn || !strings.HasPrefix(f.Text.EN, "nothing can be told of nosuch@example.jp: these logs are not readable as this user") || strings.Contains(told, "is it spelt so") {
		t.Errorf("%+v\n%s", f, told)
	}
}
