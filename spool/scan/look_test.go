package scan

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"syscall"
	"testing"
	"time"

	"hikeshi/spool"
)

var noon = time.Date(2026, 11, 21, 3, 0, 0, 0, time.UTC)

// distant is later than whatever is written while a test runs.
var distant = time.Date(2090, 1, 1, 0, 0, 0, 0, time.UTC)

// fill makes files below root; a text that begins with -> is a symbolic link, a name that ends in / a folder.
func fill(t testing.TB, root string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		path := filepath.Join(root, name)
		err := os.MkdirAll(filepath.Dir(path), 0o755)
		if to, link := strings.CutPrefix(text, "->"); link && err == nil {
			err = os.Symlink(to, path)
		} else if strings.HasSuffix(name, "/") && err == nil {
			err = os.MkdirAll(path, 0o755)
		} else if err == nil {
			err = os.WriteFile(path, []byte(text), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// at sets the modification time of a file.
func at(t testing.TB, when time.Time, path ...string) {
	t.Helper()
	if err := os.Chtimes(filepath.Join(path...), when, when); err != nil {
		t.Fatal(err)
	}
}

func look(t testing.TB, s spool.Server, o Options) spool.Backlog {
	t.Helper()
	o.Clock = func() time.Time { return noon }
	b, err := Look(context.Background(), s, o)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func counts(all []spool.Count) string {
	var s []string
	for _, c := range all {
		s = append(s, fmt.Sprintf("%s %d", c.Name, c.N))
	}
	return strings.Join(s, ", ")
}

var own = spool.Own{Domains: []string{"Example.JP"}, Hostname: "mail.example.org."}

// night is a small queue with everything in it.
func night(t testing.TB) *server {
	root := t.TempDir()
	fill(t, root, map[string]string{
		"incoming/B0000000001.MSG":                                    "203.0.113.9",
		"incoming/B0000000001.RCP":                                    "taro@example.jp\na@example.com\nb@example.com\nc@example.net",
		"incoming/b0000000002.msg":                                    "203.0.113.9",
		"incoming/b0000000002.rcp":                                    "TARO@example.jp\nd@EXAMPLE.com.",
		"incoming/B0000000003.MSG":                                    "198.51.100.7",
		"incoming/B0000000003.RCP":                                    "\nx@example.net",
		"incoming/B0000000004-001.RCP":                                "hanako@example.jp\ntaro@example.jp\nroot@mail.example.org\nroot",
		"incoming/B0000000004-002.RCP":                                "hanako@example.jp\ntaro@EXAMPLE.JP",
		"incoming/B0000000004.MSG":                                    "no address",
		"lists/news-B0000000005/B0000000005-M00000001.RCP":            "news@example.jp\na@example.com",
		"lists/news-B0000000005/B0000000005-M00000001.MSG":            "192.0.2.1",
		"holding/B0000000006-R0001.MSG":                               "203.0.113.9",
		"domains/example.com-B0000000006-R0001/B0000000006-R0001.RCP": "taro@example.jp\na@example.com",
		"domains/example.com-B0000000006-R0001/Domain.mri":            "Try-number: 1",
		"domains/sub/deeper/B0000000007.RCP":                          "taro@example.jp\na@example.com",
		"temp/B0000000008.MSG":                                        "half",
		"incoming/notes.txt":                                          "somebody's",
	})
	err := filepath.WalkDir(root, func(path string, _ fs.DirEntry, err error) error {
		at(t, noon, path)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	at(t, noon.Add(-3*time.Hour), root, "incoming/B0000000001.RCP")
	at(t, noon.Add(-24*time.Hour), root, "domains/sub/deeper/B0000000007.RCP")
	at(t, noon.Add(-48*time.Hour), root, "temp/B0000000008.MSG")
	at(t, noon.Add(time.Hour), root, "holding/B0000000006-R0001.MSG")
	return newServer(root)
}

func TestLook(t *testing.T) {
	s := night(t)
	for _, exact := range []bool{false, true} {
		b := look(t, s, Options{Own: own, Exact: exact})
		if !b.Time.Equal(noon) || len(b.Folders) != 5 {
			t.Fatalf("%v, %d folders", b.Time, len(b.Folders))
		}
		for i, want := range []struct {
			name                 string
			files, messages, odd int64
		}{{"incoming", 10, 4, 1}, {"lists", 2, 1, 0}, {"holding", 1, 1, 0}, {"domains", 3, 2, 0}, {"temp", 1, 1, 0}} {
			f := b.Folders[i]
			if f.Name != want.name || f.Files != want.files || f.Messages != want.messages || f.Odd != want.odd || f.Sampled != 0 || f.Missing || f.Incomplete || f.Unreadable != "" {
				t.Errorf("got %+v, want %+v", f, want)
			}
		}
		in, all := b.Folders[0], b.Total
		if all.Files != 16 || all.Messages != 7 || all.Odd != 1 || all.Sampled != 0 {
			t.Errorf("total %+v", all)
		}
		if !all.Oldest.Equal(noon.Add(-24*time.Hour)) || !all.Newest.Equal(noon.Add(time.Hour)) || !in.Oldest.Equal(noon.Add(-3*time.Hour)) {
			t.Errorf("oldest %v, newest %v, in incoming %v", all.Oldest, all.Newest, in.Oldest)
		}
		var bytes int64
		for _, f := range b.Folders[:4] {
			bytes += f.Bytes
		}
		if all.Bytes != bytes || in.Bytes != du(t, filepath.Join(s.root, "incoming")) {
			t.Errorf("%d bytes, in incoming %d", all.Bytes, in.Bytes)
		}
		for what, got := range map[string][2]string{
			"senders":  {counts(all.Senders), "taro@example.jp 4, hanako@example.jp 2, <> 1, news@example.jp 1"},
			"domains":  {counts(all.Domains), "example.com 5, example.jp 2, example.net 2, mail.example.org 1"},
			"clients":  {counts(all.Clients), "203.0.113.9 3, 192.0.2.1 1, 198.51.100.7 1"},
			"incoming": {counts(in.Senders), "hanako@example.jp 2, taro@example.jp 2, <> 1"},
		} {
			if got[0] != got[1] {
				t.Errorf("%s: %s, want %s", what, got[0], got[1])
			}
		}
		if all.Outside != 4 || all.Own != 2 || all.NullSender != 1 || all.List != 1 {
			t.Errorf("outside %d, own %d, null %d, list %d", all.Outside, all.Own, all.NullSender, all.List)
		}
		if short := look(t, s, Options{Own: own, Top: 1}).Total; counts(short.Senders) != "taro@example.jp 4" {
			t.Errorf("Top 1: %v", short.Senders)
		}
	}
}

// du is the size of all files below a folder.
func du(t testing.TB, dir string) (n int64) {
	t.Helper()
	err := filepath.WalkDir(dir, func(_ string, e fs.DirEntry, err error) error {
		if err == nil && e.Type().IsRegular() {
			var fi fs.FileInfo
			if fi, err = e.Info(); err == nil {
				n += fi.Size()
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// many makes a flood: pairs in incoming, of which every hundredth is good mail, and retries in holding and domains.
func many(t testing.TB, pairs int) *server {
	root := t.TempDir()
	files := map[string]string{}
	for i := 1; i <= pairs; i++ {
		env, client := "taro@example.jp\nv@example.com", "203.0.113.9"
		if i%100 == 0 {
			env, client = fmt.Sprintf("user%d@example.jp\nhanako@example.jp", i%700), "192.0.2.5"
		}
		if i%3 > 0 {
			files[fmt.Sprintf("incoming/B%010d.RCP", i)] = env
			files[fmt.Sprintf("incoming/B%010d.MSG", i)] = client
		} else {
			files[fmt.Sprintf("domains/example.com-B%010d-R0001/B%010d-R0001.RCP", i, i)] = env
			files[fmt.Sprintf("holding/B%010d-R0001.MSG", i)] = client
		}
	}
	fill(t, root, files)
	for _, ext := range []string{"MSG", "RCP"} {
		at(t, noon.Add(-100*time.Hour), root, "incoming/B0000000001."+ext)
		at(t, distant, root, fmt.Sprintf("incoming/B%010d.%s", pairs-pairs%3-1, ext))
	}
	return newServer(root)
}

func TestSample(t *testing.T) {
	const pairs = 3000
	s := many(t, pairs)
	b := look(t, s, Options{Own: own, Sample: 200})
	exact := look(t, s, Options{Own: own, Exact: true})
	if b.Total.Files != 2*pairs || b.Total.Messages != pairs || exact.Total.Messages != pairs {
		t.Errorf("%d files, %d messages, %d exact", b.Total.Files, b.Total.Messages, exact.Total.Messages)
	}
	for i, f := range b.Folders[:4] {
		e := exact.Folders[i]
		if f.Files != e.Files || f.Messages != e.Messages || e.Sampled != 0 {
			t.Errorf("%s: %+v, exact %+v", f.Name, f, e)
		}
		if f.Files > 0 && f.Sampled != 200 {
			t.Errorf("%s: sample of %d", f.Name, f.Sampled)
		}
		if d := float64(f.Bytes-e.Bytes) / float64(max(1, e.Bytes)); d < -0.05 || d > 0.05 {
			t.Errorf("%s: %d bytes, exact %d", f.Name, f.Bytes, e.Bytes)
		}
	}
	if in := b.Folders[0]; !in.Oldest.Equal(noon.Add(-100*time.Hour)) || !in.Newest.Equal(distant) {
		t.Errorf("the lowest and the highest name are not in the sample: %v to %v", in.Oldest, in.Newest)
	}
	all, want := b.Total, exact.Total
	if want.Outside != 2970 || want.Own != 30 || counts(want.Clients) != "203.0.113.9 2970, 192.0.2.5 30" {
		t.Errorf("exact: %+v", want)
	}
	// The total weighs all folders alike: 200 entries of the largest folder stand for two thirds of the messages.
	if n := all.Outside + all.Own; int64(all.Sampled) != n || n < 200 || n > 400 {
		t.Errorf("sample of %d, %d outside, %d own", all.Sampled, all.Outside, all.Own)
	}
	if share := float64(all.Outside) / float64(all.Sampled); share < 0.95 {
		t.Errorf("outside %d of %d", all.Outside, all.Sampled)
	}
	if len(all.Senders) == 0 || all.Senders[0].Name != "taro@example.jp" || all.Clients[0].Name != "203.0.113.9" || all.Clients[0].N > int64(all.Sampled) {
		t.Errorf("senders %v, clients %v", all.Senders, all.Clients)
	}
	if again := look(t, s, Options{Own: own, Sample: 200}); !reflect.DeepEqual(b, again) {
		t.Errorf("a second look differs:\n%+v\n%+v", b, again)
	}
	if all := look(t, s, Options{Own: own, Sample: 2001}); all.Total.Sampled != 0 || all.Total.Bytes != want.Bytes || all.Total.Outside != want.Outside {
		t.Errorf("a sample of everything is not exact: %+v", all.Total)
	}
}

// TestHostileFolder is a spool in which somebody has laid traps.
func TestHostileFolder(t *testing.T) {
	root := t.TempDir()
	outside := t.TempDir()
	evil := "evil@example.com\nx@example.com"
	fill(t, outside, map[string]string{"B0000000666.RCP": evil, "sub/B0000000667.RCP": evil})
	fill(t, root, map[string]string{
		"incoming/B0000000001.RCP":             "taro@example.jp\n\x1b[31mred\x07@\x1b]0;x\x07example.com",
		"incoming/B0000000002.RCP":             "->" + filepath.Join(outside, "B0000000666.RCP"),
		"incoming/B0000000003.RCP":             "->nowhere",
		"incoming/B0000000004.RCP":             "->B0000000004.RCP",
		"incoming/B0000000005.RCP\n":           evil,
		"incoming/B0000000006\x1b[2J.RCP":      evil,
		"incoming/\x7f":                        evil,
		"incoming/B0000000007.RCP/":            "",
		"incoming/" + strings.Repeat("x", 255): evil,
		"incoming/B0000000008.\xff\xfe":        evil,
		"incoming/B0000000009.RCP":             "",
		"incoming/B0000000010.RCP":             strings.Repeat("x", 100) + strings.Repeat("\nv@example.com", 50),
		"domains/link":                         "->" + filepath.Join(outside, "sub"),
		"domains/new\nline/B0000000011.RCP":    evil,
		"domains/1/2/3/4/5/B0000000012.RCP":    evil,
		"domains/1/2/3/4/B0000000013.RCP":      "a@example.jp\nb@example.jp",
		"lists":                                "->" + outside,
		"holding":                              "a file",
	})
	fifo(t, root, "incoming/B0000000014.RCP")
	fifo(t, root, "incoming/B0000000015.MSG\n")
	l, err := net.Listen("unix", filepath.Join(root, "incoming", "B0000000016.MSG"))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for _, exact := range []bool{false, true} {
		b := look(t, newServer(root), Options{Exact: exact})
		in, lists, holding, domains, temp := b.Folders[0], b.Folders[1], b.Folders[2], b.Folders[3], b.Folders[4]
		// Regular: 1, 5\n, 6 ESC, DEL, x…, 8, 9, 10. Messages: 1, 9, 10. Odd: all but these three.
		if in.Files != 8 || in.Messages != 3 || in.Odd != 12 || in.Bytes != du(t, filepath.Join(root, "incoming")) {
			t.Errorf("incoming: %+v", in)
		}
		if domains.Files != 1 || domains.Messages != 1 || domains.Odd != 3 {
			t.Errorf("domains: %+v", domains)
		}
		for _, f := range []spool.FolderBacklog{lists, holding} {
			if f.Unreadable != "not a folder" || !f.Incomplete || f.Missing || f.Files != 0 {
				t.Errorf("%+v", f)
			}
		}
		if !temp.Missing || temp.Unreadable != "" || temp.Incomplete {
			t.Errorf("temp: %+v", temp)
		}
		for _, c := range append(append(b.Total.Senders, b.Total.Domains...), b.Total.Clients...) {
			if strings.Contains(c.Name, "evil") || strings.ContainsFunc(c.Name, func(r rune) bool { return r < ' ' || r == 0x7f }) || len(c.Name) > 320 {
				t.Errorf("%q", c.Name)
			}
		}
		if got := counts(b.Total.Domains); got != "example.com 1, example.jp 1, ?]0;x?example.com 1" && !strings.Contains(got, "?]0;x?example.com 1") {
			t.Errorf("domains %s", got)
		}
		if !strings.Contains(in.Unreadable, "make no sense") {
			t.Errorf("an empty envelope is not told: %q", in.Unreadable)
		}
	}
}

func fifo(t *testing.T, path ...string) {
	t.Helper()
	if err := syscall.Mkfifo(filepath.Join(path...), 0o600); err != nil {
		t.Fatal(err)
	}
}

// hook calls f for every name that is looked at.
type hook struct {
	*server
	f func(name string)
}

func (h hook) Message(name string) (string, spool.Part, bool) {
	h.f(name)
	return h.server.Message(name)
}

func TestFilesVanish(t *testing.T) {
	for _, exact := range []bool{false, true} {
		s := many(t, 900)
		n := 0
		h := hook{s, func(name string) {
			if n++; n%2 == 0 {
				os.Remove(filepath.Join(s.root, "incoming", name))
			}
			if n == 700 {
				os.RemoveAll(filepath.Join(s.root, "domains"))
				os.RemoveAll(filepath.Join(s.root, "holding"))
			}
		}}
		s.folders = []spool.Folder{s.folders[0], s.folders[2], s.folders[3]}
		one := func(f func(string)) func(string) { // two folders are read at once
			lock := make(chan struct{}, 1)
			return func(name string) { lock <- struct{}{}; f(name); <-lock }
		}
		h.f = one(h.f)
		b := look(t, h, Options{Exact: exact, Own: own})
		for _, f := range b.Folders {
			if f.Incomplete || f.Unreadable != "" {
				t.Errorf("%s: %+v", f.Name, f)
			}
		}
		if in := b.Folders[0]; in.Files != 1200 || in.Messages != 600 || in.Outside+in.Own > 600 || in.Outside == 0 {
			t.Errorf("%+v", in)
		}
	}
}

func TestCancel(t *testing.T) {
	for _, exact := range []bool{false, true} {
		ctx, cancel := context.WithCancel(context.Background())
		n := 0
		s := many(t, 150)
		s.folders = s.folders[:1]
		h := hook{s, func(string) {
			if n++; n == 10 {
				cancel()
			}
		}}
		if _, err := Look(ctx, h, Options{Exact: exact}); !errors.Is(err, context.Canceled) {
			t.Errorf("exact %v: %v", exact, err)
		}
		if _, err := Look(ctx, s, Options{Exact: exact}); !errors.Is(err, context.Canceled) {
			t.Errorf("exact %v, cancelled before: %v", exact, err)
		}
		if err := Names(ctx, s, s.folders[0], func(string, spool.Part) { t.Error("a name was read") }); !errors.Is(err, context.Canceled) {
			t.Errorf("Names: %v", err)
		}
	}
}

func TestWhatMayNotBeRead(t *testing.T) {
	if os.Geteuid() == 0 {
		if strings.Contains(os.Getenv("HIKESHI_REQUIRE"), "user") {
			t.Fatal("HIKESHI_REQUIRE asks for an ordinary user")
		}
		t.Skip("root may read everything: needs an ordinary user")
	}
	s := night(t)
	for path, mode := range map[string]fs.FileMode{"holding": 0, "domains/sub": 0, "incoming/B0000000001.RCP": 0} {
		p := filepath.Join(s.root, path)
		if err := os.Chmod(p, mode); err != nil {
			t.Fatal(err)
		}
		defer os.Chmod(p, 0o755)
	}
	b := look(t, s, Options{})
	in, holding, domains := b.Folders[0], b.Folders[2], b.Folders[3]
	if in.Files != 10 || in.Incomplete || !strings.Contains(in.Unreadable, "1 of 10 files: permission denied") || in.Bytes != du(t, filepath.Join(s.root, "incoming")) {
		t.Errorf("incoming: %+v", in)
	}
	if !holding.Incomplete || holding.Unreadable != "permission denied" || holding.Missing {
		t.Errorf("holding: %+v", holding)
	}
	if !domains.Incomplete || domains.Unreadable != "1 sub-folders: permission denied" || domains.Files != 2 {
		t.Errorf("domains: %+v", domains)
	}
}

// only is a server without the ability to read its queue.
type only struct{ spool.Server }

func TestWithoutTheAbility(t *testing.T) {
	if _, err := Look(context.Background(), only{newServer(t.TempDir())}, Options{}); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("%v", err)
	}
}

func TestNames(t *testing.T) {
	s := night(t)
	var got []string
	for _, f := range s.folders[3:4] {
		if err := Names(context.Background(), s, f, func(file string, part spool.Part) { got = append(got, fmt.Sprint(file, " ", part)) }); err != nil {
			t.Fatal(err)
		}
	}
	if len(got) != 2 || !strings.Contains(strings.Join(got, " "), "B0000000006") || !strings.Contains(strings.Join(got, " "), "B0000000007") {
		t.Errorf("%q", got)
	}
	if err := Names(context.Background(), s, spool.Folder{Path: filepath.Join(s.root, "none")}, func(string, spool.Part) {}); err != nil {
		t.Errorf("a folder that is not there: %v", err)
	}
	if err := Names(context.Background(), s, spool.Folder{Path: filepath.Join(s.root, "incoming", "notes.txt")}, func(string, spool.Part) {}); err == nil {
		t.Error("a file was read as a folder")
	}
}
