package main

import (
	"errors"
	"fmt"
	"net/netip"
	"testing"

	"hikeshi/actions/evidence"
	"hikeshi/spool"
	"hikeshi/spool/machine"
)

// TestCallers: who hands in mail now is told from deliveries, mailbox readers, closed connections and the machine itself.
func TestCallers(t *testing.T) {
	at := func(local, remote string, state machine.State) machine.Connection {
		return machine.Connection{Local: netip.MustParseAddrPort(local), Remote: netip.MustParseAddrPort(remote), State: state}
	}
	half := errors.New("half of it")
	env := evidence.Env{Own: spool.Own{Addresses: []netip.Prefix{netip.MustParsePrefix("192.0.2.25/32")}}, Connections: func() ([]machine.Connection, error) {
		return []machine.Connection{
			at("192.0.2.25:25", "203.0.113.9:40000", machine.Established), at("192.0.2.25:587", "203.0.113.9:40001", machine.SynReceived),
			at("192.0.2.25:465", "198.51.100.7:40002", machine.CloseWait), at("192.0.2.25:25", "203.0.113.10:40003", machine.TimeWait),
			at("192.0.2.25:50000", "203.0.113.11:25", machine.Established), at("192.0.2.25:110", "203.0.113.12:40004", machine.Established),
			at("127.0.0.1:25", "127.0.0.1:40005", machine.Established), at("192.0.2.25:25", "192.0.2.25:40006", machine.Established),
		}, half
	}}
	got, err := callers(env)
	if fmt.Sprint(got) != "[203.0.113.9 203.0.113.9 198.51.100.7]" || !errors.Is(err, half) {
		t.Errorf("%v, %v", got, err)
	}
}
