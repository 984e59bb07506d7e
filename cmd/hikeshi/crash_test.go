package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// A campaign ends one kind of run before and after each of its writing calls.
type campaign struct {
	strategy string
	book     string            // steps of a runbook of its own; "" is mail-abuse
	running  []string          // services that run before
	furnish  func(*playground) // what else there is before; nil: nothing
	plain    string            // the program
	crash    string            // the program, built so that it can be ended at a writing call

	start, end       picture // before the run, and after one that nothing interrupted
	runCalls, undoes int     // writing calls of a run, and of the undo after it

	mu     sync.Mutex
	seen   map[string]bool // keys of what a crash left
	before []string        // the same by number of the call
}

// TestCrash: whenever the process is killed, resume ends as a run without a crash does, and undo puts everything back byte for byte. Where a
// crash leaves the very same on disk as another one did, it is not gone on from there a second time.
func TestCrash(t *testing.T) {
	if !alone(t) {
		return
	}
	plain, crash := build(t, ""), build(t, "crash")
	for _, c := range []*campaign{
		{strategy: "move", running: []string{"epstrd", "epstdd"}, book: strings.ReplaceAll(queueBook, "STRATEGY", "move")},
		{strategy: "rename", running: []string{"epstdd"}, book: strings.ReplaceAll(queueBook, "STRATEGY", "rename")},
	} {
		c.plain, c.crash = plain, crash
		t.Run(c.strategy, func(t *testing.T) {
			c.uninterrupted(t)
			c.each(t, "run", c.runCalls, c.interrupted)
			c.each(t, "undo", c.undoes, c.undoInterrupted)
		})
	}
}

// uninterrupted does it all without a crash, and counts.
func (c *campaign) uninterrupted(t *testing.T) {
	os.Mkdir("/run/hikeshi", 0o755) // else the first run does one call more than the others
	p := c.playground(t)
	c.start = p.tree()
	c.runCalls = counted(t, p, c.run(p, c.crash))
	c.end = p.tree()
	c.sound(t, p)
	c.undoes = counted(t, p, c.undo(p, c.crash))
	same(t, "after undoing the whole run", c.start, p.tree())
	c.sound(t, p)
	t.Logf("%s: %d writing calls in a run, %d in its undo", c.strategy, c.runCalls, c.undoes)
}

// queueBook are the steps of mail-abuse that deal with the queue, its gate among them. The whole of mail-abuse would be the same writing
// calls and some hundreds more for steps that only look; account, settings and relay lines have a campaign of their own.
const queueBook = `
  - {id: stop, title: {en: stop}, uses: service.stop}
  - {id: aside, title: {en: set aside}, uses: queue.quarantine, with: {strategy: STRATEGY}}
  - {id: deny, title: {en: deny}, uses: relay.deny, with: {targets: [203.0.113.9, 198.51.100.0/24]}}
  - {id: check, title: {en: check}, uses: queue.check}
  - {id: closed, title: {en: closed}, gate: [{title: {en: whole}, that: facts.check.whole and facts.check.set_aside}]}
  - {id: release, title: {en: release}, uses: queue.release, with: {own_domains: true}}
  - {id: start, title: {en: start}, uses: service.start, with: {units: "${facts.stop.found_running}"}}
`

// playground is where a campaign takes place.
func (c *campaign) playground(t *testing.T) *playground {
	p := newPlayground(t, c.running...)
	if c.furnish != nil {
		c.furnish(p)
		p.age()
	}
	if c.book != "" {
		p.booked(nil, c.book)
	}
	return p
}

// run is a stolen password, up to the report, or the runbook of the campaign. What is only read is left out.
func (c *campaign) run(p *playground, binary string) []string {
	if c.book != "" {
		return p.argv(binary, "run", p.ownBook(), "--yes", "--accept-risk", "disruptive,reopening")
	}
	return p.argv(binary, "run", "mail-abuse", "--yes", "--accept-risk", "disruptive", "--set", "sources=203.0.113.9,198.51.100.0/24",
		"--set", "cause=a", "--set", "accounts=taro@example.jp", "--skip", "logs_on", "--skip", "lockouts",
		"--skip", "symptoms", "--skip", "snapshot", "--skip", "causes", "--set", "reviewed=nobody else",
		"--set", "settle=100ms", "--set", "watch=100ms", "--set", "strategy="+c.strategy)
}

func (c *campaign) resume(p *playground, binary string) []string {
	risks := "disruptive"
	if c.book != "" {
		risks += ",reopening"
	}
	return p.argv(binary, "resume", p.id, "--yes", "--accept-risk", risks)
}

func (c *campaign) undo(p *playground, binary string) []string {
	return p.argv(binary, "undo", p.id, "--yes", "--accept-risk", "reopening,disruptive")
}

// each tries a crash before and after each of the writing calls. Where the disk looks the same before two calls that follow each other, as it
// does around an fsync, it looked so in between.
func (c *campaign) each(t *testing.T, what string, calls int, try func(t *testing.T, when string, n int)) {
	step := 1
	if testing.Short() {
		step = 10
	}
	c.seen, c.before = map[string]bool{}, make([]string, calls+2)
	crashes := 0
	for _, when := range []string{"before", "after"} {
		t.Run(what+" "+when, func(t *testing.T) {
			for n := 1; n <= calls; n += step {
				if when == "after" && step == 1 && c.before[n] == c.before[n+1] {
					continue
				}
				crashes++
				t.Run(strconv.Itoa(n), func(t *testing.T) {
					t.Parallel()
					try(t, when, n)
				})
			}
		})
	}
	t.Logf("%s %s: %d crashes, %d different places to go on from", c.strategy, what, crashes, len(c.seen))
}

// new says whether nobody has gone on yet from where p was left at this call.
func (c *campaign) new(p *playground, when string, n int) bool {
	key := p.key()
	c.mu.Lock()
	defer c.mu.Unlock()
	if when == "before" {
		c.before[n] = key
	}
	known := c.seen[key]
	c.seen[key] = true
	return !known
}

// crashed is a playground in which argv was ended at a call; prepare comes before.
func (c *campaign) crashed(t *testing.T, at string, prepare func(*playground), argv func(*playground, string) []string) *playground {
	t.Helper()
	p := c.playground(t)
	prepare(p)
	if e := p.exec(argv(p, c.crash), []string{"HIKESHI_CRASH=" + at}); !e.crashed {
		t.Fatalf("no crash %s: exit %d\n%s", at, e.code, e.out)
	}
	p.whole(t)
	return p
}

func (c *campaign) interrupted(t *testing.T, when string, n int) {
	at := fmt.Sprint(when, ":", n)
	p := c.crashed(t, at, func(*playground) {}, c.run)
	if !c.new(p, when, n) {
		return
	}
	if p.id == "" {
		same(t, "after a crash before there was an incident", c.start, p.tree())
		want(t, 0, p.exec(c.run(p, c.plain), nil))
		c.ended(t, p, "run again")
		return
	}
	want(t, 0, p.exec(c.resume(p, c.plain), nil))
	c.ended(t, p, "resume")

	q := c.crashed(t, at, func(*playground) {}, c.run)
	want(t, 0, q.exec(c.undo(q, c.plain), nil))
	same(t, "after the undo", c.start, q.tree())
	c.sound(t, q)
	if n%5 == 0 {
		c.twice(t, at, 1+n*7%(c.runCalls-n+20))
	}
}

// twice crashes a second time, in the resume, if it is long enough.
func (c *campaign) twice(t *testing.T, at string, m int) {
	p := c.crashed(t, at, func(*playground) {}, c.run)
	p.exec(c.resume(p, c.crash), []string{fmt.Sprint("HIKESHI_CRASH=after:", m)})
	want(t, 0, p.exec(c.resume(p, c.plain), nil))
	c.ended(t, p, fmt.Sprint("resume after a second crash at call ", m))
}

func (c *campaign) undoInterrupted(t *testing.T, when string, n int) {
	p := c.crashed(t, fmt.Sprint(when, ":", n), func(p *playground) { want(t, 0, p.exec(c.run(p, c.plain), nil)) }, c.undo)
	if !c.new(p, when, n) {
		return
	}
	want(t, 0, p.exec(c.undo(p, c.plain), nil))
	same(t, "after undoing again", c.start, p.tree())
	c.sound(t, p)
}

// ended wants the end of a run without a crash.
func (c *campaign) ended(t *testing.T, p *playground, what string) {
	t.Helper()
	same(t, "after "+what, c.end, p.tree())
	c.sound(t, p)
}

// sound wants a record that verifies, and nothing left that only a process at work has.
func (c *campaign) sound(t *testing.T, p *playground) {
	t.Helper()
	want(t, 0, p.exec(p.argv(c.plain, "verify", p.id), nil))
	if left := p.leftovers(); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
}

// want wants an exit code, and texts somewhere in what was said.
func want(t *testing.T, code int, e ending, texts ...string) {
	t.Helper()
	if e.code != code {
		t.Errorf("exit %d, want %d:\n%s", e.code, code, e.out)
	}
	for _, text := range texts {
		if !(said{out: e.out}).tells(text) {
			t.Errorf("%q is not in\n%s", text, e.out)
		}
	}
}
