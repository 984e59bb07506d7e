package main

import (
	"bytes"
	"os"
	"strings"
	"testing"
	"time"
)

// TestNothingToRehearse: a runbook that contains nothing is refused before a lab is built.
func TestNothingToRehearse(t *testing.T) {
	state := t.TempDir()
	for lang, want := range map[string]string{"en": "hint: `hikeshi plan relay-check` shows what it would do", "ja": "`hikeshi plan relay-check` で実行内容を見る"} {
		var out, errs bytes.Buffer
		a := &app{stdin: strings.NewReader(""), stdout: &out, stderr: &errs, now: time.Now, getenv: func(name string) string {
			return map[string]string{"HIKESHI_STATE": state, "LANG": "C.UTF-8"}[name]
		}}
		code := a.execute(t.Context(), []string{"--lang", lang, "--color", "never", "rehearse", "relay-check"})
		if code != exitUsage || !strings.Contains(errs.String(), want) {
			t.Errorf("%s: exit %d\n%s%s", lang, code, out.String(), errs.String())
		}
	}
	if _, err := os.Stat(state + "/rehearsals"); err == nil {
		t.Error("a lab was built")
	}
}
