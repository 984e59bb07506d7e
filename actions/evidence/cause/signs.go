package cause

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"hikeshi/actions/evidence/look"
	"hikeshi/spool"
)

// login asks for a suspect of the logs that logged in from so many places, and from less than most if that is not 0. A number of places
// alone says nothing: a telephone logs in from dozens in two weeks, and what is usual for an account the logs of the days before tell.
func login(places, most int) func(*Signs) ([]any, state) {
	return func(s *Signs) ([]any, state) {
		if s.Logins == nil || !s.Handed.Judged {
			return nil, unknown
		}
		for _, u := range s.Logins.Users {
			if spread(u, places) && s.Handed.suspect(u.User) {
				en, ja := window(s.Logins)
				return when(most == 0 || u.Addresses < most, u.User, u.Addresses, u.Success, en, ja)
			}
		}
		return nil, no
	}
}

// window says from when to when the logins were counted, for the end of a sentence.
func window(l *spool.Logins) (en, ja string) {
	if l.First.IsZero() {
		return "", ""
	}
	from, to := l.First.Format("2006-01-02 15:04"), l.Last.Format("2006-01-02 15:04")
	return fmt.Sprintf(" from %s to %s", from, to), fmt.Sprintf("、%s から %s まで", from, to)
}

// guessed asks whether a password was found by trying. That is what logs.logins judges: failures in a burst, then a success from where the
// account is not used. How often a login failed and succeeded in days tells of typing errors.
func guessed(s *Signs) ([]any, state) {
	all := s.Handed.Guessed
	if len(all) == 0 && (all == nil || s.Logins == nil) {
		return nil, unknown
	}
	const most = 3
	text := look.Safe(strings.Join(all[:min(len(all), most)], ", "))
	if n := len(all) - most; n > 0 {
		text += fmt.Sprintf(" (+%d)", n)
	}
	return when(len(all) > 0, text)
}

// afterLogin and withoutLogin ask how the mail of suspects was handed in; ten times as much of one as of the other is an answer.
func afterLogin(s *Signs) ([]any, state) { return s.Handed.mostly(s.Handed.Login, s.Handed.Name) }

func withoutLogin(s *Signs) ([]any, state) { return s.Handed.mostly(s.Handed.Name, s.Handed.Login) }

// relayed asks whether foreign senders were let out without a login, and not by a line that is open to few.
func relayed(s *Signs) ([]any, state) { return s.relayed(false) }

func relayedForFew(s *Signs) ([]any, state) { return s.relayed(true) }

func (s *Signs) relayed(few bool) ([]any, state) {
	if s.Handed.Login+s.Handed.Name+s.Handed.Foreign == 0 {
		return nil, unknown
	}
	_, only := openedToFew(s)
	return when(s.Handed.Foreign >= fewMails && few == (only == yes), s.Handed.Foreign)
}

// mostlyRelayed asks whether foreign senders were relayed ten times as much as suspect accounts handed in.
func mostlyRelayed(s *Signs) ([]any, state) {
	accounts := s.Handed.Login + s.Handed.Name
	if accounts+s.Handed.Foreign < fewMails {
		return nil, unknown
	}
	return when(s.Handed.Foreign > 10*accounts, s.Handed.Foreign, accounts)
}

func (h Handed) mostly(one, other int) ([]any, state) {
	if h.Login+h.Name < fewMails {
		return nil, unknown
	}
	return when(one > 10*other, h.Login, h.Name)
}

// sessions are those of the log that has enough of them to say something; ok is false without.
func sessions(s *Signs) (good, all int, ok bool) {
	if s.Logins == nil || s.Logins.Sessions < fewMails {
		return 0, 0, false
	}
	for _, u := range s.Logins.Users {
		good += u.Success
	}
	return good, s.Logins.Sessions, true
}

func noLogin(s *Signs) ([]any, state) {
	good, all, ok := sessions(s)
	if !ok {
		return nil, unknown
	}
	return when(good == 0, good, all)
}

func fewLogIn(s *Signs) ([]any, state) {
	good, all, ok := sessions(s)
	if !ok {
		return nil, unknown
	}
	return when(!much(good, all, 10), good, all)
}

func noSpread(s *Signs) ([]any, state) {
	if _, all, ok := sessions(s); ok {
		found := slices.ContainsFunc(s.Logins.Users, func(u spool.Login) bool { return spread(u, fewPlaces) })
		return when(!found, fewPlaces-1, all)
	}
	return nil, unknown
}

func demands(s *Signs, d spool.Demand) bool { return s.Rule != nil && s.Rule.Demand == d }

// ruled asks for a share of the mail under one demand.
func ruled(s *Signs, d spool.Demand, n int) ([]any, state) {
	if s.Rule == nil {
		return nil, unknown
	}
	if !demands(s, d) {
		return nil, no
	}
	return part(n, s.Mail.Asked, 50)
}

func named(s *Signs) ([]any, state) { return ruled(s, spool.DemandNobody, s.Mail.Local) }
func noAuthFile(s *Signs) ([]any, state) {
	return ruled(s, spool.DemandLocal, s.Mail.NoLogin)
}
func loggedIn(s *Signs) ([]any, state) {
	return ruled(s, spool.DemandLocal, s.Mail.Local-s.Mail.NoLogin)
}

func everybody(s *Signs) ([]any, state) {
	if s.Rule == nil {
		return nil, unknown
	}
	return when(demands(s, spool.DemandEverybody))
}

func needLogin(s *Signs) ([]any, state) { return part(s.Mail.NeedLogin, s.Mail.Judged, 50) }

func opened(s *Signs) ([]any, state) {
	figures, st := part(s.Mail.Opened, s.Mail.Judged, 50)
	return append(figures, s.Mail.OpenedBy), st
}

func openedToFew(s *Signs) ([]any, state) {
	if !s.Deny.Known {
		return nil, unknown
	}
	if len(s.Deny.Opening) > 0 {
		return nil, no
	}
	return opened(s)
}

func openingLine(s *Signs) ([]any, state) {
	if !s.Deny.Known {
		return nil, unknown
	}
	if len(s.Deny.Opening) == 0 {
		return nil, no
	}
	return []any{len(s.Deny.Opening), s.Deny.Opening[0]}, yes
}

func shut(s *Signs) ([]any, state) {
	if !s.Deny.Known {
		return nil, unknown
	}
	return when(len(s.Deny.Opening) == 0 && s.Mail.Opened == 0 && s.Handed.Foreign < fewMails) // what was relayed found a way
}

func noAccount(s *Signs) ([]any, state) { return part(s.Mail.NoAccount, s.Mail.Asked, 50) }

// manyClients asks whether the mail comes from several places, none of which handed in most of it.
func manyClients(s *Signs) ([]any, state) {
	c := s.Mail.Clients
	if s.Mail.Traced < fewMails {
		return nil, unknown
	}
	return when(len(c) >= fewPlaces && !much(int(c[0].N), s.Mail.Traced, 50), len(c), first(c), s.Mail.Traced)
}

func oneClient(s *Signs) ([]any, state) {
	c := s.Mail.Clients
	if s.Mail.Traced < fewMails {
		return nil, unknown
	}
	if len(c) == 0 || !much(int(c[0].N), s.Mail.Traced, 80) {
		return nil, no
	}
	return []any{c[0].Name, c[0].N, s.Mail.Traced}, yes
}

func first(c []spool.Count) int64 {
	if len(c) == 0 {
		return 0
	}
	return c[0].N
}

func self(s *Signs) ([]any, state)    { return part(s.Mail.Self, s.Mail.Traced, 50) }
func inside(s *Signs) ([]any, state)  { return part(s.Mail.Inside, s.Mail.Traced, 50) }
func program(s *Signs) ([]any, state) { return part(s.Mail.Machine, s.Mail.Out, 20) }

func notSelf(s *Signs) ([]any, state) {
	if s.Mail.Traced < fewMails {
		return nil, unknown
	}
	return when(s.Mail.Self == 0, s.Mail.Traced)
}

func list(s *Signs) ([]any, state)     { return part(s.Mail.List, s.Mail.All, 50) }
func passedOn(s *Signs) ([]any, state) { return part(s.Mail.Stuck, s.Mail.Judged, 50) }

func noList(s *Signs) ([]any, state) {
	if s.Mail.All < fewMails {
		return nil, unknown
	}
	return when(s.Mail.List == 0 && s.Mail.Stuck == 0, s.Mail.All)
}

func freshLine(s *Signs) ([]any, state) {
	if !s.Deny.Known {
		return nil, unknown
	}
	return when(len(s.Deny.Opening) > 0 && s.Deny.Age < recent, s.Deny.Age.Round(time.Minute), look.Long(s.Deny.Age.Round(time.Minute)))
}

func freshAccount(s *Signs) ([]any, state) {
	if !s.Changed.Known {
		return nil, unknown
	}
	return when(s.Changed.Age < recent, s.Changed.Age.Round(time.Minute), look.Long(s.Changed.Age.Round(time.Minute)))
}

func backscatter(s *Signs) ([]any, state) { return part(s.Mail.NullHome, s.Mail.All, 50) }
func mostlyOut(s *Signs) ([]any, state)   { return part(s.Mail.Out, s.Mail.All, 50) }

func hardlyOut(s *Signs) ([]any, state) {
	if s.Mail.All < fewMails {
		return nil, unknown
	}
	return when(!much(s.Mail.Out, s.Mail.All, 5), s.Mail.Out, s.Mail.All)
}
