package service

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"hikeshi/runbook"
	"hikeshi/spool/lab/nest"
)

// TestMain plays the other parts of this program too: the first process of a nest, and the services in it.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 {
		switch os.Args[1] {
		case nest.Verb:
			fmt.Fprintln(os.Stderr, nest.Init(os.Args[2:]))
			os.Exit(1)
		case "serve": // a service
			time.Sleep(time.Hour)
		case "deaf": // a service that does not obey SIGTERM
			signal.Ignore(syscall.SIGTERM)
			fmt.Println("not listening")
			time.Sleep(time.Hour)
		case "parent": // a service that leaves a process behind
			child := &exec.Cmd{Path: "/proc/self/exe", Args: []string{"left-over", "deaf"}}
			fmt.Println("child", child.Start())
			time.Sleep(time.Hour)
		case "fade": // a service that fails a moment after its start
			time.Sleep(300 * time.Millisecond)
			fmt.Println("fading")
			os.Exit(3)
		case "fail":
			fmt.Println("licence expired")
			os.Exit(3)
		}
	}
	os.Exit(m.Run())
}

// A test with real units begins with begin: outside of a nest that boots one with the units and runs the same test again in it, for
// each phase once, with a power cut between the phases. Where there can be no nest the test is skipped, or fails if
// HIKESHI_REQUIRE asks for root or systemd.
type real struct {
	Env
	phase int
	dir   string // the lab folder; it outlives the power cuts
}

const phaseVariable = "SERVICE_TEST_PHASE"

// begin returns nil outside.
func begin(t *testing.T, units map[string]string, phases int) *real {
	t.Helper()
	if dir, ok := nest.Inside(); ok {
		env := Env{Services: services, Manager: NewSystemd(), Processes: System{}, UnitDir: "/etc/systemd/system", State: filepath.Join(dir, "state"), Clock: time.Now}
		var phase int
		fmt.Sscan(os.Getenv(phaseVariable), &phase)
		return &real{Env: env, phase: phase, dir: dir}
	}
	if err := nest.Available(); err != nil {
		if want := os.Getenv("HIKESHI_REQUIRE"); strings.Contains(want, "root") || strings.Contains(want, "systemd") {
			t.Fatalf("HIKESHI_REQUIRE=%s: %v", want, err)
		}
		t.Skip(err)
	}
	t.Parallel()
	dir := t.TempDir()
	for phase := range phases {
		runPhase(t, dir, units, phase)
	}
	return nil
}

// runPhase boots the nest, runs the test in it, and cuts the power.
func runPhase(t *testing.T, dir string, units map[string]string, phase int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	n, err := nest.Boot(ctx, nest.Config{Dir: dir, Units: units})
	if err != nil {
		t.Fatal(err)
	}
	defer n.Kill()
	if phase == 0 {
		enable := append([]string{"systemctl", "enable", "--now"}, enabled(units)...)
		if out, err := n.Command(ctx, enable...).CombinedOutput(); err != nil && len(enable) > 3 {
			t.Fatalf("%q: %v\n%s", enable, err, out)
		}
	}
	cmd := n.Command(ctx, exe, "-test.run=^"+t.Name()+"$", "-test.v", "-test.timeout=100s")
	cmd.Env = append(cmd.Env, fmt.Sprint(phaseVariable, "=", phase))
	out, err := cmd.CombinedOutput()
	if err != nil || !bytes.Contains(out, []byte("--- PASS: "+t.Name())) {
		t.Fatalf("phase %d: %v\n%s\nlog of the nest:\n%s", phase, err, out, n.Log())
	}
}

// enabled are the units that are to start at a boot.
func enabled(units map[string]string) []string {
	var all []string
	for name, text := range units {
		if strings.Contains(text, "[Install]") {
			all = append(all, name)
		}
	}
	return all
}

// unitOf is a unit that runs this program as the process name, with more settings for the section Service.
func unitOf(t *testing.T, process, verb string, settings ...string) string {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return "[Unit]\nDescription=" + process + "\n\n[Service]\nExecStart=@" + exe + " " + process + " " + verb + "\n" + strings.Join(settings, "\n") +
		"\n\n[Install]\nWantedBy=multi-user.target\n"
}

// plain are the two services of a server, as E-Post's: in /etc/systemd/system, enabled.
func plain(t *testing.T) map[string]string {
	t.Helper()
	return map[string]string{"epstrd.service": unitOf(t, "epstrd", "serve"), "epstdd.service": unitOf(t, "epstdd", "serve", "Restart=always", "RestartSec=100ms")}
}

func (r *real) wantActive(t *testing.T, want string, units ...string) {
	t.Helper()
	for _, unit := range units {
		u, err := r.Manager.Look(t.Context(), unit)
		if err != nil || u.Active != want {
			t.Errorf("%s is %s (%s, result %s), %v, want %s", unit, u.Active, u.Sub, u.Result, err, want)
		}
	}
}

// keep writes changes where the next phase finds them, as the journal does.
func (r *real) keep(t *testing.T, changes []runbook.Change) {
	t.Helper()
	b, err := json.Marshal(changes)
	if err == nil {
		err = os.WriteFile(filepath.Join(r.dir, "changes"), b, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func (r *real) kept(t *testing.T) (changes []runbook.Change) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(r.dir, "changes"))
	if err == nil {
		err = json.Unmarshal(b, &changes)
	}
	if err != nil {
		t.Fatal(err)
	}
	return changes
}

// systemctl runs it as a colleague would, and returns what it printed.
func systemctl(t *testing.T, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	out, err := exec.CommandContext(ctx, "systemctl", args...).CombinedOutput()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

// wait looks until there is what is waited for.
func wait(t *testing.T, what string, there func() bool) {
	t.Helper()
	for range 200 {
		if there() {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatalf("no %s", what)
}
