package unit

import (
	"fmt"
	"slices"
	"strings"

	"hikeshi/spool"
)

// Pick returns the services of these names, of one role if that is not empty, in the order in which they are stopped and started:
// delivery first, because the damage leaves through it and a receiver without it only fills the queue; the receiver last. A name may
// lack its ".service". No names, nil, mean all of the role, and without a role those that use the queue.
func Pick(services []spool.Service, names []string, role spool.Role) ([]spool.Service, error) {
	var all []spool.Service
	for _, s := range services {
		asked := slices.ContainsFunc(names, func(name string) bool { return is(s, name) })
		if names == nil {
			asked = s.Queue || role != ""
		}
		if asked && (role == "" || s.Role == role) {
			all = append(all, s)
		}
	}
	for _, name := range names {
		if !slices.ContainsFunc(services, func(s spool.Service) bool { return is(s, name) }) {
			return nil, fmt.Errorf("unit %q is not one of this server's: %s; services.units in the configuration names them", name, Names(services))
		}
	}
	rank := map[spool.Role]int{spool.Delivery: -1, spool.Receiver: 1}
	slices.SortStableFunc(all, func(a, b spool.Service) int { return rank[a.Role] - rank[b.Role] })
	return all, nil
}

func is(s spool.Service, name string) bool { return s.Unit == name || s.Unit == name+".service" }

// Names lists the units.
func Names(services []spool.Service) string {
	var names []string
	for _, s := range services {
		names = append(names, s.Unit)
	}
	return strings.Join(names, ", ")
}
