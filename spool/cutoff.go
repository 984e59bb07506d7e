package spool

import (
	"net/netip"
	"time"
)

// A HardDecider is the ability to say whom the tables of a HardDenier refuse.
type HardDecider interface {
	// HardDecide says what the service of t does with a peer that connects at now, by the bytes of its table and the lock times of the
	// settings. An error says why that cannot be told.
	HardDecide(t HardTable, table []byte, peer netip.Addr, now time.Time) (HardDecision, error)
}

// A HardDecision is what a service does with a peer before it says a word.
type HardDecision struct {
	Refused bool
	ForEver bool      // not only until the lock time of the settings is over
	Until   time.Time // UTC, when it is over; zero if it never is
	Line    int       // 1-based, of the row that decides; 0 if none does
	Text    string    // of that row, foreign text
}
