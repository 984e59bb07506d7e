package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"hikeshi/runbook"
)

// monitor prints one line for a monitoring system: the text, then figures behind a bar.
func (a *app) monitor(cmd *cobra.Command, watch time.Duration) error {
	doc, err := a.status(cmd, watch)
	if err != nil {
		fmt.Fprintf(a.stdout, "HIKESHI UNKNOWN - %s\n", line(joined(err.Error())))
		return silent(3)
	}
	word, code := "OK", 0
	switch doc.Level {
	case runbook.Warn:
		word, code = "WARNING", 1
	case runbook.Bad:
		word, code = "CRITICAL", 2
	}
	if doc.Undetermined {
		word, code = "UNKNOWN", 3
	}
	text := fmt.Sprintf("backlog %d messages", doc.Total.Messages)
	if len(doc.Attention) > 0 {
		text += ", " + line(doc.Attention[0].Text)
	}
	figures := fmt.Sprintf("messages=%d files=%d", doc.Total.Messages, doc.Total.Files)
	if doc.Total.Growth != nil {
		figures += fmt.Sprintf(" growth=%.1f", *doc.Total.Growth)
	}
	if doc.Disk != nil {
		figures += fmt.Sprintf(" disk_free=%dB", doc.Disk.Free)
	}
	fmt.Fprintf(a.stdout, "HIKESHI %s - %s | %s\n", word, text, figures)
	return silent(code)
}
