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

// Hindrance says why an account cannot be renamed by rewriting its account file and renaming its folder; it is zero if it can.
func Hindrance(a spool.Account) runbook.Text {
	switch {
	case a.Fixed != "":
		return runbook.T(a.Fixed, a.FixedJA)
	case len(a.Again) > 0:
		return Doubled(a)
	case a.Mailbox == "":
		return runbook.T("where its mailbox is cannot be told: "+a.Lost, "メールボックスの場所が分からない: "+a.LostJA)
	case len(a.Shares) > 0:
		others := strings.Join(a.Shares[:min(len(a.Shares), maxShown)], ", ")
		return runbook.T("it shares its mailbox folder with "+others, "メールボックスのフォルダを "+others+" と共用している")
	}
	fi, err := os.Lstat(a.Mailbox)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return runbook.Text{}
	case err != nil:
		return runbook.T(err.Error(), "")
	case !fi.IsDir():
		return runbook.T(a.Mailbox+" is not a folder", a.Mailbox+" はフォルダではない")
	}
	return runbook.Text{}
}

// Doubled says that the name of an account stands in several lines, and what to do; it is zero if it does not.
func Doubled(a spool.Account) runbook.Text {
	if len(a.Again) == 0 {
		return runbook.Text{}
	}
	lines := fmt.Sprint(a.Line)
	for _, n := range a.Again[:min(len(a.Again), maxShown)] {
		lines += fmt.Sprintf(", %d", n)
	}
	return runbook.Tf("its name stands in the lines %s of the account file; the server reads the first of them only, and the next would take its place: take the others out in the web console first",
		"アカウントファイルの %s 行目に同じ名前がある。サーバは最初の行だけを読み、その行が変わると次の行が有効になる。先に web コンソールで余分な方を取り除くこと", lines)
}

// Never says why an account is never renamed, whatever is asked for; it is zero if it may be. protected are names with or without domain.
func Never(a spool.Account, protected []string) runbook.Text {
	for _, p := range protected {
		if Means(p, a.Name, a.Domain) {
			return runbook.Tf("the configuration protects the account %s", "設定で保護したアカウント %s にあたる", p)
		}
	}
	for _, r := range a.Named {
		if r.Kind == spool.RefPostmaster {
			return runbook.Tf("it is the postmaster of the server (%s)", "サーバの PostMaster である (%s)", r.Path)
		}
	}
	return runbook.Text{}
}

// Setting is a planted setting as it is shown. A value that may hold a secret is left out.
func Setting(p spool.Planted) runbook.Text {
	if p.Odd {
		return runbook.T(p.Key+" (with a value that is not understood and not shown)", p.Key+" (値は解釈できないため表示しない)")
	}
	return runbook.T(p.Key+"="+p.Value, "")
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
