package main

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"hikeshi/actions/logs"
	"hikeshi/runbook"
)

// guessingRow is who tries passwords, and whether one was found, as logs logins judges what was read of the logs.
type guessingRow struct {
	Found []foundRow `json:"found"` // passwords that were probably found, within the last day
	Now   []string   `json:"now"`   // addresses that try passwords, and did within the last 15 minutes
	Names []string   `json:"names"` // accounts that are tried from many addresses, seldom from each, likewise
	Spray sprayRow   `json:"spray"` // likewise, for many names from many addresses, seldom for or from each; zero if nobody does
	Deaf  []string   `json:"deaf"`  // logs of logins that are off, or cannot be read or understood: without these nobody can say that nothing was
}

type foundRow struct {
	Account  string    `json:"account"`
	Source   string    `json:"source"`
	At       time.Time `json:"at"`
	Failures int64     `json:"failures"` // in 10 minutes
	Evidence string    `json:"evidence"` // as in suspectRow
}

type sprayRow struct {
	Sources  int   `json:"sources"`
	Names    int   `json:"names"`
	Failures int64 `json:"failures"`
}

func guessingOf(f logs.LoginsFacts) *guessingRow {
	g := &guessingRow{Found: []foundRow{}, Now: f.Now, Names: f.NowNames, Deaf: f.Deaf}
	for _, x := range f.Found {
		row := foundRow{Account: x.Account, Source: x.Source, At: x.At, Failures: x.Failures}
		if len(x.Evidence) > 0 {
			row.Evidence = x.Evidence[0].String()
		}
		g.Found = append(g.Found, row)
	}
	slices.SortStableFunc(g.Found, func(a, b foundRow) int { return b.At.Compare(a.At) })
	if f.Spray.Now {
		g.Spray = sprayRow{f.Spray.Sources, f.Spray.Names, f.Spray.Failures}
	}
	return g
}

// likeLines is how many lines of one sort the status has; what is left out is counted.
const likeLines = 5

// judgeGuessing tells the passwords that were probably found, until an incident has named the account, and who is trying now.
func (a *app) judgeGuessing(w *world, doc *statusDocument, add verdict) {
	g := doc.Guessing
	if g == nil {
		return
	}
	named, told, more := a.notExcluded(w, nil), 0, 0
	for _, f := range g.Found {
		local, _, _ := strings.Cut(f.Account, "@")
		if doc.Time.Sub(f.At) >= stillAtIt && (slices.Contains(named, f.Account) || slices.Contains(named, local)) {
			continue
		}
		if told++; told > likeLines {
			more++
			continue
		}
		add(runbook.Bad, "password probably found: %s at %s from %s, see %s", "パスワードを当てられた疑い: %s、%s に %s から。根拠 %s", line(f.Account), clockAt(f.At, doc.Time), f.Source, cmp.Or(line(f.Evidence), "-"))
	}
	if more > 0 {
		add(runbook.Bad, "%d more passwords probably found: hikeshi logs logins", "ほか %d 件のパスワードも当てられた疑い: hikeshi logs logins", more)
	}
	if n := len(g.Now); n > 0 {
		add(runbook.Warn, "guessing now: %s: %s", "パスワードの総当たりが進行中: %s: %s", a.placesWord(n), a.networkWords(g.Now))
	}
	if n := len(g.Names); n > 0 {
		add(runbook.Warn, "guessing now, from many addresses, seldom from each: %s", "多数のアドレスから少しずつの総当たりが進行中: 対象 %s", a.firstOf(g.Names))
	}
	if s := g.Spray; s.Sources > 0 {
		add(runbook.Warn, "guessing now: %d names from %d addresses, seldom for or from each", "パスワードの総当たりが進行中: %d 名に対し %d か所から少しずつ", s.Names, s.Sources)
	}
}

// placesWord counts addresses.
func (a *app) placesWord(n int) string {
	switch {
	case a.lang() == "ja":
		return thousands(int64(n)) + " か所"
	case n == 1:
		return "1 address"
	}
	return thousands(int64(n)) + " addresses"
}

// clockAt is a time of the day, with its date if that is not today's.
func clockAt(t, today time.Time) string {
	t, today = t.Local(), today.Local()
	if t.YearDay() == today.YearDay() && t.Year() == today.Year() {
		return t.Format("15:04")
	}
	return t.Format("01-02 15:04")
}

// firstOf are the first three of some names.
func (a *app) firstOf(names []string) string {
	const most = 3
	text := line(strings.Join(names[:min(len(names), most)], ", "))
	if n := len(names) - most; n > 0 {
		text += fmt.Sprintf(a.word(" and %d more", " ほか %d 件"), n)
	}
	return text
}

// networkWords names addresses, those of one network together, the most first.
func (a *app) networkWords(names []string) string {
	var all []string
	for _, g := range networks(names) {
		if len(g) == 1 {
			all = append(all, g[0])
		} else {
			all = append(all, fmt.Sprintf("%s (%d)", networkOf(g[0]), len(g)))
		}
	}
	return a.firstOf(all)
}

// together is how many addresses of a network are told as one.
const together = 3

// networks puts the addresses of a /24, of IPv6 a /48, together where there are several; the largest come first.
func networks(names []string) [][]string {
	by := map[string]int{}
	for _, name := range names {
		by[networkOf(name)]++
	}
	at := map[string]int{}
	var all [][]string
	for _, name := range names {
		n := networkOf(name)
		if by[n] < together {
			n = name
		}
		i, there := at[n]
		if !there {
			i, at[n] = len(all), len(all)
			all = append(all, nil)
		}
		all[i] = append(all[i], name)
	}
	slices.SortStableFunc(all, func(x, y []string) int { return cmp.Compare(len(y), len(x)) })
	return all
}

// networkOf is the network of an address or of a part of one; of any other name the name.
func networkOf(name string) string {
	text, _, _ := strings.Cut(name, "/")
	addr, err := netip.ParseAddr(text)
	if err != nil {
		return name
	}
	bits := 24
	if addr.Is6() {
		bits = 48
	}
	p, _ := addr.Prefix(bits)
	return p.String()
}
