// Package told says what a reading of the logs rests on: which files were read and which could not be, what was not understood, which
// logs are off.
package told

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"hikeshi/actions/logs/desk"
	"hikeshi/actions/logs/sweep"
	"hikeshi/runbook"
	"hikeshi/spool"
)

// Span is the window.
type Span struct {
	Since time.Time `json:"since" expr:"since"`
	Until time.Time `json:"until" expr:"until"`
	From  time.Time `json:"from" expr:"from"`   // from here on the logs were read: the history too
	Days  int       `json:"days" expr:"days"`   // of history with anything in it
	Known bool      `json:"known" expr:"known"` // these are enough to say what is usual
	Whole bool      `json:"whole" expr:"whole"` // all of the window and of the history was read, as far as there is any
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
	Files   []File           `json:"files,omitzero" expr:"files"`      // left out where the facts have them elsewhere
	Off     []string         `json:"off" expr:"off"`                   // logs that are switched off
	Missing []string         `json:"missing" expr:"missing"`           // of these the ones that are meant to be on all the time
	Problem bool             `json:"problem" expr:"problem"`           // a log could not be read, or not wholly
	Samples []desk.Evidence  `json:"samples" expr:"samples"`           // some of the lines that were not understood
	Bytes   int64            `json:"bytes" expr:"bytes"`
	Over    int64            `json:"over" expr:"over"`   // so much any figure of an account or a peer may be too low; 0: exact
	Full    bool             `json:"full" expr:"full"`   // peers of an account, or times of a timeline, are left out: figures by address, and a timeline, may be too low
	Lines   map[string]int64 `json:"lines" expr:"lines"` // by log

	MadeUp   int64 `json:"made_up" expr:"made_up"`   // logins of the window that count for nothing: a sender was made to look like one
	Unproven int64 `json:"unproven" expr:"unproven"` // likewise: a sender that was refused looks the same, and no log tells
}

// About says what was read, with the findings about it.
func About(ctx context.Context, r *desk.Reading) (Sources, []runbook.Finding) {
	s := Sources{Window: Span{r.Time(r.Span.Since), r.Time(r.Span.Until), r.Time(r.Result.From), 0, r.Book.Known(), r.Result.From <= r.Span.History}, Files: []File{}, Off: []string{}, Missing: []string{}, Samples: []desk.Evidence{},
		Bytes: r.Result.Bytes, Over: r.Book.Lost, Full: r.Book.Full, Lines: map[string]int64{}, MadeUp: r.Book.MadeUp.N, Unproven: r.Book.Unproven.N}
	for d := r.Book.Days; d != 0; d &= d - 1 {
		s.Window.Days++
	}
	found := []runbook.Finding{info(desk.Say("read from %s to %s, server time, and %d days of history: %s of logs", "サーバー時刻 %s から %s までと、それ以前の %d 日分を読んだ(ログ %s)",
		desk.Clock(r.Span.Since), desk.Clock(r.Span.Until), s.Window.Days, desk.Size(r.Result.Bytes)))}
	switch {
	case r.Empty():
		s.Problem = true
		found = []runbook.Finding{warn(empty(r))}
	case r.Nothing():
		s.Problem = true
		found = []runbook.Finding{warn(runbook.T("no log could be read: who is abused, and from where, is unknown", "読めるログがない。だれが、どこから悪用されたかは不明"))}
	case r.Result.From > r.Span.Since:
		found = append(found, warn(runbook.Tf("only the newest part was read, from %s on", "時間内に読めたのは %s 以降の新しい部分だけ", desk.Clock(r.Result.From))))
	}
	if r.Future != 0 {
		found = append(found, warn(runbook.Tf("a log has lines of %s, after the clock of this machine: they are left out", "この機械の時計より先の日時 %s の行がログにある。対象外とした", desk.Clock(r.Future))))
	}
	found = append(found, s.read(r)...)
	for _, l := range r.Result.Logs {
		s.Lines[l.Name] = l.Lines
		if s.Unread += l.Unknown; l.Unknown > 0 {
			samples := r.Evidence(ctx, l.Samples)
			s.Samples = append(s.Samples, samples...)
			found = append(found, at(info(runbook.Tf("%s: %s of %s lines were not understood", "%s: %[3]s 行のうち %[2]s 行は解釈できない", l.Name, desk.Number(l.Unknown), desk.Number(l.Lines))), samples))
		}
	}
	return s, append(append(found, claims(ctx, r)...), states(r, &s)...)
}

// read lists the files, and says which could not be read. Those that this user may not read are told together, of each log.
func (s *Sources) read(r *desk.Reading) []runbook.Finding {
	var found []runbook.Finding
	barred, first := map[string]int{}, map[string]string{}
	for _, f := range r.Result.Files {
		listed := File{Log: f.Log, Path: f.Path}
		if f.Problem != nil {
			listed.Error = sweep.Safe([]byte(f.Problem.Error()))
			s.Problem = true
		}
		switch {
		case errors.Is(f.Problem, fs.ErrPermission):
			if barred[f.Log]++; first[f.Log] == "" {
				first[f.Log] = listed.Error
			}
		case f.Problem != nil:
			found = append(found, warn(runbook.T("not read: "+listed.Error, "読めない: "+listed.Error)))
		}
		s.Files = append(s.Files, listed)
		found = append(found, noted(f)...)
	}
	for _, l := range r.Logs {
		text := runbook.T(first[l.Name], first[l.Name])
		switch n := barred[l.Name] - 1; {
		case n < 0:
			continue
		case n > 0:
			text = runbook.Tf("%s, and %d more files", "%s、ほか %d ファイル", text.EN, n)
		}
		found = append(found, warn(desk.Say("%s: not read: %s; read as root", "%s: 読めない: %s。root で実行すること", l.Name, text)))
	}
	return found
}

// empty says that no log has lines of the window.
func empty(r *desk.Reading) runbook.Text {
	return runbook.Tf("no log has lines of this time, %s to %s, server time", "この期間 (サーバー時刻 %s から %s) の行はどのログにもない", desk.Clock(r.Span.Since), desk.Clock(r.Span.Until))
}

// claims tells of logins that count for nothing.
func claims(ctx context.Context, r *desk.Reading) []runbook.Finding {
	var all []runbook.Finding
	if c := r.Book.MadeUp; c.N > 0 {
		all = append(all, at(warn(runbook.Tf("%s logins in the logs are made up: senders that look like one; they count for nothing",
			"ログの認証成功のうち %s 件は、認証に見せかけた差出人の詐称。数えていない", desk.Number(c.N))), r.Evidence(ctx, c.Refs)))
	}
	if c := r.Book.Unproven; c.N > 0 {
		all = append(all, at(info(runbook.Tf("%s logins are not counted: no message of theirs was taken, and a refused sender can look the same",
			"認証成功のうち %s 件は数えていない。受理されたメールがなく、拒否された差出人の詐称と区別できない", desk.Number(c.N))), r.Evidence(ctx, c.Refs)))
	}
	return all
}

// Problem says why a log could not be read, and as whom it can be.
func Problem(l spool.Log, err error) runbook.Text {
	why := sweep.Safe([]byte(strings.ReplaceAll(err.Error(), "\n", "; ")))
	if errors.Is(err, fs.ErrPermission) {
		return runbook.T(l.Name+": not read: "+why+"; read as root", l.Name+": 読めない: "+why+"。root で実行すること")
	}
	return runbook.T(l.Name+": not read: "+why, l.Name+": 読めない: "+why)
}

// maxOdd is how many entries of a log's folder that are left out are named.
const maxOdd = 3

// Odd names what lies among the files of a log and is left out.
func Odd(l spool.Log) []runbook.Finding {
	var all []runbook.Finding
	for _, o := range l.Odd[:min(len(l.Odd), maxOdd)] {
		path := sweep.Safe([]byte(o.Path))
		all = append(all, warn(runbook.T(path+": "+o.Why.EN+": left out, the rest is counted", path+": "+o.Why.JA+"。対象外とし、ほかのファイルを数えた")))
	}
	if n := len(l.Odd) - maxOdd; n > 0 {
		all = append(all, warn(runbook.Tf("%s: %d more entries of its folder are left out", "%s: フォルダ内のほか %d 件も対象外とした", l.Name, n)))
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

// states tells which logs are off, and how to switch them on.
func states(r *desk.Reading, s *Sources) []runbook.Finding {
	var all []runbook.Finding
	for _, l := range r.Logs {
		if l.Problem != nil {
			s.Problem = true
			all = append(all, warn(Problem(l, l.Problem)))
		}
		all = append(all, Odd(l)...)
		s.Problem = s.Problem || r.Hidden(l)
		if l.State != spool.LogOff {
			continue
		}
		s.Off = append(s.Off, l.Name)
		if !desk.Meant(l) {
			continue
		}
		s.Missing = append(s.Missing, l.Name)
		all = append(all, info(runbook.T(fmt.Sprintf("%s is off; to switch it on: %s", l.Name, l.HowToEN), fmt.Sprintf("%s は記録されていない。オンにするには: %s", l.Name, l.HowToJA))))
	}
	if r.Book.Lost > 0 {
		all = append(all, info(runbook.Tf("there were too many names to count each: any figure may be too low by %s", "名前が多すぎるため、各数値は最大 %s 少ない可能性がある", desk.Number(r.Book.Lost))))
	}
	if r.Book.Full {
		all = append(all, info(runbook.T("an account came from more addresses, or was busy at more times, than are kept each: figures by address, and the timeline of the suspects, may be too low",
			"1 アカウントの接続元または時刻が多すぎて、一部は個別に記録していない。接続元別の数と、疑わしいアカウントの時間推移は、実際より少ない可能性がある")))
	}
	return all
}

func info(t runbook.Text) runbook.Finding { return runbook.Finding{Level: runbook.Info, Text: t} }
func warn(t runbook.Text) runbook.Finding { return runbook.Finding{Level: runbook.Warn, Text: t} }

func at(f runbook.Finding, all []desk.Evidence) runbook.Finding {
	f.Evidence = desk.First(all)
	return f
}
