package trace

import (
	"fmt"
	"slices"
	"strings"

	"hikeshi/actions/trace/facts"
	"hikeshi/actions/trace/message"
	"hikeshi/actions/trace/verdict"
	"hikeshi/runbook"
)

// settle says which messages of one mail are told of, and takes back what one of them says against another: what is attached to a mail that
// this server sent is as its sender made it, and a complaint is not the spam.
func settle(m message.Mail, all []seen, l *look) []Traced {
	holds := func(outer, inner seen) bool { return m.Holds(outer.at, inner.at) }
	leaf := func(s seen) bool { return !slices.ContainsFunc(all, func(o seen) bool { return holds(s, o) }) }
	var told, around []seen
	for _, s := range all {
		switch {
		case slices.ContainsFunc(all, func(o seen) bool { return o.State == facts.Bounced && holds(o, s) }): // of that bounce
		case s.State == facts.Bounced:
			told = append(told, s)
		case leaf(s):
			if !slices.ContainsFunc(all, func(o seen) bool { return leaf(o) && repeats(s, o) }) {
				told = append(told, s)
			}
		case s.State.Ours() && !((s.Stays || s.State == facts.Forwarded) && role(s.For)): // that is a complaint, of a colleague perhaps
			told = append(told, s)
		case s.State == facts.Unknown && s.Touches && !s.Stays:
			around = append(around, s)
		}
	}
	for i := range told {
		if slices.ContainsFunc(told, func(o seen) bool { return o.State.Ours() && o.State != facts.Forwarded && holds(o, told[i]) }) {
			carried(&told[i].Traced)
		}
	}
	if !l.outer && !slices.ContainsFunc(told, func(s seen) bool { return s.State.Ours() }) {
		if len(told) != 1 || told[0].at != 0 || told[0].State != facts.Not || !itself(&told[0], m, l) {
			unread(told, m)
		}
	}
	if len(told) > 0 && !slices.ContainsFunc(told, func(s seen) bool { return s.State != facts.Not }) { // else they tell nothing new
		told = append(around, told...)
	}
	rows := make([]Traced, 0, len(told))
	for i, s := range told {
		if s.Parts = len(told); i == 0 {
			for _, g := range m.Gaps {
				s.Gaps = append(s.Gaps, facts.Gap{Why: string(g.Why), Part: g.Part, Name: g.Name})
			}
		}
		rows = append(rows, s.Traced)
	}
	return rows
}

// repeats says that a message is another one over again: quoted in the text as well, or in the text and in its HTML. The one that is not
// quoted counts, else the first.
func repeats(s, o seen) bool {
	if s.at == o.at || s.Taken != string(message.Quoted) || o.Taken == s.Taken && o.at > s.at || len(s.Hops) == 0 || len(s.Hops) != len(o.Hops) {
		return false
	}
	for k, h := range s.Hops {
		if x := o.Hops[k]; h.IP != x.IP || h.By != x.By || h.ID != x.ID || h.User != x.User || h.HELO != x.HELO {
			return false
		}
	}
	return s.From == o.From || s.From == "" || o.From == ""
}

// carried takes back the answer for what lies in a mail that went out through this server. Even what the log tells of it is of another
// mail, which the sender may have had.
func carried(t *Traced) {
	if t.State == facts.Unknown {
		return
	}
	if t.Login != "" {
		t.Claimed = t.Login
	}
	t.State, t.Login, t.Client = facts.Unknown, "", ""
	t.Answer = verdict.Cannot(runbook.T("it lies in a mail that went out through this server, and whoever sent that may have made it up; its lines say: "+t.Answer.EN, "当サーバーから出たメールの中にあり、送信者が偽造した可能性がある。その行によれば: "+t.Answer.JA))
}

// itself is for a mail that holds no other message, if it is addressed to whoever answers for the server: then it is probably the complaint.
func itself(s *seen, m message.Mail, l *look) bool {
	to := ""
	for _, a := range append([]string{s.For}, s.said.To...) {
		if role(a) && l.own.Names(domain(a)) {
			to = a
			break
		}
	}
	if to == "" {
		return false
	}
	s.State = facts.Unknown
	s.Why = runbook.T(strings.TrimSuffix("of the mail itself: "+s.Answer.EN+"; "+s.Why.EN, "; "), strings.TrimSuffix("このメール自体: "+s.Answer.JA+"。"+s.Why.JA, "。"))
	not := missing(m)
	s.Answer = verdict.Cannot(runbook.T("the mail is itself what came for "+to+", and no spam with Received lines was found in it"+not.EN+"; if it is the spam, and no complaint, --outer judges it",
		"このメールは "+to+" 宛に届いたもの自体で、Received 行のあるスパムは中に見つからない"+not.JA+"。苦情ではなくこれ自体がスパムなら --outer で判定する"))
	return true
}

// missing names what could not be read, in brackets.
func missing(m message.Mail) runbook.Text {
	var en, ja []string
	for _, g := range m.Gaps[:min(len(m.Gaps), 3)] {
		switch {
		case g.Why == message.Broken:
			en, ja = append(en, "its MIME form is broken"), append(ja, "MIME 形式が壊れている")
		case g.Name != "":
			en, ja = append(en, "not readable: "+g.Name), append(ja, "読めない添付: "+g.Name)
		}
	}
	if len(en) == 0 {
		return runbook.Text{}
	}
	return runbook.T(" ("+strings.Join(en, ", ")+")", " ("+strings.Join(ja, "、")+")")
}

// unread takes back that nothing went through this server where a part that may hold a message was not read, and says so. An archive alone does not:
// spam often has one.
func unread(told []seen, m message.Mail) {
	why := unreadable(m)
	if why.IsZero() {
		return
	}
	for k := range told {
		if s := &told[k]; !s.State.Ours() {
			of := verdict.Why(s.Answer)
			s.State, s.Answer = facts.Unknown, verdict.Cannot(runbook.T(why.EN+"; of what was read: "+of.EN, why.JA+"。読んだ範囲では: "+of.JA))
		}
	}
}

// unreadable says what was not read; zero if nothing was that counts.
func unreadable(m message.Mail) runbook.Text {
	for _, g := range m.Gaps {
		switch g.Why {
		case message.Deep:
			return runbook.Tf("its messages are nested deeper than %d, and the rest was not read", "%d 通より深い入れ子で、残りを読んでいない", message.MaxDepth)
		case message.Many:
			return runbook.T("it holds too many messages or parts, and the rest was not read", "メールやパートが多すぎ、残りを読んでいない")
		case message.Long:
			return runbook.T("its text is too long, and the rest was not read", "本文が長すぎ、残りを読んでいない")
		case message.Broken:
			return runbook.T("its MIME form is broken, and a message in it may not have been found", "MIME 形式が壊れており、中のメールを見落とした可能性がある")
		case message.Sealed:
			return runbook.Tf("an attachment may hold the spam and cannot be read (%s)", "スパムを含み得る添付が読めない (%s)", name(g))
		}
	}
	judged := m.Judged()
	for i, x := range m.Found {
		if i > 0 && !slices.ContainsFunc(judged, func(k int) bool { return k == i || m.Holds(i, k) }) {
			return runbook.Tf("a message in it has no Received line (part %s)", "中のメールに Received 行がない (パート %s)", x.Part)
		}
	}
	return runbook.Text{}
}

func name(g message.Gap) string {
	if g.Name != "" {
		return g.Name
	}
	return fmt.Sprintf("part %s", g.Part)
}

// role says that an address is one that answers for a server or a domain (RFC 2142, sections 4 and 5, and those that are usual).
func role(address string) bool {
	local, _, _ := strings.Cut(strings.ToLower(address), "@")
	return slices.Contains([]string{"abuse", "postmaster", "hostmaster", "webmaster", "noc", "security", "root", "admin", "administrator", "mailer-daemon", "spam"}, local)
}
