package logs_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hikeshi/actions/logs"
	"hikeshi/spool"
)

func zipped(t *testing.T, parts ...string) string {
	t.Helper()
	var b bytes.Buffer
	for _, p := range parts {
		z := gzip.NewWriter(&b)
		if _, err := z.Write([]byte(p)); err != nil {
			t.Fatal(err)
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return b.String()
}

// A day counts by its text, compressed or not; one that cannot be unpacked is told, and is not taken for a small one.
func TestSizesOfCompressedDays(t *testing.T) {
	const kib = 1 << 10
	dir := t.TempDir()
	lines := func(n int) string { return strings.Repeat(strings.Repeat("x", 127)+"\n", n/128) }
	for day := 7; day <= 19; day++ {
		put(t, dir, fmt.Sprintf("inlog/2611%02d.log.gz", day), zipped(t, lines(150*kib), lines(50*kib)))
	}
	put(t, dir, "inlog/261120.log", lines(3000*kib))
	sizes := func() (logs.SizesFacts, string) {
		out, told := ask(t, dir, "logs.sizes", "")
		return out.Facts.(logs.SizesFacts), told
	}
	f, told := sizes()
	if l := f.Logs[1]; l.Name != "inlog" || l.Days != 13 || *l.Median != 200*kib || l.Left != 0 || !l.Swollen || len(f.Unread) > 0 {
		t.Errorf("%+v\n%s", l, told)
	}
	put(t, dir, "inlog/261119.log.gz", zipped(t, lines(200*kib))[:100])
	f, told = sizes()
	if l := f.Logs[1]; l.Days != 12 || l.Left != 1 || !l.Swollen || strings.Join(f.Unread, " ") != "inlog" {
		t.Errorf("%+v", l)
	}
	wants(t, told, "1 compressed days are not counted", "圧縮された 1 日分", "inlog: not read: reading log ")
	put(t, dir, "outlog/261120.log.gz", "no such thing")
	_, told = sizes()
	wants(t, told, "outlog: its size is unknown")
}

// The day that is compared and those that it is compared with can be named.
func TestSizesOfADay(t *testing.T) {
	dir := t.TempDir()
	for day := 7; day <= 20; day++ {
		n := 1000
		if day == 15 {
			n = 20_000
		}
		put(t, dir, fmt.Sprintf("inlog/2611%02d.log", day), strings.Repeat(strings.Repeat("x", 99)+"\n", n))
		put(t, dir, fmt.Sprintf("acceptlog/2611%02d.log", day), strings.Repeat("x", 99)+"\n")
	}
	for with, want := range map[string]string{
		``:                                      "[] 2026-11-20 13",
		`{"until":"2026-11-15"}`:                "[inlog] 2026-11-15 8",
		`{"until":"15:00"}`:                     "[] 2026-11-20 13",
		`{"until":"2026-11-15 00:00"}`:          "[] 2026-11-14 7",
		`{"until":"2026-11-15","since":"120h"}`: "[inlog] 2026-11-15 4",
		`{"since":"2026-11-18"}`:                "[] 2026-11-20 2",
	} {
		out, _ := ask(t, dir, "logs.sizes", with)
		f := out.Facts.(logs.SizesFacts)
		if got := fmt.Sprint(f.Swollen, " ", f.Logs[1].Day, " ", f.Logs[1].Days); got != want {
			t.Errorf("%s: %s, want %s", with, got, want)
		}
	}
	out, told := ask(t, dir, "logs.sizes", `{"until":"2026-11-15","top":1}`)
	if f := out.Facts.(logs.SizesFacts); len(f.Logs) != 1 || f.Logs[0].Name != "inlog" || f.Cut != 10 || strings.Contains(told, "acceptlog: 100 bytes") {
		t.Errorf("%+v", f)
	}
}

// When a log began to swell is told by its lines, against the busiest hours of the days before, and not by the first busy hour of the day.
func TestSizesSince(t *testing.T) {
	dir := t.TempDir()
	line := func(day, minute, second int) string {
		return fmt.Sprintf("<B%010d@mail1.example.jp> [%02d/Nov/2026:%02d:%02d:%02d] 192.0.2.7 pc hana@example.jp v@example.com\n", 7, day, minute/60, minute%60, second)
	}
	for day := 7; day <= 20; day++ {
		var text strings.Builder
		for minute := 8 * 60; minute < 22*60; minute++ {
			if office := minute < 17*60; office || minute%15 == 0 {
				text.WriteString(line(day, minute, 0))
			}
			if day == 20 && minute == 20*60+12 {
				text.WriteString(strings.Repeat(line(day, minute, 0), 9)) // a busy minute, no flood
			}
			if day == 20 && minute >= 20*60+19 || day == 13 && minute == 600 { // and a newsletter the week before
				for i := range 300 {
					text.WriteString(line(day, minute, i/5))
				}
			}
		}
		put(t, dir, fmt.Sprintf("inlog/2611%02d.log", day), text.String())
	}
	put(t, dir, "outlog/261120.log", line(20, 600, 0))
	check := func(want string) {
		t.Helper()
		out, told := ask(t, dir, "logs.sizes", "")
		l := out.Facts.(logs.SizesFacts).Logs[1]
		if l.Name != "inlog" || !l.Swollen || l.Since == nil || l.Since.Format("2006-01-02 15:04") != "2026-11-20 "+want {
			t.Errorf("since %v, want %s: %+v", l.Since, want, l)
		}
		wants(t, told, "days before, since "+want, "outlog: 97 bytes on 2026-11-20; there is no day before", "比べられる過去の日がない", `"median":null`, `"since":null`)
		if strings.Contains(told, "0001-01-01") || strings.Contains(told, "of 0 days") {
			t.Error(told)
		}
	}
	check("20:19")
	for day := 7; day <= 19; day++ {
		name := filepath.Join(dir, fmt.Sprintf("inlog/2611%02d.log", day))
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		put(t, dir, fmt.Sprintf("inlog/2611%02d.log.gz", day), zipped(t, string(text)))
		if err := os.Remove(name); err != nil {
			t.Fatal(err)
		}
	}
	check("20:19")
}

// shut is a server whose folder of one log cannot be looked at.
type shut struct{ server }

func (s shut) Logs(ctx context.Context) ([]spool.Log, error) {
	all, err := s.server.Logs(ctx)
	all[1].State, all[1].Files, all[1].Problem = spool.LogOn, nil, fs.ErrPermission
	return all, err
}

// A folder that cannot be looked at is not an empty one.
func TestSizesOfAFolderThatIsShut(t *testing.T) {
	_, told := planned(t, logs.Env{Server: shut{server{dir: t.TempDir()}}, Zone: time.UTC}, "logs.sizes", "")
	wants(t, told, "inlog: not read: permission denied", "warn: inlog: its size is unknown", "サイズは不明")
	if strings.Contains(told, "inlog: no files") {
		t.Error(told)
	}
}
