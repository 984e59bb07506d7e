package process

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "wait" {
		time.Sleep(time.Minute)
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// begin runs this binary under another name.
func begin(t *testing.T, path, argv0 string) *exec.Cmd {
	t.Helper()
	cmd := &exec.Cmd{Path: path, Args: []string{argv0, "wait"}}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	return cmd
}

// find waits for the processes of a name to be as many.
func find(t *testing.T, name string, want int) []int {
	t.Helper()
	var pids []int
	for range 100 {
		all, err := Table{}.ByName(name)
		if err != nil {
			t.Fatal(err)
		}
		pids = nil
		for _, p := range all {
			pids = append(pids, p.PID)
		}
		if len(pids) == want {
			return pids
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Fatalf("processes of the name %s: %v, want %d", name, pids, want)
	return nil
}

func TestByName(t *testing.T) {
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	unique := fmt.Sprintf("hk%d", os.Getpid())
	link := filepath.Join(t.TempDir(), unique+"program")
	if err := os.Link(exe, link); err != nil {
		if data, rerr := os.ReadFile(exe); rerr != nil || os.WriteFile(link, data, 0o755) != nil {
			t.Fatal(err, rerr)
		}
	}
	byArgument := begin(t, exe, "/opt/"+unique+"arg")
	if got := find(t, unique+"arg", 1); got[0] != byArgument.Process.Pid {
		t.Errorf("found %v, want %d", got, byArgument.Process.Pid)
	}
	byProgram := begin(t, link, "something else")
	long := unique + "program"
	if len(long) > 15 {
		t.Fatalf("%s is too long for this test", long)
	}
	if got := find(t, long, 1); got[0] != byProgram.Process.Pid {
		t.Errorf("found %v, want %d", got, byProgram.Process.Pid)
	}
	find(t, unique, 0) // a part of the name is another name

	// A process that has ended and was not collected does nothing any more.
	if err := byArgument.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	find(t, unique+"arg", 0)
}

// A program whose name is longer than what the kernel keeps of it is not taken for another that begins alike.
func TestLongName(t *testing.T) {
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	name := fmt.Sprintf("hk%09dabcdefgh", os.Getpid())
	begin(t, exe, name)
	find(t, name, 1)
	find(t, name[:15], 0)
	find(t, name+"x", 0)
}

func TestMatchPS(t *testing.T) {
	tests := []struct {
		line string
		pid  int
		ok   bool
	}{
		{"  812 Ss   epstdd           /usr/local/mta/bin/epstdd -d", 812, true},
		{"  812 Ss   perl             /usr/local/mta/bin/epstdd -d", 812, true},
		{"  812 Is   epstdd           epstdd: waiting (epstdd)", 812, true},
		{"  812 Z    epstdd           <defunct>", 0, false},
		{"  812 Ss   epstrd           /usr/local/mta/bin/epstrd -d", 812, false},
		{"  812 S    vi               vi /usr/local/mta/bin/epstdd", 812, false},
		{"  812 DL   epstdd", 812, true},
		{"", 0, false},
		{"PID STAT COMMAND COMMAND", 0, false},
	}
	for _, test := range tests {
		pid, ok := MatchPS(test.line, "epstdd")
		if ok != test.ok || ok && pid != test.pid {
			t.Errorf("MatchPS(%q) = %d, %v, want %d, %v", test.line, pid, ok, test.pid, test.ok)
		}
	}
}
