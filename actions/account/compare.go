package account

import (
	"errors"
	"fmt"
	"io/fs"

	"hikeshi/actions/account/pick"
	"hikeshi/actions/account/rewrite"
	"hikeshi/runbook"
	"hikeshi/spool"
)

// there looks at an account that there is.
func (t *inspection) there(a spool.Account) {
	at, open := a.Address(), len(t.open)
	for _, p := range a.Planted {
		t.stays(at, fmt.Sprintf("%s:%d", p.File, p.Line), runbook.T("its mailbox has "+pick.Setting(p).EN, "メールボックスに "+pick.Setting(p).In("ja")+" がある"))
	}
	for _, twin := range a.Twins {
		t.stays(at, twin, runbook.T("a folder that differs in letter case only has an auth file", "大文字小文字だけが異なるフォルダに認証ファイルがある"))
	}
	if t.nameOnly {
		t.stays(at, a.File, runbook.T("its name is still there, and mail in its name needs no password", "名前が残っており、その名前での送信にパスワードは要らない"))
		return
	}
	if err := t.passwords(a); err != nil {
		t.doubts(at, err)
		return
	}
	if open == len(t.open) {
		t.shut(at, "its passwords are not the stolen ones any more", "盗まれたパスワードはもう使えない")
	}
}

// What became of a password.
type fate int

const (
	overwritten fate = iota // by a lock
	replaced                // by somebody: it is not the kept one
	stolen                  // it is the kept one
	untold                  // there is no copy to compare with
)

// passwords compares both with what account.audit kept. One that a lock has written needs no copy.
func (t *inspection) passwords(a spool.Account) error {
	had, err := t.had(a)
	if err != nil {
		return err
	}
	if had && !a.Auth {
		t.stays(a.Address(), a.AuthFile, runbook.T("its auth file is gone, so mail in its name may need no password", "認証ファイルがなくなり、その名前での送信にパスワードが要らなくなっている"))
	}
	if a.Mailbox == "" {
		t.stays(a.Address(), a.File, runbook.T("where its auth file is cannot be told: "+a.Lost, "認証ファイルの場所が分からない: "+a.LostJA))
	}
	auth := overwritten
	if a.Auth {
		if auth, err = t.fate(a.AuthFile, a.Name, rewrite.AuthCopy(a.Address()), t.desk.AuthSecrets()); err != nil {
			return err
		}
		t.tell(a, a.AuthFile, auth)
	}
	kept, err := t.kept(a, had)
	if err != nil {
		return err
	}
	if a.Unread != "" {
		t.stays(a.Address(), fmt.Sprintf("%s:%d", a.File, a.Line), runbook.T("its line in the account file cannot be read ("+a.Unread+"), so nothing shows that the password there is another one",
			"アカウントファイルの行を読めず ("+a.UnreadJA+")、そこのパスワードが変わったとは言えない"))
		return nil
	}
	idx, err := t.fate(a.File, a.Name, rewrite.IdxCopy(a.Domain), t.desk.AccountSecrets())
	if err != nil {
		return err
	}
	if !kept && (idx == stolen || idx == replaced) {
		idx = untold // the copy is that of another account in the same file
	}
	t.tell(a, a.File, idx)
	if auth == stolen || idx == stolen {
		return nil // it is open, whatever became of the other
	}
	return t.half(a, auth, idx)
}

// kept says whether the copies were kept for this account: the account file is kept as a whole, whoever it was kept for.
func (t *inspection) kept(a spool.Account, hadAuth bool) (bool, error) {
	if hadAuth {
		return true, nil
	}
	_, err := rewrite.First(t.rec, rewrite.NoAuthCopy(a.Address()))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// tell says so if a password is the stolen one.
func (t *inspection) tell(a spool.Account, file string, f fate) {
	if f == stolen {
		t.stays(a.Address(), file, runbook.T("its password is the one that was kept", "パスワードが控えと同じまま"))
	}
}

// half decides on an account of which a password cannot be compared: beside one that a lock has overwritten it was left as it was.
func (t *inspection) half(a spool.Account, auth, idx fate) error {
	switch {
	case auth != untold && idx != untold:
		return nil
	case a.Auth && auth == overwritten:
		t.stays(a.Address(), a.File, runbook.T("its password in the auth file is overwritten, that in the account file is not", "認証ファイルのパスワードは上書き済みだが、アカウントファイルのものは上書きされていない"))
		return nil
	case idx == overwritten:
		t.stays(a.Address(), a.AuthFile, runbook.T("its password in the account file is overwritten, that in the auth file is not", "アカウントファイルのパスワードは上書き済みだが、認証ファイルのものは上書きされていない"))
		return nil
	}
	return doubt{text: runbook.T("no copy of its password was kept in this incident: run account.audit first", "この事案にパスワードの控えがない。先に account.audit を行うこと")}
}

// had says whether the account had an auth file when copies were kept.
func (t *inspection) had(a spool.Account) (bool, error) {
	_, err := rewrite.First(t.rec, rewrite.AuthCopy(a.Address()))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// fate says what became of the password of an account in a file.
func (t *inspection) fate(file, account, copied string, f spool.Secrets) (fate, error) {
	now, err := rewrite.Read(file)
	if err != nil {
		return untold, err
	}
	if ours, err := f.Begins(now, account, rewrite.Mark); err != nil || ours {
		return overwritten, err
	}
	kept, err := rewrite.First(t.rec, copied)
	if errors.Is(err, fs.ErrNotExist) {
		return untold, nil
	}
	if err != nil {
		return untold, err
	}
	same, err := f.Equal(now, kept, account)
	if errors.Is(err, fs.ErrNotExist) { // the copy has no such account, or cannot be read: it tells nothing
		return untold, nil
	}
	if same {
		return stolen, err
	}
	return replaced, err
}

func (t *inspection) findings(names []string) []runbook.Finding {
	if len(names) == 0 {
		return []runbook.Finding{pick.Nobody}
	}
	all := append(t.found, t.closed...)
	for _, d := range t.unsure {
		all = append(all, runbook.Finding{Level: runbook.Bad, Text: runbook.T(d.at+" cannot be told: "+d.text.EN, d.at+" は判定できない: "+d.text.In("ja"))})
	}
	if len(all) > 2*maxNames {
		n := len(all) - 2*maxNames
		all = append(all[:2*maxNames:2*maxNames], runbook.Finding{Level: runbook.Info, Text: runbook.T(runbook.Count(int64(n), "more finding"), fmt.Sprintf("ほかに %d 件", n))})
	}
	return append(all, pick.Living)
}
