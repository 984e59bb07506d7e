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
		hitsEN = append(hitsEN, t.hit(e, h, "en"))
		hitsJA = append(hitsJA, t.hit(e, h, "ja"))
	}
	if len(e.Via) > 0 {
		hitsEN = append(hitsEN, "used "+few(e.Via, "and %d more"))
		hitsJA = append(hitsJA, few(e.Via, "ほか %d 件")+" を使用")
	}
	if !e.Place.IsValid() {
		if meant := t.r.Names.Meant(e.Name); len(meant) > 0 {
			en, ja = en+" (which of "+few(meant, "and %d more")+" that is, the login does not say)", ja+" ("+few(meant, "ほか %d 件")+" のどれかは、このログイン名では区別できない)"
		} else if !strings.Contains(e.Name, "@") && e.Name != "" {
			en, ja = en+" (of which domain is not known)", ja+" (ドメインは不明)"
		}
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
		more := desk.About(n, t.wrongAddresses(e))
		en, ja = fmt.Sprintf("%s and %s more", en, more.EN), fmt.Sprintf("%s ほか %s 件", ja, more.JA)
	}
	if !t.r.Book.Known() {
		return runbook.T("from "+en, "接続元は "+ja)
	}
	return runbook.T("from "+en+", new for it", "このアカウントで初めての接続元は "+ja)
}

// forged says whether nobody can tell if an account logged in: its name may be nothing but that of a sender.
func (t teller) forged(e *signals.Entry) bool {
	a := t.r.Book.Accounts[e.Name]
	return a != nil && !e.Place.IsValid() && (!t.r.Some.Logins || a.Blind*2 > a.Messages)
}

// borrowed says whether the name of an account was used without a login, in most of its messages: anybody can do that.
func borrowed(e *signals.Entry) bool { return e.Named > 0 && e.Named*2 >= e.Messages }

// account says of an account how sure that is. Where no log tells of logins its name is that of a sender, which anybody can write.
func (t teller) account(e *signals.Entry) runbook.Text {
	forged := t.forged(e)
	switch {
	case e.Level == signals.Hint && forged:
		return runbook.T(e.Name+" (a hint, as a sender only: no log of logins tells whether it logged in)", e.Name+"(参考。差出人としての名前だけで、ログインしたかどうかはログから分からない)")
	case e.Level == signals.Hint && borrowed(e):
		return runbook.T(e.Name+" (a hint, named without a login: its owner may know nothing of it)", e.Name+"(参考。ログインなしで名乗られただけで、本人は無関係かもしれない)")
	case e.Level == signals.Hint:
		return runbook.T(e.Name+" (a hint)", e.Name+"(参考)")
	case borrowed(e):
		return runbook.T(e.Name+" is a suspect, named without a login: its owner may know nothing of it", e.Name+" は、ログインなしで名乗られた疑いが強い(本人は無関係かもしれない)")
	case forged:
		return runbook.T(e.Name+" is a suspect as a sender only: no log of logins tells whether it logged in, and anybody can write this name",
			e.Name+" は、差出人としては疑いが強い(ログインしたかどうかはログから分からず、名乗られただけの可能性がある)")
	}
	return runbook.T(e.Name+" is a suspect", e.Name+" は乗っ取りの疑いが強い")
}

func (t teller) source(e *signals.Entry) runbook.Text {
	if e.Level == signals.Hint {
		return runbook.T(e.Name+" (a hint)", e.Name+"(参考)")
	}
	return runbook.T(e.Name+" is a suspect", e.Name+" は不正利用の接続元の疑いが強い")
}

func (t teller) hit(e *signals.Entry, h signals.Hit, lang string) string {
	detail := h.Detail.In(lang)
	if detail != "" {
		detail = ": " + sweep.Safe([]byte(detail))
	}
	return fmt.Sprintf("%s %s %s (%s)%s", h.Signal(), h.What.In(lang), desk.About(int(h.Value), t.wrong(e, h)).In(lang), desk.Number(int64(h.Threshold())), detail)
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

// legend explains the signs of a list.
func legend() runbook.Finding {
	return runbook.Finding{Level: runbook.Info, Text: runbook.T(
		"signs: each with its value and, in brackets, the threshold that it reached; D1 D2 D6 volume, D3 D10 spread, D9 D14 identity, D7 mail that comes back, D8 D11 D12 break-in, D13 open relay; signs of two of these make a suspect [!], of one a hint [?]",
		"兆候の読み方: 値のあとの括弧は、超えたしきい値。D1 D2 D6 は量、D3 D10 は広がり、D9 D14 は本人でない疑い、D7 は不達、D8 D11 D12 は侵入、D13 は認証なしの中継。2 種類以上に当たれば疑い [!]、1 種類だけなら参考 [?]")}
}
