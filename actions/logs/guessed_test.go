package logs_test

import (
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hikeshi/actions/logs"
)

// spread writes 300 failed sessions for jiro from 300 addresses, one every two minutes: acceptlog tells the last try of each with its
// address, receivelog every one of its tries without.
func spread(t *testing.T, tries int) string {
	t.Helper()
	s, sessions := newScribe(t), map[string]*strings.Builder{}
	for i := range 300 {
		at, peer := fmt.Sprintf("20/Nov/2026:%02d:%02d:%02d", 10+i/30, i%30*2, i%60), fmt.Sprintf("198.51.%d.%d", 100+i/200, 1+i%200)
		out := to(sessions, at)
		for range tries {
			for _, line := range []string{"AUTH LOGIN", "334 VXNlcm5hbWU6", base64.StdEncoding.EncodeToString([]byte("jiro@example.jp")), "334 UGFzc3dvcmQ6",
				base64.StdEncoding.EncodeToString([]byte("no such word")), "535 5.7.0 Authentication failed."} {
				fmt.Fprintf(out, "[%s], %08x, %s\n", at, 0x347c0000+i, line)
			}
		}
		s.session(at, peer, "AUTH-LOGIN:jiro@example.jp [failed]", "abort")
	}
	dir := s.write(t)
	for day, text := range sessions {
		put(t, dir, "receivelog/"+day+".log", text.String())
	}
	return dir
}

// Slow guessing from many addresses is told whichever log counts the failures: the addresses are those of acceptlog, the failures those
// of the log that knows more.
func TestSpreadGuessing(t *testing.T) {
	for _, tries := range []int{1, 5} {
		dir := spread(t, tries)
		check := func(failures, sources int64, words ...string) {
			t.Helper()
			out, told := ask(t, dir, "logs.logins", "")
			f := out.Facts.(logs.LoginsFacts)
			wants(t, told, words...)
			if strings.Contains(told, "nobody tries") || strings.Join(f.Spread, " ") != "jiro@example.jp" {
				t.Errorf("%d tries: spread %q\n%s", tries, f.Spread, told)
			}
			if a := f.Accounts[0]; a.Failures != failures || (a.Sources == nil) != (sources == 0) || a.Sources != nil && max(int64(*a.Sources)-sources, sources-int64(*a.Sources)) > sources/20 { // a sketch counts them
				t.Errorf("%d tries: %+v, want %d from %d", tries, a, failures, sources)
			}
		}
		check(int64(300*tries), 300, "jiro@example.jp is tried from 30", "か所から少しずつ")
		kept := filepath.Join(dir, "acceptlog")
		if err := os.Rename(kept, kept+"-away"); err != nil {
			t.Fatal(err)
		}
		check(int64(300*tries), 0, "from where is unknown", "接続元は不明", `"sources":null`)
		if err := os.Rename(kept+"-away", kept); err != nil {
			t.Fatal(err)
		}
		put(t, dir, "receivelog/261120.log", "[20/Nov/2026:09:00:00], 00000000, start\n")
		check(300, 300, "jiro@example.jp is tried from 30")
	}
}
