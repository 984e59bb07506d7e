package cause

import (
	"time"

	"hikeshi/actions/evidence/look"
	"hikeshi/spool"
)

// login asks for a name that logged in from so many places.
func login(places int) func(*Signs) ([]any, state) {
	return func(s *Signs) ([]any, state) {
		if s.Logins == nil {
			return nil, unknown
		}
		for _, u := range s.Logins.Users {
			if spread(u, places) {
				return []any{u.User, u.Addresses, u.Success}, yes
			}
		}
		return nil, no
	}
}

func guess(s *Signs) ([]any, state) {
	if s.Logins == nil {
		return nil, unknown
	}
	for _, u := range s.Logins.Users {
		if guessed(u) {
			return []any{u.User, u.Failed, u.Success}, yes
		}
	}
	return nil, no
}

// afterLogin and withoutLogin ask how the mail of suspects was handed in; ten times as much of one as of the other is an answer.
func afterLogin(s *Signs) ([]any, state) { return s.Handed.mostly(s.Handed.Login, s.Handed.Name) }

func withoutLogin(s *Signs) ([]any, state) { return s.Handed.mostly(s.Handed.Name, s.Handed.Login) }

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
		_, found := login(fewPlaces)(s)
		return when(found == no, fewPlaces-1, all)
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
	return when(len(s.Deny.Opening) == 0 && s.Mail.Opened == 0)
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
