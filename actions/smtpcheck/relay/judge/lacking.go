package judge

import (
	"fmt"
	"strings"

	"hikeshi/actions/smtpcheck/pattern"
	"hikeshi/runbook"
)

// Lacking says that a test was not made, since what it needs is not there.
func Lacking(n pattern.Need) runbook.Text {
	switch n {
	case pattern.Account:
		return runbook.T("no account of the server is known (--account)", "サーバのアカウントが分からない (--account)")
	case pattern.Domain:
		return runbook.T("no domain of the server is known (--domain)", "サーバのドメインが分からない (--domain)")
	case pattern.BackupDomain:
		return runbook.T("no domain is known that the server is secondary MX for (--backup-domain)", "セカンダリ MX のドメインが指定されていない (--backup-domain)")
	case pattern.FailingLogin:
		return runbook.T("one login would fail, which was not allowed (--failing-login)", "ログインを一度失敗させる許可がない (--failing-login)")
	case pattern.Credentials:
		return runbook.T("there is no test account (smtp.login)", "試験用アカウントがない (smtp.login)")
	case pattern.POP:
		return runbook.T("there is no test account, or no leave for its POP login (smtp.login, --pop)", "試験用アカウントがないか、POP ログインの許可がない (smtp.login、--pop)")
	}
	return runbook.Text{}
}

// Only says on which ports a test is made.
func Only(ports []uint16) runbook.Text {
	list := strings.Trim(strings.Join(strings.Fields(fmt.Sprint(ports)), ", "), "[]")
	return runbook.Tf("only asked on %s", "対象ポートは %s のみ", list)
}
