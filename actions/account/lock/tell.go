package lock

import (
	"fmt"
	"strings"

	"hikeshi/actions/account/pick"
	"hikeshi/runbook"
	"hikeshi/spool"
)

// tell says what of an account is locked and what is not.
func (f *Facts) tell(a spool.Account, data lockData, open bool) []runbook.Finding {
	at := a.Address()
	all := f.byHand(a)
	say := func(level runbook.Level, evidence string, text runbook.Text) {
		all = append(all, runbook.Finding{Level: level, Text: text, Evidence: evidence})
	}
	half := len(all) > 0
	if half {
		f.ByHand = append(f.ByHand, at)
	}
	if a.Mailbox != "" && !a.Auth {
		f.NoAuth = append(f.NoAuth, at)
		say(runbook.Warn, a.AuthFile, runbook.Tf("%s has no auth file, and none is made: to lock it does not stop mail in its name without AUTH; rename it", "%s には認証ファイルがなく、作成もしない: パスワードを変えても、認証なしの送信は止まらない。改名すること", at))
	}
	for _, other := range a.Shares {
		say(runbook.Warn, a.AuthFile, runbook.Tf("%s has the same mailbox folder as %s: its password for sending is overwritten, too", "%s は %s と同じフォルダを使っており、送信用パスワードも一緒に上書きされる", other, at))
	}
	if len(a.Again) > 0 && a.Fixed == "" {
		say(runbook.Warn, fmt.Sprintf("%s:%d", a.File, a.Line), runbook.T(at+": the password in line "+fmt.Sprint(a.Line)+" is overwritten; "+pick.Doubled(a).EN,
			at+": 上書きするのは "+fmt.Sprint(a.Line)+" 行目のパスワード。"+pick.Doubled(a).In("ja")))
	}
	switch {
	case open:
		f.Locked = append(f.Locked, at)
	case len(data.Files) > 0:
		f.Locked, f.Already = append(f.Locked, at), append(f.Already, at)
		text := runbook.Tf("%s is locked already", "%s はすでにロック済み", at)
		if half {
			text = runbook.Tf("what can be overwritten of %s here is overwritten already", "%s のうちここで上書きできるものは、すでに上書き済み", at)
		}
		say(runbook.OK, a.File, text)
	}
	return all
}

// protected says what it means to lock an account that others count on.
func protected(a spool.Account, why runbook.Text) runbook.Finding {
	at := a.Address()
	return runbook.Finding{Level: runbook.Warn, Text: runbook.T(at+" is a protected account ("+why.EN+"): its mail keeps arriving, but its owner cannot log in until the console gives it a new password",
		at+" は保護されたアカウント ("+why.In("ja")+")。受信は続くが、コンソールで新しいパスワードを設定するまで、本人もログインできない"), Evidence: a.File}
}

// byHand says what of an account stays open unless somebody shuts it in the console.
func (f *Facts) byHand(a spool.Account) []runbook.Finding {
	var all []runbook.Finding
	at := a.Address()
	say := func(evidence string, text runbook.Text) {
		all = append(all, runbook.Finding{Level: runbook.Bad, Text: text, Evidence: evidence})
	}
	if a.Mailbox == "" {
		say(a.File, runbook.T("the auth file of "+at+" cannot be found ("+a.Lost+"): set its password in the console", at+" の認証ファイルの場所が分からない ("+a.LostJA+"): コンソールでパスワードを変更すること"))
	}
	if a.Fixed != "" {
		f.AuthOnly = append(f.AuthOnly, at)
		say(fmt.Sprintf("%s:%d", a.File, a.Line), runbook.T("the account file of "+at+" is not as documented and is left alone: its POP3/IMAP4 password stays until it is changed in the console ("+a.Fixed+")",
			at+" のアカウントファイルが文書の形式と異なるため触らない: POP3/IMAP4 のパスワードは元のまま。コンソールで変更すること ("+a.FixedJA+")"))
	}
	for _, twin := range a.Twins {
		say(twin, runbook.Tf("a folder that differs from that of %s in letter case only has an auth file, which is left alone: that login stays", "%s のフォルダと大文字小文字だけが異なるフォルダに認証ファイルがある。これには触らないため、そのログインは残る", at))
	}
	return all
}

// maxNames bounds how many names one sentence holds.
const maxNames = 10

// left says what is left to a person; zero if nothing is.
func (f *Facts) left() runbook.Text {
	if len(f.ByHand) == 0 {
		return runbook.Text{}
	}
	return runbook.Tf("not wholly locked, the rest is for the web console: %s", "ロックが一部残っている。残りは web コンソールで行う: %s", strings.Join(f.ByHand[:min(len(f.ByHand), maxNames)], ", "))
}
