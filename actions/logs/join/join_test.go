package join

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
)

var (
	thief  = netip.MustParsePrefix("203.0.113.9/32")
	office = netip.MustParsePrefix("192.0.2.40/32")
)

// settled collects what becomes of messages, as id:login; of one that is lost as id:?.
type settled struct {
	*Joiner
	all []string
}

func newSettled() *settled {
	s := &settled{}
	s.Joiner = New(func(m *Message, login string) {
		if m.Lost {
			login = "?"
		}
		s.all = append(s.all, fmt.Sprintf("%d:%s", m.ID, login))
		s.Remember(m.ID, login, false)
	})
	return s
}

func (s *settled) mail(id uint64, wall int64, p netip.Prefix, sender string) *Message {
	m := &Message{ID: id, Wall: wall, Place: p, Sender: sender, Count: 1}
	s.Message(m)
	return m
}

func (s *settled) got() string {
	slices.Sort(s.all)
	return strings.Join(s.all, " ")
}

func TestJoin(t *testing.T) {
	for name, c := range map[string]struct {
		play func(*settled)
		want string
	}{
		"the last message of a session names the others": {func(s *settled) {
			s.Connect(thief, 10)
			s.mail(1, 11, thief, "a@example.net")
			s.mail(2, 12, thief, "b@example.net")
			s.Login(2, 13, "taro", thief, true)
		}, "1:taro 2:taro"},
		"a session without a login": {func(s *settled) {
			s.Connect(thief, 10)
			s.mail(1, 11, thief, "a@example.net")
			s.mail(2, 12, thief, "b@example.net")
			s.End(2, 13, thief)
		}, "1: 2:"},
		"two sessions of one address at the same time": {func(s *settled) {
			s.Connect(office, 10)
			s.Connect(office, 10)
			s.mail(1, 11, office, "taro@example.jp")
			s.mail(2, 11, office, "hanako@example.jp")
			s.mail(3, 12, office, "taro@example.jp")
			s.mail(4, 12, office, "hanako@example.jp")
			s.Login(4, 13, "hanako@example.jp", office, true)
			s.Login(3, 14, "taro@example.jp", office, true)
		}, "1:taro@example.jp 2:hanako@example.jp 3:taro@example.jp 4:hanako@example.jp"},
		"a printer without a login beside somebody with one": {func(s *settled) {
			s.Connect(office, 10)
			s.Connect(office, 10)
			s.mail(1, 11, office, "scan@example.jp")
			s.mail(2, 11, office, "taro@example.jp")
			s.End(1, 12, office)
			s.Login(2, 13, "taro", office, true)
		}, "1: 2:taro"},
		"another address ends nothing": {func(s *settled) {
			s.Connect(thief, 10)
			s.Connect(office, 10)
			s.mail(1, 11, thief, "taro@example.jp")
			s.Login(0, 12, "taro", office, true)
			s.Login(1, 90, "hanako", thief, true)
		}, "1:hanako"},
		"the login is told by the id before the message": {func(s *settled) {
			s.Login(1, 10, "taro", netip.Prefix{}, false)
			s.mail(1, 11, thief, "x@example.net")
		}, "1:taro"},
		"the login is told by the id after the message": {func(s *settled) {
			s.mail(1, 11, thief, "x@example.net")
			s.Login(1, 12, "taro", thief, false)
		}, "1:taro"},
		"a session whose end is never told": {func(s *settled) {
			s.Connect(thief, 10)
			s.mail(1, 11, thief, "x@example.net")
			s.mail(2, 11+patience+1, office, "y@example.net") // of a session that is not known
			s.mail(3, 11+longSession+1, office, "z@example.net")
			s.Close()
		}, "1:? 2:? 3:?"},
		"a session that ended without its message belongs to the next login": {func(s *settled) {
			s.Connect(thief, 10)
			s.Connect(thief, 10)
			s.mail(1, 11, thief, "x@example.net")
			s.Login(7, 12, "taro", thief, true)
			s.End(0, 20, thief)
		}, "1:taro"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSettled()
			c.play(s)
			if s.got() != c.want {
				t.Errorf("got %s, want %s", s.got(), c.want)
			}
		})
	}
}

// A delivery finds the login of its message, or the message while it waits.
func TestWhose(t *testing.T) {
	s := newSettled()
	s.Connect(thief, 10)
	m := s.mail(1, 11, thief, "x@example.net")
	if _, _, waits := s.Whose(1); waits != m || !s.Knows(1) {
		t.Error("a message that waits is not found")
	}
	s.Login(1, 12, "taro", thief, true)
	if login, _, waits := s.Whose(1); login != "taro" || waits != nil {
		t.Errorf("%q, %v", login, waits)
	}
	if login, _, waits := s.Whose(2); login != "" || waits != nil || s.Knows(0) {
		t.Error("what was never told is found")
	}
}

// Whatever is thrown at it, it settles every message once and its tables stay bounded.
func TestBounded(t *testing.T) {
	n := 0
	j := New(func(*Message, string) { n++ })
	const all = 3 * maxWaiting
	for i := range all {
		p := netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}), 32)
		j.Connect(p, 100)
		j.Message(&Message{ID: uint64(i + 1), Wall: 100, Place: p})
		j.Login(uint64(i+1)<<32, 100, "x", netip.Prefix{}, false)
		if len(j.queue) > maxWaiting || len(j.doors) > maxDoors || len(j.logins) > maxWaiting || len(j.young)+len(j.old) > 2*maxIDs {
			t.Fatalf("after %d: %d wait, %d doors, %d logins", i, len(j.queue), len(j.doors), len(j.logins))
		}
	}
	if j.Close(); n != all {
		t.Errorf("%d settled of %d", n, all)
	}
}

// One peer that never ends its sessions costs no more than others.
func TestOneDoor(t *testing.T) {
	n := 0
	j := New(func(*Message, string) { n++ })
	const all = 100_000
	for i := range all {
		j.Connect(thief, 100)
		j.Message(&Message{ID: uint64(i + 1), Wall: 100, Place: thief, Sender: fmt.Sprint(i)})
		if d := j.doors[thief]; d.waiting > maxWaiting || len(d.groups) > maxGroups+1 {
			t.Fatal("too many wait")
		}
	}
	if j.Close(); n != all {
		t.Errorf("%d settled of %d", n, all)
	}
}

// count settles and counts by login.
func count(play func(*Joiner, *uint64)) map[string]int {
	n := map[string]int{}
	j := New(func(m *Message, login string) {
		if m.Lost != m.Blind {
			login = "blind"
		} else if m.Lost {
			login = "?"
		}
		n[login]++
	})
	var id uint64
	play(j, &id)
	j.Close()
	return n
}

// many lets a session hand in messages.
func many(j *Joiner, ids *uint64, n int, p netip.Prefix, sender string) {
	for range n {
		*ids++
		j.Message(&Message{ID: *ids, Wall: 100, Place: p, Sender: sender})
	}
}

// A session that hands in much belongs to its login as a whole, alone and beside others of its peer; past what can be held, it is not
// known whether there was one.
func TestLongSession(t *testing.T) {
	for name, c := range map[string]struct {
		play func(*Joiner, *uint64)
		want string
	}{
		"alone": {func(j *Joiner, id *uint64) {
			j.Connect(thief, 100)
			many(j, id, 10_000, thief, "hanako@example.jp")
			j.Login(*id, 101, "taro", thief, true)
		}, "map[taro:10000]"},
		"beside another": {func(j *Joiner, id *uint64) {
			j.Connect(thief, 100)
			j.Connect(thief, 100)
			many(j, id, 1000, thief, "hanako@example.jp")
			many(j, id, 2000, thief, "jiro@example.jp")
			j.End(1000, 101, thief)
			j.Login(3000, 101, "taro", thief, true)
		}, "map[:1000 taro:2000]"},
		"many senders": {func(j *Joiner, id *uint64) {
			j.Connect(thief, 100)
			j.Connect(thief, 100)
			for i := range 1000 {
				many(j, id, 1, thief, fmt.Sprint(i, "@example.jp"))
			}
			j.Login(1000, 120, "taro", thief, true)
			j.End(0, 120, thief)
		}, "map[taro:1000]"},
		"too much": {func(j *Joiner, id *uint64) {
			j.Connect(thief, 100)
			many(j, id, maxWaiting+500, thief, "hanako@example.jp")
			j.Login(*id, 101, "taro", thief, true)
		}, fmt.Sprintf("map[?:501 taro:%d]", maxWaiting-1)},
		"never told to end, and another one does": {func(j *Joiner, id *uint64) {
			j.Connect(thief, 100)
			many(j, id, 1, thief, "hanako@example.jp")
			j.Message(&Message{ID: 77, Wall: 101 + longSession, Place: office})
			j.Connect(thief, 102+longSession)
			j.Message(&Message{ID: 78, Wall: 102 + longSession, Place: thief, Sender: "jiro@example.jp"})
			j.End(0, 120+longSession, thief)
		}, "map[?:3]"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := fmt.Sprint(count(c.play)); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}
