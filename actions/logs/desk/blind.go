package desk

import (
	"slices"
	"strings"

	"hikeshi/runbook"
	"hikeshi/spool"
)

// Blind are the logs that would tell of mailboxes that are read, and do not cover the window, cannot be read, or have lines in it that
// are not understood.
func (r *Reading) Blind() []string {
	all := []string{}
	for _, l := range r.Logs {
		if some, whole := r.covers(l); Says(l, spool.EventRead) && !l.Sessions && (!some || !whole || r.odd(l, 1)) {
			all = append(all, l.Name)
		}
	}
	return all
}

// Odd says of a log whether lines of the window are not understood.
func (r *Reading) Odd(name string) bool {
	for _, l := range r.Logs {
		if l.Name == name {
			return r.odd(l, 1)
		}
	}
	return false
}

// odd says whether a log has a file of the window of which one line in so many is not understood, at least; 0 lines are none.
func (r *Reading) odd(l spool.Log, in int64) bool {
	unknown := map[string]bool{}
	for _, f := range r.Result.Files {
		unknown[f.Path] = f.Unknown > 0 && (in == 1 || f.Unknown*in > f.Lines)
	}
	for _, f := range l.Files {
		if unknown[f.Path] && r.inWindow(f) {
			return true
		}
	}
	return false
}

// Deaf are the logs of logins because of which nobody can say that there was no abuse: those that cannot be read, or not wholly, or of
// which most lines are not understood, and where no log of the window tells of SMTP logins, those that would. Logs of mailboxes that are
// off, or have no files, are none of them: many a server has no mailboxes.
func (r *Reading) Deaf() []string {
	all, heard := []string{}, false
	for _, l := range r.Logs {
		if !Says(l, spool.EventLogin) {
			continue
		}
		some, whole := r.covers(l)
		broken := !whole || r.odd(l, 2)
		heard = heard || some && !broken && !Says(l, spool.EventRead)
		if broken && Meant(l) {
			all = append(all, l.Name)
		}
	}
	for _, l := range r.Logs {
		if !heard && Says(l, spool.EventLogin) && !Says(l, spool.EventRead) && Meant(l) && !slices.Contains(all, l.Name) {
			all = append(all, l.Name)
		}
	}
	return all
}

// Clean is what is said where nothing stands out: all is well, or, where a log of logins could not be read or understood, what cannot be
// told because of it.
func (r *Reading) Clean(well, question runbook.Text) runbook.Finding {
	if r.Empty() {
		return warn(runbook.T(question.EN+" cannot be told: nothing of this time is in the logs", question.JA+"は判断できない。この期間の記録がログにない"))
	}
	deaf := strings.Join(r.Deaf(), ", ")
	if deaf == "" {
		return runbook.Finding{Level: runbook.OK, Text: well}
	}
	return warn(runbook.T(question.EN+" cannot be told: these logs of logins are off, or could not be read or understood: "+deaf,
		question.JA+"は判断できない。次のログイン記録がオフか、読めないか、解釈できない: "+deaf))
}
