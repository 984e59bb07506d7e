package entry

import (
	"net/netip"
	"slices"

	"hikeshi/actions/logs/deed"
	"hikeshi/actions/logs/tally"
)

// A Source is a peer that logged in, or handed in mail for outside. All figures but Past are of the window.
type Source struct {
	Place       netip.Prefix
	First, Last int64
	Past        uint32 // days of history on which it logged in or handed in mail
	Messages    int64
	Recipients  int64
	Logins      int64
	PastRelayed int64 // like Relayed, of the history
	Relayed     int64 // messages for outside without a login
	Hours       []SourceHour
	Senders     tally.Distinct
	Accounts    tally.Distinct
	RelayRefs   []deed.Ref
	Lines       Lines  // of its own messages and logins; first those of accounts that it is not usual for
	Break       *Break // after failures of the same account, from anywhere
	Spray       *Break // after failures of the peer, of whatever accounts; the worst one
}

// A SourceHour is one hour of a peer.
type SourceHour struct {
	Hour                 int64 // wall clock divided by 3600
	Messages, Recipients int64
	Strangers            tally.Distinct // accounts that it is not usual for
}

// Weight is how much of it there is.
func (s *Source) Weight() int64 { return s.Messages + s.Logins }

// HourAt is the hour of a time.
func (s *Source) HourAt(wall int64) *SourceHour {
	h := Floor(wall, hour)
	at := len(s.Hours)
	for at > 0 && s.Hours[at-1].Hour > h {
		at--
	}
	if at > 0 && s.Hours[at-1].Hour == h {
		return &s.Hours[at-1]
	}
	s.Hours = slices.Insert(s.Hours, at, SourceHour{Hour: h})
	return &s.Hours[at]
}

// Relay notes a message for outside without a login.
func (s *Source) Relay(at deed.Ref, window bool) {
	if !window {
		s.PastRelayed++
		return
	}
	s.Relayed++
	s.RelayRefs = Keep(s.RelayRefs, at)
}
