package spool

import "time"

// UnitState is what a service manager says of one unit at one moment.
type UnitState struct {
	Unit      string
	Load      string // loaded, not-found, masked, error
	Active    string // active, inactive, failed, activating, deactivating, reloading
	Sub       string // the manager's own finer word
	Result    string // why it is not active: success, exit-code, timeout, …
	Condition bool   // the conditions of the last start held
	Enabled   string // enabled, disabled, static, …
	DropIns   []string
	PIDs      []int     // processes that the manager counts to it
	Since     time.Time // of Active, UTC; zero if unknown
}

// Running says whether the unit does something or is about to.
func (u UnitState) Running() bool {
	switch u.Active {
	case "active", "activating", "reloading", "deactivating":
		return true
	}
	return len(u.PIDs) > 0
}

// A Process is one entry of the process table.
type Process struct {
	PID  int
	Name string
}
