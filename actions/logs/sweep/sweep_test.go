package sweep_test

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hikeshi/actions/logs/deed"
	"hikeshi/actions/logs/ledger"
	"hikeshi/actions/logs/sweep"
	"hikeshi/actions/logs/tally"
	"hikeshi/spool"
	epms "hikeshi/spool/epms/logs"
	"hikeshi/spool/lab/history"
)

// digest adds up deeds so that their order does not matter, and how far they are out of order.
type digest struct {
	n, sum uint64
	last   int64
	back   int64 // seconds
}

func (g *digest) take(b *deed.Batch) {
	name := func(i int32) string {
		if i == deed.None {
			return "-"
		}
		return b.Names[i]
	}
	for _, d := range b.Deeds {
		place := "-"
		if d.Place != deed.None {
			place = b.Places[d.Place].String()
		}
		g.n++
		g.sum += tally.Hash(fmt.Appendln(nil, d.Wall, d.Kind, d.Service, d.ID, place, name(d.Login), name(d.Sender), name(d.HELO), d.Count, d.Outside, b.Recipients[d.First:d.Past]))
		g.back = max(g.back, g.last-d.Wall)
		g.last = max(g.last, d.Wall)
	}
}

func run(t *testing.T, o sweep.Options) (digest, sweep.Result) {
	t.Helper()
	var g digest
	r, err := sweep.Run(context.Background(), o, g.take)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range r.Files {
		if f.Problem != nil {
			t.Error(f.Problem)
		}
	}
	return g, r
}

func world(t *testing.T, o history.Options) (*history.World, string, sweep.Options) {
	t.Helper()
	o.Accounts, o.Days, o.Incidents = 20, 3, []history.Kind{"stolen-fast", "guessed-before", "open-line"}
	w, dir := history.Make(5, o), t.TempDir()
	if err := w.Write(dir); err != nil {
		t.Fatal(err)
	}
	all, _ := logsOf(t, dir)
	return w, dir, sweep.Options{Logs: all, Parser: epms.Parser, From: w.From, Until: w.To + 1, Own: map[string]bool{w.Domain: true}}
}

// However the span is cut, and on however many workers, every line is told once and in the order of time, and the books are the same.
func TestSlices(t *testing.T) {
	w, _, o := world(t, history.Options{ReceiveLog: true})
	one := o
	one.Workers = 1
	want, r := run(t, one.Sliced(1<<40))
	if want.n < 1000 || r.Bytes == 0 || want.back > 1 {
		t.Fatalf("%+v of %d bytes", want, r.Bytes)
	}
	books := func(o sweep.Options) string {
		b := ledger.New(ledger.Options{History: w.From, Since: w.To - 86400, Until: w.To + 1, Step: 60, Logins: true, Accepts: true})
		if _, err := sweep.Run(context.Background(), o, b.Take); err != nil {
			t.Fatal(err)
		}
		b.Close()
		sum := uint64(0)
		for name, a := range b.Accounts {
			sum += tally.Hash(fmt.Append(nil, name, a.Messages, a.Recipients, a.Logins, a.Relayed, len(a.Uses), a.Past.Messages))
		}
		return fmt.Sprint(len(b.Accounts), len(b.Sources), len(b.Guessers), b.Incoming, sum)
	}
	same := books(one.Sliced(1 << 40))
	for _, size := range []int64{256 << 10, 2 << 20} {
		for _, workers := range []int{1, 3} {
			o.Workers = workers
			got, r2 := run(t, o.Sliced(size))
			if got.n != want.n || got.sum != want.sum || got.back > 1 || r2.Bytes != r.Bytes {
				t.Errorf("slices of %d on %d workers: %+v of %d bytes, want %+v of %d", size, workers, got, r2.Bytes, want, r.Bytes)
			}
			if b := books(o.Sliced(size)); b != same {
				t.Errorf("slices of %d on %d workers: books %s, want %s", size, workers, b, same)
			}
		}
	}
}

// Days that were compressed since are read like the others.
func TestCompressed(t *testing.T) {
	_, dir, o := world(t, history.Options{})
	want, _ := run(t, o)
	all, _ := logsOf(t, dir)
	packed := 0
	for i := range all {
		for k := range all[i].Files {
			if f := &all[i].Files[k]; k < 2 {
				pack(t, f)
				packed++
			}
		}
	}
	o.Logs = all
	for _, size := range []int64{64 << 10, 8 << 20} {
		got, r := run(t, o.Sliced(size))
		if packed < 10 || got.n != want.n || got.sum != want.sum || got.back > 1 {
			t.Errorf("%+v, want %+v", got, want)
		}
		for _, f := range r.Files {
			if f.Packed && r.Quote(context.Background(), deed.Ref{File: 0}, epms.Parser) == "" {
				t.Errorf("%s: no quotation", f.Path)
			}
		}
	}
}

func pack(t *testing.T, f *spool.LogFile) {
	t.Helper()
	raw, err := os.ReadFile(f.Path)
	if err != nil {
		t.Fatal(err)
	}
	out, err := os.Create(f.Path + ".gz")
	if err != nil {
		t.Fatal(err)
	}
	z := gzip.NewWriter(out)
	if _, err := z.Write(raw); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(z.Close(), out.Close(), os.Remove(f.Path)); err != nil {
		t.Fatal(err)
	}
	f.Path, f.Compressed = f.Path+".gz", "gz"
}

// hostile is a log whose lines are written by an enemy.
func hostile(t *testing.T, text string, tail int64) sweep.Options {
	t.Helper()
	path := filepath.Join(t.TempDir(), "261121.log")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if tail > 0 { // that many zero bytes and a last line
		f, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Seek(tail, io.SeekEnd); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(f, "\n"+fmt.Sprintf(accepted, 2, "mx.example.com", "b@example.jp")); err != nil {
			t.Fatal(err)
		}
		f.Close()
	}
	day := time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC).Unix()
	return sweep.Options{From: day, Until: day + 86400, Parser: epms.Parser, Own: map[string]bool{"example.jp": true},
		Logs: []spool.Log{{Name: "inlog", Says: []spool.EventKind{spool.EventAccept}, Files: []spool.LogFile{{Path: path, From: day, To: day + 86400}}}}}
}

const accepted = "<B000000000%d@mail> [21/Nov/2026:03:00:01] 203.0.113.9 %s %s c@example.com\n"

// A line of 100 MB, escape sequences, forged fields and bytes of any kind are counted, never obeyed, and shown neutralised.
func TestHostile(t *testing.T) {
	o := hostile(t, fmt.Sprintf(accepted, 1, "\x1b]0;x\x07\x1b[2J", "A\x1b[31m@EXAMPLE.jp")+"\x1b[2J\x83\x65\x83\x58\x83\x67\x00 pass word\n\x1b[1mnonsense\u202e\xff\x00\n", 100<<20)
	var names []string
	deeds := 0
	r, err := sweep.Run(context.Background(), o, func(b *deed.Batch) { names = append(names, b.Names...); deeds += len(b.Deeds) })
	if err != nil {
		t.Fatal(err)
	}
	if deeds != 2 || r.Logs[0].Lines != 5 || r.Logs[0].Unknown != 3 || len(r.Logs[0].Samples) != 3 || r.Files[0].Long != 1 {
		t.Errorf("%d deeds, %+v, %+v", deeds, r.Logs, r.Files)
	}
	if text := strings.Join(names, "|"); strings.ContainsAny(text, "\x1b\x07\x00\u202e") || !strings.Contains(text, "a?[31m@example.jp") {
		t.Errorf("names %q", text)
	}
	var quotes []string
	for _, s := range r.Logs[0].Samples {
		quotes = append(quotes, r.Quote(context.Background(), s, epms.Parser))
	}
	if quotes[0] != "***[*** pass ***" || quotes[1] != "***[***" || len([]rune(quotes[2])) > sweep.MaxQuote+3 {
		t.Errorf("%q", quotes)
	}
	if got := r.Quote(context.Background(), deed.Ref{File: 0, Offset: 3}, epms.Parser); got != "" {
		t.Errorf("the middle of a line is quoted: %q", got)
	}
	if got := r.Quote(context.Background(), deed.Ref{File: 7}, epms.Parser); got != "" {
		t.Errorf("a file that is none is quoted: %q", got)
	}
}

// Of a line that nobody understands the shape is shown, and no secret, whatever stands around it.
func TestUnknownIsMasked(t *testing.T) {
	const secret = "cGxhbnRlZC1zZWNyZXQ="
	lines := []string{secret, "[21/Nov/2026:03:00:01] smtp " + secret + " from 203.0.113.9 535", "[21/Nov/2026:03:00:02] PASS planted-secret", "planted-word is the key", "pwd planted-secret"}
	want := []string{"***=", "[21/Nov/2026:03:00:01] SMTP ***= from 203.0.113.9 535", "[21/Nov/2026:03:00:02] PASS ***", "*** is the ***", "***"}
	for i, line := range lines {
		o := hostile(t, line+"\n", 0)
		r, err := sweep.Run(context.Background(), o, func(*deed.Batch) {})
		if err != nil || len(r.Logs[0].Samples) != 1 {
			t.Fatalf("%q: %v, %+v", line, err, r.Logs)
		}
		if got := r.Quote(context.Background(), r.Logs[0].Samples[0], epms.Parser); !strings.EqualFold(got, want[i]) {
			t.Errorf("%q: %q, want %q", line, got, want[i])
		}
	}
}

// A file that cannot be read is told, and the others count; so does one that is no file.
func TestProblems(t *testing.T) {
	_, dir, o := world(t, history.Options{})
	link := filepath.Join(dir, "inlog", "261199.log")
	if err := os.Symlink("/dev/zero", link); err != nil {
		t.Fatal(err)
	}
	for i := range o.Logs {
		if o.Logs[i].Name == "inlog" {
			o.Logs[i].Files = append(o.Logs[i].Files, spool.LogFile{Path: link}, spool.LogFile{Path: filepath.Join(dir, "gone.log")})
		}
	}
	var g digest
	r, err := sweep.Run(context.Background(), o, g.take)
	problems := 0
	for _, f := range r.Files {
		if f.Problem != nil {
			problems++
		}
	}
	if err != nil || problems != 2 || g.n < 1000 {
		t.Errorf("%v, %d problems, %d deeds", err, problems, g.n)
	}
}

// A sweep that is not wanted any more ends at once.
func TestCancel(t *testing.T) {
	_, _, o := world(t, history.Options{})
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	batches := 0
	_, err := sweep.Run(ctx, o.Sliced(64<<10), func(*deed.Batch) { batches++; stop() })
	if !errors.Is(err, context.Canceled) || batches > 20 { // those that were under way
		t.Errorf("%v after %d batches", err, batches)
	}
}

// With little time the newest part is read, whole, and the result says from when on.
func TestBudget(t *testing.T) {
	w, _, o := world(t, history.Options{})
	o.Budget = time.Nanosecond
	var got digest
	r, err := sweep.Run(context.Background(), o.Sliced(128<<10), got.take)
	if err != nil || r.From <= w.From || r.From >= w.To {
		t.Fatalf("from %d, %v", r.From-w.From, err)
	}
	o.Budget, o.From = 0, r.From
	want, _ := run(t, o)
	if got.n != want.n || got.sum != want.sum {
		t.Errorf("%+v, want %+v", got, want)
	}
	o.Budget, o.From = time.Hour, w.From
	if r, err := sweep.Run(context.Background(), o, got.take); err != nil || r.From != w.From {
		t.Errorf("with enough time: from %d, %v", r.From-w.From, err)
	}
}
