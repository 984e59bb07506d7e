package files

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestName(t *testing.T) {
	day := time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC).Unix()
	for name, want := range map[string]string{
		"261121.log": "0 86400 ", "261121_03.log": "10800 14400 ", "261121.LOG": "0 86400 ", "261121.log.gz": "0 86400 gz", "261121.log.1": "0 86400 ", "261121.log.1.gz": "0 86400 gz",
		"261121_23.log.2.zst": "82800 86400 zst", "261121.log-20261122.gz": "0 86400 gz", "261121.log.xz": "0 86400 xz", "261121.log.bz2": "0 86400 bz2",
		"261131.log": "no", "260021.log": "no", "261121_24.log": "no", "261121_3.log": "no", "261121_.log": "no", "261121": "no", "acceptlog.log": "no", "26112x.log": "no", "261121.log.gz.1": "no",
		"261121.log.old": "no", "261121.log.bak": "no", "261121.log.1.bak": "no", "261121.log.bak.gz": "no", "261121.logx": "no", "261121.log.": "no", "261121.log..gz": "no", "261121.log.tmp": "no", ".log": "no", "": "no", "261121.txt": "no", "261121.log.123456789012345": "no",
	} {
		f, ok := Name(name)
		got := "no"
		if ok {
			got = fmt.Sprintf("%d %d %s", f.From-day, f.To-day, f.Compressed)
		}
		if got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
}

func FuzzName(f *testing.F) {
	f.Add("261121_03.log.1.zst")
	f.Add("acceptlog-20261130_03.old")
	f.Fuzz(func(t *testing.T, name string) {
		if l, ok := Name(name); ok && (l.To-l.From != 86400 && l.To-l.From != 3600 || l.From < 946_684_800 || len(l.Compressed) > 3) {
			t.Errorf("%q: %+v", name, l)
		}
		if l, why, ok := strange(name); ok && (l.To-l.From != 86400 && l.To-l.From != 3600 || why.EN == "" || why.JA == "") {
			t.Errorf("%q: %+v %+v", name, l, why)
		}
	})
}

func TestList(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "acceptlog")
	put := func(name string, size int, age time.Duration) {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, make([]byte, size), 0o600); err != nil {
			t.Fatal(err)
		}
		at := time.Date(2026, 11, 22, 3, 0, 0, 0, time.UTC).Add(-age)
		if err := os.Chtimes(path, at, at); err != nil {
			t.Fatal(err)
		}
	}
	if files, _, err := List(context.Background(), dir); files != nil || err != nil {
		t.Errorf("a log without its folder: %v, %v", files, err)
	}
	put("261121.log", 5, 0)
	put("261121.log.1", 6, time.Hour)
	put("mail1/261121.log", 7, time.Minute)
	put("mail1/261120.log.gz", 8, time.Hour)
	put("mail2/261122.log", 9, 0)
	put("mail2/readme", 9, 0)
	put("mail2/below/261122.log", 9, 0)
	files, _, err := List(context.Background(), dir)
	if err != nil {
		t.Error(err)
	}
	var got []string
	for _, f := range files {
		name, err := filepath.Rel(dir, f.Path)
		if err != nil || f.Modified.IsZero() {
			t.Error(err, f)
		}
		got = append(got, fmt.Sprintf("%s:%d", name, f.Size))
	}
	if got, want := strings.Join(got, " "), "mail1/261120.log.gz:8 261121.log.1:6 mail1/261121.log:7 261121.log:5 mail2/261122.log:9"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// What is no file is left alone and said; the rest is found all the same.
func TestListHostile(t *testing.T) {
	base := t.TempDir()
	dir := filepath.Join(base, "inlog")
	at := func(name string) string { return filepath.Join(dir, name) }
	for _, err := range []error{
		os.MkdirAll(at("mail1"), 0o755), os.WriteFile(at("261121.log"), nil, 0o600), os.WriteFile(at("261120.log.xz"), nil, 0o600), os.WriteFile(filepath.Join(base, "secret"), nil, 0o600),
		os.Symlink(filepath.Join(base, "secret"), at("261119.log")), syscall.Mkfifo(at("261118.log"), 0o600), os.Symlink(base, at("mail2")), os.Mkdir(at("261117.log"), 0o755),
		os.Symlink(dir, filepath.Join(base, "outlog")),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	files, odd, err := List(context.Background(), dir)
	if len(files) != 1 || files[0].Path != at("261121.log") || err != nil {
		t.Fatalf("%v, %v", files, err)
	}
	said := map[string]string{}
	for _, o := range odd {
		if said[filepath.Base(o.Path)] = o.Why.EN; o.Why.JA == "" || (o.From == 0) != (filepath.Base(o.Path) == "mail2") {
			t.Errorf("%+v", o)
		}
	}
	if want := map[string]string{"261120.log.xz": "compressed in a way that is not read: only gz and zst are", "261119.log": "a symbolic link, which is not followed",
		"261118.log": "a named pipe", "mail2": "a symbolic link, which is not followed"}; !maps.Equal(said, want) {
		t.Errorf("%v", said)
	}
	if files, _, err := List(context.Background(), filepath.Join(base, "outlog")); files != nil || err == nil {
		t.Errorf("a log folder that is a symbolic link: %v, %v", files, err)
	}
	for i := range maxComputers + 3 {
		if err := os.Mkdir(at(fmt.Sprintf("pc%d", i)), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for i := range maxOdd {
		if err := os.WriteFile(at(fmt.Sprintf("2610%02d_%02d.log.%d.bz2", i%28+1, i/28%24, i)), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if files, odd, err := List(context.Background(), dir); len(files) != 1 || len(odd) != maxOdd || err == nil || !strings.Contains(err.Error(), "more") || strings.Count(err.Error(), "\n") > maxErrors+1 {
		t.Errorf("%d files, %d odd, %v", len(files), len(odd), err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, _, err := List(ctx, dir); err == nil {
		t.Error("not cancelled")
	}
}

// A file that is kept beside its compressed copy counts once.
func TestKeptBesideItsCopy(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"261120.log.gz", "261121.log", "261121.log.gz", "261121.log.zst"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	all, _, err := List(context.Background(), dir)
	var names []string
	for _, f := range all {
		names = append(names, filepath.Base(f.Path))
	}
	if got := strings.Join(names, " "); got != "261120.log.gz 261121.log" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
}

// A copy of a day's log is no second log of that day, whoever made it and however he called it.
func TestCopies(t *testing.T) {
	dir := t.TempDir()
	put := func(name string) {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	read := []string{"261130.log", "261129.log.1", "261129.log.2.gz", "261128.log-20261129.zst", "mail1/261130.log"}
	copies := []string{"261130.log.bak", "261130.log.old", "261130.log.1.bak", "261130.log.bak.gz", "261130_03.log.orig", "261130.log.save", "261130.log~", "Copy of 261130.log", "261130 - Copy.log",
		"261130 (1).log", "261130.log のコピー", "261130 - コピー.log", "261130.bak", "acceptlog-20261130.old", "20261130.log.bak", "mail1/261130.log.bak"}
	others := []string{"20261130.log", "261130.log.tmp", "261130.log.gz.1", "261130_3.log"}
	for _, name := range slices.Concat(read, copies, others, []string{"readme", "261130.txt", "stats.log", "991399.log.bak", "mail1.bak/261130.log", "copy of mail1/261130.log"}) {
		put(name)
	}
	files, odd, err := List(context.Background(), dir)
	var names []string
	for _, f := range files {
		name, _ := filepath.Rel(dir, f.Path)
		names = append(names, name)
	}
	slices.Sort(names)
	if slices.Sort(read); !slices.Equal(names, read) || err != nil {
		t.Errorf("read %q, %v", names, err)
	}
	day, said := time.Date(2026, 11, 30, 0, 0, 0, 0, time.UTC).Unix(), map[string]string{}
	for _, o := range odd {
		name, _ := filepath.Rel(dir, o.Path)
		said[name] = o.Why.EN
		if folder := strings.Contains(name, "mail1") && !strings.Contains(name, "/"); o.Why.JA == "" || !folder && (o.From < day || o.To > day+86400 || o.From >= o.To) || folder && o.From != 0 {
			t.Errorf("%+v", o)
		}
	}
	for _, name := range copies {
		if !strings.HasPrefix(said[name], "a copy by its name") {
			t.Errorf("%s: %q", name, said[name])
		}
	}
	for _, name := range others {
		if !strings.HasPrefix(said[name], "not named as the log's files are") {
			t.Errorf("%s: %q", name, said[name])
		}
	}
	for _, name := range []string{"mail1.bak", "copy of mail1"} {
		if !strings.HasPrefix(said[name], "a copy by its name") {
			t.Errorf("%s: %q", name, said[name])
		}
	}
	if len(said) != len(copies)+len(others)+2 {
		t.Errorf("%q", said)
	}
}
