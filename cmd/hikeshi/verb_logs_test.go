package main

import (
	"os"
	"strings"
	"testing"
)

// TestLogsHelpNamesGuesses: two logs are not documented, and who reads what they say is told so.
func TestLogsHelpNamesGuesses(t *testing.T) {
	p := newPlace(t)
	for _, verb := range []string{"access", "logins"} {
		p.hikeshi("logs", verb, "--help").exits(t, 0, "The vendor does not document the lines of pop3log and receivepop3", "best guess")
	}
	readme, err := os.ReadFile("../../README.md")
	fine(t, err)
	_, limits, _ := strings.Cut(string(readme), "### Limits")
	if !strings.Contains(limits, "does not document the lines of pop3log and receivepop3") {
		t.Error("the limits do not say it")
	}
}
