package unit

import (
	"strings"
	"testing"

	"hikeshi/spool"
)

var services = []spool.Service{
	{Role: spool.Receiver, Unit: "epstrd.service", Process: "epstrd", Queue: true},
	{Role: spool.Delivery, Unit: "epstdd.service", Process: "epstdd", Queue: true},
	{Role: spool.Mailbox, Unit: "epstpop3d.service", Process: "epstpop3d"},
	{Role: spool.Mailbox, Unit: "epstimap4d.service", Process: "epstimap4d"},
}

func TestPick(t *testing.T) {
	tests := []struct {
		name  string
		names []string
		role  spool.Role
		want  string
	}{
		{"all that use the queue", nil, "", "epstdd.service, epstrd.service"},
		{"none", []string{}, "", ""},
		{"delivery first", []string{"epstrd.service", "epstpop3d", "epstdd"}, "", "epstdd.service, epstpop3d.service, epstrd.service"},
		{"twice", []string{"epstdd", "epstdd.service"}, "", "epstdd.service"},
		{"a role", nil, spool.Mailbox, "epstpop3d.service, epstimap4d.service"},
		{"a role of those named", []string{"epstdd", "epstimap4d"}, spool.Mailbox, "epstimap4d.service"},
		{"nobody has the role", []string{"epstdd"}, spool.Receiver, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := Pick(services, test.names, test.role)
			if err != nil || Names(got) != test.want {
				t.Errorf("picked %q, %v, want %q", Names(got), err, test.want)
			}
		})
	}
	for _, name := range []string{"postfix.service", "", "../epstdd.service", "epstdd.service\n"} {
		if _, err := Pick(services, []string{"epstdd", name}, ""); err == nil || !strings.Contains(err.Error(), "epstimap4d.service") {
			t.Errorf("unit %q: %v", name, err)
		}
	}
}

func TestSight(t *testing.T) {
	procs := []spool.Process{{PID: 7}, {PID: 5}}
	tests := []struct {
		s        Sight
		up, down bool
		text     string
	}{
		{Sight{UnitState: spool.UnitState{Active: "active", Sub: "running", Result: "success", PIDs: []int{5}}, Procs: procs}, true, false, "active (running), processes 5, 7"},
		{Sight{UnitState: spool.UnitState{Active: "inactive", Sub: "dead", Result: "success"}}, false, true, "inactive (dead)"},
		{Sight{UnitState: spool.UnitState{Active: "failed", Sub: "failed", Result: "timeout"}}, false, true, "failed (failed), result timeout"},
		{Sight{UnitState: spool.UnitState{Active: "activating", Sub: "auto-restart", Result: "exit-code"}}, true, false, "activating (auto-restart), result exit-code"},
		{Sight{UnitState: spool.UnitState{Active: "deactivating", Sub: "stop-sigterm"}}, false, false, "deactivating (stop-sigterm)"},
		{Sight{UnitState: spool.UnitState{Active: "inactive", PIDs: []int{5}}}, false, false, "inactive, processes 5"},
		{Sight{UnitState: spool.UnitState{Active: "inactive"}, Procs: procs}, false, false, "inactive, processes 5, 7"},
	}
	for _, test := range tests {
		if test.s.Up() != test.up || test.s.Down() != test.down || test.s.String() != test.text {
			t.Errorf("%+v: up %v, down %v, %q; want %v, %v, %q", test.s, test.s.Up(), test.s.Down(), test.s, test.up, test.down, test.text)
		}
	}
}

func TestList(t *testing.T) {
	if got := List([]int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}); got != "1, 2, 3, 4, 5, 6, 7, 8, and 2 more" {
		t.Errorf("the list is %q", got)
	}
}
