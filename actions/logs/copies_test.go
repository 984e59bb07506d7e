package logs_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hikeshi/actions/logs"
)

// Somebody who mistypes a password three times is no guesser because somebody else has copied the log: the copy is named and not read.
func TestCopiedLog(t *testing.T) {
	s := newScribe(t)
	for i := range 3 {
		s.session(fmt.Sprintf("20/Nov/2026:18:0%d:00", i), stranger(0), "AUTH-LOGIN:"+hana+" [failed]", "abort")
	}
	s.mail("20/Nov/2026:18:05:00", stranger(0), "AUTH-LOGIN:"+hana+" [success]", hana, "friend1@example.com")
	dir := s.write(t)
	check := func(problem bool) string {
		t.Helper()
		out, told := planned(t, in(listed{server{dir: dir}}), "logs.logins", "")
		if f := out.Facts.(logs.LoginsFacts); len(f.Found) > 0 || len(f.Accounts) != 1 || f.Accounts[0].Failures != 3 || f.Read.Problem != problem {
			t.Errorf("%+v", f)
		}
		return told
	}
	check(false)
	day := filepath.Join(dir, "acceptlog", "261120.log")
	text, err := os.ReadFile(day)
	if err != nil {
		t.Fatal(err)
	}
	put(t, dir, "acceptlog/261120.log.bak", string(text))
	wants(t, check(false), "warn: "+day+".bak: a copy by its name, whose lines may stand in another file too", ": left out, the rest is counted", "名前から見てコピーで")

	if err := os.Rename(day, day+".old"); err != nil { // nothing else has the lines of that day
		t.Fatal(err)
	}
	out, told := planned(t, in(listed{server{dir: dir}}), "logs.logins", "")
	if f := out.Facts.(logs.LoginsFacts); !f.Read.Problem || strings.Contains(told, "ok: nobody tries") {
		t.Errorf("%+v\n%s", f, told)
	}
}
