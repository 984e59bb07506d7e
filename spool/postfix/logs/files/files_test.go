package files

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// world makes files below a root, the first one the oldest.
func world(t *testing.T, names ...string) string {
	t.Helper()
	root, when := t.TempDir(), time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	for i, name := range names {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte("x\n"), 0o640); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, when, when.AddDate(0, 0, i)); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func found(root string, f Found) (files, odd []string) {
	for _, one := range f.Files {
		name, _ := filepath.Rel(root, one.Path)
		if files = append(files, name+" "+one.Compressed); one.From != 0 || one.To != 0 || one.Size != 2 {
			files = append(files, "from and to")
		}
	}
	for _, one := range f.Odd {
		name, _ := filepath.Rel(root, one.Path)
		if odd = append(odd, name); one.Why.EN == "" || one.Why.JA == "" {
			odd = append(odd, "no reason")
		}
	}
	slices.Sort(odd)
	return files, odd
}

func TestFind(t *testing.T) {
	for _, c := range []struct{ there, files, odd string }{
		{"var/log/mail.log.2.gz var/log/mail.log.1 var/log/mail.log var/log/mail.info var/log/mail.err.1 var/log/mailman.log var/log/mail.log.bak var/log/mail.login",
			"var/log/mail.log.2.gz gz,var/log/mail.log.1 ,var/log/mail.log ", "var/log/mail.err.1,var/log/mail.info"},
		{"var/log/maillog-20261122.gz var/log/maillog-20261129 var/log/maillog var/log/maillog-20261115.xz var/log/maillog.20261129-031501.zst",
			"var/log/maillog-20261122.gz gz,var/log/maillog-20261129 ,var/log/maillog ,var/log/maillog.20261129-031501.zst zst", "var/log/maillog-20261115.xz"},
		{"var/log/mail.err var/log/mail.warn.1 var/log/mail.info.1", "var/log/mail.info.1 ", "var/log/mail.err,var/log/mail.warn.1"},
		{"var/log/mail.log var/log/mail.log.1 var/log/mail.log.1.gz", "var/log/mail.log ,var/log/mail.log.1 ", "var/log/mail.log.1.gz"},
		{"var/log/syslog", "", ""},
	} {
		root := world(t, strings.Fields(c.there)...)
		f := Find(context.Background(), root, Mail)
		files, odd := found(root, f)
		if f.Problem != nil || strings.Join(files, ",") != c.files || strings.Join(odd, ",") != c.odd {
			t.Errorf("%s: %q, odd %q, %v", c.there, files, odd, f.Problem)
		}
	}
}

// A path that is asked for twice is one log; a link is told and not read; nothing there is no problem.
func TestOdd(t *testing.T) {
	root := world(t, "data/pf.log")
	if err := os.Symlink("pf.log", filepath.Join(root, "data/mail.log")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("data", filepath.Join(root, "logs")); err != nil {
		t.Fatal(err)
	}
	f := Find(context.Background(), root, []string{"/data/pf.log", "/logs/pf.log", "/data/mail.log", "", "/dev/stdout", "/none/x.log"})
	files, odd := found(root, f)
	if f.Problem != nil || strings.Join(files, ",") != "data/pf.log " || strings.Join(odd, ",") != "data/mail.log" {
		t.Errorf("%q, odd %q, %v", files, odd, f.Problem)
	}
	if err := os.WriteFile(filepath.Join(root, "file"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if f := Find(context.Background(), root, []string{"/file/x.log"}); f.Problem == nil {
		t.Error("a folder that is none is no problem")
	}
}
