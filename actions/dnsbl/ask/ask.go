// Package ask puts single questions to DNS resolvers and says honestly what came of them. It is the only package that speaks DNS.
//
// Make an Asker with the resolvers that are to be used, and Ask. Each question has its own time, several tries, each on the next
// resolver; a try that is not answered soon is followed by the next one while it goes on waiting, so that one lost packet costs
// little. What comes back is a Reply with one Status; there is no error to forget.
//
// Queries go out over UDP with an EDNS0 buffer of 1232 bytes (RFC 6891), again without it where the resolver does not know it
// (FORMERR, NOTIMP), and over TCP where the reply is truncated. Every query has its own socket and therefore its own port and ID. A reply
// counts only if it is one, has the ID, and repeats the question that was asked (RFC 5452 section 9.1); all others are waited past. No
// search domain is ever appended.
//
// It does not cache, does not validate DNSSEC, and does not limit how many questions are under way.
package ask

import (
	"context"
	"net/netip"
	"slices"
	"sync/atomic"
	"time"
)

// Type is what is asked for.
type Type string

// The types.
const (
	A    Type = "A"
	AAAA Type = "AAAA"
	TXT  Type = "TXT"
	PTR  Type = "PTR"
	NS   Type = "NS"
)

// Status is what came of a question.
type Status string

// The statuses. Only Found and None are answers.
const (
	Found       Status = "found"       // there are records of that type
	None        Status = "none"        // NXDOMAIN, or no record of that type
	Refused     Status = "refused"     // REFUSED
	ServFail    Status = "servfail"    // SERVFAIL
	Odd         Status = "rcode"       // another error, or a reply that cannot be read
	Mismatched  Status = "mismatched"  // only replies to other questions came
	Silent      Status = "silent"      // nothing came in time
	Unreachable Status = "unreachable" // the resolver cannot be reached
	Stopped     Status = "stopped"     // the run ended before an answer
)

// A Reply is what came of a question.
type Reply struct {
	Status Status
	Addrs  []netip.Addr   // A or AAAA: all of them, whatever CNAMEs stood before
	Texts  []string       // TXT: each record, its strings joined; bytes of a stranger
	Names  []string       // PTR: without the last dot
	TTL    time.Duration  // the least of the records
	RCode  string         // NXDOMAIN, as the resolver said it; "" without a reply
	Server netip.AddrPort // which resolver answered; the zero value if none did
	At     time.Time      // when, UTC
}

// Answered says whether a resolver said anything at all.
func (r Reply) Answered() bool { return r.Server.IsValid() }

// Asker asks resolvers. The zero values of Wait, Patience and Tries mean the defaults.
type Asker struct {
	Servers  []netip.AddrPort
	Wait     time.Duration // for one question, all tries together; 3 s
	Patience time.Duration // until the second try; doubled for the next one; 350 ms
	Tries    int           // 3

	turn atomic.Uint64
}

// The defaults.
const (
	defaultWait     = 3 * time.Second
	defaultPatience = 350 * time.Millisecond
	defaultTries    = 3
)

// Ask asks for the records of type t of name, which is complete as it stands. It returns within Wait, and soon after ctx has ended.
func (a *Asker) Ask(ctx context.Context, name string, t Type) Reply {
	if len(a.Servers) == 0 {
		return Reply{Status: Unreachable, At: time.Now().UTC()}
	}
	own, cancel := context.WithTimeout(ctx, orElse(a.Wait, defaultWait))
	defer cancel()
	r := a.race(own, question{name, t})
	if !r.Answered() && ctx.Err() != nil {
		r.Status = Stopped
	}
	r.At = time.Now().UTC()
	return r
}

func orElse[T comparable](v, def T) T {
	if v == *new(T) {
		return def
	}
	return v
}

// race makes one try after the other, at once where a try has failed, and takes the first answer.
func (a *Asker) race(ctx context.Context, q question) Reply {
	tries, patience := orElse(a.Tries, defaultTries), orElse(a.Patience, defaultPatience)
	first := int(a.turn.Add(1)-1) % len(a.Servers)
	came := make(chan Reply, tries)
	timer := time.NewTimer(patience)
	defer timer.Stop()
	started, ended := 0, 0
	start := func() {
		server := a.Servers[(first+started)%len(a.Servers)]
		started++
		go func() { came <- exchange(ctx, server, q) }()
	}
	start()
	var failed []Reply
	for {
		select {
		case r := <-came:
			ended++
			if r.Status == Found || r.Status == None {
				return r
			}
			failed = append(failed, r)
			if started < tries && ctx.Err() == nil && !a.sureFailure(failed) {
				start()
			} else if ended == started {
				return best(failed)
			}
		case <-timer.C:
			if started < tries {
				start()
				patience *= 2
				timer.Reset(patience)
			}
		}
	}
}

// sureFailure says whether every resolver has refused: asking a third time would only be impolite.
func (a *Asker) sureFailure(failed []Reply) bool {
	for _, s := range a.Servers {
		if !slices.ContainsFunc(failed, func(r Reply) bool { return r.Server == s && r.Status == Refused }) {
			return false
		}
	}
	return true
}

// best is the failure that tells most.
func best(failed []Reply) Reply {
	order := []Status{Refused, ServFail, Odd, Mismatched, Unreachable, Silent}
	return slices.MinFunc(failed, func(x, y Reply) int { return slices.Index(order, x.Status) - slices.Index(order, y.Status) })
}
