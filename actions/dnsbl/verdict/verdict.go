// Package verdict says what the replies of a blocklist mean: what one reply says (Read), whether a list may be believed in this run
// (Judge), and from both whether a subject is listed, not listed, or not tested (Decide). It asks nothing itself.
//
// There are three outcomes, never two. A listing is reported only of a list that has passed its self-test, and "not listed" only
// of one that has also shown that it lists what it has to. Everything else is not tested, with the reason: refusals, errors, time-outs,
// addresses that are no answers of a blocklist, lists that list the whole world, and lists that are empty.
package verdict

import (
	"net/netip"
	"slices"

	"hikeshi/actions/dnsbl/ask"
	"hikeshi/actions/dnsbl/table"
	"hikeshi/runbook"
)

// Outcome is what is said of one subject on one list.
type Outcome string

// The outcomes.
const (
	Listed    Outcome = "listed"
	NotListed Outcome = "not-listed"
	NotTested Outcome = "not-tested"
)

// Sense is what one reply says.
type Sense string

// The senses.
const (
	Entry   Sense = "entry"   // listed
	Absent  Sense = "absent"  // no such name, or no address
	Remark  Sense = "remark"  // the list says something that is no listing
	Refusal Sense = "refusal" // the list does not answer this resolver
	Strange Sense = "strange" // an answer in 127.0.0.0/8 of a list of codes that is not among them
	Foreign Sense = "foreign" // no answer of a blocklist
	Failure Sense = "failure" // no answer at all
)

// A Reading is a reply and what it says.
type Reading struct {
	Sense   Sense
	Codes   []table.Code
	Answers []netip.Addr
	Status  ask.Status
	Why     runbook.Text // why it is a Refusal, Strange, Foreign or a Failure
}

var (
	loopback = netip.MustParsePrefix("127.0.0.0/8")
	errors24 = netip.MustParsePrefix("127.255.255.0/24") // reserved by Spamhaus for errors, and used so by others
)

// Read says what the reply to a question for A records means on that list. All addresses count: the worst for belief decides, and
// one that is no answer of a blocklist spoils them all.
func Read(l table.List, r ask.Reply) Reading {
	out := Reading{Answers: r.Addrs, Status: r.Status}
	switch r.Status {
	case ask.None:
		out.Sense = Absent
		return out
	case ask.Found:
	default:
		out.Sense, out.Why = Failure, failure(r)
		return out
	}
	out.Sense = Remark
	for _, a := range r.Addrs {
		sense, codes, why := meaning(l, a)
		out.Codes = append(out.Codes, codes...)
		if rank(sense) > rank(out.Sense) {
			out.Sense, out.Why = sense, why
		}
	}
	return out
}

// rank orders the senses of one reply: the higher one decides.
func rank(s Sense) int { return slices.Index([]Sense{Remark, Strange, Entry, Refusal, Foreign}, s) }

// meaning is what one address says.
func meaning(l table.List, a netip.Addr) (Sense, []table.Code, runbook.Text) {
	codes := l.Match(a)
	sense := Remark
	for _, c := range codes {
		switch {
		case c.Means == table.Refusal:
			return Refusal, codes, c.Text
		case c.Means == table.Listing:
			sense = Entry
		}
	}
	switch {
	case !loopback.Contains(a):
		return Foreign, nil, runbook.Tf("answered with %s, which is no answer of a blocklist", "応答 %s は掲載リストの応答ではない", a)
	case errors24.Contains(a) && len(codes) == 0:
		return Refusal, nil, runbook.Tf("refused: answered %s", "拒否: 応答 %s", a)
	case len(codes) > 0:
		return sense, codes, runbook.Text{}
	case last(a) < 2 && a.As4()[1] == 0 && a.As4()[2] == 0: // 127.0.0.0 and 127.0.0.1: a resolver's way to say no
		return Foreign, nil, runbook.Tf("answered %s, which means nothing on this list", "応答 %s はこのリストでは意味を持たない", a)
	case l.Bits || l.Category != "" && l.Category != "policy":
		return Strange, nil, runbook.Tf("answered %s, whose meaning is not known", "応答 %s の意味は不明", a)
	}
	return Entry, []table.Code{{Pattern: a.String(), Means: table.Listing, Text: runbook.T("listed; what this answer means is not known", "掲載(この応答の意味は不明)")}}, runbook.Text{}
}

func last(a netip.Addr) byte { return a.As4()[3] }

// failure says why there is no answer.
func failure(r ask.Reply) runbook.Text {
	switch r.Status {
	case ask.Silent:
		return runbook.T("no answer in time", "時間内に応答がない")
	case ask.Refused:
		return runbook.T("the resolver or the list refuses to answer (REFUSED)", "リゾルバーまたはリストが応答を拒否 (REFUSED)")
	case ask.ServFail:
		return runbook.T("the resolver gets no answer (SERVFAIL)", "リゾルバーが応答を得られない (SERVFAIL)")
	case ask.Mismatched:
		return runbook.T("only replies to other questions came", "別の問い合わせへの応答しか届かない")
	case ask.Unreachable:
		return runbook.T("the resolver cannot be reached", "リゾルバーに到達できない")
	case ask.Stopped:
		return runbook.T("the time of the run was over", "検査の制限時間を過ぎた")
	}
	if r.RCode != "" && r.RCode != "NOERROR" {
		return runbook.Tf("the resolver answers with the error %s", "リゾルバーがエラー %s を返す", r.RCode)
	}
	return runbook.T("the reply cannot be read", "応答を読み取れない")
}
