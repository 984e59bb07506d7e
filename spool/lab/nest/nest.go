// Package nest is a private systemd: a system manager of its own in pid, mount, cgroup, UTS and IPC namespaces of its own, for
// tests and for rehearsals whose services have to be real units. It needs Linux 5.12, root and systemd; elsewhere
// every function returns an error that wraps errors.ErrUnsupported.
//
// In order: [Available] says whether a nest can be had. [Boot] starts one. [Nest.Command] runs programs in it, which is the only
// way to reach its manager: /run/systemd/private refuses callers from outside the namespaces. [Nest.Kill] is a power cut.
// Booting the same folder again is the next boot of the same machine.
//
// The first process of the nest is the calling program itself, and so is what carries a command in: it is run again with Config.Self
// (by default its own path and [Verb]), and there it must do nothing but call [Init] with the arguments that follow:
//
//	if len(os.Args) > 1 && os.Args[1] == nest.Verb {
//		fmt.Fprintln(os.Stderr, nest.Init(os.Args[2:])) // returns only when something is wrong
//		os.Exit(1)
//	}
//
// What a program in the nest sees: the files of the machine, read-only, at their usual paths; the lab folder and Config.Writable,
// writable; empty /run, /tmp and /var/tmp that are forgotten at the next boot; a small /dev without disks; its own processes only;
// and /etc/systemd, which is the folder etc-systemd of the lab folder, so that units, drop-ins and enabled units outlive a boot.
// The manager looks for units there, in /run/systemd and among the few base units this package brings, never in the folders of the
// machine: with those in reach an ordinary boot would, among other things, clean the machine's temporary folders.
// The target at boot is multi-user.target; units enabled for it start, and so do those of Config.Start. A journal is kept in /run;
// journalctl works. /var is read-only, so StateDirectory= and LogsDirectory= are not for units of a nest.
//
// A nest guards against accidents, not against an adversary: its root can still load the machine, send to its network (unless
// Config.Net) and write below the lab folder. Two nests can run at once, each in a lab folder of its own.
package nest

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
)

// Verb is the first argument with which Boot runs the program again unless Config.Self says otherwise.
const Verb = "nest-init"

// Config says what a nest holds.
type Config struct {
	// Dir is the lab folder: absolute, existing, without symbolic links in its path. It is visible and writable in the nest at the
	// same path.
	Dir string

	// Units are unit files by name ("epstrd.service"). Boot writes each to UnitDir(Dir) unless a file of that name is there.
	Units map[string]string

	// Start are names of units to start at boot, whether enabled or not.
	Start []string

	// Writable are more folders to keep visible and writable, under the same rules as Dir.
	Writable []string

	// Net asks for a network of its own, in which there is only a loopback interface. Without it the network is the machine's.
	Net bool

	// Self is the argument vector that makes the calling program call Init, with an absolute path; empty means the path of the
	// running program and Verb. The program stays visible in the nest at its path.
	Self []string
}

// UnitDir is where the units of the nest of lab folder dir lie, seen from outside; inside it is /etc/systemd/system.
func UnitDir(dir string) string { return filepath.Join(configDir(dir), "system") }

func configDir(dir string) string { return filepath.Join(dir, "etc-systemd") }

func (c Config) check() error {
	for _, dir := range append([]string{c.Dir}, c.Writable...) {
		if err := checkFolder(dir); err != nil {
			return err
		}
	}
	names := append([]string(nil), c.Start...)
	for name := range c.Units {
		names = append(names, name)
	}
	for _, name := range names {
		if !unitName.MatchString(name) {
			return fmt.Errorf("%q is not the name of a unit", name)
		}
	}
	if len(c.Self) > 0 && !filepath.IsAbs(c.Self[0]) {
		return fmt.Errorf("%q is not an absolute path", c.Self[0])
	}
	return nil
}

// checkFolder refuses what, made visible again, would undo a folder that the nest has of its own.
func checkFolder(dir string) error {
	real, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return fmt.Errorf("resolving the folder: %w", err)
	}
	if real != dir || !filepath.IsAbs(dir) {
		return fmt.Errorf("folder %q is not an absolute path without symbolic links", dir)
	}
	for _, own := range []string{"/dev", "/etc/systemd", "/proc", "/run", "/sys", "/tmp", "/var/tmp"} {
		if own == dir || strings.HasPrefix(own, strings.TrimSuffix(dir, "/")+"/") {
			return fmt.Errorf("folder %s holds %s, which a nest has of its own", dir, own)
		}
	}
	return nil
}

// unitName is stricter than systemd.unit(5): what it lets through needs no quoting in a unit file.
var unitName = regexp.MustCompile(`^[a-zA-Z0-9_@:-][a-zA-Z0-9_@:.-]{0,240}\.[a-z]+$`)
