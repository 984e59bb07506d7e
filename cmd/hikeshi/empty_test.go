package main

import (
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// TestNothingIsChosenByAnEmptyValue: an unset variable of the shell never stands for everything, in no flag and no argument of any verb.
func TestNothingIsChosenByAnEmptyValue(t *testing.T) {
	a := &app{getenv: func(string) string { return "" }, said: map[string]bool{}}
	find := func(path string) *cobra.Command {
		cmd, _, err := a.rootCommand().Find(strings.Fields(path))
		fine(t, err)
		return cmd
	}
	flags := 0
	try := func(path string, f *pflag.Flag) {
		if !strings.HasPrefix(f.Value.Type(), "string") {
			return
		}
		if f.Annotations[mayBeEmpty] != nil {
			if path != "relay check" || f.Name != "sender" { // MAIL FROM: with nothing
				t.Errorf("hikeshi %s --%s may be empty", path, f.Name)
			}
			return
		}
		flags++
		for _, text := range []string{"", " ", "\t"} {
			cmd := find(path)
			fine(t, cmd.ParseFlags([]string{"--" + f.Name, text}))
			err := notEmpty(cmd, nil)
			if err == nil || codeOf(err) != exitUsage || err.Error() != "--"+f.Name+" is given and empty" || hintOf(err) == "" {
				t.Errorf("hikeshi %s --%s %q: %v", path, f.Name, text, err)
			}
		}
	}
	for _, path := range leaves(a.rootCommand()) {
		find(path).NonInheritedFlags().VisitAll(func(f *pflag.Flag) { try(path, f) })
		if err := notEmpty(find(path), []string{"taro", ""}); err == nil || codeOf(err) != exitUsage || err.Error() != "argument 2 is empty" {
			t.Errorf("hikeshi %s taro '': %v", path, err)
		}
	}
	find("status").InheritedFlags().VisitAll(func(f *pflag.Flag) { try("status", f) })
	if flags < 90 {
		t.Errorf("only %d flags were tried", flags)
	}
}

// TestEmptyValues: as they are typed, where they would have been everything, mail without a sender, or what all incidents did.
func TestEmptyValues(t *testing.T) {
	p := newPlace(t)
	before := p.picture()
	for _, line := range [][]string{
		{"logs", "suspects", "--account="}, {"logs", "suspects", "--account", ""}, {"logs", "timeline", "--account", "taro,"}, {"logs", "timeline", "--account", "taro", "--account", " "},
		{"logs", "logins", "--since", ""}, {"logs", "refusals", "--until", ""}, {"logs", "sizes", "--since="}, {"logs", "access", "--source", ""}, {"logs", "suspects", "--exempt-source="},
		{"spool", "quarantine", "--strategy", "move", "--sender", "", "--yes"}, {"spool", "find", "taro", "--incident="}, {"spool", "release", "20261121-0312", "--id=", "--yes"},
		{"account", "lock", "", "--yes"}, {"account", "audit", ""}, {"account", "restore", "--incident=", "--yes", "--accept-risk", "reopening"},
		{"relay", "deny", "203.0.113.9", "", "--yes"}, {"relay", "allow", "203.0.113.9", "--incident=", "--yes"}, {"relay", "fix", "--line=", "--yes"}, {"undo", "", "--yes"},
		{"status", "--state="},
	} {
		s := p.hikeshi(line...)
		s.exits(t, exitUsage, "empty", "hint: say what is meant")
		if s = p.hikeshi(append(line, "--lang", "ja")...); !strings.Contains(s.err, "が空") || !strings.Contains(s.err, "ヒント: 対象を指定する") {
			t.Errorf("%q: %s", line, s.err)
		}
	}
	p.hikeshi("relay", "check", "203.0.113.9", "--sender", "<>").exits(t, exitOK)
	same(t, "after empty values", before, p.picture())
}
