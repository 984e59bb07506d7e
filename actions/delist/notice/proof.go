package notice

import (
	"slices"

	"hikeshi/actions/delist/casefile"
)

// Restored says whether the services run again, by the record: they were started, and were all seen running after that.
func Restored(c casefile.Case) bool {
	return !c.Started.IsZero() && c.Services != nil && !c.Services.At.Before(c.Started) && len(c.Services.Down) == 0
}

// again says whether the logs show abuse after the services were started, or after it was checked that the hole is closed.
func again(c casefile.Case) bool {
	return !c.Started.IsZero() && c.Last.After(c.Started) || !c.Holds.IsZero() && c.Last.After(c.Holds)
}

// quiet says whether a watch proves anything: what left could be counted, the services had been stopped, and neither abuse nor the undoing
// of a measure came after it.
func quiet(c casefile.Case) bool {
	w := c.Watch
	return w != nil && w.Known && w.Outside == 0 && !c.Stopped.IsZero() && !w.At.Before(c.Stopped) && !c.Last.After(w.At) && !c.Reopened.After(w.At)
}

// An Account is what the record proves to have been done with an account, and to stand.
type Account struct {
	Locked  bool // its passwords are replaced
	Given   bool // its owner has a new password
	Renamed bool
	Cleaned bool // what a stranger had planted in it is removed
	Some    bool // such things were removed, and nobody can tell from which accounts
}

// Touched says whether anything at all is proved.
func (a Account) Touched() bool { return a.Locked || a.Renamed || a.Cleaned }

// done is what was done with each of the accounts that were named. A measure counts accounts and names none, so it has to be one of all
// of them; after the undoing of a measure nobody can tell which account it was, so none is proved any more.
func done(c casefile.Case) Account {
	find := func(all []casefile.Measure, what string) casefile.Measure {
		i := slices.IndexFunc(all, func(m casefile.Measure) bool { return m.What == what })
		if i < 0 {
			return casefile.Measure{}
		}
		return all[i]
	}
	stands := func(m casefile.Measure) bool { return m.What != "" && !c.Reopened.After(m.At) }
	all := func(m casefile.Measure) bool { return stands(m) && m.Count > 0 && m.Count >= len(c.Accounts) }
	planted := find(c.Fixes, "planted")
	a := Account{Locked: all(find(c.Fixes, "passwords")), Renamed: all(find(c.Fixes, "renamed"))}
	a.Given = a.Locked && all(find(c.Guards, "owners"))
	a.Cleaned = stands(planted) && len(c.Accounts) == 1
	a.Some = planted.What != "" && !a.Cleaned
	return a
}
