package report

import (
	"fmt"
	"strings"

	"hikeshi/runbook"
	"hikeshi/runbook/report/page"
	"hikeshi/runbook/report/story"
)

// letters tells what was written for people outside: how far it may be sent, when it was, and when to ask again.
func (t teller) letters() []page.Item {
	var items []page.Item
	for _, l := range t.History.Letters {
		text := fmt.Sprintf("%s [%s]: %s", l.Title.In(t.lang), l.ID, t.letterState(l))
		if l.State == runbook.LetterIncomplete && len(l.Sent) == 0 {
			text = t.because(text, strings.Join(l.Missing(t.lang), ", "))
		}
		sub := []page.Item{{Name: t.say("drafted", "作成"), Text: t.when(l.Drafted) + ", " + l.Kept.Name}}
		for _, s := range l.Sent {
			sub = append(sub, page.Item{Name: t.say("sent", "送信"), Text: t.because(t.when(s.At)+", "+story.Account(s.By), s.Note)})
		}
		if at := l.Again(); !at.IsZero() {
			sub = append(sub, page.Item{Name: t.say("again", "再申請"), Text: t.say("not before %s", "%s 以降", t.when(at))})
		}
		if l.Until != nil {
			sub = append(sub, page.Item{Name: t.say("ends", "消滅"), Text: t.say("by itself %s", "%s に自然に消える", t.when(*l.Until))})
		}
		items = append(items, page.Item{Text: text, Sub: sub})
	}
	return items
}

// letterState says where a letter stands.
func (t teller) letterState(l *runbook.LetterHistory) string {
	switch {
	case len(l.Sent) > 0:
		return t.say("sent", "送信済み")
	case l.State == runbook.LetterReady:
		return t.say("ready, not sent", "作成済み、未送信")
	case l.State == runbook.LetterIncomplete:
		return t.say("incomplete, not sent", "未完成、未送信")
	case l.State == runbook.LetterHeld:
		return t.because(t.say("held back, not sent", "保留、未送信"), l.Why)
	case l.State == runbook.LetterNotReady:
		return t.say("written before it may be sent, not sent", "送信の条件を満たさないまま作成、未送信")
	}
	return t.say("nothing is to be sent", "連絡不要")
}

// letter tells the record of a letter that was written or sent.
func (t teller) letter(r runbook.Record) []string {
	if r.Letter == nil {
		return nil
	}
	l := t.History.Letter(r.Letter.ID)
	if l == nil {
		return nil
	}
	switch r.Event {
	case runbook.Held:
		return []string{t.because(t.say("held back: %s [%s]", "送信を保留: %s [%s]", l.Title.In(t.lang), l.ID), r.Text)}
	case runbook.Sent:
		at := ""
		if r.At != nil && r.Time.Sub(*r.At).Abs().Minutes() >= 1 {
			at = t.say(", at %s", "、送信時刻 %s", t.when(*r.At))
		}
		return []string{t.because(t.say("sent: %s [%s]%s", "送信: %s [%s]%s", l.Title.In(t.lang), l.ID, at), r.Text)}
	}
	return []string{t.say("drafted: %s [%s]", "下書き: %s [%s]", r.Letter.Title.In(t.lang), r.Letter.ID)}
}
