package main

import (
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// TestHelpFitsTheConsole: the help of every verb and topic, with its flags and verbs, fits 80 columns and loses no word.
func TestHelpFitsTheConsole(t *testing.T) {
	p := newPlace(t)
	a := &app{getenv: func(string) string { return "" }, said: map[string]bool{}}
	seen := 0
	var walk func(c *cobra.Command)
	walk = func(c *cobra.Command) {
		seen++
		if c.Name() == "runbook-schema" {
			return // a JSON document
		}
		args := append(strings.Fields(c.CommandPath())[1:], "--help")
		if !c.Runnable() {
			args = append([]string{"help"}, args[:len(args)-1]...)
		}
		s := p.hikeshi(args...)
		if s.code != exitOK || s.out == "" {
			t.Errorf("hikeshi %q: exit %d, %q", args, s.code, s.err)
		}
		for _, l := range strings.Split(s.out, "\n") {
			if n := cells.StringWidth(l); n > width {
				t.Errorf("hikeshi %q: %d columns: %s", args, n, l)
			}
		}
		words := strings.Join(strings.Fields(s.out), " ")
		for _, text := range []string{c.Long, c.Example} {
			if want := strings.Join(strings.Fields(text), " "); !strings.Contains(strings.ReplaceAll(words, `\ `, ""), strings.ReplaceAll(want, `\ `, "")) {
				t.Errorf("hikeshi %q: lost in the help: %q", args, want)
			}
		}
		for _, sub := range c.Commands() {
			walk(sub)
		}
	}
	walk(a.rootCommand())
	if seen < 50 {
		t.Errorf("only %d verbs and topics", seen)
	}
}

func TestFit(t *testing.T) {
	long := strings.Repeat("word ", 20)
	for text, want := range map[string]string{
		"short\nlines\nstay":                           "short\nlines\nstay",
		long + "\nand more":                            strings.TrimSpace(strings.Repeat("word ", 16)) + "\n" + strings.Repeat("word ", 4) + " and more",
		"Flags:\n      --x NAME   " + long:             "Flags:\n      --x NAME   " + strings.TrimSpace(strings.Repeat("word ", 12)) + "\n                 " + strings.Repeat("word ", 8),
		"  hikeshi run " + strings.Repeat("word ", 20): "  hikeshi run " + strings.TrimSpace(strings.Repeat("word ", 13)) + " \\\n    " + strings.Repeat("word ", 7),
		strings.Repeat("x", 100):                       strings.Repeat("x", 80) + "\n" + strings.Repeat("x", 20),
	} {
		if got := fit(text); got != want {
			t.Errorf("%q\nis  %q\nnot %q", text, got, want)
		}
	}
}
