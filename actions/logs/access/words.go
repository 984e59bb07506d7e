package access

import (
	"fmt"
	"strings"

	"hikeshi/actions/logs/desk"
	"hikeshi/actions/logs/heard"
	"hikeshi/runbook"
)

// finding says what is known, tells the owner's addresses from others, and never says that nothing was read where a log is missing. It
// names the time that it speaks of.
func (l looked) finding(f *Facts) runbook.Finding {
	missing := l.missing(f.Unknown)
	least := runbook.Text{}
	if missing.EN != "" {
		least = runbook.T("; maybe more: "+missing.EN, "。さらに多い可能性がある。"+missing.JA)
	}
	s, u := l.strange, l.usual
	switch {
	case !s.none() && !f.Separated:
		return l.say(runbook.Warn, s, runbook.T("whose addresses these are is not known, there are fewer than 5 days of history; ", "履歴が 5 日分に満たず、本人の接続元かどうかは不明。"), least)
	case s.mails > 0:
		return l.say(runbook.Bad, s, runbook.T("not from its usual addresses: ", "普段と異なる接続元から"), least)
	case s.logins > 0:
		return l.say(runbook.Warn, s, runbook.T("not from its usual addresses: ", "普段と異なる接続元から"), runbook.T("; no mail was seen to be read out from these addresses"+least.EN, "。これらの接続元からの読み出しは記録されていない"+least.JA))
	case missing.EN != "":
		text := runbook.T(": whether anybody else read the mailbox is unknown: ", ": 本人以外にメールボックスが読まれたかどうかは不明。")
		if u.none() {
			text = runbook.T(": whether the mailbox was read is unknown: ", ": メールボックスが読まれたかどうかは不明。")
		}
		return l.plain(runbook.Warn, runbook.T(text.EN+missing.EN+l.owner().EN, text.JA+missing.JA+l.owner().JA))
	case !u.none():
		return l.plain(runbook.OK, runbook.T(": the mailbox was used from usual addresses only"+l.owner().EN, ": メールボックスは普段の接続元からだけ使われている"+l.owner().JA))
	case !l.named:
		return l.plain(runbook.Info, runbook.T(": no log of this time names the account; is it spelt so?", ": この期間のログにこのアカウントは出てこない。表記を確かめる"))
	case len(l.r.Params.Sources) > 0:
		from := strings.Join(l.r.Params.Sources[:min(len(l.r.Params.Sources), 3)], ", ")
		if more := len(l.r.Params.Sources) - 3; more > 0 {
			from += fmt.Sprintf(" (+%d)", more)
		}
		return l.plain(runbook.OK, runbook.T(": the mailbox was not read from "+from, ": "+from+" からメールボックスは読まれていない"))
	case len(l.r.Params.Accounts) == 0:
		return l.plain(runbook.OK, runbook.T(": no address that is not usual for it read the mailbox", ": 普段と異なる接続元からメールボックスは読まれていない"))
	}
	return l.plain(runbook.OK, runbook.T(": nobody read the mailbox", ": メールボックスはだれにも読まれていない"))
}

// plain is a finding without evidence.
func (l looked) plain(level runbook.Level, text runbook.Text) runbook.Finding {
	return runbook.Finding{Level: level, Text: l.text(text)}
}

// text is a sentence about the account and the time that it speaks of, in the server's time.
func (l looked) text(text runbook.Text) runbook.Text {
	minute := func(wall int64) string { return desk.Clock(wall)[:len("2006-01-02 15:04")] }
	when := " (" + minute(l.r.Span.Since) + " - " + minute(l.r.Span.Until) + ")"
	return runbook.T(l.account.Name+text.EN+when, l.account.Name+text.JA+when)
}

// missing says which logs of mailboxes do not tell, and why; nothing if all do.
func (l looked) missing(unknown []string) runbook.Text {
	var gone, odd []string
	for _, name := range unknown {
		if heard.Odd(l.r, name) {
			odd = append(odd, name)
		} else {
			gone = append(gone, name)
		}
	}
	var en, ja []string
	if len(gone) > 0 {
		en, ja = append(en, "no log of this time: "+strings.Join(gone, ", ")), append(ja, "この期間のログがない: "+strings.Join(gone, ", "))
	}
	if len(odd) > 0 {
		en, ja = append(en, "lines are not understood: "+strings.Join(odd, ", ")), append(ja, "解釈できない行がある: "+strings.Join(odd, ", "))
	}
	return runbook.T(strings.Join(en, "; "), strings.Join(ja, "、"))
}

// say tells of the part that may be a thief's, and apart from it of the owner's.
func (l looked) say(level runbook.Level, s sum, whence, more runbook.Text) runbook.Finding {
	text := runbook.Tf("%smails read out: %s, logins: %d, addresses: %d", "%sメール %s 通の読み出し、ログイン %d 回 (%d か所)", "\x00", desk.Number(s.mails), s.logins, s.addresses)
	return runbook.Finding{Level: level, Evidence: l.evidence(), Text: l.text(runbook.T(
		": "+strings.Replace(text.EN, "\x00", whence.EN, 1)+l.owner().EN+more.EN,
		": "+strings.Replace(text.JA, "\x00", whence.JA, 1)+l.owner().JA+more.JA))}
}

// owner tells of what was done from usual addresses; nothing if that is nothing.
func (l looked) owner() runbook.Text {
	if l.usual.none() {
		return runbook.Text{}
	}
	return runbook.Tf("; from its usual addresses: mails %s, logins %d", "。普段の接続元からは %s 通、ログイン %d 回", desk.Number(l.usual.mails), l.usual.logins)
}

// evidence is where the first line stands of an address that is not usual and used the mailbox.
func (l looked) evidence() string {
	for _, p := range l.account.From {
		if !p.Usual && p.POP3+p.IMAP4+p.Mails > 0 {
			return desk.First(p.Evidence)
		}
	}
	return ""
}
