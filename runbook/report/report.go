// Package report tells of an incident from its records alone: what was found, decided, done, left open and changed, by whom and
// when, what is not recorded, and how everything can be undone or proved. It never looks at the server.
//
// In order: [Build] reads the records; [Report.Text] is for a console of 80 columns, [Report.Markdown] for the post-incident
// report that is sent on, Report.JSON (of package story) for programs. Texts are in English ("en") or Japanese ("ja"). What comes from
// outside (names of files, senders, notes) is made harmless; see package page.
package report

import (
	"io"
	"time"

	"hikeshi/runbook"
	"hikeshi/runbook/report/story"
)

// A Report is an incident that is ready to be told.
type Report struct{ *story.Story }

// Incident is the document for programs.
type Incident = story.Incident

// Build reads the records of one incident, record 0 first.
func Build(records []runbook.Record) (*Report, error) {
	s, err := story.Read(records)
	if err != nil {
		return nil, err
	}
	return &Report{s}, nil
}

// Text writes the report for a console of 80 columns, in lang and with times in loc and in UTC.
func (r *Report) Text(w io.Writer, lang string, loc *time.Location) error {
	return teller{r, lang, loc}.page().Text(w)
}

// Markdown writes the report as Markdown, in lang and with times in loc and in UTC.
func (r *Report) Markdown(w io.Writer, lang string, loc *time.Location) error {
	return teller{r, lang, loc}.page().Markdown(w)
}
