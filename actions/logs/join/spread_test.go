package join

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"hikeshi/actions/logs/deed"
)

var peer = netip.MustParsePrefix("203.0.113.9/32")

// told is a Joiner that writes down what it settles.
func told() (*Joiner, func() string) {
	var all []string
	j := New(func(m *Message, login string) { all = append(all, fmt.Sprintf("%d out=%v %s", m.ID, m.Outside, login)) })
	return j, func() string {
		s := strings.Join(all, ", ")
		all = nil
		return s
	}
}

func message(id uint64, wall int64) *Message { return &Message{ID: id, Wall: wall, Place: peer} }

// A message without a login is settled by its first delivery, also of what a filter gave back; by the time that has passed, or at the end.
func TestHold(t *testing.T) {
	j, said := told()
	j.Hold(message(1, 100))
	j.Hold(message(2, 101))
	if !j.Seen(&deed.Deed{ID: 3, Again: 2, Login: deed.None}) {
		t.Error("a message that was given back is new")
	}
	j.Told(3, true)
	j.Told(2, false)
	if got := said(); got != "2 out=true " {
		t.Error(got)
	}
	j.Told(1, false)
	j.Told(1, true)
	if got := said(); got != "1 out=false " {
		t.Error(got)
	}
	j.Hold(message(4, 200))
	j.Hold(message(5, 200+patience))
	if got := said(); got != "4 out=false " {
		t.Error(got)
	}
	j.Close()
	if got := said(); got != "5 out=false " {
		t.Error(got)
	}
	if j.Close(); said() != "" || len(j.held) != 0 {
		t.Error("settled twice")
	}
}

// A message whose beginning was seen is new, whatever had its id; one of which only a retry is seen is known as long as its id is.
func TestSeen(t *testing.T) {
	j, said := told()
	if j.Seen(&deed.Deed{ID: 1, Login: deed.None}) {
		t.Error("a message that nothing told of is known")
	}
	j.Remember(1, "taro", false)
	if !j.Seen(&deed.Deed{ID: 1, Login: deed.None}) {
		t.Error("a retry is new")
	}
	if j.Seen(&deed.Deed{ID: 1, Login: 0}) || j.Knows(1) {
		t.Error("an id that is used again is known")
	}
	j.Hold(message(1, 100))
	if j.Seen(&deed.Deed{ID: 1, Login: 0}) || said() != "1 out=false " {
		t.Error("the message that had the id before was lost")
	}
	j.Hold(message(1, 200))
	if j.Told(1, true); said() != "1 out=true " {
		t.Error("the message with the id is not held")
	}
	if j.Seen(&deed.Deed{ID: 7, Again: 6}) {
		t.Error("a message is another one that nobody knows")
	}
}

// Nobody can make it remember more than it may.
func TestHoldIsBounded(t *testing.T) {
	j, _ := told()
	for i := range uint64(2 * maxWaiting) {
		j.Hold(message(i+1, 100))
	}
	if len(j.held) > maxWaiting || len(j.line) > maxWaiting {
		t.Errorf("%d, %d", len(j.held), len(j.line))
	}
}
