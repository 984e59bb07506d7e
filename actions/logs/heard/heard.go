// Package heard says which logs cannot be relied on, and what may be said where nothing stands out.
package heard

import (
	"fmt"
	"slices"
	"strings"

	"hikeshi/actions/logs/desk"
	"hikeshi/actions/logs/sweep"
	"hikeshi/runbook"
	"hikeshi/spool"
)

// Blind are the logs that would tell of mailboxes that are read, and do not cover the window, cannot be read, or have lines in it that
// are not understood.
func Blind(r *desk.Reading) []string {
	all := []string{}
	for _, l := range r.Logs {
		if some, whole := r.Covers(l); desk.Says(l, spool.EventRead) && !l.Sessions && (!some || !whole || odd(r, l, 1)) {
			all = append(all, l.Name)
		}
	}
	return all
}

// Odd says of a log whether lines of the window are not understood.
func Odd(r *desk.Reading, name string) bool {
	for _, l := range r.Logs {
		if l.Name == name {
			return odd(r, l, 1)
		}
	}
	return false
}

// odd says whether a log has a file of the window of which one line in so many is not understood, at least; 0 lines are none.
func odd(r *desk.Reading, l spool.Log, in int64) bool {
	unknown := map[string]bool{}
	for _, f := range r.Result.Files {
		unknown[f.Path] = f.Unknown > 0 && (in == 1 || f.Unknown*in > f.Lines)
	}
	for _, f := range l.Files {
		if unknown[f.Path] && r.InWindow(f) {
			return true
		}
	}
	return false
}

// Deaf are the logs of logins because of which nobody can say that there was no abuse: those that cannot be read, or not wholly, or of
// which most lines are not understood, and where no log of the window tells of SMTP logins, those that would. Logs of mailboxes that are
// off, or have no files, are none of them: many a server has no mailboxes.
func Deaf(r *desk.Reading) []string {
	all, heard := []string{}, false
	for _, l := range r.Logs {
		if !desk.Says(l, spool.EventLogin) {
			continue
		}
		some, whole := r.Covers(l)
		broken := !whole || odd(r, l, 2)
		heard = heard || some && !broken && !desk.Says(l, spool.EventRead)
		if broken && desk.Meant(l) {
			all = append(all, l.Name)
		}
	}
	for _, l := range r.Logs {
		if !heard && desk.Says(l, spool.EventLogin) && !desk.Says(l, spool.EventRead) && desk.Meant(l) && !slices.Contains(all, l.Name) {
			all = append(all, l.Name)
		}
	}
	return all
}

// Clean is what is said where nothing stands out: all is well, as far as the accounts and peers go that are named; or, where a log of
// logins could not be read or understood, or none has lines of the window, what cannot be told because of it.
func Clean(r *desk.Reading, well, question runbook.Text) runbook.Finding {
	if r.Empty() {
		return warning(runbook.T(question.EN+" cannot be told: nothing of this time is in the logs", question.JA+"は判断できない。この期間の記録がログにない"))
	}
	if deaf := strings.Join(Deaf(r), ", "); deaf != "" {
		return warning(runbook.T(question.EN+" cannot be told: these logs of logins are off, or could not be read or understood: "+deaf,
			question.JA+"は判断できない。次のログイン記録がオフか、読めないか、解釈できない: "+deaf))
	}
	if missing, some := Missing(r); some {
		return missing
	}
	if all := slices.Concat(r.Params.Accounts, r.Params.Sources); len(all) > 0 {
		well = runbook.Tf("nothing stands out of %s in what these logs show", "これらのログから見える範囲では、%s に目立つ点はない", few(all))
	}
	return runbook.Finding{Level: runbook.OK, Text: well}
}

// Missing is what is said of accounts and peers that are named and stand in no log of the window.
func Missing(r *desk.Reading) (f runbook.Finding, some bool) {
	missing := r.Missing()
	if len(missing) == 0 {
		return f, false
	}
	var barred []string
	for _, l := range r.Logs {
		if r.Barred(l) {
			barred = append(barred, l.Name)
		}
	}
	if len(barred) > 0 { // it may well stand in these
		return warning(runbook.Tf("nothing can be told of %s: these logs are not readable as this user, read as root: %s",
			"%s については判断できない。次のログはこのユーザーでは読めない(root で実行): %s", few(missing), strings.Join(barred, ", "))), true
	}
	return runbook.Finding{Level: runbook.Info, Text: runbook.Tf("nothing stands out of %[1]s, for no log of this time names it: is it spelt so?",
		"%[1]s は、この期間のどのログにも出てこない。表記を確かめる", few(missing))}, true
}

// few are the first names of some, safe to show.
func few(names []string) string {
	const shown = 3
	text := sweep.Safe([]byte(strings.Join(names[:min(len(names), shown)], ", ")))
	if n := len(names) - shown; n > 0 {
		text += fmt.Sprintf(" (+%d)", n)
	}
	return text
}

func warning(t runbook.Text) runbook.Finding { return runbook.Finding{Level: runbook.Warn, Text: t} }
