// Package ids holds the base names of a million messages in little memory.
package ids

import "math/bits"

// A Set holds the base names of messages and knows how many different ones there are.
//
// Names of one letter, up to two hexadecimal digits and ten decimal ones stand for themselves; since a server numbers its
// messages in sequence, 64 neighbours share 16 bytes. Other names are kept by a 63-bit hash value: the chance that two of a
// million are taken for one is below one in ten million.
type Set struct {
	slots []slot
	used  int
	n     int64
}

// A slot holds 64 neighbouring numbers.
type slot struct {
	key  uint64 // their common upper bits, plus one; 0: empty
	mask uint64
}

// Add puts base into the set and says whether it is new.
func (s *Set) Add(base string) bool { return s.AddNumber(Number(base)) }

// AddNumber is Add for the number of a name.
func (s *Set) AddNumber(id uint64) bool {
	if s.put(id>>6+1, 1<<(id&63)) == 0 {
		return false
	}
	s.n++
	return true
}

// Has says whether base is in the set.
func (s *Set) Has(base string) bool {
	if len(s.slots) == 0 {
		return false
	}
	id := Number(base)
	return s.find(id>>6+1).mask&(1<<(id&63)) != 0
}

// Len is the number of different names.
func (s *Set) Len() int64 { return s.n }

// Merge adds all of t, which is not used afterwards; the larger of the two tables is kept.
func (s *Set) Merge(t *Set) {
	if t.used > s.used {
		*s, *t = *t, *s
	}
	for _, o := range t.slots {
		if o.key != 0 {
			s.n += int64(bits.OnesCount64(s.put(o.key, o.mask)))
		}
	}
	*t = Set{}
}

// put adds the bits of mask under key and returns those that were not there.
func (s *Set) put(key, mask uint64) uint64 {
	if s.used*4 >= len(s.slots)*3 {
		s.grow()
	}
	p := s.find(key)
	if p.key == 0 {
		p.key = key
		s.used++
	}
	fresh := mask &^ p.mask
	p.mask |= mask
	return fresh
}

// find returns the slot of key, or the empty one where it would be.
func (s *Set) find(key uint64) *slot {
	last := uint64(len(s.slots) - 1)
	for i := mix(key) & last; ; i = (i + 1) & last {
		if p := &s.slots[i]; p.key == key || p.key == 0 {
			return p
		}
	}
}

func (s *Set) grow() {
	old := s.slots
	s.slots = make([]slot, max(64, 2*len(old)))
	for _, o := range old {
		if o.key != 0 {
			*s.find(o.key) = o
		}
	}
}

// Number gives a name its number, without regard to letter case: 5 bits for the letter, 2 for how many hexadecimal digits, 8 for these, 34 for the decimal
// ones; the upper bit marks a hash value.
func Number(base string) uint64 {
	const hashed = 1 << 63
	extra := len(base) - 11
	if extra < 0 || extra > 2 || base[0]&^0x20 < 'A' || base[0]&^0x20 > 'Z' {
		return Hash(base) | hashed
	}
	n := uint64(base[0]&31)<<2 | uint64(extra)
	for i := 1; i <= 2; i++ {
		d := uint64(0)
		if i <= extra {
			if d = hex(base[i]); d > 15 {
				return Hash(base) | hashed
			}
		}
		n = n<<4 | d
	}
	dec := uint64(0)
	for _, c := range []byte(base[1+extra:]) {
		if c < '0' || c > '9' {
			return Hash(base) | hashed
		}
		dec = dec*10 + uint64(c-'0')
	}
	return n<<34 | dec
}

func hex(c byte) uint64 {
	switch {
	case c >= '0' && c <= '9':
		return uint64(c - '0')
	case c|0x20 >= 'a' && c|0x20 <= 'f':
		return uint64(c|0x20-'a') + 10
	}
	return 255
}

// Entry is the hash value of a queue entry: the number of its base name and what stands behind that in the name, without the
// extension.
func Entry(base uint64, rest string) uint64 {
	if rest == "" {
		return mix(base)
	}
	return mix(base ^ Hash(rest))
}

// Hash is FNV-1a over s without regard to letter case, mixed so that all bits count.
func Hash(s string) uint64 {
	h := uint64(14695981039346656037)
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c >= 'a' && c <= 'z' {
			c -= 0x20
		}
		h = (h ^ uint64(c)) * 1099511628211
	}
	return mix(h)
}

// mix is the finaliser of MurmurHash3.
func mix(h uint64) uint64 {
	h = (h ^ h>>33) * 0xff51afd7ed558ccd
	h = (h ^ h>>33) * 0xc4ceb9fe1a85ec53
	return h ^ h>>33
}
