package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// writing are the system calls that change something on disk, or bring it there.
const writing = "?rename,?renameat,?renameat2,?unlink,?unlinkat,?rmdir,?mkdir,?mkdirat,?link,?linkat,?symlink,?symlinkat,?mknod,?mknodat,?open,?openat,?openat2,?creat," +
	"?truncate,?ftruncate,?fallocate,?chmod,?fchmod,?fchmodat,?fchmodat2,?chown,?lchown,?fchown,?fchownat,?setxattr,?lsetxattr,?fsetxattr,?removexattr,?lremovexattr," +
	"?fremovexattr,?utime,?utimes,?utimensat,?futimesat,?write,?pwrite64,?writev,?pwritev,?pwritev2,?copy_file_range,?sendfile,?splice,?fsync,?fdatasync,?sync_file_range,?ioctl"

// TestNothingIsWrittenPastTheCount: the system sees as many writing calls as the build that can be ended at each of them counts. What does
// not go through package disk would be one more.
func TestNothingIsWrittenPastTheCount(t *testing.T) {
	if !alone(t) {
		return
	}
	if out, err := exec.Command("strace", "-f", "-o", os.DevNull, "true").CombinedOutput(); err != nil {
		if strings.Contains(os.Getenv("HIKESHI_REQUIRE"), "strace") {
			t.Fatalf("HIKESHI_REQUIRE asks for strace: %v %s", err, out)
		}
		t.Skipf("needs strace: %v %s", err, out)
	}
	os.Mkdir("/run/hikeshi", 0o755) // else the first run does one call more than the others
	plain, crash := build(t, ""), build(t, "crash")
	for _, c := range []*campaign{
		{strategy: "move", running: []string{"epstrd", "epstdd"}}, {strategy: "rename", running: []string{"epstrd", "epstdd"}},
		{strategy: "closing", book: closingBook, furnish: unshut},
	} {
		c.plain, c.crash = plain, crash
		t.Run(c.strategy, func(t *testing.T) {
			t.Parallel()
			c.traced(t)
		})
	}
}

// traced compares what is counted with what is seen, verb by verb.
func (c *campaign) traced(t *testing.T) {
	counting, traced := c.playground(t), c.playground(t)
	for _, p := range []*playground{counting, traced} {
		fine(t, os.WriteFile(filepath.Join(p.dir, "attached"), []byte("x"), 0o600))
	}
	for _, verb := range []func(*playground, string) []string{c.run, note, attach, write, c.undo} {
		argv := verb(traced, c.plain)
		name := argv[len(traced.argv(""))]
		n := counted(t, counting, verb(counting, c.crash))
		if calls := traced.trace(t, argv); len(calls) != n {
			t.Errorf("%s: %d writing calls seen, %d counted; seen:\n%s", name, len(calls), n, strings.Join(calls, "\n"))
		}
		t.Logf("%s: %d writing calls", name, n)
	}
}

func note(p *playground, binary string) []string {
	return p.argv(binary, "note", p.id, "a remark")
}

func attach(p *playground, binary string) []string {
	return p.argv(binary, "attach", p.id, filepath.Join(p.dir, "attached"))
}

func write(p *playground, binary string) []string {
	return p.argv(binary, "report", p.id, "--format", "md", "-o", filepath.Join(p.dir, "report.md"))
}

// counted runs a command line of the build that counts.
func counted(t *testing.T, p *playground, argv []string) int {
	t.Helper()
	file := filepath.Join(t.TempDir(), "count")
	want(t, 0, p.exec(argv, []string{"HIKESHI_CRASH_COUNT=" + file}))
	b, err := os.ReadFile(file)
	fine(t, err)
	n, err := strconv.Atoi(string(b))
	fine(t, err)
	return n
}

var (
	// call is a line of strace: the number of the process, the call, its arguments as far as they are known before it ends.
	call    = regexp.MustCompile(`^\d+ +(\w+)\((.*)$`)
	opening = regexp.MustCompile(`O_CREAT|O_TRUNC|O_TMPFILE`)
)

// trace returns the writing calls of a command line on this place and on the file of the lock's holder. Several writes to one file, one after
// the other, are one.
func (p *playground) trace(t *testing.T, argv []string) []string {
	t.Helper()
	out := filepath.Join(t.TempDir(), "strace")
	want(t, 0, p.exec(append([]string{"strace", "-f", "-y", "-s", "16", "-e", "signal=none", "-e", "trace=" + writing, "-o", out}, argv...), nil))
	text, err := os.ReadFile(out)
	fine(t, err)
	var all []string
	last := ""
	for _, line := range strings.Split(string(text), "\n") {
		m := call.FindStringSubmatch(line)
		if m == nil || !p.on(m[2]) || strings.HasPrefix(m[1], "open") && !opening.MatchString(m[2]) || m[1] == "ioctl" && !strings.Contains(m[2], "FICLONE") {
			continue
		}
		written, _, _ := strings.Cut(m[2], ",")
		again := slices.Contains([]string{"write", "pwrite64", "writev"}, m[1]) && last == written
		if last = ""; strings.Contains(m[1], "write") {
			last = written
		}
		if !again {
			all = append(all, line)
		}
	}
	return all
}

// on says whether the arguments of a call name something of this place. What the commands for the services write is theirs.
func (p *playground) on(args string) bool {
	return (strings.Contains(args, p.dir) || strings.Contains(args, "/run/hikeshi")) && !strings.Contains(args, p.running(""))
}
