package accept

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hikeshi/spool"
)

func TestParse(t *testing.T) {
	const head = "[12/Dec/2017:00:01:49], (example.jp), "
	for _, c := range []struct{ line, want string }{
		{head + "[192.0.2.7]:25, Client accept now.", "begin"},
		{head + "[192.0.2.7]:465 SSL, Client accept now.", "begin"},
		{head + "192.0.2.7 [192.0.2.7], taro@example.jp,<B0000097586>,ok", "192.0.2.7 [] [] failed=false B0000097586 ok"},
		{head + "192.0.2.7[192.0.2.7],AUTH-LOGIN:admin [failed],,abort", "192.0.2.7 [LOGIN] [admin] failed=true  abort"},
		{head + "192.0.2.7[192.0.2.7], AUTH-LOGIN:Taro@example.jp [success],<B0000097587>,ok", "192.0.2.7 [LOGIN] [taro@example.jp] failed=false B0000097587 ok"},
		{head + "192.0.2.7[192.0.2.7], AUTH-CRAM-MD5:taro [success],<B0000000000>,connection timeout\r", "192.0.2.7 [CRAM-MD5] [taro] failed=false B0000000000 connection timeout"},
		{head + "192.0.2.7[192.0.2.7], AUTH-unknown:a,b [failed] [success],<B0000000000>,abort", "192.0.2.7 [unknown] [a,b [failed]] failed=false B0000000000 abort"},
		{head + "192.0.2.7[192.0.2.7], AUTH-XAOUTH2:\x1b[31mtaro\x07 [success],<B0000000000>,ok", "192.0.2.7 [XAOUTH2] [?[31mtaro?] failed=false B0000000000 ok"},
		{head + "pc.example.com[::ffff:192.0.2.7], ,<B0000000000>,ok", "192.0.2.7 [] [] failed=false B0000000000 ok"},
		{head + "2001:db8::7[2001:db8::7], It was in the ORDB IP.,<B0000000000>,abort", "2001:db8::7 [] [] failed=false B0000000000 abort"},
		{head + "192.0.2.7[192.0.2.7], \"Revers DNS\" was failed.,<B0000000000>,abort", "192.0.2.7 [] [] failed=false B0000000000 abort"},
		{head + "192.0.2.7[192.0.2.7], AUTH-:x [success],<B0000000000>,ok", "192.0.2.7 [] [] failed=false B0000000000 ok"},
		{head + "192.0.2.7[192.0.2.7], AUTH-A B:x [failed],<B0000000000>,ok", "192.0.2.7 [] [] failed=false B0000000000 ok"},
		{head + "192.0.2.7[192.0.2.7], AUTH-LOGIN:x [maybe],<B0000000000>,ok", "192.0.2.7 [] [] failed=false B0000000000 ok"},
		{head + "192.0.2.7[192.0.2.7], a],b@example.jp,<B0000000000>,ok", "192.0.2.7 [] [] failed=false B0000000000 ok"},
		{head + "xxx[xxx.xxx.xxx.xxx], a,<B0000000000>,ok", "no"},
		{head + "192.0.2.7, a,<B0000000000>,ok", "no"},
		{head + "192.0.2.7[192.0.2.7], ok", "no"},
		{head + "192.0.2.7[192.0.2.7], a,<B0000000000>,perhaps", "no"},
		{"[12/Dez/2017:00:01:49], (example.jp), 192.0.2.7[192.0.2.7], a,<B0000000000>,ok", "no"},
		{"[12/Dec/2017:00:01:49], example.jp, 192.0.2.7[192.0.2.7], a,<B0000000000>,ok", "no"},
		{"", "no"}, {"\x00\xff", "no"}, {"[", "no"},
	} {
		r, begin, err := Parse(c.line, time.UTC)
		got := fmt.Sprintf("%s [%s] [%s] failed=%v %s %s", r.Peer, r.Mode, r.User, r.Failed, r.ID, r.Result)
		switch {
		case err != nil:
			got = "no"
		case begin:
			got = "begin"
		}
		if got != c.want || err == nil && !r.Time.Equal(time.Date(2017, 12, 12, 0, 1, 49, 0, time.UTC)) {
			t.Errorf("%q\ngot  %s\nwant %s", c.line, got, c.want)
		}
	}
}

func TestTail(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "acceptlog")
	if err := os.MkdirAll(filepath.Join(dir, "mail1"), 0o755); err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	line := func(at, peer, state string) {
		fmt.Fprintf(&b, "[21/Nov/2026:%s], (example.jp), [%s]:25, Client accept now.\n", at, peer)
		fmt.Fprintf(&b, "[21/Nov/2026:%s], (example.jp), %s[%s], %s,<B0000000001>,ok\n", at, peer, peer, state)
	}
	for i := range 12 {
		line(fmt.Sprintf("02:%02d:00", i), fmt.Sprintf("203.0.113.%d", i), "AUTH-LOGIN:taro@example.jp [success]")
	}
	line("02:30:00", "203.0.113.0", "AUTH-LOGIN:TARO@example.jp [success]")
	line("02:31:00", "198.51.100.7", "AUTH-LOGIN:taro@example.jp [failed]")
	for i := range 5 { // one machine
		line("02:32:00", fmt.Sprintf("2001:db8:0:1::%d", i+1), "AUTH-PLAIN:hanako [success]")
	}
	line("02:33:00", "198.51.100.8", "hanako@example.jp")
	b.WriteString("nothing\n\n")
	b.WriteString("[21/Nov/2026:05:00:00], (example.jp), 198.51.100.8[198.51.100.8], AUTH-LOGIN:half [success],<B0000000001>,ok")
	if err := os.WriteFile(filepath.Join(dir, "mail1", "261121.log"), []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	l, err := Tail(context.Background(), dir, time.UTC)
	want := spool.Logins{
		On: true, Files: []string{filepath.Join(dir, "mail1", "261121.log")}, Sessions: 20, Unread: 1,
		First: time.Date(2026, 11, 21, 2, 0, 0, 0, time.UTC), Last: time.Date(2026, 11, 21, 2, 33, 0, 0, time.UTC),
		Users: []spool.Login{
			{User: "taro@example.jp", Success: 13, Failed: 1, Addresses: 12, Top: l.Users[0].Top},
			{User: "hanako", Success: 5, Addresses: 1, Top: l.Users[1].Top},
		},
	}
	if d := cmp.Diff(want, l); d != "" || err != nil {
		t.Errorf("%v\n%s", err, d)
	}
	if top := l.Users[0].Top; len(top) != 12 || top[0] != "203.0.113.0" || len(l.Users[1].Top) != 5 {
		t.Errorf("%+v", l.Users)
	}
	if l, err := Tail(context.Background(), filepath.Join(dir, "none"), time.UTC); err != nil || !l.On || l.Sessions != 0 {
		t.Errorf("%+v, %v", l, err)
	}
}

// A log that is longer than what is read loses its beginning and nothing else.
func TestTailIsBounded(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "acceptlog")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	const line = "[21/Nov/2026:02:00:00], (example.jp), 192.0.2.7[192.0.2.7], AUTH-LOGIN:taro@example.jp [success],<B0000000001>,ok\n"
	n := Limit/len(line) + 1000
	if err := os.WriteFile(filepath.Join(dir, "261121.log"), []byte(strings.Repeat(line, n)), 0o600); err != nil {
		t.Fatal(err)
	}
	l, err := Tail(context.Background(), dir, time.UTC)
	if err != nil || !l.Cut || l.Unread != 0 || l.Sessions != Limit/len(line) {
		t.Errorf("%d sessions of %d, %d unread, cut %v, %v", l.Sessions, n, l.Unread, l.Cut, err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add("[12/Dec/2017:00:01:49], (example.jp), 192.0.2.7[192.0.2.7], AUTH-LOGIN:taro@example.jp [success],<B0000097587>,ok")
	f.Add("[12/Dec/2017:00:01:49], (example.jp), [192.0.2.7]:25, Client accept now.")
	f.Fuzz(func(t *testing.T, line string) {
		r, begin, err := Parse(line, time.UTC)
		if err == nil && !begin && (!r.Peer.IsValid() || r.Mode == "" && (r.User != "" || r.Failed)) {
			t.Errorf("%+v", r)
		}
		if len(r.User) > 4*maxName || strings.ContainsFunc(r.User, func(c rune) bool { return c < ' ' || c == 0x7f }) {
			t.Errorf("%q", r.User)
		}
	})
}
