package story

import (
	"fmt"

	"hikeshi/runbook"
)

// Gaps lists what the record lacks, or holds only in part.
func (s *Story) Gaps() []runbook.Text {
	all := append([]runbook.Text(nil), s.Unrecorded...)
	for _, rec := range s.History.Records {
		e := rec.Evidence
		switch {
		case rec.Event == runbook.Noted && rec.Error != "":
			all = append(all, runbook.Tf("%s", "記録の遅れまたは欠落: %s", rec.Error))
		case rec.Event == runbook.Torn:
			all = append(all, runbook.Tf("a line that a crash left unfinished: %s", "異常終了で書きかけになった行: %s", rec.Text))
		case rec.Event != runbook.Evidenced || e == nil || !e.Cut:
		case e.SHA256 == "" && rec.Error != "":
			all = append(all, runbook.Tf("%s: %s", "%s: %s", e.Name, rec.Error))
		case e.SHA256 == "":
			all = append(all, runbook.Tf("%s: not copied, the incident holds as much evidence as it may", "%s: 証拠の容量上限に達したため保存せず", e.Name))
		default:
			all = append(all, runbook.Tf("%s: only the first %d bytes were copied", "%s: 先頭の %d バイトのみ保存", e.Name, e.Size))
		}
	}
	return all
}

// Account is the name of who did something: the account that called sudo, and the one that it became.
func Account(a runbook.Actor) string {
	if a.Sudo != "" && a.Sudo != a.User {
		return fmt.Sprintf("%s (%s)", a.Sudo, a.User)
	}
	return a.User
}
