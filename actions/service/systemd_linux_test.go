package service

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hikeshi/runbook"
)

// etc is what stands in the unit folder.
func etc(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir("/etc/systemd/system", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		all[path] = info.Mode().String()
		if info.Mode().IsRegular() {
			b, _ := os.ReadFile(path)
			all[path] += string(b)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// Stopped, barred, started again, and everything back: with the real systemd, on units in /etc/systemd/system, one of which restarts
// itself whenever it ends.
func TestRealStopAndStart(t *testing.T) {
	r := begin(t, plain(t), 1)
	if r == nil {
		return
	}
	before := etc(t)
	stop, start := kindOf(t, r.Env, "service.stop"), kindOf(t, r.Env, "service.start")
	out := stop.plan(t, nil)
	wantOps(t, out, "stop epstdd.service, epstrd.service; bar epstdd.service, epstrd.service")
	stop.wantStates(t, out.Changes, runbook.None)
	stop.apply(t, out.Changes)
	wantOps(t, stop.plan(t, nil), "")
	time.Sleep(300 * time.Millisecond) // longer than RestartSec
	r.wantActive(t, "inactive", "epstdd.service", "epstrd.service")

	// A colleague's start ends without an error, and starts nothing.
	if said := systemctl(t, "start", "epstdd.service"); said != "" {
		t.Errorf("systemctl start said %q", said)
	}
	r.wantActive(t, "inactive", "epstdd.service")
	wantError(t, stop.changer.Undo(t.Context(), out.Changes[0], stop.rec), "epstdd.service", "epstrd.service", "does not run", "incident 1121-0312 barred it")

	again := start.plan(t, nil)
	wantOps(t, again, "unbar epstdd.service, epstrd.service; start epstdd.service; start epstrd.service")
	start.apply(t, again.Changes)
	r.wantActive(t, "active", "epstdd.service", "epstrd.service")
	if diff := cmp.Diff(before, etc(t)); diff != "" {
		t.Errorf("the unit folder (-before +after):\n%s", diff)
	}
	wantOps(t, start.plan(t, nil), "")

	start.undo(t, again.Changes)
	r.wantActive(t, "inactive", "epstdd.service", "epstrd.service")
	stop.wantStates(t, out.Changes, runbook.Done)
	stop.undo(t, out.Changes)
	stop.undo(t, out.Changes)
	r.wantActive(t, "active", "epstdd.service", "epstrd.service")
	if diff := cmp.Diff(before, etc(t)); diff != "" {
		t.Errorf("undone, the unit folder (-before +after):\n%s", diff)
	}
}

// A reboot in the middle: after the stop and before the guard everything runs again, and the same changes are made once more; after
// the guard nothing starts, until the incident starts it; then it does, also at the next boot.
func TestRealReboot(t *testing.T) {
	r := begin(t, plain(t), 4)
	if r == nil {
		return
	}
	units := []string{"epstdd.service", "epstrd.service"}
	stop, start := kindOf(t, r.Env, "service.stop"), kindOf(t, r.Env, "service.start")
	switch r.phase {
	case 0:
		changes := stop.plan(t, nil).Changes
		r.keep(t, changes)
		stop.apply(t, changes[:1])
	case 1:
		r.wantActive(t, "active", units...)
		stop.wantStates(t, r.kept(t), runbook.None)
		stop.apply(t, r.kept(t))
	case 2:
		r.wantActive(t, "inactive", units...)
		for _, unit := range units {
			if u, err := r.Manager.Look(t.Context(), unit); err != nil || u.Condition || u.Enabled != "enabled" {
				t.Errorf("after the reboot: %+v, %v", u, err)
			}
		}
		stop.wantStates(t, r.kept(t), runbook.Done)
		facts := kindOf(t, r.Env, "service.status").plan(t, nil).Facts.(StatusFacts)
		if diff := cmp.Diff(units, facts.Barred, cmp.Transformer("sort", func(s []string) map[string]bool { return map[string]bool{s[0]: true, s[1]: true} })); diff != "" || facts.QueueInUse {
			t.Errorf("facts %+v", facts)
		}
		start.apply(t, start.plan(t, nil).Changes)
		r.wantActive(t, "active", units...)
	case 3:
		r.wantActive(t, "active", units...)
	}
}

// A unit that does not stop in time is reported with what to do, and left alone.
func TestRealHang(t *testing.T) {
	r := begin(t, map[string]string{"epstdd.service": unitOf(t, "epstdd", "deaf", "TimeoutStopSec=60"), "epstrd.service": unitOf(t, "epstrd", "serve")}, 1)
	if r == nil {
		return
	}
	r.listening(t)
	k := kindOf(t, r.Env, "service.stop")
	changes := k.plan(t, map[string]any{"timeout": "1s"}).Changes
	err := k.changer.Apply(t.Context(), changes[0], k.rec)
	wantError(t, err, "stopping epstdd.service", "the job has not ended: not done within 1s", "deactivating (stop-sigterm), processes", "nothing was killed", "systemctl kill --signal=KILL epstdd.service")
	if !strings.Contains(k.rec["epstdd.service.log"], "not listening") {
		t.Errorf("evidence: %q", k.rec)
	}
	k.wantStates(t, changes[:1], runbook.Partial) // the receiver is down
	if procs, err := (System{}).ByName("epstdd"); len(procs) != 1 || err != nil {
		t.Errorf("it was killed: %v, %v", procs, err)
	}
	// The responder follows the advice, and the run is resumed.
	systemctl(t, "kill", "--signal=KILL", "epstdd.service")
	k.apply(t, changes)
}

// listening waits until the deaf service has become deaf.
func (r *real) listening(t *testing.T) {
	t.Helper()
	wait(t, "word of the deaf service", func() bool {
		lines, err := r.Manager.(interface {
			Log(context.Context, string, int) ([]string, error)
		}).Log(t.Context(), "epstdd.service", 10)
		return err == nil && strings.Contains(strings.Join(lines, " "), "not listening")
	})
}

// Where systemd's own time for a stop is over it kills the service by itself: that is a stop, and the last lines are kept.
func TestRealKilledBySystemd(t *testing.T) {
	r := begin(t, map[string]string{"epstdd.service": unitOf(t, "epstdd", "deaf", "TimeoutStopSec=1")}, 1)
	if r == nil {
		return
	}
	r.listening(t)
	k := kindOf(t, r.Env, "service.stop")
	k.apply(t, k.plan(t, map[string]any{"units": []string{"epstdd"}}).Changes)
	r.wantActive(t, "failed", "epstdd.service")
	if !strings.Contains(k.rec["epstdd.service.log"], "not listening") {
		t.Errorf("evidence: %q", k.rec)
	}
}

// A unit that ends and leaves a process in its control group is not stopped.
func TestRealLeftOver(t *testing.T) {
	r := begin(t, map[string]string{"epstdd.service": unitOf(t, "epstdd", "parent", "KillMode=process")}, 1)
	if r == nil {
		return
	}
	var pid int
	wait(t, "left-over process", func() bool {
		procs, err := (System{}).ByName("left-over")
		if err == nil && len(procs) == 1 {
			pid = procs[0].PID
		}
		return pid > 0
	})
	k := kindOf(t, r.Env, "service.stop")
	changes := k.plan(t, map[string]any{"units": []string{"epstdd"}}).Changes
	wantError(t, k.changer.Apply(t.Context(), changes[0], k.rec), "left these processes behind", "nothing was killed")
	k.wantStates(t, changes[:1], runbook.None)
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Errorf("the process is gone: %v", err)
	}
	wait(t, "end of the left-over process", func() bool { procs, _ := (System{}).ByName("left-over"); return len(procs) == 0 })
	k.apply(t, changes)
}

// A delivery that somebody has started by hand is seen, whatever systemd says of the unit.
func TestRealOutsideTheManager(t *testing.T) {
	r := begin(t, map[string]string{"epstdd.service": unitOf(t, "epstdd", "serve")}, 1)
	if r == nil {
		return
	}
	byHand := &exec.Cmd{Path: "/proc/self/exe", Args: []string{"epstdd", "serve"}}
	if err := byHand.Start(); err != nil {
		t.Fatal(err)
	}
	k := kindOf(t, r.Env, "service.stop")
	changes := k.plan(t, map[string]any{"units": []string{"epstdd"}}).Changes
	wantError(t, k.changer.Apply(t.Context(), changes[0], k.rec), "do not belong to the unit")
	r.wantActive(t, "inactive", "epstdd.service")
	byHand.Process.Kill()
	byHand.Wait()
	k.apply(t, changes)
}

// A unit that fails at its start, at once or a moment later, is an error with its last lines.
func TestRealStartFails(t *testing.T) {
	r := begin(t, map[string]string{
		"epstdd.service": strings.Split(unitOf(t, "epstdd", "fail"), "\n[Install]")[0],
		"epstrd.service": strings.Split(unitOf(t, "epstrd", "fail", "Restart=always", "RestartSec=30"), "\n[Install]")[0],
	}, 1)
	if r == nil {
		return
	}
	k := kindOf(t, r.Env, "service.start")
	out := k.plan(t, nil)
	wantOps(t, out, "start epstdd.service; start epstrd.service")
	err := k.changer.Apply(t.Context(), out.Changes[0], k.rec)
	wantError(t, err, "starting epstdd.service", "failed (failed), result exit-code", "its last lines", "exit-code", "systemctl status")
	if !strings.Contains(k.rec["epstdd.service.log"], "licence expired") {
		t.Errorf("evidence: %q", k.rec)
	}
	k.wantStates(t, out.Changes[:1], runbook.None)

	// The job of a oneshot unit fails itself.
	oneshot := strings.Replace(unitOf(t, "epstpop3d", "fail"), "[Service]", "[Service]\nType=oneshot", 1)
	if err := os.WriteFile("/etc/systemd/system/epstpop3d.service", []byte(oneshot), 0o644); err != nil {
		t.Fatal(err)
	}
	wantError(t, r.Manager.Start(t.Context(), "epstpop3d.service"), "starting epstpop3d.service", `the job ended with "failed"`)

	// One that waits to be restarted is about to run: it counts as running, and a stop ends that.
	systemctl(t, "start", "--no-block", "epstrd.service")
	wait(t, "auto-restart", func() bool {
		u, err := r.Manager.Look(t.Context(), "epstrd.service")
		return err == nil && u.Sub == "auto-restart"
	})
	stop := kindOf(t, r.Env, "service.stop")
	planned := stop.plan(t, map[string]any{"units": []string{"epstrd"}})
	wantOps(t, planned, "stop epstrd.service; bar epstrd.service")
	stop.apply(t, planned.Changes)
	if u, err := r.Manager.Look(t.Context(), "epstrd.service"); err != nil || u.Running() {
		t.Errorf("stopped: %+v, %v", u, err)
	}
}

// A unit that starts well and fails a moment later has not started.
func TestRealFades(t *testing.T) {
	r := begin(t, map[string]string{"epstdd.service": strings.Split(unitOf(t, "epstdd", "fade"), "\n[Install]")[0]}, 1)
	if r == nil {
		return
	}
	k := kindOf(t, r.Env, "service.start")
	changes := k.plan(t, map[string]any{"units": []string{"epstdd"}}).Changes
	wantError(t, k.changer.Apply(t.Context(), changes[0], k.rec), "starting epstdd.service", "result exit-code", "fading")
}

// A start that takes too long is an error that names the time; the job goes on.
func TestRealStartHangs(t *testing.T) {
	r := begin(t, map[string]string{"epstdd.service": strings.Split(unitOf(t, "epstdd", "serve", "Type=notify"), "\n[Install]")[0]}, 1)
	if r == nil {
		return
	}
	k := kindOf(t, r.Env, "service.start")
	changes := k.plan(t, map[string]any{"units": []string{"epstdd"}, "timeout": "1s"}).Changes
	err := k.changer.Apply(t.Context(), changes[0], k.rec)
	wantError(t, err, "starting epstdd.service", "not done within 1s", "activating (start)", "wait and resume")
	k.wantStates(t, changes, runbook.Partial)
	k.undo(t, changes)
	r.wantActive(t, "inactive", "epstdd.service")
}

// Units that are not there, and masked ones, in /etc and in /run.
func TestRealMissingAndMasked(t *testing.T) {
	r := begin(t, plain(t), 1)
	if r == nil {
		return
	}
	r.Services = append(r.Services[:2:2], services[2])
	systemctl(t, "stop", "epstrd.service")
	if err := os.Remove("/etc/systemd/system/epstrd.service"); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("/dev/null", "/etc/systemd/system/epstrd.service"); err != nil {
		t.Fatal(err)
	}
	systemctl(t, "daemon-reload")
	if u, err := r.Manager.Look(t.Context(), "epstrd.service"); err != nil || u.Load != "masked" {
		t.Errorf("looked: %+v, %v", u, err)
	}
	_, err := kindOf(t, r.Env, "service.start").tryPlan(t, "a", map[string]any{"units": []string{"epstrd", "epstpop3d"}})
	wantError(t, err, "starting epstrd.service: it is masked", "systemctl unmask epstrd.service", "starting epstpop3d.service: there is no such unit")

	stop := kindOf(t, r.Env, "service.stop")
	out := stop.plan(t, map[string]any{"units": []string{"epstrd", "epstpop3d", "epstdd"}})
	wantOps(t, out, "stop epstdd.service; bar epstdd.service")
	wantFinding(t, out, runbook.Warn, "epstrd.service (receiver): masked")
	wantFinding(t, out, runbook.Info, "epstpop3d.service (mailbox): there is no such unit")
	stop.apply(t, out.Changes)

	// Manager.Stop and Start say so too, and do the rest.
	wantError(t, r.Manager.Start(t.Context(), "epstrd.service"), "starting epstrd.service", "masked")
	wantError(t, r.Manager.Start(t.Context(), "epstpop3d.service"), "starting epstpop3d.service", "not found")
	stop.undo(t, out.Changes)
	wantError(t, r.Manager.Stop(t.Context(), []string{"epstpop3d.service", "epstdd.service"}), "stopping epstpop3d.service", "not loaded")
	r.wantActive(t, "inactive", "epstdd.service")
}

// Masking a unit of /etc at run time has no effect: that is why there is a guard.
func TestRealRuntimeMask(t *testing.T) {
	r := begin(t, plain(t), 1)
	if r == nil {
		return
	}
	systemctl(t, "mask", "--runtime", "epstrd.service")
	systemctl(t, "daemon-reload")
	systemctl(t, "restart", "epstrd.service")
	r.wantActive(t, "active", "epstrd.service")
}

func TestRealRestart(t *testing.T) {
	r := begin(t, plain(t), 1)
	if r == nil {
		return
	}
	k := kindOf(t, r.Env, "service.restart")
	out := k.plan(t, nil)
	wantOps(t, out, "restart epstdd.service; restart epstrd.service")
	k.wantStates(t, out.Changes, runbook.None)
	k.apply(t, out.Changes)
	u, _ := r.Manager.Look(t.Context(), "epstdd.service")
	k.apply(t, out.Changes)
	if again, _ := r.Manager.Look(t.Context(), "epstdd.service"); !again.Since.Equal(u.Since) {
		t.Error("made again, it was restarted again")
	}
}

// With a dead D-Bus everything says so, and what to do; a systemd that takes a connection and says nothing is given up.
func TestRealDeadBus(t *testing.T) {
	r := begin(t, plain(t), 1)
	if r == nil {
		return
	}
	for _, path := range []string{"/run/systemd/private", "/run/dbus/system_bus_socket"} {
		if err := os.Rename(path, path+".aside"); err != nil {
			t.Fatal(err)
		}
	}
	check := func(parts ...string) {
		t.Helper()
		_, err := kindOf(t, r.Env, "service.stop").tryPlan(t, "a", nil)
		wantError(t, err, append(parts, "systemd does not answer over D-Bus", "private socket", "system bus")...)
		if !errors.Is(err, ErrUnreachable) { // by which the program knows the way with commands
			t.Errorf("%v is no ErrUnreachable", err)
		}
		wantError(t, r.Manager.Stop(t.Context(), []string{"epstdd.service"}), parts...)
		wantError(t, r.Manager.Reload(t.Context()), parts...)
	}
	check("no such file")

	silent, err := net.Listen("unix", "/run/systemd/private")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	begun := time.Now()
	_, err = r.Manager.Look(t.Context(), "epstdd.service")
	wantError(t, err, "systemd does not answer over D-Bus", "private socket: systemd does not answer;")
	if took := time.Since(begun); took > 15*time.Second {
		t.Errorf("it took %v", took)
	}
	for _, path := range []string{"/run/systemd/private", "/run/dbus/system_bus_socket"} {
		os.Remove(path)
		if err := os.Rename(path+".aside", path); err != nil {
			t.Fatal(err)
		}
	}
	r.wantActive(t, "active", "epstdd.service")

	// With the private socket away the system bus serves.
	if err := os.Rename("/run/systemd/private", "/run/systemd/private.aside"); err != nil {
		t.Fatal(err)
	}
	k := kindOf(t, r.Env, "service.stop")
	k.apply(t, k.plan(t, nil).Changes)
	r.wantActive(t, "inactive", "epstdd.service", "epstrd.service")
}

// With the disk of the state full to the last byte the services are stopped and barred all the same.
func TestRealFullDisk(t *testing.T) {
	r := begin(t, plain(t), 1)
	if r == nil {
		return
	}
	if err := os.MkdirAll(r.State, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("tmpfs", r.State, "tmpfs", 0, "size=64k"); err != nil {
		t.Fatal(err)
	}
	fill, err := os.Create(filepath.Join(r.State, "fill"))
	for err == nil {
		_, err = fill.Write(make([]byte, 512))
	}
	k := kindOf(t, r.Env, "service.stop")
	k.apply(t, k.plan(t, nil).Changes)
	systemctl(t, "start", "epstdd.service", "epstrd.service")
	r.wantActive(t, "inactive", "epstdd.service", "epstrd.service")
	if holds, err := Held(r.Env); err != nil || len(holds) != 2 || holds[0].Forgotten || holds[0].Incident != "1121-0312" {
		t.Errorf("held: %+v, %v", holds, err)
	}
	start := kindOf(t, r.Env, "service.start")
	start.apply(t, start.plan(t, nil).Changes)
	r.wantActive(t, "active", "epstdd.service", "epstrd.service")
}
