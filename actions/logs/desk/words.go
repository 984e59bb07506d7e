package desk

import (
	"context"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"hikeshi/actions/logs/deed"
	"hikeshi/actions/logs/sweep"
	"hikeshi/runbook"
	"hikeshi/spool"
)

// Clock writes a time of the wall clock.
func Clock(wall int64) string { return time.Unix(wall, 0).UTC().Format("2006-01-02 15:04:05") }

// Number writes a number with commas.
func Number(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// Told is a number that was counted in logs; nil for the 0 of logs that do not tell.
func Told(known bool, n int64) *int64 {
	if n == 0 && !known {
		return nil
	}
	return &n
}

// Total is a number, 0 for one that is not known.
func Total(n *int64) int64 {
	if n == nil {
		return 0
	}
	return *n
}

// Messages writes how many messages there were, and recipients: unknown, at least so many where no log tells of each, or so many.
func (r *Reading) Messages(messages, recipients int64) runbook.Text {
	switch {
	case r.Known.Accepts:
		return runbook.Tf("%s messages to %s recipients", "%s 通、宛先 %s 件", Number(messages), Number(recipients))
	case messages == 0:
		return runbook.T("how many messages is unknown", "通数は不明")
	}
	return runbook.Tf("at least %s messages, recipients unknown", "少なくとも %s 通、宛先の数は不明", Number(messages))
}

// Time is the moment of a wall clock time, in UTC; the zero time for 0.
func (r *Reading) Time(wall int64) time.Time {
	if wall == 0 {
		return time.Time{}
	}
	w := time.Unix(wall, 0).UTC()
	return time.Date(w.Year(), w.Month(), w.Day(), w.Hour(), w.Minute(), w.Second(), 0, r.Zone()).UTC()
}

// Evidence is one line of a log.
type Evidence struct {
	Log    string `json:"log" expr:"log"`
	File   string `json:"file" expr:"file"`
	Offset int64  `json:"offset" expr:"offset"` // of its first byte in the text of the file
	Text   string `json:"text" expr:"text"`     // made safe and bounded; "" where it may hold a password or is no longer there
}

// String is where the line stands, as acceptlog/261121.log:8812.
func (e Evidence) String() string {
	name := filepath.Join(e.Log, filepath.Base(e.File))
	if i := strings.LastIndex(e.File, "/"+e.Log+"/"); i >= 0 {
		name = e.File[i+1:]
	}
	return name + ":" + strconv.FormatInt(e.Offset, 10)
}

// MaxEvidence is how many lines are quoted for one thing.
const MaxEvidence = 3

// Evidence quotes lines.
func (r *Reading) Evidence(ctx context.Context, refs []deed.Ref) []Evidence {
	all := []Evidence{}
	for _, ref := range refs[:min(len(refs), MaxEvidence)] {
		all = append(all, Evidence{Log: r.Result.Files[ref.File].Log, File: r.Result.Files[ref.File].Path, Offset: ref.Offset, Text: r.Result.Quote(ctx, ref, r.Ability.Parser)})
	}
	return all
}

// First is where the first of some lines stands, "" if there is none.
func First(all []Evidence) string {
	if len(all) == 0 {
		return ""
	}
	return all[0].String()
}

// Span is the window.
type Span struct {
	Since time.Time `json:"since" expr:"since"`
	Until time.Time `json:"until" expr:"until"`
	From  time.Time `json:"from" expr:"from"`   // from here on the logs were read: the history too
	Days  int       `json:"days" expr:"days"`   // of history with anything in it
	Known bool      `json:"known" expr:"known"` // these are enough to say what is usual
}

// File is a file that was read, or could not be.
type File struct {
	Log   string `json:"log" expr:"log"`
	Path  string `json:"path" expr:"path"`
	Error string `json:"error" expr:"error"` // "" if it was read whole
}

// Sources is what was read, for the facts of every kind.
type Sources struct {
	Window  Span             `json:"window" expr:"window"`
	Unread  int64            `json:"unread_lines" expr:"unread_lines"` // lines that were not understood
	Files   []File           `json:"files" expr:"files"`
	Off     []string         `json:"off" expr:"off"`         // logs that are switched off
	Missing []string         `json:"missing" expr:"missing"` // of these the ones that are meant to be on all the time
	Problem bool             `json:"problem" expr:"problem"` // a log could not be read, or not wholly
	Samples []Evidence       `json:"samples" expr:"samples"` // some of the lines that were not understood
	Bytes   int64            `json:"bytes" expr:"bytes"`
	Over    int64            `json:"over" expr:"over"`   // so much any figure of an account or a peer may be too low; 0: exact
	Lines   map[string]int64 `json:"lines" expr:"lines"` // by log

	MadeUp   int64 `json:"made_up" expr:"made_up"`   // logins of the window that count for nothing: a sender was made to look like one
	Unproven int64 `json:"unproven" expr:"unproven"` // likewise: a sender that was refused looks the same, and no log tells
}

// Sources says what was read, with the findings about it.
func (r *Reading) Sources(ctx context.Context) (Sources, []runbook.Finding) {
	s := Sources{Window: Span{r.Time(r.Span.Since), r.Time(r.Span.Until), r.Time(r.Result.From), 0, r.Book.Known()}, Files: []File{}, Off: []string{}, Missing: []string{}, Samples: []Evidence{},
		Bytes: r.Result.Bytes, Over: r.Book.Lost, Lines: map[string]int64{}, MadeUp: r.Book.MadeUp.N, Unproven: r.Book.Unproven.N}
	for d := r.Book.Days; d != 0; d &= d - 1 {
		s.Window.Days++
	}
	found := []runbook.Finding{info(runbook.Tf("read from %s to %s, server time, and %d days of history: %s of logs", "サーバー時刻 %s から %s までと、それ以前の %d 日分を読んだ(ログ %s)",
		Clock(r.Span.Since), Clock(r.Span.Until), s.Window.Days, Size(r.Result.Bytes)))}
	switch {
	case r.Empty():
		s.Problem = true
		found = []runbook.Finding{warn(r.empty())}
	case r.Nothing():
		s.Problem = true
		found = []runbook.Finding{warn(runbook.T("no log could be read: who is abused, and from where, is unknown", "読めるログがない。だれが、どこから悪用されたかは不明"))}
	case r.Result.From > r.Span.Since:
		found = append(found, warn(runbook.Tf("only the newest part was read, from %s on", "時間内に読めたのは %s 以降の新しい部分だけ", Clock(r.Result.From))))
	}
	if r.future != 0 {
		found = append(found, warn(runbook.Tf("a log has lines of %s, after the clock of this machine: they are left out", "この機械の時計より先の日時 %s の行がログにある。対象外とした", Clock(r.future))))
	}
	for _, f := range r.Result.Files {
		listed := File{Log: f.Log, Path: f.Path}
		if f.Problem != nil {
			listed.Error = sweep.Safe([]byte(f.Problem.Error()))
			s.Problem = true
			found = append(found, warn(runbook.T("not read: "+listed.Error, "読めない: "+listed.Error)))
		}
		s.Files = append(s.Files, listed)
		found = append(found, noted(f)...)
	}
	for _, l := range r.Result.Logs {
		s.Lines[l.Name] = l.Lines
		if s.Unread += l.Unknown; l.Unknown > 0 {
			samples := r.Evidence(ctx, l.Samples)
			s.Samples = append(s.Samples, samples...)
			found = append(found, at(info(runbook.Tf("%s: %s of %s lines were not understood", "%s: %[3]s 行のうち %[2]s 行は解釈できない", l.Name, Number(l.Unknown), Number(l.Lines))), samples))
		}
	}
	return s, append(append(found, r.claims(ctx)...), r.states(&s)...)
}

// empty says that no log has lines of the window.
func (r *Reading) empty() runbook.Text {
	return runbook.Tf("no log has lines of this time, %s to %s, server time", "この期間 (サーバー時刻 %s から %s) の行はどのログにもない", Clock(r.Span.Since), Clock(r.Span.Until))
}

// claims tells of logins that count for nothing.
func (r *Reading) claims(ctx context.Context) []runbook.Finding {
	var all []runbook.Finding
	if c := r.Book.MadeUp; c.N > 0 {
		all = append(all, at(warn(runbook.Tf("%s logins in the logs are made up: senders that look like one; they count for nothing",
			"ログの認証成功のうち %s 件は、認証に見せかけた差出人の詐称。数えていない", Number(c.N))), r.Evidence(ctx, c.Refs)))
	}
	if c := r.Book.Unproven; c.N > 0 {
		all = append(all, at(info(runbook.Tf("%s logins are not counted: no message of theirs was taken, and a refused sender can look the same",
			"認証成功のうち %s 件は数えていない。受理されたメールがなく、拒否された差出人の詐称と区別できない", Number(c.N))), r.Evidence(ctx, c.Refs)))
	}
	return all
}

// noted tells what happened to a file.
func noted(f sweep.File) []runbook.Finding {
	var all []runbook.Finding
	if f.Long > 0 {
		all = append(all, info(runbook.Tf("%s: %d lines are longer than 64 KiB; the rest of them was not read", "%s: 64 KiB を超える行が %d 行あり、超過分は読んでいない", f.Path, f.Long)))
	}
	if f.Note.Shrunk {
		all = append(all, warn(runbook.T(f.Path+" became shorter while it was read", f.Path+" は読んでいる間に短くなった")))
	}
	if f.Note.Cut {
		all = append(all, warn(runbook.T(f.Path+" holds more text than is read of a compressed file", f.Path+" は展開すると長すぎるため、途中までしか読んでいない")))
	}
	return all
}

// Meant says whether a log is meant to be on all the time.
func Meant(l spool.Log) bool { return !l.Sessions && !Says(l, spool.EventDeferred) }

// states tells which logs are off, and how to switch them on.
func (r *Reading) states(s *Sources) []runbook.Finding {
	var all []runbook.Finding
	for _, l := range r.Logs {
		if l.Problem != nil {
			s.Problem = true
			why := sweep.Safe([]byte(strings.ReplaceAll(l.Problem.Error(), "\n", "; ")))
			all = append(all, warn(runbook.T(l.Name+": not read: "+why, l.Name+": 読めない: "+why)))
		}
		if l.State != spool.LogOff {
			continue
		}
		s.Off = append(s.Off, l.Name)
		if !Meant(l) {
			continue
		}
		s.Missing = append(s.Missing, l.Name)
		all = append(all, info(runbook.T(fmt.Sprintf("%s is off; to switch it on: %s", l.Name, l.HowToEN), fmt.Sprintf("%s は記録されていない。オンにするには: %s", l.Name, l.HowToJA))))
	}
	if r.Book.Lost > 0 {
		all = append(all, info(runbook.Tf("there were too many names to count each: any figure may be too low by %s", "名前が多すぎるため、各数値は最大 %s 少ない可能性がある", Number(r.Book.Lost))))
	}
	return all
}

// Size writes a number of bytes.
func Size(n int64) string {
	switch {
	case n >= 1<<30:
		return fmt.Sprintf("%.1f GiB", float64(n)/(1<<30))
	case n >= 1<<20:
		return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20))
	}
	return Number(n) + " bytes"
}

func info(t runbook.Text) runbook.Finding { return runbook.Finding{Level: runbook.Info, Text: t} }
func warn(t runbook.Text) runbook.Finding { return runbook.Finding{Level: runbook.Warn, Text: t} }

func at(f runbook.Finding, all []Evidence) runbook.Finding {
	f.Evidence = First(all)
	return f
}
