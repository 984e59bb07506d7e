// Package cause weighs what speaks for and against each way in which a server can have become the source of spam. It only counts and
// compares: Judge is a function of Signs, by the one table in rules.go, and every sentence of its verdict names its figures.
//
// A sign that could not be looked at counts for nothing, in either direction. To stand out, the score of a cause has to reach Enough and
// to be higher than that of every other cause. Most signs weigh less than that, so that one of them alone is never enough; those that
// weigh as much leave no other reading. The responder decides.
package cause

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"hikeshi/runbook"
	"hikeshi/spool"
)

// Enough is the score from which a cause may stand out.
const Enough = 3

// Signs are what was found. What is not known is nil, or not Known.
type Signs struct {
	Rule    *spool.LoginRule
	Logins  *spool.Logins // of a log that is on
	Deny    Deny
	Mail    Mail
	Changed Changed
	Handed  Handed
}

// Handed is how the messages of suspects were handed in, by the logs; no figures if the logs cannot tell.
type Handed struct {
	Login   int // after a login
	Name    int // naming a suspect without one
	Foreign int // of foreign senders for outside, without one

	Judged   bool     // the days before were read too: who logs in from elsewhere than usual is known
	LoggedIn []string // the suspects that sent after a login
	Guessed  []string // accounts whose password was probably found by trying, as logs.logins judges; nil if nobody has looked
}

// suspect says whether the logs, with the days before them, call a login one of a suspect. It may be written without its domain.
func (h Handed) suspect(login string) bool {
	local, _, whole := strings.Cut(login, "@")
	return h.Judged && slices.ContainsFunc(h.LoggedIn, func(name string) bool {
		l, _, full := strings.Cut(name, "@")
		return strings.EqualFold(name, login) || whole != full && strings.EqualFold(l, local)
	})
}

// Deny is what the deny file says.
type Deny struct {
	Known   bool
	Opening []int         // lines that open the server, by package lint of the server
	Age     time.Duration // since the file was changed
}

// Changed is how long ago the youngest account file was changed.
type Changed struct {
	Known bool
	Age   time.Duration
}

// Mail is what a sample of the queue says. Out is mail for outside that is neither from the null sender nor list mail; what follows
// it are parts of it.
type Mail struct {
	Known    bool
	All      int // messages of the sample
	List     int // mail of mailing lists
	NullHome int // from the null sender, for own domains, and not made by this server
	Out      int

	Asked     int // whose sender is foreign, or was looked up
	Local     int // whose sender is an existing account
	NoLogin   int // of these, without anything to log in with
	NoAccount int // whose sender is of an own domain and does not exist
	Foreign   int // whose sender is of another domain
	Machine   int // whose sender is a program's: root, www-data, …

	Traced  int           // whose client is known
	Self    int           // whose client is this machine
	Inside  int           // whose client is in a private network
	Clients []spool.Count // the clients but this machine, most frequent first
	Senders []spool.Count // existing local senders, most frequent first

	Judged    int // of which the deny file was asked
	Opened    int // that a line of it lets out without a login
	OpenedBy  int // the line that does so most often
	NeedLogin int // that it lets out after a login only
	Stuck     int // that it lets out in no case, so that they were passed on: foreign senders without a line for them
}

// A Verdict is what speaks for and against one cause.
type Verdict struct {
	Cause   string // a to h
	Name    runbook.Text
	Score   int
	For     []runbook.Text
	Against []runbook.Text
	Unknown int // signs that could not be looked at
}

// Letters are the causes in the order of the runbook.
const Letters = "abcdefgh"

// Name is what a cause is called; empty for another letter.
func Name(letter string) runbook.Text {
	switch letter {
	case "a":
		return runbook.T("a stolen SMTP AUTH password", "SMTP AUTH のパスワードが盗まれた")
	case "b":
		return runbook.T("a registered account named without AUTH", "登録アカウントを認証なしで名乗られた")
	case "c":
		return runbook.T("a line of the deny file that opens the server", "中継制限ファイルに開いた行がある")
	case "d":
		return runbook.T("the host itself or a web form", "サーバー自身またはWebフォームから送られた")
	case "e":
		return runbook.T("an infected machine behind a customer's address", "顧客のアドレスの内側の感染端末")
	case "f":
		return runbook.T("a mailing list or a forwarder", "メーリングリストまたは転送")
	case "g":
		return runbook.T("the console or the host is compromised", "管理コンソールまたはホストの乗っ取り")
	case "h":
		return runbook.T("not us: only our address is forged", "当方ではない: アドレスを騙られているだけ")
	}
	return runbook.Text{}
}

// Judge weighs all causes, the most likely first. Likely is the letter of the one that stands out, or "".
func Judge(s *Signs) (all []Verdict, likely string) {
	for _, letter := range strings.Split(Letters, "") {
		v := Verdict{Cause: letter, Name: Name(letter)}
		for _, r := range rules() {
			if strings.Contains(r.causes, letter) {
				v.weigh(r, s)
			}
		}
		all = append(all, v)
	}
	slices.SortStableFunc(all, func(a, b Verdict) int { return cmp.Compare(b.Score, a.Score) })
	if first := all[0]; first.Score >= Enough && first.Score > all[1].Score {
		likely = first.Cause
	}
	return all, likely
}

func (v *Verdict) weigh(r rule, s *Signs) {
	figures, state := r.test(s)
	switch {
	case state == unknown:
		v.Unknown++
	case state == no:
	case r.weight > 0:
		v.Score += r.weight
		v.For = append(v.For, runbook.Tf(r.en, r.ja, figures...))
	default:
		v.Score += r.weight
		v.Against = append(v.Against, runbook.Tf(r.en, r.ja, figures...))
	}
}

// maxNamed bounds the lists of names.
const maxNamed = 50

// Accounts are the names that are likely to be abused: suspects of the logs that logged in from several places, most addresses first, and
// those whose password was probably found by trying; and where there is none of these, the local senders of much of the mail for outside. A sender proves little: who has one password may be
// allowed to name others.
func Accounts(s *Signs) []string {
	names := []string{}
	if s.Logins != nil {
		for _, u := range s.Logins.Users {
			if spread(u, fewPlaces) && s.Handed.suspect(u.User) {
				names = append(names, u.User)
			}
		}
	}
	for _, name := range s.Handed.Guessed {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		for _, c := range s.Mail.Senders {
			if much(int(c.N), s.Mail.Out, 10) && c.N >= 5 {
				names = append(names, c.Name)
			}
		}
	}
	return names[:min(len(names), maxNamed)]
}

// Standing are the sources that handed in at least a twentieth of the messages for outside whose client is known, and ten of them: so
// much that the responder has to say what they are.
func Standing(s *Signs) []string {
	names := []string{}
	for _, c := range s.Mail.Clients {
		if c.N >= fewMails && much(int(c.N), s.Mail.Traced, 5) && len(names) < maxNamed {
			names = append(names, c.Name)
		}
	}
	return names
}

// Share is the part that a client has in the messages for outside whose client is known, in percent.
func (m *Mail) Share(client string) int {
	for _, c := range m.Clients {
		if c.Name == client && m.Traced > 0 {
			return int(c.N) * 100 / m.Traced
		}
	}
	return 0
}

// Sources are the clients that handed in more than a few of the messages for outside, most frequent first.
func Sources(s *Signs) []string {
	names := []string{}
	for _, c := range s.Mail.Clients {
		if c.N >= 3 && int(c.N)*200 >= s.Mail.Out && len(names) < maxNamed {
			names = append(names, c.Name)
		}
	}
	return names
}
