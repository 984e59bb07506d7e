// Package proof shows, by asking the model of effect.dat, that an edit denies what it should and changes
// nobody else's decision.
//
// It is a sample, not a deduction: the denied peers and senders, the addresses and senders that the file
// speaks of, those just beside them, and random others, each peer with every kind of sender. SMTP AUTH is
// not varied, because it plays no part in a decision.
package proof

import (
	"fmt"
	"strings"

	"hikeshi/spool/epms/effect"
	"hikeshi/spool/epms/effect/index"
	"hikeshi/spool/epms/effect/pattern"
	"hikeshi/spool/epms/effect/target"
)

// Bounds of the work, whatever the files hold.
const (
	maxDifferences = 100
	maxTries       = 5_000_000 // of patterns that an index must try one by one
	minQueries     = 200       // even so
)

// A Sample says what to ask.
type Sample struct {
	Denied []string   // targets, as for [effect.File.DenyAll]
	Own    effect.Own // for senders of own domains and for own addresses
	Seed   uint64     // of the random choices: equal seeds ask the same
}

// A Difference is a decision that is not as it should be.
type Difference struct {
	Query         effect.Query
	Before, After effect.Decision
	Target        string // the denied target that the query belongs to; "" when it belongs to none
}

// String says what is wrong; the peer and the sender are quoted.
func (d Difference) String() string {
	sender := "any foreign sender"
	if d.Query.SenderGiven {
		sender = fmt.Sprintf("sender %.100q", d.Query.Sender)
	}
	if d.Target != "" {
		return fmt.Sprintf("%s with %s belongs to the denied %s and is not refused: %s", d.Query.Peer, sender, d.Target, d.After.Result)
	}
	return fmt.Sprintf("%s with %s is nobody denied, and the decision changes: %s (line %d) becomes %s (line %d)",
		d.Query.Peer, sender, d.Before.Result, d.Before.Line, d.After.Result, d.After.Line)
}

// A Report is the outcome of a comparison.
type Report struct {
	Asked       int          // queries put to both files
	Differences []Difference // none is proof; at most 100 are kept
}

// Compare asks both files the same. A query that belongs to a denied target must be refused by the file
// after the edit; the null or empty sender may keep the default rule of a #<> or #blank line. Every other
// query must get the same result from a line of the same text. To check a removal, pass the file without
// the denials as before and the one with them as after. The error is that of a target.
func Compare(before, after *effect.File, s Sample) (Report, error) {
	targets := make([]target.Target, len(s.Denied))
	var lines strings.Builder
	for i, d := range s.Denied {
		t, err := target.Parse(d)
		if err != nil {
			return Report{}, err
		}
		targets[i] = t
		lines.WriteString(t.Pattern + " false\n")
	}
	denied := index.Of(effect.Parse([]byte(lines.String())))
	b, a := index.Of(before), index.Of(after)
	queries := newSampler(s, targets).queries(before, after)
	if most := max(minQueries, maxTries/(1+b.Tried()+a.Tried())); len(queries) > most {
		queries = queries[:most]
	}
	report := Report{Asked: len(queries)}
	for _, q := range queries {
		d := Difference{Query: q, Before: b.Decide(q), After: a.Decide(q)}
		d.Target, _, _ = strings.Cut(denied.Decide(q).Text, " ")
		if !d.fine() && len(report.Differences) < maxDifferences {
			report.Differences = append(report.Differences, d)
		}
	}
	return report, nil
}

func (d Difference) fine() bool {
	if d.Target == "" {
		return d.Before.Result == d.After.Result && d.Before.Text == d.After.Text && d.Before.Zero == d.After.Zero
	}
	if d.After.Result == effect.Deny {
		return true
	}
	s := d.Query.Subject()
	return d.Query.SenderGiven && s.Is(pattern.Blank) && spared(d.Before) && spared(d.After)
}

// spared reports whether a #<> or #blank line has left the default rule.
func spared(d effect.Decision) bool {
	if d.Result != effect.DefaultRule || d.Line == 0 {
		return false
	}
	text, _, _ := strings.Cut(d.Text, " ")
	w := pattern.Parse(text).Word
	return w == pattern.NullSender || w == pattern.Blank
}
