package rename

import (
	"strings"

	"hikeshi/actions/account/pick"
	"hikeshi/actions/account/rename/move"
	"hikeshi/runbook"
	"hikeshi/spool"
)

// byHand tells the responder what to do in the console.
func (p *planning) byHand(a spool.Account, m move.Move, why runbook.Text) {
	p.facts.Manual = true
	p.facts.Accounts, p.facts.New = append(p.facts.Accounts, a.Address()), append(p.facts.New, m.To+"@"+m.Domain)
	if why.IsZero() {
		why = runbook.T("the backend is manual", "改名の方法に manual が指定されている")
	}
	p.leave(a.Address())
	p.say(runbook.Bad, a.File, runbook.T(a.Address()+" is not renamed yet, and is not renamed here: "+why.EN, a.Address()+" はまだ改名されていない。ここでは改名しない: "+why.In("ja")))
	p.say(runbook.Info, "http://[IP]/epms", runbook.Tf("by hand: in the web console rename the user %s of %s to %s; do not delete it, that deletes the mailbox",
		"手作業: web コンソールのユーザ管理で、ユーザ %s (ドメイン %s) を %s に改名する。削除するとメールボックスも消えるので、削除しないこと", m.From, m.Domain, m.To))
	if a.Mailbox != "" {
		p.say(runbook.Info, a.AuthFile, runbook.Tf("then see that the mailbox folder %s is called %s, too: as long as its auth file stands under the old name, the old login works",
			"続けて、メールボックスのフォルダ %s も %s に変わったか確認する。認証ファイルが元の名前のまま残ると、元の名前でログインできてしまう", m.Folder, m.Becomes))
	}
}

// leave notes that a person has to do the rest of an account.
func (p *planning) leave(address string) { p.byPerson = append(p.byPerson, address) }

// left says what is left to a person; zero if nothing is.
func (p *planning) left() runbook.Text {
	if len(p.byPerson) == 0 {
		return runbook.Text{}
	}
	names := strings.Join(p.byPerson[:min(len(p.byPerson), maxNames)], ", ")
	if p.kind == "account.restore" {
		return runbook.Tf("to be given the old name by hand: %s", "手作業で元の名前に戻す必要がある: %s", names)
	}
	return runbook.Tf("to be renamed by hand: %s", "手作業で改名する必要がある: %s", names)
}

// maxNames bounds how many names one sentence holds.
const maxNames = 10

func (p *planning) outcome(named int) runbook.Outcome {
	switch {
	case named == 0:
		p.say(runbook.Warn, "", runbook.T("no account was named", "アカウントの指定がない"))
	case len(p.facts.New) > 0:
		p.say(runbook.Info, "", runbook.T("mail to the old addresses bounces until they are renamed back; an alias with the old address would keep it alive",
			"元に戻すまで、元のアドレス宛のメールはエラーで返る。元のアドレスのエイリアスを作ると、そのアドレスは使えるままになる"))
		p.findings = append(p.findings, pick.Living)
	}
	return runbook.Outcome{Findings: p.findings, Changes: p.changes, Facts: p.facts, ByHand: p.left()}
}
