package journal

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"hikeshi/runbook"
	"hikeshi/runbook/journal/lock"
)

// child is what the test program does when it is run as another process.
func child(do string) int {
	s := Store{State: os.Getenv("JOURNAL_STATE"), Actor: runbook.Actor{User: "child", PID: os.Getpid()}, Clock: time.Now}
	if do == "incident" {
		return scenario(s)
	}
	j, err := Open(s, os.Getenv("JOURNAL_ID"))
	if err != nil {
		return fail(err)
	}
	n, _ := strconv.Atoi(do)
	for i := range n {
		if err := j.Append(runbook.Record{Event: runbook.Noted, Text: fmt.Sprint("child ", os.Getpid(), " ", i)}); err != nil {
			return fail(err)
		}
		fmt.Println(i) // the record is on disk now
	}
	return 0
}

func fail(err error) int {
	fmt.Fprintln(os.Stderr, err)
	return 1
}

// scenario opens an incident, or goes on with it, and says on standard output what it was told is on disk.
func scenario(s Store) int {
	l, err := lock.Take(os.Getenv("JOURNAL_ROOT"), []string{s.State}, lock.Holder{State: s.State}, nil)
	if err != nil {
		return fail(err)
	}
	defer l.Unlock()
	j, err := Open(s, os.Getenv("JOURNAL_ID"))
	if err != nil {
		j, err = Create(s, opening, book)
	}
	if err != nil {
		return fail(err)
	}
	fmt.Println("id", j.ID())
	if err := j.Hold(l); err != nil {
		return fail(err)
	}
	for i := range 2 {
		if err := j.Append(runbook.Record{Event: runbook.Noted, Text: fmt.Sprint("note ", i)}); err != nil {
			return fail(err)
		}
		fmt.Println("note", i)
		if err := j.Keep("deny", "effect.dat", strings.NewReader("original"), true); err != nil {
			return fail(err)
		}
		fmt.Println("backup")
		if err := j.Keep("deny", "seen.txt", strings.NewReader("evidence"), false); err != nil {
			return fail(err)
		}
		fmt.Println("seen")
	}
	return 0
}

func again(t *testing.T, do string, env ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Env = append(append(os.Environ(), "JOURNAL_CHILD="+do), env...)
	cmd.Stderr = os.Stderr
	return cmd
}

// Two other processes and this one write at once; nothing is lost and the chain holds.
func TestAppendFromSeveralProcesses(t *testing.T) {
	s := newStore(t)
	j := create(t, s)
	const each = 150
	var all sync.WaitGroup
	for range 2 {
		cmd := again(t, fmt.Sprint(each), "JOURNAL_STATE="+s.State, "JOURNAL_ID="+j.ID())
		all.Go(func() {
			if err := cmd.Run(); err != nil {
				t.Error(err)
			}
		})
	}
	for i := range each {
		add(t, j, fmt.Sprint("parent ", i))
	}
	all.Wait()
	if rep := sound(t, s, j.ID(), ""); rep.Records != 1+3*each {
		t.Errorf("%d records", rep.Records)
	}
	next := map[string]int{}
	for _, text := range texts(t, j) {
		who, n := text[:strings.LastIndexByte(text, ' ')], text[strings.LastIndexByte(text, ' ')+1:]
		if n != fmt.Sprint(next[who]) {
			t.Fatalf("%s after %d of %s", n, next[who], who)
		}
		next[who]++
	}
	if len(next) != 3 {
		t.Errorf("writers: %v", next)
	}
}

// What was acknowledged before a kill -9 is there, and the next writer goes on.
func TestKilledWhileAppending(t *testing.T) {
	s := newStore(t)
	j := create(t, s)
	for round := range 20 {
		before := len(texts(t, j))
		cmd := again(t, "1000000", "JOURNAL_STATE="+s.State, "JOURNAL_ID="+j.ID())
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		acked := 0
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			if acked++; acked == 1+3*round {
				go cmd.Process.Kill()
			}
		}
		cmd.Wait()
		if err := j.Hold(held(t)); err != nil {
			t.Fatal(err)
		}
		got := len(texts(t, j)) - before
		if got != acked && got != acked+1 {
			t.Fatalf("%d acknowledged, %d recorded", acked, got)
		}
		add(t, j, "after")
		sound(t, s, j.ID(), "")
	}
}
