package servers

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// verbHold makes the test binary start a server and wait to be killed.
const verbHold = "hold-a-server"

// hold starts Postfix on the folders of args, says which namespaces it is in, and waits.
func hold(unpacked, dir string) error {
	p, err := all()[0].plan(unpacked, dir)
	if err != nil {
		return err
	}
	w, err := boot(p)
	if err != nil {
		return err
	}
	for _, kind := range []string{"pid", "net", "mnt"} {
		link, err := os.Readlink(fmt.Sprintf("/proc/%d/ns/%s", w.cmd.Process.Pid, kind))
		if err != nil {
			return err
		}
		fmt.Print(link, " ")
	}
	fmt.Println()
	time.Sleep(time.Hour)
	return nil
}

// inside counts the processes that are in one of the namespaces.
func inside(spaces []string) int {
	links, _ := filepath.Glob("/proc/[0-9]*/ns/*")
	n := 0
	for _, l := range links {
		if at, err := os.Readlink(l); err == nil && slices.Contains(spaces, at) {
			n++
		}
	}
	return n
}

// TestNothingIsLeft: a server ends with its test, even where that is killed in the middle; and with it everything that it was made of.
func TestNothingIsLeft(t *testing.T) {
	unpacked, dir := needServers(t), t.TempDir()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, verbHold, unpacked, dir)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	spaces := strings.Fields(line)
	if err != nil || len(spaces) != 3 || inside(spaces) < 3*3 { // the first process, master and a daemon or more
		t.Errorf("the server does not run: %q, %v, %d", line, err, inside(spaces))
	}
	cmd.Process.Kill()
	cmd.Wait()
	for end := time.Now().Add(10 * time.Second); inside(spaces) > 0 && time.Now().Before(end); {
		time.Sleep(20 * time.Millisecond)
	}
	left, err := os.ReadDir(dir)
	mounts, _ := os.ReadFile("/proc/self/mountinfo")
	if n := inside(spaces); n > 0 || len(left) > 0 || err != nil || strings.Contains(string(mounts), dir) {
		t.Errorf("left are %d processes, files %v", n, left)
	}
}
