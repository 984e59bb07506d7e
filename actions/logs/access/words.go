package access

import (
	"strings"

	"hikeshi/actions/logs/desk"
	"hikeshi/runbook"
)

// finding says what is known, tells the owner's addresses from others, and never says that nothing was read where a log is missing.
func (l looked) finding(f *Facts) runbook.Finding {
	missing := strings.Join(f.Unknown, ", ")
	least := runbook.Text{}
	if missing != "" {
		least = runbook.T("; maybe more, there is no log of this time: "+missing, "。この期間のログがなく、さらに多い可能性がある: "+missing)
	}
	name, s, u := l.account.Name, l.strange, l.usual
	switch {
	case !s.none() && !f.Separated:
		return l.say(runbook.Warn, s, runbook.T("whose addresses these are is not known, there are fewer than 5 days of history; ", "履歴が 5 日分に満たず、本人の接続元かどうかは不明。"), least)
	case s.mails > 0:
		return l.say(runbook.Bad, s, runbook.T("not from its usual addresses: ", "普段と異なる接続元から"), least)
	case s.logins > 0:
		return l.say(runbook.Warn, s, runbook.T("not from its usual addresses: ", "普段と異なる接続元から"), runbook.T("; no mail was seen to be read out from there"+least.EN, "。そこからの読み出しは記録されていない"+least.JA))
	case missing != "":
		text := runbook.T(name+": whether anybody else read the mailbox is unknown: no log of this time: "+missing, name+": 本人以外にメールボックスが読まれたかどうかは不明。この期間のログがない: "+missing)
		if u.none() {
			text = runbook.T(name+": whether the mailbox was read is unknown: no log of this time: "+missing, name+": メールボックスが読まれたかどうかは不明。この期間のログがない: "+missing)
		}
		return runbook.Finding{Level: runbook.Warn, Text: runbook.T(text.EN+l.owner().EN, text.JA+l.owner().JA)}
	case !u.none():
		return runbook.Finding{Level: runbook.OK, Text: runbook.T(name+": the mailbox was used from usual addresses only"+l.owner().EN, name+": メールボックスは普段の接続元からだけ使われている"+l.owner().JA)}
	}
	if !l.named {
		return runbook.Finding{Level: runbook.Info, Text: runbook.T(name+": no log of this time names the account; is it spelt so?", name+": この期間のログにこのアカウントは出てこない。表記を確かめる")}
	}
	return runbook.Finding{Level: runbook.OK, Text: runbook.T(name+": the mailbox was not read from there", name+": その接続元からメールボックスは読まれていない")}
}

// say tells of the part that may be a thief's, and apart from it of the owner's.
func (l looked) say(level runbook.Level, s sum, whence, more runbook.Text) runbook.Finding {
	text := runbook.Tf("%smails read out: %s, logins: %d, addresses: %d", "%sメール %s 通の読み出し、ログイン %d 回 (%d か所)", "\x00", desk.Number(s.mails), s.logins, s.addresses)
	return runbook.Finding{Level: level, Evidence: l.evidence(), Text: runbook.T(
		l.account.Name+": "+strings.Replace(text.EN, "\x00", whence.EN, 1)+l.owner().EN+more.EN,
		l.account.Name+": "+strings.Replace(text.JA, "\x00", whence.JA, 1)+l.owner().JA+more.JA)}
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
