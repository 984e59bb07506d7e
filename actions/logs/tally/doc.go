// Package tally counts in bounded memory, whatever a stranger writes into a log. Up to its limit every count is exact; beyond it the
// error is bounded, and said.
//
// A Counter counts names. When it is full it is a Space-Saving sketch (Metwally, Agrawal, El Abbadi 2005): the rarest name makes room
// for a new one, which takes over its count. So no count is ever too low, none is too high by more than Error, and every name that
// was seen more often than Error is in it.
//
// A Distinct counts how many different things there are: exactly up to Exact of them, then by a HyperLogLog sketch with 4,096
// registers (Flajolet and others 2007), whose standard error is 1.6 percent; Bound is three times that.
package tally

// Hash spreads the bytes of b over 64 bits, the same way in every run. It is no defence against someone who chooses the bytes.
func Hash(b []byte) uint64 {
	h := uint64(14695981039346656037) // FNV-1a
	for _, c := range b {
		h = (h ^ uint64(c)) * 1099511628211
	}
	return Mix(h)
}

// Mix spreads 64 bits that are not random: the last step of MurmurHash3.
func Mix(h uint64) uint64 {
	h ^= h >> 33
	h *= 0xff51afd7ed558ccd
	h ^= h >> 33
	h *= 0xc4ceb9fe1a85ec53
	return h ^ h>>33
}
