package lab

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"hikeshi/spool"
	"hikeshi/spool/lab/nest"
)

// TestMain plays the daemons, and the first process of a nest, when it is started as one of them.
func TestMain(m *testing.M) {
	if len(os.Args) > 2 {
		ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
		defer stop()
		var err error
		switch os.Args[1] {
		case VerbReceiver:
			err = RunReceiver(ctx, os.Args[2])
		case VerbDelivery:
			err = RunDelivery(ctx, os.Args[2])
		case nest.Verb:
			err = nest.Init(os.Args[2:])
		default:
			os.Exit(m.Run())
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func TestUnitFiles(t *testing.T) {
	got := Units(`/opt/odd "name" 100%/hikeshi`, "/srv/lab")
	want := `[Unit]
Description=E-Post delivery (stand-in)

[Service]
Type=notify
ExecStart="@/opt/odd \"name\" 100%%/hikeshi" "epstdd" "lab-delivery" "/srv/lab/lab/standin.json"
Restart=on-failure
RestartSec=1

[Install]
WantedBy=multi-user.target
`
	if got[DeliveryUnit] != want || len(got) != 2 {
		t.Errorf("%d units, the delivery\n%s", len(got), got[DeliveryUnit])
	}
}

// TestProcesses runs the daemons as processes, without a service manager but with its notification socket.
func TestProcesses(t *testing.T) {
	l, err := Build(filepath.Join(t.TempDir(), "lab"), small(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, verb := range []string{VerbReceiver, VerbDelivery} {
		socket, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: filepath.Join(t.TempDir(), "n"), Net: "unixgram"})
		if err != nil {
			t.Fatal(err)
		}
		defer socket.Close()
		cmd := exec.CommandContext(t.Context(), os.Args[0], verb, l.Config().File())
		cmd.Env = append(os.Environ(), "NOTIFY_SOCKET="+socket.LocalAddr().String())
		cmd.Stderr = os.Stderr
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		buf := make([]byte, 100)
		socket.SetReadDeadline(time.Now().Add(20 * time.Second))
		n, err := socket.Read(buf)
		if err != nil || string(buf[:n]) != "READY=1" {
			t.Errorf("%s says %q, %v", verb, buf[:n], err)
		}
		_, err = os.Stat(l.Config().Address())
		if listens := err == nil; listens != (verb == VerbReceiver) {
			t.Errorf("%s is ready and the receiver listens: %v", verb, listens)
		}
		if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		if err := cmd.Wait(); err != nil {
			t.Errorf("%s ended with %v", verb, err)
		}
	}
}

// inNest asks the manager inside a nest.
type inNest struct{ *nest.Nest }

func (n inNest) Look(ctx context.Context, unit string) (spool.UnitState, error) {
	out, err := n.Command(ctx, "systemctl", "show", "-p", "ActiveState,UnitFileState,MainPID", unit).Output()
	s := spool.UnitState{Unit: unit}
	for line := range strings.Lines(string(out)) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		switch key {
		case "ActiveState":
			s.Active = value
		case "UnitFileState":
			s.Enabled = value
		case "MainPID":
			var pid int
			fmt.Sscan(value, &pid)
			s.PIDs = []int{pid}
		}
	}
	return s, err
}

// bootNest boots the units of the lab under a private systemd.
func bootNest(t *testing.T, l *Lab) *nest.Nest {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	n, err := nest.Boot(t.Context(), nest.Config{Dir: l.Root(), Units: Units(self, l.Root())})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { n.Kill() })
	return n
}

func TestUnitsUnderSystemd(t *testing.T) {
	if err := nest.Available(); err != nil {
		if want := os.Getenv("HIKESHI_REQUIRE"); strings.Contains(want, "root") || strings.Contains(want, "systemd") {
			t.Fatalf("HIKESHI_REQUIRE=%s: %v", want, err)
		}
		t.Skip(err)
	}
	l, err := Build(filepath.Join(t.TempDir(), "lab"), small(t))
	if err != nil {
		t.Fatal(err)
	}
	n := &night{T: t, Lab: l, ctx: t.Context()}
	n.must(Enable(nest.UnitDir(l.Root())))
	machine := inNest{bootNest(t, l)}
	n.traffic, err = l.Traffic(t.Context())
	n.must(err)
	n.must(l.Await(t.Context(), 200))
	n.run.Found, err = l.Look(t.Context(), machine)
	n.must(err)
	n.wantProcess(machine, n.run.Found)

	n.must(machine.Command(t.Context(), "systemctl", "stop", DeliveryUnit, ReceiverUnit).Run())
	n.run.Contained = time.Now()
	n.setAside(set[:]...)
	n.deny(n.Scenario.Sources)
	n.lock("taro")
	n.must(machine.Kill())
	machine = inNest{bootNest(t, l)}
	time.Sleep(2500 * time.Millisecond)
	n.must(n.traffic.Stop())
	n.run.Now, err = l.Look(t.Context(), machine)
	n.must(err)
	n.run.Boots, n.run.Listings = 2, l.Scenario.Listings
	js, err := l.Judge(t.Context(), n.run)
	n.must(err)
	for _, j := range js {
		if !j.OK {
			t.Errorf("%s: %s, want %s %v", j.Name, j.Value, j.Want, j.Items)
		}
	}
}

// wantProcess wants the units to run under the names of the real daemons.
func (n *night) wantProcess(machine inNest, units []spool.UnitState) {
	n.Helper()
	for _, u := range units {
		out, err := machine.Command(n.ctx, "cat", fmt.Sprintf("/proc/%d/cmdline", u.PIDs[0])).Output()
		name, _, _ := strings.Cut(string(out), "\x00")
		if err != nil || name != strings.TrimSuffix(u.Unit, ".service") || u.Active != "active" || u.Enabled != "enabled" {
			n.Errorf("%+v runs as %q, %v", u, name, err)
		}
	}
}
