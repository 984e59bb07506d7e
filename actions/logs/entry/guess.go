package entry

import (
	"cmp"
	"maps"
	"net/netip"
	"slices"

	"hikeshi/actions/logs/deed"
	"hikeshi/actions/logs/tally"
)

// Bursts of failures (fail2ban: 5 in 10 minutes).
const (
	Burst     = 5
	BurstSpan = 600  // seconds
	BurstLife = 3600 // a success so many seconds after a burst belongs to it
	minute    = 60
	spanSlots = BurstSpan / minute
)

// A Break is a success after many failures: the password was probably found.
type Break struct {
	Wall     int64
	Account  string
	Place    netip.Prefix
	Failures int64 // in the 10 minutes of the burst
	Ref      deed.Ref
}

// A Guess is what is known of the failures of one peer, or for one name. First to Others are of the window.
type Guess struct {
	First, Last int64
	N           int64
	ByService   [4]int64
	Seen        int64          // of these at least, by the log that tells the peers: one for each session
	Others      tally.Distinct // names that the peer tried; peers that tried the name
	Worst       int64          // most failures in 10 minutes
	WorstAt     int64
	Refs        []deed.Ref

	slots   [spanSlots]int32 // by minute
	minute  int64            // of the newest slot
	burst   int64            // failures of the last burst
	burstAt int64            // when it was last a burst; 0 never

	peers *Guess // its bursts by the log that tells the peers, where another one counts the failures; nil if there are none
}

// Add enters a failure that a success may belong to and returns how many there were in ten minutes.
func (g *Guess) Add(wall int64) int64 {
	m := Floor(wall, minute)
	if m <= g.minute-spanSlots {
		return 0
	}
	if gone := m - g.minute; gone > 0 {
		for i := range min(gone, spanSlots) {
			g.slots[(m-i)%spanSlots] = 0
		}
		g.minute = m
	}
	g.slots[m%spanSlots]++
	sum := int64(0)
	for _, n := range g.slots {
		sum += int64(n)
	}
	if sum >= Burst {
		if wall-g.burstAt > BurstLife {
			g.burst = 0
		}
		g.burst, g.burstAt = max(g.burst, sum), wall
	}
	return sum
}

// Saw notes the peer of a failed session for a name, whichever log counts its failures.
func (g *Guess) Saw(p netip.Prefix) {
	g.Seen++
	g.Others.Add(PlaceHash(p))
}

// Failures is how many there were: a log of the last try of each session may know of more than one that was written for a part of the
// time, or the other way round.
func (g *Guess) Failures() int64 { return max(g.N, g.Seen) }

// Fail counts a failure; try says that somebody may be trying passwords, window that it is of the window.
func (g *Guess) Fail(d *deed.Deed, try, window bool) {
	sum := int64(0)
	if try {
		sum = g.Add(d.Wall)
	}
	if !window {
		return
	}
	if g.First == 0 {
		g.First = d.Wall
	}
	g.Last = max(g.Last, d.Wall)
	g.N++
	g.ByService[min(d.Service, 3)]++
	if sum > g.Worst {
		g.Worst, g.WorstAt = sum, d.Wall
	}
	g.Refs = Keep(g.Refs, d.At)
}

// SawFail enters a failure by the log that tells the peers, where another one counts: that may know of fewer, since it was on for a part of
// the time.
func (g *Guess) SawFail(wall int64) {
	if g.peers == nil {
		g.peers = &Guess{}
	}
	g.peers.Add(wall)
}

// LastBurst is the last burst before now that a success may belong to: its failures in ten minutes, by the log that knows of more, 0 if there
// is none.
func (g *Guess) LastBurst(now int64) int64 {
	if g == nil {
		return 0
	}
	n := g.peers.LastBurst(now)
	if g.burstAt == 0 || now-g.burstAt > BurstLife {
		return n
	}
	return max(n, g.burst)
}

// Ranked are the entries with the most failures first.
func Ranked[K comparable](all map[K]*Guess, text func(K) string) []K {
	keys := slices.Collect(maps.Keys(all))
	return slices.SortedFunc(slices.Values(keys), func(x, y K) int {
		return cmp.Or(cmp.Compare(all[y].Failures(), all[x].Failures()), cmp.Compare(text(x), text(y)))
	})
}

// maxGuess bounds a table of guesses.
const maxGuess = 20_000

// GuessOf finds or makes an entry; a full table forgets the half that failed least, and lost says how much that was.
func GuessOf[K comparable](all map[K]*Guess, key K, lost *int64) *Guess {
	if g := all[key]; g != nil {
		return g
	}
	if len(all) >= maxGuess {
		counts := slices.Sorted(maps.Values(mapped(all)))
		floor := counts[len(counts)/2]
		maps.DeleteFunc(all, func(_ K, g *Guess) bool { return g.N <= floor })
		*lost = max(*lost, floor)
	}
	g := &Guess{}
	all[key] = g
	return g
}

func mapped[K comparable](all map[K]*Guess) map[K]int64 {
	n := make(map[K]int64, len(all))
	for k, g := range all {
		n[k] = g.N
	}
	return n
}
