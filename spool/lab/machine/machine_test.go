package machine

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"hikeshi/spool/lab/standin"
)

// journal collects what the services of a test did.
type journal struct {
	mu    sync.Mutex
	lines []string
}

func (j *journal) add(line string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.lines = append(j.lines, line)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return strings.Join(j.lines, ", ")
}

// service is one that cleans up when it is stopped, if there is power.
func service(j *journal, name string) Unit {
	return Unit{Name: name + ".service", Process: name, Enabled: true,
		Run: func(ctx context.Context, p *standin.Power, ready func()) error {
			j.add("start " + name)
			ready()
			<-ctx.Done()
			if p.Do(func() error { return nil }) == nil {
				j.add("stop " + name)
			}
			return nil
		}}
}

func newMachine(t *testing.T, units ...Unit) *Machine {
	t.Helper()
	root := t.TempDir()
	m := New(root, filepath.Join(root, "etc/systemd/system"), units)
	t.Cleanup(m.Close)
	return m
}

func (m *Machine) active(t *testing.T, name string) string {
	t.Helper()
	s, err := m.Look(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	return s.Active
}

func put(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestStopInOrderAndStart(t *testing.T) {
	var j journal
	m := newMachine(t, service(&j, "epstrd"), service(&j, "epstdd"))
	if err := m.Boot(t.Context()); err != nil {
		t.Fatal(err)
	}
	if p, _ := m.ByName("epstdd"); len(p) != 1 || p[0].Name != "epstdd" {
		t.Errorf("process table says %v", p)
	}
	if err := m.Stop(t.Context(), []string{"epstdd.service", "epstrd.service"}); err != nil {
		t.Fatal(err)
	}
	if p, _ := m.ByName("epstdd"); len(p) != 0 {
		t.Errorf("after the stop the process table says %v", p)
	}
	if s, _ := m.Look(t.Context(), "epstdd.service"); s.Active != "inactive" || s.Result != "success" || s.Running() {
		t.Errorf("after the stop: %+v", s)
	}
	if err := m.Start(t.Context(), "epstdd.service"); err != nil {
		t.Fatal(err)
	}
	if err := m.Start(t.Context(), "epstdd.service"); err != nil {
		t.Fatal(err)
	}
	if got := m.active(t, "epstdd.service"); got != "active" {
		t.Errorf("after the start it is %s", got)
	}
	if n := strings.Count(j.String(), "start epstdd"); n != 2 {
		t.Errorf("started %d times, want 2: %s", n, &j)
	}
}

func TestUnknownUnit(t *testing.T) {
	m := newMachine(t)
	if err := m.Boot(t.Context()); err != nil {
		t.Fatal(err)
	}
	s, err := m.Look(t.Context(), "epstpop3d.service")
	if err != nil || s.Load != "not-found" || s.Running() {
		t.Errorf("look: %+v, %v", s, err)
	}
	if err := m.Start(t.Context(), "epstpop3d.service"); err == nil {
		t.Error("an unknown unit was started")
	}
	if err := m.Stop(t.Context(), []string{"epstpop3d.service"}); err == nil {
		t.Error("an unknown unit was stopped")
	}
}

func TestBarredUnitStaysDownOverABoot(t *testing.T) {
	for name, path := range map[string]string{"as seen from outside": "", "as seen from inside": "/hold/epstdd"} {
		t.Run(name, func(t *testing.T) {
			var j journal
			m := newMachine(t, service(&j, "epstrd"), service(&j, "epstdd"))
			hold := filepath.Join(m.root, "hold/epstdd")
			if path == "" {
				path = hold
			}
			if err := m.Boot(t.Context()); err != nil {
				t.Fatal(err)
			}
			if err := m.Stop(t.Context(), []string{"epstdd.service"}); err != nil {
				t.Fatal(err)
			}
			dropIn := filepath.Join(m.unitDir, "epstdd.service.d/50-hikeshi-hold.conf")
			put(t, dropIn, "[Unit]\nConditionPathExists=!"+path+"\n")
			put(t, hold, "")
			if err := m.Start(t.Context(), "epstdd.service"); err != nil || m.active(t, "epstdd.service") != "active" {
				t.Error("a drop-in that was not reloaded had an effect")
			}
			m.Crash()
			if err := m.Boot(t.Context()); err != nil {
				t.Fatal(err)
			}
			s, _ := m.Look(t.Context(), "epstdd.service")
			if s.Active != "inactive" || s.Condition || !slices.Equal(s.DropIns, []string{dropIn}) {
				t.Errorf("after the boot: %+v", s)
			}
			if err := m.Start(t.Context(), "epstdd.service"); err != nil {
				t.Errorf("a barred start is no error, got %v", err)
			}
			if got := m.active(t, "epstrd.service"); got != "active" {
				t.Errorf("the unit that is not barred is %s", got)
			}
			if err := os.Remove(hold); err != nil {
				t.Fatal(err)
			}
			if err := m.Start(t.Context(), "epstdd.service"); err != nil || m.active(t, "epstdd.service") != "active" {
				t.Errorf("it does not start without the hold: %v", err)
			}
		})
	}
}

func TestCrashCleansNothingUp(t *testing.T) {
	var j journal
	m := newMachine(t, service(&j, "epstrd"), service(&j, "epstdd"))
	if err := m.Boot(t.Context()); err != nil {
		t.Fatal(err)
	}
	m.Crash()
	if got, want := j.String(), "start epstrd, start epstdd"; got != want {
		t.Errorf("did %s, want %s", got, want)
	}
	if err := m.Start(t.Context(), "epstrd.service"); err == nil {
		t.Error("a unit was started on a machine without power")
	}
	if err := m.Boot(t.Context()); err != nil {
		t.Fatal(err)
	}
	if m.Boots() != 2 || m.active(t, "epstrd.service") != "active" {
		t.Errorf("%d boots, epstrd %s", m.Boots(), m.active(t, "epstrd.service"))
	}
}

func TestFailingAndHangingUnit(t *testing.T) {
	failing := Unit{Name: "bad.service", Run: func(context.Context, *standin.Power, func()) error { return errors.New("no port") }}
	hanging := Unit{Name: "slow.service", Run: func(ctx context.Context, _ *standin.Power, ready func()) error {
		ready()
		<-ctx.Done()
		time.Sleep(300 * time.Millisecond)
		return nil
	}}
	m := newMachine(t, failing, hanging)
	if err := m.Boot(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := m.Start(t.Context(), "bad.service"); err == nil || !strings.Contains(err.Error(), "no port") {
		t.Errorf("starting a unit that fails: %v", err)
	}
	s, _ := m.Look(t.Context(), "bad.service")
	if s.Active != "failed" || s.Result != "exit-code" {
		t.Errorf("it is %+v", s)
	}
	if lines, err := m.Log(t.Context(), "bad.service", 1); err != nil || len(lines) != 1 || !strings.Contains(lines[0], "no port") {
		t.Errorf("its log is %q, %v", lines, err)
	}
	if err := m.Start(t.Context(), "slow.service"); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if err := m.Stop(ctx, []string{"slow.service"}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a stop that hangs: %v", err)
	}
	if s, _ := m.Look(t.Context(), "slow.service"); s.Active != "deactivating" || !s.Running() {
		t.Errorf("while it hangs it is %+v", s)
	}
}
