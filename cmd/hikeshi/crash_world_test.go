package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"hikeshi/actions/service"
)

// aloneVar tells a test that it has a process table of its own, or the best that can be had.
const aloneVar = "HIKESHI_TEST_ALONE"

// alone runs the test again in another process and returns false, or true in that process. There no mail server of other tests is seen, the
// temporary folders lie in memory, since what is ended is the process and not the machine, and many cases wait at the same time.
func alone(t *testing.T) bool {
	t.Helper()
	if os.Getenv(aloneVar) != "" {
		for _, name := range []string{"epstrd", "epstdd"} {
			if procs, err := (service.System{}).ByName(name); err != nil || len(procs) > 0 {
				if strings.Contains(os.Getenv("HIKESHI_REQUIRE"), "root") {
					t.Fatalf("HIKESHI_REQUIRE asks for a machine without a mail server, which would be seen: %s %v %v", name, procs, err)
				}
				t.Skipf("a mail server runs on this machine and would be seen: %s %v %v", name, procs, err)
			}
		}
		return true
	}
	argv := []string{os.Args[0], "-test.run=^" + t.Name() + "$", "-test.parallel=32", fmt.Sprint("-test.v=", testing.Verbose()), fmt.Sprint("-test.short=", testing.Short())}
	if end, ok := t.Deadline(); ok {
		argv = append(argv, fmt.Sprint("-test.timeout=", time.Until(end).Truncate(time.Second)-2*time.Second))
	}
	unshare := []string{"unshare", "--pid", "--mount", "--fork", "--mount-proc", "--kill-child", "sh", "-c", `mount -t tmpfs none /run && exec "$@"`, "sh"}
	if exec.Command(unshare[0], append(unshare[1:], "true")...).Run() == nil {
		argv = append(unshare, argv...)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Env = append(os.Environ(), aloneVar+"=1")
	if probe, err := os.MkdirTemp("/dev/shm", "probe"); err == nil {
		os.Remove(probe)
		cmd.Env = append(cmd.Env, "TMPDIR=/dev/shm")
	}
	out, err := cmd.CombinedOutput()
	t.Logf("%s", out)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(out, []byte("a mail server runs on this machine")) {
		t.Skip("a mail server runs on this machine and would be seen")
	}
	return false
}

// build builds the program.
func build(t *testing.T, tags string) string {
	t.Helper()
	if _, err := exec.LookPath("go"); err != nil {
		if os.Getenv("HIKESHI_REQUIRE") != "" {
			t.Fatalf("HIKESHI_REQUIRE is set, and the go command is not there to build the program: %v", err)
		}
		t.Skipf("needs the go command to build the program: %v", err)
	}
	binary := filepath.Join(t.TempDir(), "hikeshi")
	if out, err := exec.Command("go", "build", "-tags", tags, "-o", binary, ".").CombinedOutput(); err != nil {
		t.Fatalf("building the program: %v\n%s", err, out)
	}
	return binary
}

// A playground is a place whose services are run by commands: one runs when there is a file of its name in the folder running.
type playground struct {
	*place
	id string // of the incident, once there is one
}

// newPlayground makes a playground in which these services run.
func newPlayground(t *testing.T, running ...string) *playground {
	t.Helper()
	p := &playground{place: newPlace(t)}
	p.put("incoming/b0000000010.msg", received("B0000000010")+"Subject: to one of us\n\nbody\n")
	p.put("incoming/b0000000010.rcp", envelope("B0000000010", "a@example.com", "taro@example.jp"))
	p.put("incoming/B0000000011.MSG", "a body without an envelope\n")
	p.put("holding/B0000000012-R0002.MSG", received("B0000000012")+"Subject: a retry to one of us\n\nbody\n")
	p.put("domains/example.jp/B0000000012-R0002.RCP", envelope("B0000000012", "a@example.com", "hana@example.jp"))
	p.put("domains/example.jp/Domain.mri", "Domain-name: example.jp\n")
	for share, to := range map[string]string{"-001": "taro@example.jp", "-002": "v@example.com"} {
		p.put("incoming/B0000000014"+share+".MSG", received("B0000000014")+"Subject: one for us, one not\n\nbody\n")
		p.put("incoming/B0000000014"+share+".RCP", envelope("B0000000014", "a@example.com", to))
	}
	p.put("lists/staff-B0000000013/B0000000013-M00000001.MSG", received("B0000000013")+"Subject: a list of us\n\nbody\n")
	p.put("lists/staff-B0000000013/B0000000013-M00000001.RCP", envelope("B0000000013", "staff@example.jp", "taro@example.jp"))
	p.people()
	fine(t, os.Chmod(filepath.Join(p.spool(), "lists/staff-B0000000013"), 0o731))
	fine(t, os.Chmod(p.deny(), 0o604))
	p.age()
	fine(t, os.Mkdir(p.running(""), 0o755))
	for _, unit := range running {
		fine(t, os.WriteFile(p.running(unit), nil, 0o644))
	}
	fine(t, os.WriteFile(p.config(), []byte(fmt.Sprintf(`epms: {spool: %[1]q, program: %[2]q, mailbox: %[3]q}
services:
  manager: command
  command: {start: [touch, %[4]q], stop: [rm, -f, %[4]q], status: [test, -e, %[4]q]}
`+nobodyAnswers, p.spool(), p.program(), filepath.Join(p.spool(), "inbox"), p.running("{unit}"))), 0o600))
	t.Cleanup(func() { os.Remove(p.holders()[0]) })
	return p
}

// received is the head of a message that a partner has sent.
func received(base string) string {
	return "Received: from mx.example.com (unverified [192.0.2.33]) by mail1.example.jp\n\t(E-POST ESMTP Receiver 5.00) with ESMTP id <" + base + "@mail1.example.jp>;\n\tSat, 21 Nov 2026 03:12:00 +0900\n"
}

func (p *playground) running(unit string) string { return filepath.Join(p.dir, "running", unit) }
func (p *playground) config() string             { return filepath.Join(p.dir, "config.yaml") }
func (p *playground) ownBook() string            { return filepath.Join(p.dir, "book.yaml") }

// holders are the files in which the holder of the lock is written down.
func (p *playground) holders() []string {
	var st syscall.Stat_t
	fine(p.t, syscall.Stat(p.spool(), &st))
	name := fmt.Sprintf("lock-%x-%x.json", st.Dev, st.Ino)
	return []string{filepath.Join("/run/hikeshi", name), filepath.Join(p.state(), name)}
}

// An ending is how a process ended.
type ending struct {
	code    int
	crashed bool
	out     string // both streams
}

// exec runs the program. env is what its environment holds besides the usual: HIKESHI_CRASH=before:1.
func (p *playground) exec(argv, env []string) ending {
	p.t.Helper()
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Dir = p.dir
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + p.dir, "TZ=UTC", "GOGC=off"}, env...)
	out, err := cmd.CombinedOutput()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		p.t.Fatal(err)
	}
	e := ending{code: cmd.ProcessState.ExitCode(), crashed: err != nil && bytes.Contains(out, []byte("crash at writing call")), out: string(out)}
	found, err := filepath.Glob(filepath.Join(p.state(), "incidents/[0-9]*"))
	if len(found) > 1 || err != nil {
		p.t.Fatalf("incidents: %q, %v", found, err)
	}
	if len(found) > 0 {
		p.id = filepath.Base(found[0])
	}
	return e
}

// argv is a command line for this playground.
func (p *playground) argv(binary string, args ...string) []string {
	return append([]string{binary, "--config", p.config(), "--state", p.state(), "--lang", "en"}, args...)
}

// tree is a picture of the mail server and its services, with ID in the place of the incident.
func (p *playground) tree() picture {
	p.t.Helper()
	all := picture{}
	for name, x := range p.picture().world().timeless() {
		if strings.HasPrefix(name, "running/") {
			x.time = ""
		}
		if name != filepath.Base(p.config()) && name != filepath.Base(p.ownBook()) {
			name, x = p.withoutDrawn(name, x)
			all[p.named(name)] = x
		}
	}
	return all
}

func (p *playground) named(name string) string {
	if p.id == "" {
		return name
	}
	return strings.ReplaceAll(name, p.id, "ID")
}

// changing is what differs in the record whenever the same is done again: times, process numbers, inodes, hashes, what is drawn.
var changing = regexp.MustCompile(`lock-[0-9a-f]+-[0-9a-f]+|hikeshi-[0-9a-f]{8}-|zz-[a-z]{6}-|[0-9a-f]{64}|[0-9]+`)

// key tells all that a later process can know: from two playgrounds with the same key it goes on in the same way.
func (p *playground) key() string {
	p.t.Helper()
	var all []string
	for name, x := range p.tree() {
		all = append(all, fmt.Sprint(name, x))
	}
	note := func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return nil
		}
		text := ""
		if d.Type().IsRegular() && d.Name() != "ballast" {
			b, err := os.ReadFile(path)
			if m, ok := masked(path, b); ok { // the backup of a file with passwords
				b = []byte(m)
			}
			text = fmt.Sprintf("%q %v", bytes.ReplaceAll(b, []byte(p.dir), nil), err)
		}
		fi, err := d.Info()
		if err != nil {
			return err
		}
		all = append(all, fmt.Sprint(fi.Mode(), fi.Size() > 1<<19, " ", changing.ReplaceAllString(strings.TrimPrefix(path, p.dir)+" "+text, "#")))
		return nil
	}
	fine(p.t, filepath.WalkDir(p.holders()[0], note))
	fine(p.t, filepath.WalkDir(p.state(), note))
	slices.Sort(all)
	return strings.Join(all, "\n")
}

// leftovers are files that only a process at work has.
func (p *playground) leftovers() []string {
	p.t.Helper()
	var all []string
	fine(p.t, filepath.WalkDir(p.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		fi, err := d.Info()
		name := d.Name()
		if err == nil && (strings.HasPrefix(name, ".") || filepath.Dir(path) == p.state() && strings.HasPrefix(name, "lock-") || strings.Contains(name, ".n-") || strings.HasSuffix(name, ".tmp") || fi.Mode().Perm() == 0) {
			all = append(all, path)
		}
		return err
	}))
	if _, err := os.Lstat(p.holders()[0]); err == nil {
		all = append(all, p.holders()[0])
	}
	return all
}
