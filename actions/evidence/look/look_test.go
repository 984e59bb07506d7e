package look

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"hikeshi/runbook"
)

type facts struct{ A, B int }

// rec keeps evidence in memory; a name that begins with bad is refused.
type rec map[string]string

func (r rec) Evidence(name string, src io.Reader) error {
	b, err := io.ReadAll(src)
	if strings.HasPrefix(name, "bad") {
		return errors.New("no \x1b[31mroom")
	}
	r[name] = string(b)
	return err
}
func (r rec) Backup(name string, src io.Reader) error { return r.Evidence(name, src) }
func (r rec) Progress(int64, int64)                   {}

func part(name string, limit time.Duration, look func(context.Context) (Seen[facts], error)) Part[facts] {
	return Part[facts]{Name: runbook.T(name, name+"J"), Limit: limit, Look: look}
}

func TestRun(t *testing.T) {
	stuck := make(chan struct{})
	defer close(stuck)
	parts := []Part[facts]{
		part("hangs", 50*time.Millisecond, func(context.Context) (Seen[facts], error) { <-stuck; return Seen[facts]{}, nil }),
		part("good", time.Minute, func(context.Context) (s Seen[facts], err error) {
			s.Find(runbook.OK, "x", runbook.T("seen", "見た"))
			s.Files = []File{{"good.txt", []byte("all")}, {"bad.txt", nil}}
			s.Facts = func(f *facts) { f.A = 1 }
			return s, nil
		}),
		part("slow", 20*time.Millisecond, func(ctx context.Context) (s Seen[facts], err error) {
			<-ctx.Done()
			s.Facts = func(f *facts) { f.B = 2 }
			return s, nil
		}),
		part("fails", time.Second, func(context.Context) (Seen[facts], error) { return Seen[facts]{}, errors.ErrUnsupported }),
	}
	began := time.Now()
	results := Run(context.Background(), 10*time.Second, parts)
	if gone := time.Since(began); gone > 3*time.Second {
		t.Errorf("took %s", gone)
	}
	var f facts
	kept := rec{}
	found, err := Gather(context.Background(), kept, results, &f)
	if err != nil || f != (facts{1, 2}) || len(kept) != 1 || kept["good.txt"] != "all" {
		t.Errorf("%v, %+v, %q", err, f, kept)
	}
	want := []runbook.Finding{
		{Level: runbook.Warn, Text: runbook.T("not seen: hangs: no answer within 50ms", "確認できない: hangsJ: 50 ミリ秒以内に応答がない")},
		{Level: runbook.OK, Text: runbook.T("seen", "見た"), Evidence: "x"},
		{Level: runbook.Warn, Text: runbook.T("not kept: bad.txt: no ?[31mroom", "保全できない: bad.txt: no ?[31mroom")},
		{Level: runbook.Info, Text: runbook.T("not seen: fails: unsupported operation", "確認できない: failsJ: unsupported operation")},
	}
	if len(found) != len(want) {
		t.Fatalf("%+v", found)
	}
	for i := range want {
		if found[i] != want[i] {
			t.Errorf("got %+v\nwant %+v", found[i], want[i])
		}
	}
}

// The limit of all ends every part, whatever its own.
func TestRunLimit(t *testing.T) {
	stuck := make(chan struct{})
	defer close(stuck)
	began := time.Now()
	r := Run(context.Background(), 30*time.Millisecond, []Part[facts]{part("hangs", time.Hour, func(context.Context) (Seen[facts], error) { <-stuck; return Seen[facts]{}, nil })})
	if r[0].Err == nil || time.Since(began) > 3*time.Second {
		t.Errorf("%v after %s", r[0].Err, time.Since(began))
	}
}

func TestEnded(t *testing.T) {
	ctx, stop := context.WithCancel(context.Background())
	stop()
	r := Run(ctx, time.Minute, []Part[facts]{part("a", time.Minute, func(ctx context.Context) (Seen[facts], error) {
		<-ctx.Done()
		time.Sleep(time.Second)
		return Seen[facts]{}, nil
	})})
	if _, err := Gather(ctx, rec{}, r, &facts{}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestSafe(t *testing.T) {
	if got := Safe("a\x1b\n\t\xffb 日本\n"); got != "a?; ??b 日本" {
		t.Errorf("%q", got)
	}
	if got := Safe(strings.Repeat("x", 1000)); len(got) != maxShown+3 {
		t.Errorf("%d", len(got))
	}
	if Grouped(1234567) != "1,234,567" || Grouped(-12) != "-12" || Grouped(100) != "100" {
		t.Error("numbers")
	}
}

func TestLong(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0 ミリ秒", 50 * time.Millisecond: "50 ミリ秒", 2 * time.Second: "2 秒", 1100 * time.Millisecond: "1.1 秒", 5 * time.Minute: "5 分",
		90 * time.Minute: "1 時間 30 分", 71*time.Hour + 59*time.Minute: "2 日 23 時間 59 分", 61 * time.Second: "1 分 1 秒", -30 * time.Microsecond: "-30 マイクロ秒",
	} {
		if got := Long(d); got != want {
			t.Errorf("%s: %s, want %s", d, got, want)
		}
	}
}
