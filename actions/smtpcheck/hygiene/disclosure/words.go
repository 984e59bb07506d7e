// Package disclosure holds the hygiene tests of what a server gives away: versions, users, names. See package session.
package disclosure

import (
	"regexp"
	"slices"
	"strings"

	"hikeshi/actions/smtpcheck/hygiene/session"
	"hikeshi/actions/smtpcheck/talk"
	"hikeshi/runbook"
)

var (
	versionForm = regexp.MustCompile(`\b[vV]?\d+\.\d+`)
	systemForm  = regexp.MustCompile(`(?i)\b(?:debian|ubuntu|centos|red ?hat|rhel|fedora|suse|windows|microsoft|freebsd|netbsd|openbsd|solaris|linux|gnu|macos)\b`)
	productForm = regexp.MustCompile(`(?i)\b(?:postfix|sendmail|exim|(?:net|not)?qmail|e-post|courier|exchange|opensmtpd|haraka|mailenable|hmailserver|zimbra|mdaemon|lotus|domino)\b`)
	enhanced    = regexp.MustCompile(`^[245]\.\d{1,3}\.\d{1,3} `)
)

// tells says what a text gives away of the software: a version or a system.
func tells(text string) string {
	text = enhanced.ReplaceAllString(text, "")
	if m := versionForm.FindString(text); m != "" {
		return m
	}
	return systemForm.FindString(text)
}

// Banner is H01. The name of the server may be made of numbers.
func Banner(s *session.Session, row *session.Row) {
	s.Close()
	if !s.Meet(row) { // what the greeting gives away is not weighed then
		return
	}
	row.Asked, row.Answered = []string{"(greeting)"}, []string{session.Cut(s.Rep.Banner)}
	_, text, _ := strings.Cut(s.Conn.Banner.Text(), " ")
	switch what := tells(text); {
	case what != "":
		row.Verdict, row.Why = session.Bad, runbook.Tf("it tells a version or a system: %s", "バージョンや OS が分かる: %s", what)
	case productForm.MatchString(text):
		row.Verdict, row.Why = session.Note, runbook.Tf("it names the software (%s), without a version", "ソフトウェア名 (%s) が分かる。バージョンはない", productForm.FindString(text))
	default:
		row.Verdict, row.Why = session.Good, runbook.T("the name of the server only", "サーバ名のみ")
	}
	row.Codes = session.Codes(s.Conn.Banner) + " " + tells(text)
}

// Help is H02.
func Help(s *session.Session, row *session.Row) {
	if !s.Meet(row) {
		return
	}
	r, ok := s.Say(row, "HELP")
	if !ok {
		return
	}
	s.Rep.Said += " " + r.Text()
	row.Codes = session.Codes(r)
	switch what := tells(r.Text()); {
	case r.Good() && what != "":
		row.Verdict, row.Why = session.Bad, runbook.Tf("it tells a version or a system: %s", "バージョンや OS が分かる: %s", what)
	case r.Good() || r.Hard():
		row.Verdict, row.Why = session.Good, runbook.T("no version", "バージョンは出ない")
	}
}

// plain takes out of a reply what differs from name to name and says nothing: the name that was asked for.
func plain(r talk.Reply, names ...string) string {
	text := strings.ToLower(r.String())
	for _, n := range names {
		text = strings.ReplaceAll(text, strings.ToLower(n), "NAME")
	}
	return text
}

// An answered is how a command answers a name that is known and two that nobody has.
type answered struct {
	known, one, two talk.Reply
	at              string // what was said behind each name
}

// apart says how the names are told apart: by the code, by the text, or not. Texts that differ between the two unknown names say nothing.
func (a answered) apart(s *session.Session) (byCode, byText bool) {
	if a.known.Code != a.one.Code || a.known.Enhanced != a.one.Enhanced {
		return a.one.Code == a.two.Code && a.one.Enhanced == a.two.Enhanced, false
	}
	one := plain(a.one, s.Stood+a.at)
	return false, one == plain(a.two, s.Also+a.at) && plain(a.known, s.Account()+a.at) != one
}

// names3 asks a command for a known name and two that nobody has.
func names3(s *session.Session, row *session.Row, verb, at string) (a answered, ok bool) {
	a.at = at
	for _, q := range []struct {
		name string
		to   *talk.Reply
	}{{s.Account(), &a.known}, {s.Stood, &a.one}, {s.Also, &a.two}} {
		if *q.to, ok = s.Say(row, verb+" "+q.name+at); !ok {
			return a, false
		}
	}
	return a, true
}

// alone begins a conversation for a test: servers refuse every command after some that are not about mail, Exim after ten, and that is no answer.
func alone(s *session.Session, row *session.Row) bool {
	s.Close()
	return s.Meet(row)
}

// VRFY is H03: the leak is an answer that tells known and unknown names apart.
func VRFY(s *session.Session, row *session.Row) {
	if alone(s, row) {
		both(s, row, "VRFY")
	}
}

// both asks for names without and with the domain, and enters the worse of the two.
func both(s *session.Session, row *session.Row, verb string) {
	forms := []string{""}
	if s.Run.Domain != "" {
		forms = append(forms, "@"+s.Run.Domain)
	}
	for i, at := range forms {
		a, ok := names3(s, row, verb, at)
		if !ok {
			row.Verdict = session.Unknown
			return
		}
		if now := session.Codes(a.known, a.one); !strings.HasSuffix(row.Codes, now) {
			row.Codes = strings.TrimLeft(row.Codes+" "+now, " ")
		}
		one := session.Row{Verdict: session.Unknown}
		if weigh(s, &one, a); i == 0 || rank(one.Verdict) > rank(row.Verdict) {
			row.Verdict, row.Why, row.Unmet = one.Verdict, one.Why, one.Unmet
		}
		if row.Verdict == session.Bad {
			return
		}
	}
}

// rank orders verdicts from good to bad.
func rank(v session.Verdict) int {
	return slices.Index([]session.Verdict{session.Good, session.Note, session.Unknown, session.Bad}, v)
}

// weigh judges the answers to three names.
func weigh(s *session.Session, row *session.Row, a answered) {
	known, one, two := a.known, a.one, a.two
	byCode, byText := a.apart(s)
	same := known.Code == one.Code && one.Code == two.Code
	switch {
	case byCode:
		row.Verdict, row.Unmet, row.Why = session.Bad, true, runbook.Tf("it tells known and unknown names apart: %s", "実在する名前としない名前を区別できる: %s", session.Codes(known, one))
	case byText:
		row.Verdict, row.Unmet, row.Why = session.Bad, true, runbook.T("the texts of the answers tell known and unknown names apart", "応答の文面から、実在する名前としない名前を区別できる")
	case known.Soft() || one.Soft() || two.Soft():
		row.Verdict, row.Why = session.Unknown, runbook.T("refused for now only: ask again later", "一時的な拒否。後で再試験すること")
	case !same:
		row.Verdict, row.Why = session.Unknown, runbook.T("two unknown names are answered differently", "実在しない2つの名前への応答が異なる")
	case known.Code == 250 || known.Code == 251:
		row.Verdict, row.Why = session.Note, runbook.T("every name is said to exist", "どの名前も存在すると答える")
	case known.Code == 550 && s.Control != session.Passed && !(s.Submission() && s.Run.Account != ""):
		row.Verdict, row.Why = session.Unknown, runbook.T("every name is said not to exist, and none is known to (--account)", "どの名前も存在しないと答える。実在する名前が確認できていない (--account)")
	case known.Code == 252 || known.Hard():
		row.Verdict, row.Why = session.Good, runbook.T("known and unknown names are answered alike", "実在する名前としない名前に同じ応答を返す")
	}
}

// EXPN is H04: the leak is an answer that names members of a list, or tells known and unknown names apart.
func EXPN(s *session.Session, row *session.Row) {
	if !alone(s, row) {
		return
	}
	master, ok := s.Say(row, "EXPN postmaster")
	if !ok {
		return
	}
	row.Codes = session.Codes(master)
	if master.Code == 250 && names(master) {
		row.Verdict, row.Unmet, row.Why = session.Bad, true, runbook.T("it names the members of a list", "リストのメンバーを答える")
		return
	}
	both(s, row, "EXPN")
	if master.Code == 250 && row.Verdict == session.Good {
		row.Verdict, row.Why = session.Note, runbook.T("postmaster is said to exist, and no member is named", "postmaster は存在すると答えるが、メンバーは答えない")
	}
}

// names says whether a reply holds an address or more than one line: what EXPN answers for each member (RFC 5321 section 3.5.1).
func names(r talk.Reply) bool {
	return len(r.Lines) > 1 || strings.ContainsAny(r.Text(), "@<")
}

// ETRN is H06. TURN would turn the conversation round, and is never said.
func ETRN(s *session.Session, row *session.Row) {
	if !alone(s, row) {
		return
	}
	name := s.Run.Domain
	if name == "" {
		name = s.Rep.Host
	}
	if name == "" {
		row.Why = runbook.T("no domain of the server is known (--domain)", "サーバのドメインが分からない (--domain)")
		return
	}
	turn := s.Conn.Caps.Has("TURN")
	r, ok := s.Say(row, "ETRN "+name)
	if !ok {
		return
	}
	row.Codes = session.Codes(r)
	switch {
	case r.Good():
		row.Verdict, row.Unmet, row.Why = session.Bad, true, runbook.T("a stranger can start the delivery of a queue", "第三者がキューの配送を開始させられる")
	case turn:
		row.Verdict, row.Unmet, row.Why = session.Bad, true, runbook.T("TURN is offered, which hands queued mail to whoever asks", "TURN が提供されている。溜まったメールを相手に渡してしまう")
	case r.Hard() || r.Code == 458 || r.Code == 459:
		row.Verdict, row.Why = session.Good, runbook.T("refused", "拒否")
	}
}
