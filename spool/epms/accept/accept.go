// Package accept reads the end of acceptlog of E-Post Mail Server V: who logged in, from where, how often.
//
// A session leaves two lines that are not adjacent, one when it begins and one when it ends (FAQ bsd/05-03, bsd/05-36):
//
//	[30/Nov/2017:08:20:44], (example.jp), [192.0.2.7]:25, Client accept now.
//	[30/Nov/2017:08:22:06], (example.jp), 192.0.2.7 [192.0.2.7], taro@example.jp,<B0000097586>,ok
//	[12/Dec/2017:00:01:49], (example.jp), 192.0.2.7[192.0.2.7],AUTH-LOGIN:admin [failed],,abort
//	[12/Dec/2017:00:01:49], (example.jp), 192.0.2.7[192.0.2.7], AUTH-LOGIN:taro@example.jp [success],<B0000097587>,ok
//
// A session with AUTH shows the login and no envelope sender, and the last state of a session alone is written. So all figures are
// lower bounds. Before December 2024 not all mechanisms were named: no AUTH in the log proves nothing. The time is local.
//
// Names come from strangers: they are made safe to show. Nothing in the format tells a login from the envelope sender of somebody who
// writes MAIL FROM:<AUTH-LOGIN:taro@example.jp [success]>, so a login that stands here and nowhere else is a hint and no proof.
package accept

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"time"
	"unicode"

	"hikeshi/spool"
	"hikeshi/spool/epms/tail"
)

// Limit is how much of the log Tail reads, in bytes.
const Limit = 4 << 20

// Bounds of what is remembered.
const (
	maxUsers     = 10_000
	maxAddresses = 1_000 // of one user
	maxTop       = 20
	maxName      = 320 // bytes: the longest address of RFC 5321 section 4.5.3.1
)

// A Record is the end of one session.
type Record struct {
	Time   time.Time
	Peer   netip.Addr
	Mode   string // PLAIN, LOGIN, CRAM-MD5, …; "" without AUTH
	User   string // with AUTH; safe to show, in lower case
	Failed bool   // AUTH
	ID     string // of the last message taken, without brackets; "" if none
	Result string // ok, abort, connection timeout
}

var errLine = errors.New("not a line of acceptlog")

// Parse reads one line without its line end. Begin says that it is the beginning of a session, of which nothing else is told.
func Parse(line string, local *time.Location) (r Record, begin bool, err error) {
	stamp, rest, ok := strings.Cut(strings.TrimSuffix(line, "\r"), "], (")
	if !ok || !strings.HasPrefix(stamp, "[") {
		return r, false, errLine
	}
	if r.Time, err = time.ParseInLocation("02/Jan/2006:15:04:05", stamp[1:], local); err != nil {
		return r, false, errLine
	}
	_, rest, ok = strings.Cut(rest, "), ")
	if !ok {
		return r, false, errLine
	}
	if strings.HasPrefix(rest, "[") && strings.HasSuffix(rest, "Client accept now.") {
		return r, true, nil
	}
	_, rest, ok = strings.Cut(rest, "[")
	peer, state, closed := strings.Cut(rest, "],")
	if !ok || !closed {
		return r, false, errLine
	}
	if r.Peer, err = netip.ParseAddr(peer); err != nil {
		return r, false, errLine
	}
	r.Peer = r.Peer.Unmap().WithZone("")
	if !r.ending(strings.TrimPrefix(state, " ")) {
		return r, false, errLine
	}
	return r, false, nil
}

// ending reads `STATE,<B0000097586>,ok`; the state may hold commas.
func (r *Record) ending(text string) bool {
	i := strings.LastIndexByte(text, ',')
	if i < 0 {
		return false
	}
	r.Result = strings.TrimSpace(text[i+1:])
	j := strings.LastIndexByte(text[:i], ',')
	if j < 0 || r.Result != "ok" && r.Result != "abort" && r.Result != "connection timeout" {
		return false
	}
	r.ID = strings.Trim(text[j+1:i], " <>")
	r.login(text[:j])
	return true
}

// login reads `AUTH-LOGIN:taro@example.jp [success]`; every other state is an envelope sender.
func (r *Record) login(state string) {
	text, ok := strings.CutPrefix(state, "AUTH-")
	if !ok {
		return
	}
	user, good := strings.CutSuffix(text, " [success]")
	if !good {
		if user, r.Failed = strings.CutSuffix(text, " [failed]"); !r.Failed {
			return
		}
	}
	mode, user, ok := strings.Cut(user, ":")
	if !ok || mode == "" || strings.Trim(mode, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-") != "" {
		r.Failed = false
		return
	}
	r.Mode, r.User = mode, clean(user)
}

// clean makes a name safe to show: bounded, in lower case, since accounts are compared so.
func clean(s string) string {
	if len(s) > maxName {
		s = s[:maxName]
	}
	return strings.Map(func(r rune) rune {
		if r == unicode.ReplacementChar || !unicode.IsPrint(r) {
			return '?'
		}
		return unicode.ToLower(r)
	}, s)
}

// Tail reads the last Limit bytes of the newest files of acceptlog in dir. Stamps are taken for local time.
func Tail(ctx context.Context, dir string, local *time.Location) (spool.Logins, error) {
	parts, err := tail.Last(ctx, dir, Limit)
	if err != nil {
		return spool.Logins{On: true}, err
	}
	l := spool.Logins{On: true}
	users := map[string]*user{}
	for _, p := range parts {
		l.Files = append(l.Files, p.Path)
		l.Cut = l.Cut || p.Cut
		for line := range bytes.Lines(p.Data) {
			if len(line) == 0 || line[len(line)-1] != '\n' {
				continue // is being written
			}
			take(&l, users, string(bytes.TrimRight(line, "\r\n")), local)
		}
		if err := ctx.Err(); err != nil {
			return l, err
		}
	}
	l.Users = ranked(users)
	return l, nil
}

// user is what is known of one login.
type user struct {
	spool.Login
	places map[netip.Prefix]bool
	from   map[netip.Addr]int
}

func take(l *spool.Logins, users map[string]*user, line string, local *time.Location) {
	if line == "" {
		return
	}
	r, begin, err := Parse(line, local)
	if err != nil {
		l.Unread++
		return
	}
	if l.First.IsZero() || r.Time.Before(l.First) {
		l.First = r.Time
	}
	if r.Time.After(l.Last) {
		l.Last = r.Time
	}
	if begin {
		return
	}
	l.Sessions++
	if r.Mode == "" {
		return
	}
	u := users[r.User]
	if u == nil {
		if len(users) >= maxUsers {
			l.Cut = true
			return
		}
		u = &user{Login: spool.Login{User: r.User}, places: map[netip.Prefix]bool{}, from: map[netip.Addr]int{}}
		users[r.User] = u
	}
	u.add(r)
}

func (u *user) add(r Record) {
	if r.Failed {
		u.Failed++
		return
	}
	u.Success++
	if _, there := u.from[r.Peer]; there || len(u.from) < maxAddresses {
		u.from[r.Peer]++
		u.places[place(r.Peer)] = true
	}
}

// place is the address, or the network of an IPv6 address: a machine has many addresses in its /64.
func place(a netip.Addr) netip.Prefix {
	bits := a.BitLen()
	if a.Is6() {
		bits = 64
	}
	p, _ := a.Prefix(bits)
	return p
}

// ranked returns the logins, those from most addresses first.
func ranked(users map[string]*user) []spool.Login {
	all := make([]spool.Login, 0, len(users))
	for _, u := range users {
		u.Addresses = len(u.places)
		from := slices.SortedFunc(maps.Keys(u.from), func(a, b netip.Addr) int {
			return cmp.Or(cmp.Compare(u.from[b], u.from[a]), a.Compare(b))
		})
		for _, a := range from[:min(len(from), maxTop)] {
			u.Top = append(u.Top, a.String())
		}
		all = append(all, u.Login)
	}
	slices.SortFunc(all, func(a, b spool.Login) int {
		return cmp.Or(cmp.Compare(b.Addresses, a.Addresses), cmp.Compare(b.Success, a.Success), cmp.Compare(b.Failed, a.Failed), strings.Compare(a.User, b.User))
	})
	return all
}
