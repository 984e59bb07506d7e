package pick

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"hikeshi/runbook"
	"hikeshi/spool"
)

// Hindrance says why an account cannot be renamed by rewriting its account file and renaming its folder, or nil.
func Hindrance(a spool.Account) error {
	switch {
	case a.Fixed != "":
		return errors.New(a.Fixed)
	case a.Mailbox == "":
		return fmt.Errorf("where its mailbox is cannot be told: %s", a.Lost)
	case len(a.Shares) > 0:
		return fmt.Errorf("it shares its mailbox folder with %s", strings.Join(a.Shares[:min(len(a.Shares), maxShown)], ", "))
	}
	fi, err := os.Lstat(a.Mailbox)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case !fi.IsDir():
		return fmt.Errorf("%s is not a folder", a.Mailbox)
	}
	return nil
}

// Words says how r names a.
func Words(a spool.Account, r spool.Reference) runbook.Text {
	at := a.Address()
	switch r.Kind {
	case spool.RefAlias:
		return runbook.Tf("alias %s leads to %s", "エイリアス %s の宛先は %s", r.Of, at)
	case spool.RefMember:
		return runbook.Tf("%s is a member of list %s", "%s はメーリングリスト %s のメンバー", at, r.Of)
	case spool.RefModerator:
		return runbook.Tf("%s is the moderator of list %s", "%s はメーリングリスト %s の管理者", at, r.Of)
	case spool.RefBounces:
		return runbook.Tf("%s gets the bounces of list %s", "%s はメーリングリスト %s のエラー返送先", at, r.Of)
	case spool.RefForward:
		return runbook.Tf("the mailbox of %s sends mail on to %s", "%s のメールボックスが %s へ転送している", r.Of, at)
	case spool.RefPostmaster:
		return runbook.Tf("%s is the postmaster of the server", "%s はサーバの PostMaster", at)
	}
	return runbook.Tf("%s names %s", "%s が %s を指している", r.Of, at)
}

// Nobody is what a step says that names no account.
var Nobody = runbook.Finding{Level: runbook.Info, Text: runbook.T("no account was named", "アカウントの指定がない")}

// Living says what no change of an account reaches.
var Living = runbook.Finding{Level: runbook.Warn, Text: runbook.T(
	"a session that has logged in before goes on until the receiver is restarted",
	"すでに認証済みのセッションは、受信サービスを再起動するまで続く")}
