package main

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"hikeshi/runbook"
)

// TestInverted: before an undo the lines are shown that go out and those that come back, not too many of them, and no others.
func TestInverted(t *testing.T) {
	diff := "--- /e\n+++ /e\n@@ -1,3 +1,3 @@\n #<> default\n-example.jp true\n+example.jp default\n x\n+*.*.*.* norelay,2\n"
	if got, want := invert(diff), []string{"-example.jp default", "+example.jp true", "-*.*.*.* norelay,2"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	many := ""
	for n := range 40 {
		many += fmt.Sprintf("+192.0.2.%d false\n", n)
	}
	for name, x := range map[string]struct {
		c     runbook.Change
		want  []string
		never string
	}{
		"fix":      {runbook.Change{Kind: "relay.fix", Op: "fix", After: diff}, []string{"-example.jp default", "+example.jp true"}, "#<>"},
		"bounded":  {runbook.Change{Kind: "relay.deny", Op: "deny", After: many}, []string{"-192.0.2.0 false", "-192.0.2.11 false", "... and 28 more"}, "192.0.2.12 "},
		"clean":    {runbook.Change{Kind: "account.clean", Op: "clean", After: "-ForwardTo=thief@example.com\n-module=...\n"}, []string{"+ForwardTo=thief@example.com", "+module=..."}, "-ForwardTo"},
		"settings": {runbook.Change{Kind: "settings.set", Op: "set", Before: "Vrfy 1: told", After: "Vrfy 0: not told"}, []string{"-Vrfy 0: not told", "+Vrfy 1: told"}, "+Vrfy 0"},
		"lock":     {runbook.Change{Kind: "account.lock", Op: "lock", Before: "the passwords", After: "random ones"}, nil, "random"},
	} {
		var b bytes.Buffer
		(&screen{out: &b, lang: "en"}).undoing([]runbook.Change{x.c})
		for _, want := range x.want {
			if !strings.Contains(b.String(), want) {
				t.Errorf("%s: no %q in\n%s", name, want, b.String())
			}
		}
		if strings.Contains(b.String(), x.never) {
			t.Errorf("%s: %q in\n%s", name, x.never, b.String())
		}
	}
}
