package delist

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"hikeshi/actions/delist/casefile"
	"hikeshi/actions/delist/notice"
	"hikeshi/runbook"
)

// NoticeFacts is what notice.draft tells later steps: the ids of the letters, and of those that have gaps.
type NoticeFacts struct {
	Letters    []string `json:"letters" expr:"letters"`
	Incomplete []string `json:"incomplete" expr:"incomplete"`
}

// NoticeKinds are the kinds that write notices.
func NoticeKinds(e Env) []runbook.Kind {
	return []runbook.Kind{{
		Name: "notice.draft", Short: runbook.T("write notices as drafts, and send none", "連絡文を下書きとして作る(送信はしない)"),
		Params: []runbook.Param{
			{Name: "about", Type: runbook.Strings, Required: true, Short: "first, restored, provider, user, complaint, jpcert, ipa, or single notices"},
			{Name: "next", Type: runbook.String, Short: "time of the next word: 14:30, or with its date and zone (an hour from now)"},
			{Name: "languages", Type: runbook.Strings, Short: "en, ja (default: that of the responder, or of the reader)"},
		},
		Facts: NoticeFacts{}, Action: notices{e},
	}}
}

// NoticeAsk says which notices are wanted.
type NoticeAsk struct {
	About     []string `json:"about"`     // names of notices, or what they are about
	Next      string   `json:"next"`      // time of the next word; "" is an hour from now
	Languages []string `json:"languages"` // none: the one in which each is written first
}

// Notices writes the notices that q asks for about one case, and says why others are not written. The error wraps runbook.ErrInput where
// q is refused.
func (e Env) Notices(c casefile.Case, q NoticeAsk) (list []notice.Notice, left []runbook.Finding, err error) {
	texts, err := notice.Load(e.Words)
	if err != nil {
		return nil, nil, err
	}
	next, err := notice.NextWord(q.Next, e.now(), e.zone())
	if err != nil {
		return nil, nil, err
	}
	for _, lang := range q.Languages {
		if lang != "en" && lang != "ja" {
			return nil, nil, fmt.Errorf("%w: language %q: use en or ja", runbook.ErrInput, lang)
		}
	}
	r := notice.Request{Case: c, Writer: e.Writer, Now: e.now(), Next: next, Zone: e.zone(), Lang: e.Lang}
	names, err := namesOf(q.About)
	if err != nil {
		return nil, nil, err
	}
	if notice.Restored(c) && slices.ContainsFunc(notice.Names("first"), func(name string) bool { return slices.Contains(names, name) }) {
		left = append(left, runbook.Finding{Level: runbook.Warn, Text: runbook.T("by the record mail is back, and a first notice says that it is down", "記録では復旧済みだが、第一報は停止中であると伝える文面になる")})
	}
	for _, name := range names {
		langs := q.Languages
		if len(langs) == 0 {
			langs = []string{notice.Home(name, e.Lang)}
		}
		for _, lang := range langs {
			more, err := texts.Write(r, name, lang)
			switch {
			case errors.Is(err, notice.ErrForged):
				left = append(left, runbook.Finding{Level: runbook.Info, Text: runbook.Tf("%s: not written; by the record this server sent nothing (cause h)", "%s: 作らない。記録では、このサーバーからは送信されていない(原因 h)", name)})
			case err != nil:
				return nil, nil, err
			case len(more) == 0:
				left = append(left, runbook.Finding{Level: runbook.Info, Text: runbook.Tf("%s: not written; no account was named", "%s: 作らない。挙げられたアカウントがない", name)})
			}
			list = append(list, more...)
		}
	}
	return list, left, nil
}

// namesOf are the notices that about stands for, each once.
func namesOf(about []string) ([]string, error) {
	var names []string
	for _, a := range about {
		more := notice.Names(a)
		if len(more) == 0 {
			return nil, fmt.Errorf("%w: no notice is about %q: use %s", runbook.ErrInput, a, strings.Join(notice.Abouts(), ", "))
		}
		for _, name := range more {
			if !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return names, nil
}

// notices writes notices.
type notices struct{ env Env }

// Plan writes them down; in a plan it only says so.
func (n notices) Plan(_ context.Context, in runbook.Input) (runbook.Outcome, error) {
	facts := NoticeFacts{Letters: []string{}, Incomplete: []string{}}
	var q NoticeAsk
	if err := in.Decode(&q); err != nil {
		return runbook.Outcome{}, err
	}
	if _, err := namesOf(q.About); err != nil {
		return runbook.Outcome{}, err
	}
	h, err := n.record(in)
	if errors.Is(err, fs.ErrNotExist) {
		return runbook.Outcome{Facts: facts, Findings: []runbook.Finding{{Level: runbook.Info, Text: runbook.T("written from the record when the incident runs", "事案の記録をもとに、実行時に作る")}}}, nil
	}
	if err != nil {
		return runbook.Outcome{}, fmt.Errorf("%w: %w", runbook.ErrUndetermined, err)
	}
	c, unread := casefile.Read(h) // what cannot be read is a gap: no reason to write nothing
	list, found, err := n.env.Notices(c, q)
	if err != nil {
		return runbook.Outcome{}, err
	}
	if unread != nil {
		found = append(found, runbook.Finding{Level: runbook.Warn, Text: runbook.Tf("a part of the record cannot be read: %s", "記録の一部を読めない: %s", unread)})
	}
	write := func(l runbook.Letter, name string, text []byte) error { return runbook.Draft(in.Rec, l, name, text) }
	for _, l := range list {
		if err := Lay(l, h, write); err != nil {
			return runbook.Outcome{}, err
		}
		facts.Letters = append(facts.Letters, l.Letter.ID)
		if len(l.Letter.Gaps) > 0 {
			facts.Incomplete = append(facts.Incomplete, l.Letter.ID)
		}
		found = append(found, NoticeFinding(l))
	}
	return runbook.Outcome{Findings: found, Facts: facts}, nil
}

// record is the record of the incident; the error wraps fs.ErrNotExist where there is none, or nothing is run.
func (n notices) record(in runbook.Input) (*runbook.History, error) {
	if in.Planned != nil || n.env.History == nil {
		return nil, fs.ErrNotExist
	}
	return n.env.History(in.Incident)
}

// Lay writes a notice down through write unless its newest draft, by the record h, says the same.
func Lay(n notice.Notice, h *runbook.History, write func(l runbook.Letter, name string, text []byte) error) error {
	sum := sha256.Sum256(n.Data)
	if old := h.Letter(n.Letter.ID); old != nil && old.Kept.SHA256 == hex.EncodeToString(sum[:]) {
		return nil
	}
	return write(n.Letter, n.File, n.Data)
}

// NoticeFinding says how far a notice may be sent.
func NoticeFinding(n notice.Notice) runbook.Finding {
	if len(n.Letter.Gaps) == 0 {
		return runbook.Finding{Level: runbook.OK, Text: runbook.T(
			fmt.Sprintf("%s: %s, ready", n.Letter.ID, n.Letter.Title.EN), fmt.Sprintf("%s: %s。送れる状態", n.Letter.ID, n.Letter.Title.JA))}
	}
	var en, ja []string
	for _, m := range n.Letter.Gaps {
		en, ja = append(en, m.EN), append(ja, m.JA)
	}
	return runbook.Finding{Level: runbook.Info, Text: runbook.T(
		fmt.Sprintf("%s: %s, to be filled in: %s", n.Letter.ID, n.Letter.Title.EN, strings.Join(en, ", ")),
		fmt.Sprintf("%s: %s。要記入: %s", n.Letter.ID, n.Letter.Title.JA, strings.Join(ja, "、")))}
}
