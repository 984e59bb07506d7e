package inner

import (
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"strings"

	"golang.org/x/sys/unix"
)

// Namespaces are the clone flags of those the outer side makes; the one for control groups is made here.
const Namespaces = unix.CLONE_NEWPID | unix.CLONE_NEWNS | unix.CLONE_NEWUTS | unix.CLONE_NEWIPC

const unitDir = "/run/nest/units"

// runFiles are put on the nest's /run. The base units are what a machine has to have before services can start, written after
// those of systemd and D-Bus, without the parts that reach for the rest of the machine. The journal is copied to the console,
// which is where Log reads.
//
//go:embed run
var runFiles embed.FS

// Become makes the calling process the manager of the nest that arg, a Plan in JSON, describes. It returns only when something is
// wrong, and refuses to do anything outside new namespaces.
func Become(arg string) error {
	var p Plan
	if err := json.Unmarshal([]byte(arg), &p); err != nil {
		return fmt.Errorf("reading the plan of the nest: %w", err)
	}
	// Namespaces, capabilities and what exec inherits belong to the thread, so all of it is done on one.
	runtime.LockOSThread()
	here, err := os.Readlink("/proc/self/ns/mnt")
	if err != nil || os.Getpid() != 1 || p.Host == "" || here == p.Host {
		return errors.New("starting a nest: not in namespaces of its own; nothing was changed")
	}
	for _, step := range []func(Plan) error{layMounts, fillRun, dropCapabilities} {
		if err := step(p); err != nil {
			return err
		}
	}
	// The one asked for when this process was started is that of its first thread, which need not be this one.
	if err := unix.Prctl(unix.PR_SET_PDEATHSIG, uintptr(unix.SIGKILL), 0, 0, 0); err != nil {
		return fmt.Errorf("asking to end with the caller: %w", err)
	}
	argv := []string{Manager, "--system", "--unit=multi-user.target", "--show-status=no", "--crash-reboot=no", "--dump-core=no"}
	return fmt.Errorf("starting %s: %w", Manager, unix.Exec(Manager, argv, environment()))
}

// environment tells the manager that it is in a container, and to look for units and generators in folders of the nest only. No
// element of a path may be empty: it would stand for the folders of the machine.
func environment() []string {
	units := []string{"/etc/systemd/system.control", "/run/systemd/system.control", "/run/systemd/transient",
		"/etc/systemd/system", "/run/systemd/system", unitDir}
	return []string{
		"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
		"TERM=dumb",
		"container=hikeshi",
		"SYSTEMD_UNIT_PATH=" + strings.Join(units, ":"),
		"SYSTEMD_GENERATOR_PATH=/run/nest/none",
		"SYSTEMD_ENVIRONMENT_GENERATOR_PATH=/run/nest/none",
	}
}

// fillRun writes the base units and the marker.
func fillRun(p Plan) error {
	files, err := fs.Sub(runFiles, "run")
	if err != nil {
		return err
	}
	start := "[Unit]\nWants=" + strings.Join(p.Start, " ") + "\n"
	err = errors.Join(
		os.CopyFS("/run", files),
		os.Mkdir(unitDir+"/multi-user.target.d", 0o755),
		os.WriteFile(unitDir+"/multi-user.target.d/start.conf", []byte(start), 0o644),
		os.WriteFile(Marker, []byte(p.Dir), 0o644),
	)
	if err != nil {
		return fmt.Errorf("filling /run: %w", err)
	}
	return nil
}

// dropCapabilities takes from the nest's services what would reach past the namespaces into the machine.
func dropCapabilities(p Plan) error {
	drop := []uintptr{unix.CAP_SYS_MODULE, unix.CAP_SYS_RAWIO, unix.CAP_SYS_TIME, unix.CAP_SYSLOG, unix.CAP_MKNOD}
	if !p.Net {
		drop = append(drop, unix.CAP_NET_ADMIN)
	}
	for _, c := range drop {
		if err := unix.Prctl(unix.PR_CAPBSET_DROP, c, 0, 0, 0); err != nil {
			return fmt.Errorf("dropping capability %d: %w", c, err)
		}
	}
	return nil
}
