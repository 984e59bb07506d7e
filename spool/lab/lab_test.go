package lab

import (
	"context"
	"errors"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"hikeshi/spool"
	"hikeshi/spool/epms/effect"
	"hikeshi/spool/lab/judge"
	"hikeshi/spool/lab/names"
	"hikeshi/spool/lab/traffic"
)

// small is the default scenario in a hurry.
func small(t *testing.T) Scenario {
	t.Helper()
	s, ok := Find("")
	if !ok {
		t.Fatal("there is no default scenario")
	}
	s.Spam, s.RetryAfter = 300, 2*time.Second
	return s
}

// A night is a lab under attack, and what the responder of a test does by hand.
type night struct {
	*testing.T
	*Lab
	ctx     context.Context
	traffic *traffic.Traffic
	run     Run
	after   time.Duration // how long the traffic goes on when all is done
}

// begin builds a lab, starts everything and waits until mail piles up.
func begin(t *testing.T, s Scenario) *night {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	l, err := Build(filepath.Join(t.TempDir(), "lab"), s)
	if err != nil {
		t.Fatal(err)
	}
	n := &night{T: t, Lab: l, ctx: ctx, after: 2500 * time.Millisecond}
	n.run.Listings = append([]names.Listing{}, s.Listings...) // who looks finds them
	t.Cleanup(func() { n.Machine.Close(); cancel() })
	n.must(l.Machine.Boot(ctx))
	if n.traffic, err = l.Traffic(ctx); err != nil {
		t.Fatal(err)
	}
	pile := s.Spam * 2 / 3
	if len(s.Bounces) > 0 {
		pile /= 3
	}
	n.must(l.Await(ctx, pile))
	n.run.Found, err = l.Look(ctx, l.Machine)
	n.must(err)
	return n
}

func (n *night) must(err error) {
	n.Helper()
	if err != nil {
		n.Fatal(err)
	}
}

// awaitRetries waits until a message of that kind lies in holding.
func (n *night) awaitRetries(kind string) {
	n.Helper()
	for n.ctx.Err() == nil {
		paths, err := filepath.Glob(n.config.Spool("holding", "*.MSG"))
		n.must(err)
		for _, path := range paths {
			if data, err := os.ReadFile(path); err == nil && strings.Contains(string(data), "X-Lab-Id: "+kind) {
				return
			}
		}
		time.Sleep(20 * time.Millisecond)
	}
	n.Fatal("nothing came into holding")
}

func (n *night) stop() {
	n.Helper()
	n.must(n.Machine.Stop(n.ctx, []string{DeliveryUnit, ReceiverUnit}))
	n.run.Contained = time.Now()
}

// setAside renames folders and puts empty ones in their place.
func (n *night) setAside(folders ...string) {
	n.Helper()
	for _, folder := range folders {
		n.must(os.Rename(n.config.Spool(folder), n.config.Spool(folder+".1121-0312")))
		n.must(os.Mkdir(n.config.Spool(folder), 0o750))
	}
}

// bar keeps a unit down over boots until the returned function is called.
func (n *night) bar(unit string) (lift func()) {
	n.Helper()
	hold := filepath.Join(n.Root(), "var/lib/hikeshi/hold", unit)
	dropIn := filepath.Join(n.UnitDir(), unit+".d", "50-hikeshi-hold.conf")
	for path, text := range map[string]string{hold: "", dropIn: "[Unit]\nConditionPathExists=!" + hold + "\n"} {
		n.must(os.MkdirAll(filepath.Dir(path), 0o755))
		n.must(os.WriteFile(path, []byte(text), 0o644))
	}
	n.must(n.Machine.Reload(n.ctx))
	return func() {
		n.must(errors.Join(os.Remove(dropIn), os.Remove(filepath.Dir(dropIn)), os.Remove(hold), n.Machine.Reload(n.ctx)))
	}
}

// deny appends a line for each source below the two shipped ones.
func (n *night) deny(sources []netip.Addr) {
	n.Helper()
	path := n.config.Program("effect.dat")
	data, err := os.ReadFile(path)
	n.must(err)
	for _, s := range sources {
		data = append(data, s.String()+" false\n"...)
	}
	n.must(os.WriteFile(path, data, 0o600))
	for _, s := range sources {
		q := effect.Query{Peer: s, Sender: "taro@example.jp", SenderGiven: true, Login: true}
		if d := effect.Parse(data).Decide(q); d.Result != effect.Deny {
			n.Fatalf("%s is not denied: %+v", s, d)
		}
	}
}

func (n *night) start() {
	n.Helper()
	n.must(n.Machine.Start(n.ctx, DeliveryUnit))
	n.must(n.Machine.Start(n.ctx, ReceiverUnit))
}

// verdict lets the traffic go on for a moment and judges.
func (n *night) verdict() map[string]judge.Judgement {
	n.Helper()
	time.Sleep(n.after)
	n.must(n.traffic.Stop())
	var err error
	n.run.Now, err = n.Look(n.ctx, n.Machine)
	n.must(err)
	n.run.Boots = n.Machine.Boots()
	js, err := n.Judge(n.ctx, n.run)
	n.must(err)
	byName := map[string]judge.Judgement{}
	for _, j := range js {
		n.Logf("%-45s %-20s want %-18s ok %v %v", j.Name, j.Value, j.Want, j.OK, j.Items[:min(2, len(j.Items))])
		byName[j.Name] = j
	}
	n.Logf("traffic: %+v", n.traffic.Count())
	return byName
}

// wantBad fails unless exactly these judgements are bad.
func (n *night) wantBad(js map[string]judge.Judgement, bad ...string) {
	n.Helper()
	for name, j := range js {
		if j.OK == slices.Contains(bad, name) {
			n.Errorf("%s: %s (want %s) was judged ok=%v %v", name, j.Value, j.Want, j.OK, j.Items)
		}
	}
	for _, name := range bad {
		if _, ok := js[name]; !ok {
			n.Errorf("there is no judgement %q", name)
		}
	}
}

var set = [...]string{"incoming", "lists", "holding", "domains"}

func TestContainedNight(t *testing.T) {
	before := runtime.NumGoroutine()
	n := begin(t, small(t))
	n.awaitRetries("mail-")
	n.stop()
	liftReceiver, liftDelivery := n.bar(ReceiverUnit), n.bar(DeliveryUnit)
	n.setAside(set[:]...)
	n.Machine.Crash()
	n.must(n.Machine.Boot(n.ctx))
	for _, s := range n.now() {
		if s.Running() || s.Condition {
			t.Errorf("after the second boot %s is %s, condition %v", s.Unit, s.Active, s.Condition)
		}
	}
	n.deny(n.Scenario.Sources)
	n.lock("taro")
	liftReceiver()
	liftDelivery()
	n.start()
	n.wantBad(n.verdict())
	if c := n.traffic.Count(); c.Refused == 0 || c.Unheard == 0 {
		t.Errorf("the thief was not there throughout: %+v", c)
	}
	n.Machine.Close()
	for range 100 {
		if runtime.NumGoroutine() <= before+1 {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	buf := make([]byte, 64<<10)
	t.Errorf("%d goroutines, %d before\n%s", runtime.NumGoroutine(), before, buf[:runtime.Stack(buf, true)])
}

func (n *night) now() []spool.UnitState {
	n.Helper()
	all, err := n.Look(n.ctx, n.Machine)
	n.must(err)
	return all
}

// TestPowerCutUnderLoad: not even a power cut in the middle of the flood loses what was accepted.
func TestPowerCutUnderLoad(t *testing.T) {
	t.Parallel()
	n := begin(t, small(t))
	n.Machine.Crash()
	n.must(n.Machine.Boot(n.ctx))
	n.must(n.Await(n.ctx, 200))
	n.stop()
	n.setAside(set[:]...)
	n.deny(n.Scenario.Sources)
	n.lock("taro")
	n.start()
	n.wantBad(n.verdict())
}

func TestHalfTheSetLosesMail(t *testing.T) {
	t.Parallel()
	n := begin(t, small(t))
	n.awaitRetries("mail-")
	n.awaitRetries("spam-")
	n.stop()
	n.setAside("domains")
	n.deny(n.Scenario.Sources)
	bodies, err := filepath.Glob(n.config.Spool("holding", "*.MSG"))
	if err != nil || len(bodies) == 0 {
		t.Fatalf("nothing in holding: %v", err)
	}
	n.start()
	js := n.verdict()
	for _, path := range bodies {
		if _, err := os.Lstat(path); err == nil {
			t.Errorf("%s is still there", path)
		}
	}
	for _, name := range []string{"legitimate messages lost", "spam messages missing as evidence"} {
		if js[name].OK || strings.HasPrefix(js[name].Value, "0 ") {
			t.Errorf("%s: %s is judged ok", name, js[name].Value)
		}
	}
}

func TestWithoutADenialTheThiefGoesOn(t *testing.T) {
	t.Parallel()
	n := begin(t, small(t))
	n.stop()
	n.setAside(set[:]...)
	n.Machine.Crash()
	n.must(n.Machine.Boot(n.ctx))
	n.wantBad(n.verdict(), "denied sources refused over SMTP", "spam accepted after containment", "spam leaving after containment",
		"spam in the live queue", "stolen login refused (535)", "passwords of the abused account replaced")
}

func TestSpamLeftInTheQueueIsFound(t *testing.T) {
	t.Parallel()
	n := begin(t, small(t))
	n.stop()
	n.deny(n.Scenario.Sources)
	n.Machine.Crash()
	n.must(n.Machine.Boot(n.ctx))
	js := n.verdict()
	for _, name := range []string{"spam leaving after containment", "spam in the live queue"} {
		if js[name].OK {
			t.Errorf("%s: %s is judged ok", name, js[name].Value)
		}
	}
	if j := js["legitimate messages lost"]; !j.OK {
		t.Errorf("%s: %s %v", j.Name, j.Value, j.Items)
	}
}

func TestServicesLeftDownAreFound(t *testing.T) {
	t.Parallel()
	n := begin(t, small(t))
	n.stop()
	n.setAside(set[:]...)
	n.deny(n.Scenario.Sources)
	n.lock("taro")
	n.Machine.Crash()
	n.bar(ReceiverUnit)
	n.must(n.Machine.Boot(n.ctx))
	n.wantBad(n.verdict(), "services back as found", "denied sources refused over SMTP", "somebody else is still accepted",
		"legitimate mail flows again", "stolen login refused (535)", "abused sender refused", "other existing senders refused without a login",
		"the owner still receives mail")
}

func TestBuildRefusesWhatIsNoLab(t *testing.T) {
	used := t.TempDir()
	if err := os.WriteFile(filepath.Join(used, "mail"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{"/", "relative", used} {
		if _, err := Build(dir, small(t)); err == nil {
			t.Errorf("a lab was built in %s", dir)
		}
	}
	if _, err := os.Stat("relative"); !errors.Is(err, fs.ErrNotExist) {
		t.Error("something was made below the working folder")
	}
}

func TestDaemonsRefuseTheConfigurationOfAnotherFolder(t *testing.T) {
	l, err := Build(filepath.Join(t.TempDir(), "lab"), small(t))
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(l.config.File())
	if err != nil {
		t.Fatal(err)
	}
	moved := filepath.Join(t.TempDir(), "standin.json")
	if err := os.WriteFile(moved, data, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := RunDelivery(t.Context(), moved); err == nil || !strings.Contains(err.Error(), "not the configuration of the lab") {
		t.Errorf("started with %v", err)
	}
}
