package suspects

import (
	"fmt"
	"strings"

	"hikeshi/actions/logs/desk"
	"hikeshi/actions/logs/signals"
	"hikeshi/actions/logs/sweep"
	"hikeshi/runbook"
)

// sentence is the finding about an account or a peer.
func (t teller) sentence(e *signals.Entry, who runbook.Text) runbook.Text {
	en, ja := who.EN, who.JA
	var hitsEN, hitsJA []string
	for _, h := range e.Hits {
		hitsEN = append(hitsEN, hit(h, "en"))
		hitsJA = append(hitsJA, hit(h, "ja"))
	}
	if len(e.Via) > 0 {
		hitsEN = append(hitsEN, "used "+few(e.Via, "and %d more"))
		hitsJA = append(hitsJA, few(e.Via, "ほか %d 件")+" を使用")
	}
	if len(e.From) > 0 {
		hitsEN, hitsJA = append(hitsEN, t.from(e).EN), append(hitsJA, t.from(e).JA)
	}
	when := fmt.Sprintf("%s - %s", desk.Clock(e.First), clockOnly(e.First, e.Last))
	if e.First == 0 {
		when = "-"
	}
	sent := t.r.Messages(e.Messages, e.Recipients)
	return runbook.T(
		fmt.Sprintf("%s: %s; %s, %s", en, strings.Join(hitsEN, "; "), sent.EN, when),
		fmt.Sprintf("%s: %s。%s、%s", ja, strings.Join(hitsJA, "、"), sent.JA, when))
}

// from names the peers that an account was used from and that are not usual for it; where nobody knows which are, only that it was.
func (t teller) from(e *signals.Entry) runbook.Text {
	en, ja := strings.Join(e.From, ", "), strings.Join(e.From, ", ")
	if n := e.Addresses - len(e.From); n > 0 {
		en, ja = fmt.Sprintf("%s and %s more", en, desk.Number(int64(n))), fmt.Sprintf("%s ほか %s 件", ja, desk.Number(int64(n)))
	}
	if !t.r.Book.Known() {
		return runbook.T("from "+en, "接続元は "+ja)
	}
	return runbook.T("from "+en+", new for it", "このアカウントで初めての接続元は "+ja)
}

func account(e *signals.Entry) runbook.Text {
	if e.Level == signals.Hint {
		return runbook.T(e.Name+" (a hint)", e.Name+"(参考)")
	}
	if e.Named*2 > e.Messages {
		return runbook.T(e.Name+" is a suspect, named without a login", e.Name+" は、ログインなしで名乗られた疑いが強い")
	}
	return runbook.T(e.Name+" is a suspect", e.Name+" は乗っ取りの疑いが強い")
}

func source(e *signals.Entry) runbook.Text {
	if e.Level == signals.Hint {
		return runbook.T(e.Name+" (a hint)", e.Name+"(参考)")
	}
	return runbook.T(e.Name+" is a suspect", e.Name+" は不正利用の接続元の疑いが強い")
}

func hit(h signals.Hit, lang string) string {
	detail := h.Detail.In(lang)
	if detail != "" {
		detail = ": " + sweep.Safe([]byte(detail))
	}
	about := ""
	if h.About {
		about = map[string]string{"en": "about ", "ja": "約 "}[lang]
	}
	return fmt.Sprintf("%s %s %s%s (%s)%s", h.Signal(), h.What.In(lang), about, desk.Number(int64(h.Value)), desk.Number(int64(h.Threshold())), detail)
}

// few names the first three.
func few(names []string, more string) string {
	const shown = 3
	text := strings.Join(names[:min(len(names), shown)], ", ")
	if n := len(names) - shown; n > 0 {
		text += " " + fmt.Sprintf(more, n)
	}
	return text
}

// clockOnly is a time without its date if that is the date of another one.
func clockOnly(first, last int64) string {
	if first-first%86400 == last-last%86400 {
		return desk.Clock(last)[len("2006-01-02 "):]
	}
	return desk.Clock(last)
}
