package judge

import "hikeshi/runbook"

// Text is the verdict for people. In English it is the word itself, as it stands in facts and JSON.
func (v Verdict) Text() runbook.Text {
	ja := map[Verdict]string{Passed: "受理 (正常)", RefusedAtMail: "MAIL で拒否", Refused: "拒否", RefusedSoft: "一時的に拒否", Deferred: "保留", Suspect: "疑いあり", WeakSuspect: "弱い疑い",
		RefusedLate: "DATA 以降で拒否", Accepted: "本文まで受理", NotSeen: "受理、未着", Proven: "中継を確認", Backscatter: "返送", Inconclusive: "判定不能", Timeout: "時間切れ", NotRun: "未実施"}
	return runbook.T(string(v), ja[v])
}
