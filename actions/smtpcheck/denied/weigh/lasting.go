package weigh

import (
	"slices"
	"time"

	"hikeshi/runbook"
)

// lasting takes back a denial of whoever was cut off, where it may be something else: a lock-out that passes, a limit, a list, no service for
// anybody. A mere hang-up is a denial only where the server's own file hangs up; a 5yz reply wherever its file refuses, or is not known.
func (c Case) lasting(v *Verdict) {
	lock := slices.IndexFunc(c.File, func(f Decision) bool { return f.Passing })
	refuses := slices.ContainsFunc(c.File, func(f Decision) bool { return !f.Login && f.Refused })
	hangsUp := slices.ContainsFunc(c.File, func(f Decision) bool { return !f.Login && f.Refused && f.Reply == "" })
	switch hard := c.Got.In.Reply.Hard(); {
	case lock >= 0:
		v.untold(CannotTell, c.lockedOut(c.File[lock].Until))
	case !c.Again.Further(c.Got.In):
		v.untold(Otherwise, runbook.Tf("by then the same was refused from elsewhere too, so that this proves no denial: %s", "その時点では、ほかのアドレスからも同じように断られたため、拒否の証明にならない: %s", c.Again.String()))
	case c.Sender:
		v.untold(CannotTell, runbook.T("cut off before the sender was named, so that it was not for the sender", "差出人を伝える前に切断された。差出人の拒否によるものではない"))
	case !hard && !hangsUp:
		v.untold(CannotTell, runbook.T("cut off before anybody could log in: by the denial, or by a ban or a limit that passes; which is not told apart", "ログインの手前で切断される。拒否によるものか、一時的な遮断や接続数の制限かは区別できない"))
	case hard && len(c.File) > 0 && !refuses:
		v.untold(CannotTell, runbook.T("refused before anybody could log in, though the server's file does not refuse it: by a list, a ban or a limit, not by the denial", "ログインの手前で断られるが、サーバのファイルに拒否の設定はない。ブラックリストや接続制限など、別の理由による"))
	}
}

// lockedOut says until when, by the clock of this machine.
func (c Case) lockedOut(until string) runbook.Text {
	at, err := time.Parse(time.RFC3339, until)
	if err != nil {
		return runbook.T("it is locked out for a time only: ask again when that has ended", "一時的な接続拒否の最中。解けてからもう一度試すこと")
	}
	form := "15:04 MST"
	if at = at.In(c.Now.Location()); at.YearDay() != c.Now.YearDay() || at.Year() != c.Now.Year() {
		form = "2006-01-02 15:04 MST"
	}
	return runbook.Tf("locked out until %s; ask again after that", "%s まで一時的な接続拒否の最中。その後にもう一度試すこと", at.Format(form))
}

func (v *Verdict) untold(result string, why runbook.Text) {
	v.Result, v.Login, v.Why = result, NotTested, why
}
