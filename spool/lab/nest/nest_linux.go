package nest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"hikeshi/spool/lab/nest/inner"
)

// Nest is a running private systemd. Its methods may be called at once from several goroutines.
type Nest struct {
	self    []string  // Config.Self
	cmd     *exec.Cmd // the manager
	group   string
	console *console
	gone    chan struct{} // closed when every process of the nest is gone
	clean   func() error
}

// Boot starts the manager of the lab folder and returns when its system has finished starting: state running, or degraded when a
// unit did not start. ctx bounds the boot, which takes as long as the slowest unit, and not the life of the nest: that lasts until
// Kill or the end of the calling program, even by SIGKILL. The error says the last lines of the manager's log.
func Boot(ctx context.Context, c Config) (*Nest, error) {
	err := c.check()
	if err == nil {
		err = Available()
	}
	var n *Nest
	if err == nil {
		n, err = launch(c)
	}
	if err != nil {
		return nil, fmt.Errorf("booting a nest: %w", err)
	}
	if err := n.await(ctx, c.Dir); err != nil {
		err = errors.Join(err, n.Kill())
		lines := strings.Split(strings.TrimSpace(n.Log()), "\n")
		lines = lines[max(0, len(lines)-15):]
		return nil, fmt.Errorf("booting a nest: %w; its last lines:\n%s", err, strings.Join(lines, "\n"))
	}
	return n, nil
}

// launch starts the process that becomes the manager.
func launch(c Config) (*Nest, error) {
	if len(c.Self) == 0 {
		exe, err := os.Executable()
		if err != nil {
			return nil, fmt.Errorf("finding the running program: %w", err)
		}
		c.Self = []string{exe, Verb}
	}
	if err := writeUnits(c); err != nil {
		return nil, fmt.Errorf("writing the units: %w", err)
	}
	group, err := makeGroup()
	if err != nil {
		return nil, err
	}
	con, err := openConsole()
	if err != nil {
		return nil, errors.Join(err, removeGroup(group))
	}
	n := &Nest{self: c.Self, group: group, console: con, gone: make(chan struct{})}
	n.clean = sync.OnceValue(func() error {
		con.close()
		return removeGroup(group)
	})
	if err := n.start(c); err != nil {
		return nil, errors.Join(err, n.clean())
	}
	return n, nil
}

// writeUnits makes the folder that becomes /etc/systemd, and the units that are not there.
func writeUnits(c Config) error {
	if err := os.MkdirAll(UnitDir(c.Dir), 0o755); err != nil {
		return err
	}
	for name, text := range c.Units {
		path := filepath.Join(UnitDir(c.Dir), name)
		if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// start runs the program again as the first process of new namespaces, in the nest's control group, and in a session of its own,
// so that an interrupt typed at the caller's terminal is not a ctrl-alt-del for the manager.
func (n *Nest) start(c Config) error {
	host, err := os.Readlink("/proc/self/ns/mnt")
	if err != nil {
		return fmt.Errorf("reading the mount namespace: %w", err)
	}
	p := inner.Plan{
		Host: host, Dir: c.Dir, Config: configDir(c.Dir), Self: n.self[0], Console: n.console.theirs.Name(),
		Writable: c.Writable, Start: c.Start, Net: c.Net,
	}
	arg, err := json.Marshal(p)
	if err != nil {
		return fmt.Errorf("writing the plan of the nest: %w", err)
	}
	group, err := os.Open(n.group)
	if err != nil {
		return fmt.Errorf("opening the control group: %w", err)
	}
	defer group.Close()
	flags := uintptr(inner.Namespaces)
	if c.Net {
		flags |= unix.CLONE_NEWNET
	}
	n.cmd = exec.Command(n.self[0], slices.Concat(n.self[1:], []string{"boot", string(arg)})...)
	n.cmd.Dir, n.cmd.Env, n.cmd.Stdout, n.cmd.Stderr = "/", []string{}, n.console.theirs, n.console.theirs
	n.cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: flags, Setsid: true, Pdeathsig: unix.SIGKILL, UseCgroupFD: true, CgroupFD: int(group.Fd()),
	}
	started := make(chan error)
	go func() {
		// The kernel takes the end of the starting thread for the end of the parent (prctl(2), PR_SET_PDEATHSIG).
		runtime.LockOSThread()
		err := n.cmd.Start()
		started <- err
		if err == nil {
			_ = n.cmd.Wait() // killed is how it ends
			close(n.gone)
		}
	}()
	return <-started
}

// await returns when the manager of lab folder dir answers on its private socket and says that it has started everything. Until
// there is a marker, a program in the nest would still find the socket of the machine's own manager.
func (n *Nest) await(ctx context.Context, dir string) error {
	state, root := "none", fmt.Sprintf("/proc/%d/root", n.cmd.Process.Pid)
	for {
		if mark, err := os.ReadFile(root + inner.Marker); err == nil && string(mark) == dir {
			// The exit status only says again what the word on standard output says.
			out, _ := n.Command(ctx, "systemctl", "is-system-running", "--wait").Output()
			state = strings.TrimSpace(string(out))
		}
		if state == "running" || state == "degraded" {
			return nil
		}
		select {
		case <-n.gone:
			return errors.New("waiting for the system: the manager has ended")
		case <-ctx.Done():
			return fmt.Errorf("waiting for the system: its state is %q: %w", state, context.Cause(ctx))
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// Command is a command that runs argv in the nest, in its folder "/", with the caller's environment less what would lead to
// another manager or bus. Cmd.Dir and Cmd.ExtraFiles have no effect. When ctx ends, argv is killed; what it started itself lives on
// until Kill.
func (n *Nest) Command(ctx context.Context, argv ...string) *exec.Cmd {
	args := slices.Concat(n.self[1:], []string{"enter", fmt.Sprint(n.cmd.Process.Pid)}, argv)
	cmd := exec.CommandContext(ctx, n.self[0], args...)
	cmd.Cancel = func() error { return cmd.Process.Signal(unix.SIGTERM) }
	cmd.WaitDelay = 2 * time.Second
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "DBUS_") && !strings.HasPrefix(v, "SYSTEMD_") && !strings.HasPrefix(v, "NOTIFY_SOCKET=") {
			cmd.Env = append(cmd.Env, v)
		}
	}
	select {
	case <-n.gone: // its process id may already be another's
		cmd.Err = errors.New("entering the nest: it is gone")
	default:
	}
	return cmd
}

// Kill cuts the power: every process of the nest is killed at once and gone when Kill returns. Later calls do nothing.
func (n *Nest) Kill() error {
	if err := n.cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("killing the nest: %w", err)
	}
	<-n.gone
	return n.clean()
}

// Init does what the program was run again for: it becomes the manager of a nest, or runs a command in one. It takes the arguments
// after the verb and does not return unless something is wrong; then nothing was changed outside the nest.
func Init(args []string) error {
	if len(args) == 2 && args[0] == "boot" {
		return inner.Become(args[1])
	}
	if len(args) > 2 && args[0] == "enter" {
		return inner.Enter(args[1], args[2:])
	}
	return errors.New("starting a nest: this is only called by the program itself")
}

// Inside reports whether the calling program runs in a nest, and the lab folder it belongs to. Ask it before touching a manager
// that has to be a private one.
func Inside() (dir string, ok bool) {
	b, err := os.ReadFile(inner.Marker)
	return string(b), err == nil
}

// Log is the end, at most 64 KiB, of what the manager, the journal and so the units have written. Control characters are replaced.
func (n *Nest) Log() string { return n.console.text() }
