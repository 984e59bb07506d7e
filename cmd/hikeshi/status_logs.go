package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"hikeshi/actions/logs"
	"hikeshi/runbook"
	"hikeshi/runbook/engine/planner"
	"hikeshi/spool"
	"hikeshi/spool/epms"
)

// suspectsRow is who stands out in the logs. Where not all of the last day could be read in time, From says from when on.
type suspectsRow struct {
	From     time.Time    `json:"from"`
	Whole    bool         `json:"whole"`   // all of the last day was read
	History  bool         `json:"history"` // enough of the days before was read to say which addresses are new
	All      bool         `json:"all"`     // the days before too: the judgement is that of logs suspects
	Named    [2]int       `json:"-"`       // accounts and sources of level suspect, with those that are left out below
	Accounts []suspectRow `json:"accounts"`
	Sources  []suspectRow `json:"sources"`
	Exempted []exemptRow  `json:"exempted"` // accounts and sources that would be suspects if they were not exempt
}

// exemptRow is one that would be a suspect.
type exemptRow struct {
	Name    string   `json:"name"`
	By      string   `json:"exempt_by"` // configuration
	Signals []string `json:"signals"`
}

// suspectRow is an account or a source of level suspect, or a hint.
type suspectRow struct {
	Name       string    `json:"name"`
	Level      string    `json:"level"` // suspect, hint
	Signals    []string  `json:"signals"`
	Messages   *int64    `json:"messages"`   // null where no log tells
	Recipients *int64    `json:"recipients"` // likewise
	Addresses  int       `json:"addresses"`  // of an account: new for it, where history is true; else all that used it
	First      time.Time `json:"first"`
	Last       time.Time `json:"last"`
	Evidence   string    `json:"evidence"` // acceptlog/mail1/261121.log:8812, the byte offset of a line

	via  []string // of a source: the suspect accounts that it used, which are told in its place
	like int      // of a network: how many sources of it there are
	more bool     // and there may be more of them
}

// lookedAt is what came of the look at the logs.
type lookedAt struct {
	suspects *suspectsRow
	guessing *guessingRow
}

// lookAtLogs reads the newest part of the logs, as much as can be read in budget. Both are nil where no log could be read.
func (w *world) lookAtLogs(ctx context.Context, budget time.Duration) (l lookedAt) {
	if _, ok := w.server.(spool.Logs); !ok {
		return l
	}
	env := w.host.Logs
	env.Budget = budget
	in := runbook.Input{Step: "status", With: json.RawMessage(`{}`), Rec: planner.Recorder{Told: func(string, int64, int64) {}}}
	f, g, err := logs.Look(ctx, env, in)
	if err != nil {
		return l
	}
	l.guessing = guessingOf(g)
	l.suspects = &suspectsRow{From: f.Window.From, Whole: !f.Window.From.After(f.Window.Since), History: f.Window.Known, All: f.Window.Whole,
		Named: [2]int{len(f.AccountNames), len(f.SourceNames)}, Accounts: suspectRows(f.Accounts), Sources: suspectRows(f.From), Exempted: []exemptRow{}}
	for _, s := range f.Exempted {
		row := suspectRows([]logs.Suspect{s})[0]
		l.suspects.Exempted = append(l.suspects.Exempted, exemptRow{s.Name, s.ExemptBy, row.Signals})
	}
	return l
}

func suspectRows(all []logs.Suspect) []suspectRow {
	rows := []suspectRow{}
	for _, s := range all {
		r := suspectRow{Name: s.Name, Level: s.Level, Signals: []string{}, Messages: s.Messages, Recipients: s.Recipients, Addresses: s.Addresses, First: s.First, Last: s.Last, via: s.Via}
		for _, g := range s.Signals {
			r.Signals = append(r.Signals, g.ID)
			if len(g.Evidence) > 0 && r.Evidence == "" {
				r.Evidence = g.Evidence[0].String()
			}
		}
		rows = append(rows, r)
	}
	return rows
}

// suspectWords are the rows of who and from by the logs; none if nobody stands out there.
func (a *app) suspectWords(l *suspectsRow) (who, from []string) {
	if l == nil {
		return nil, nil
	}
	accounts, sources := onlySuspects(l.Accounts), onlySuspects(l.Sources)
	for i, s := range accounts {
		if i == 2 {
			who = append(who, fmt.Sprintf(a.word("%d others (hikeshi logs suspects)", "ほか %d 件 (hikeshi logs suspects)"), l.Named[0]-i))
			break
		}
		who = append(who, fmt.Sprintf(a.word("%s  %s  %s  since %s", "%s  %s  %s  %s から"),
			line(s.Name), s.sent().In(a.lang()), a.addressWords(s.Addresses, l.History), s.First.Local().Format("15:04")), a.word("see ", "根拠 ")+line(s.Evidence))
	}
	if !l.All {
		since := l.From.Local().Format("01-02 15:04")
		note := a.word("(the days before %s were not read; hikeshi logs suspects reads all and may judge otherwise)", "(%s より前の日は読んでいない。全部を読む hikeshi logs suspects とは判定が異なることがある)")
		if !l.Whole {
			note = a.word("(only what was written since %s was read; hikeshi logs suspects reads all and may judge otherwise)", "(%s 以降の分だけを読んだ。全部を読む hikeshi logs suspects とは判定が異なることがある)")
		}
		who = append(who, fmt.Sprintf(note, since))
	}
	if n := len(l.Exempted); n > 0 {
		var names []string
		for _, s := range l.Exempted {
			names = append(names, s.Name)
		}
		who = append(who, fmt.Sprintf(a.word("%d exempted would be suspects: %s (exempt by the configuration)", "対象外にしたもののうち %d 件は、本来なら疑いに当たる: %s (設定により対象外)"), n, a.firstOf(names)))
	}
	text := ""
	for i, s := range sources {
		if i == 3 {
			text += fmt.Sprintf(a.word("%d others  ", "ほか %d 件  "), l.Named[1]-i)
			break
		}
		text += line(s.Name) + "  "
	}
	if text != "" {
		from = append(from, text+a.word("(by the logs)", "(ログによる)"))
	}
	return who, from
}

// sent says how many messages there were: unknown, or at least so many, where no log tells of each.
func (s suspectRow) sent() runbook.Text {
	switch {
	case s.Messages == nil:
		return runbook.T("messages unknown", "通数は不明")
	case s.Recipients == nil:
		return runbook.Tf("at least %d messages", "%d 通以上", *s.Messages)
	}
	return runbook.Tf("%d messages", "%d 通", *s.Messages)
}

// addressWords calls addresses new only where the days before were read.
func (a *app) addressWords(n int, history bool) string {
	if history {
		return fmt.Sprintf(a.word("%d new addresses", "新しいアドレス %d 個"), n)
	}
	return fmt.Sprintf(a.word("%d addresses", "アドレス %d 個"), n)
}

func onlySuspects(all []suspectRow) (some []suspectRow) {
	for _, s := range all {
		if s.Level == "suspect" {
			some = append(some, s)
		}
	}
	return some
}

type logRow struct {
	Name  string `json:"name"`
	On    *bool  `json:"on"`    // null if it cannot be told
	Bytes *int64 `json:"bytes"` // of all its files; null if it has no folder, or it cannot be read
	Error string `json:"error,omitempty"`

	Barred bool `json:"barred"` // this user may not read its newest file
}

func (w *world) logs() []logRow {
	rows := []logRow{}
	s, ok := w.server.(interface{ LogSwitches() []epms.LogSwitch })
	if !ok {
		return rows
	}
	for _, l := range s.LogSwitches() {
		r := logRow{Name: l.Name}
		if l.Err != nil {
			r.Error = l.Err.Error()
		} else {
			on := l.On
			r.On = &on
		}
		r.Bytes, r.Barred = sizeBelow(l.Dir), barredBelow(l.Dir)
		rows = append(rows, r)
	}
	return rows
}

// barredBelow says whether this user may not read a log: its folder, or the last of its files by name, which are days. What is compressed, and
// a copy, counts where there is nothing else.
func barredBelow(dir string) bool {
	last := ""
	after := func(path string) bool {
		plain, was := filepath.Ext(path) == ".log", filepath.Ext(last) == ".log"
		return plain && !was || plain == was && filepath.Base(path) >= filepath.Base(last)
	}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() && after(path) {
			last = path
		}
		return err
	})
	if err == nil && last != "" {
		var f *os.File
		if f, err = os.Open(last); err == nil {
			f.Close()
		}
	}
	return errors.Is(err, fs.ErrPermission)
}

// sizeBelow adds up the files of a log folder and of its folders, or says that it cannot. It gives up at a million files.
func sizeBelow(dir string) *int64 {
	var sum int64
	files := 0
	err := filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		if files++; files > 1_000_000 {
			return fs.SkipAll
		}
		fi, err := d.Info()
		if errors.Is(err, fs.ErrNotExist) {
			return nil // rotated away meanwhile
		}
		if err == nil {
			sum += fi.Size()
		}
		return err
	})
	if err != nil || dir == "" {
		return nil
	}
	return &sum
}
