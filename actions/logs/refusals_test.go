package logs_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"hikeshi/actions/logs"
	"hikeshi/runbook"
	"hikeshi/spool"
)

// file writes a log of a day.
func file(t *testing.T, dir, log, day string, lines ...string) {
	t.Helper()
	path := filepath.Join(dir, log, day+".log")
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
}

func failed(at, to, reply string) string {
	return "B0000055688@mail1.example.jp send fail on [" + at + "] from taro@example.jp to " + to + " [" + reply + "]"
}

// refused asks about what lies in dir, on a server whose address is 192.0.2.25.
func refused(t *testing.T, dir, with string) (logs.RefusalsFacts, runbook.Outcome, string) {
	t.Helper()
	own := spool.Own{Domains: []string{"Example.jp"}, Hostname: "mail1.example.jp", Addresses: []netip.Prefix{netip.MustParsePrefix("192.0.2.25/32")}}
	env := logs.Env{Server: server{dir: dir}, Own: own, Zone: time.FixedZone("JST", 9*3600)}
	out, all := planned(t, env, "logs.refusals", with)
	env.Budget = time.Hour // the slice that is read on trial counts once
	if again, _ := planned(t, env, "logs.refusals", with); !reflect.DeepEqual(again.Facts, out.Facts) {
		t.Errorf("with time to spare: %+v", again.Facts)
	}
	return out.Facts.(logs.RefusalsFacts), out, all
}

func TestRefusals(t *testing.T) {
	dir := t.TempDir()
	file(t, dir, "faillog", "261101", failed("01/Nov/2026:00:00:00", "old@example.com", "550 5.7.1 listed, before the window"))
	file(t, dir, "faillog", "261120",
		failed("20/Nov/2026:09:00:00", "hanako@example.com", "550 5.1.1 <hanako@example.com>... User unknown"),
		failed("20/Nov/2026:09:00:01", "jiro@example.com", "550 5.1.1 <jiro@example.com>... User unknown"),
		failed("20/Nov/2026:09:00:02", "saburo@EXAMPLE.com", "550 5.1.1 <saburo@example.com>... User unknown"),
		failed("20/Nov/2026:10:00:00", "hanako@example.com", "550 5.7.1 mail1.example.jp[192.0.2.25] blocked using zen.spamhaus.org, id=1"),
		failed("20/Nov/2026:11:00:00", "jiro@example.com", "550 5.7.1 mail1.example.jp[192.0.2.25] blocked using zen.spamhaus.org, id=2"),
		failed("20/Nov/2026:12:00:00", "hanako@example.net", "Unable to deliver to destination domain"),
		"what is this hanako@example.com")
	file(t, dir, "senderlog", "261120", "[23:30:00:000] [B0000055689] [example.org] 421 4.7.0 [TSS04] Mail from 192.0.2.25 and 192.0.2.26 deferred",
		"[23:30:00:000] [B0000055689] [example.org] 250 OK")
	f, out, all := refused(t, dir, "")
	if len(f.Replies) != 3 || f.Refusals != 6 || f.Blocking != 3 || f.Silent != 1 || len(f.Unknown) != 0 || f.Cut != 0 || f.Read.Unread != 1 {
		t.Fatalf("%+v", f)
	}
	block, later, user := f.Replies[0], f.Replies[1], f.Replies[2]
	if !block.Blocking || block.Domain != "example.com" || block.Count != 2 || block.Final != 2 || block.Code != 550 || block.Enhanced != "5.7.1" ||
		!slices.Equal(block.Names, []string{"zen.spamhaus.org"}) || !slices.Equal(block.Addresses, []string{"192.0.2.25"}) ||
		block.First.Format(time.RFC3339) != "2026-11-20T01:00:00Z" || block.Last.Format(time.RFC3339) != "2026-11-20T02:00:00Z" {
		t.Errorf("%+v", block)
	}
	if len(block.Evidence) != 2 || block.Evidence[0].String() != "faillog/261120.log:467" || block.Evidence[0].Text != "" {
		t.Errorf("%+v", block.Evidence)
	}
	if !later.Blocking || later.Domain != "example.org" || later.Final != 0 || !slices.Equal(later.Codes, []string{"4.7.0", "TSS04"}) || !slices.Equal(later.Addresses, []string{"192.0.2.25"}) {
		t.Errorf("%+v", later)
	}
	if user.Blocking || user.Count != 3 || user.Text != "550 5.1.1 <*@example.com>... user unknown" {
		t.Errorf("%+v", user)
	}
	if !slices.Equal(f.Names, []string{"zen.spamhaus.org"}) || !slices.Equal(f.Codes, []string{"5.7.1", "4.7.0", "TSS04"}) || out.Findings[0].Level != runbook.Bad {
		t.Errorf("names %q, codes %q, %+v", f.Names, f.Codes, out.Findings[0])
	}
	wants(t, all, "example.com: 2 refusals, 11-20 10:00 - 11-20 11:00; it names zen.spamhaus.org; our address: 192.0.2.25: 550 5.7.1", "example.com: 拒否 2 件",
		"6 refusals, speaking of a block: 3", "1 failure without a reply", "[faillog/261120.log:467]")
	for _, who := range []string{"hanako@", "jiro@", "saburo@", "hanako", "taro", "before the window"} {
		if strings.Contains(all, who) {
			t.Errorf("%q is told in\n%s", who, all)
		}
	}
	if f, _, _ := refused(t, dir, `{"since":"2026-10-31","top":1}`); f.Blocking != 4 || len(f.Replies) != 1 || f.Cut != 3 {
		t.Errorf("from the beginning on: %+v", f)
	}
	if f, _, _ := refused(t, dir, `{"until":"2026-11-20 10:00"}`); f.Blocking != 0 || f.Refusals != 3 {
		t.Errorf("before the block: %+v", f)
	}
}

// Nothing is called free of blocks where a log is missing.
func TestRefusalsUnseen(t *testing.T) {
	dir := t.TempDir()
	file(t, dir, "faillog", "261120", failed("20/Nov/2026:09:00:00", "hanako@example.com", "550 User Unknown"))
	f, out, all := refused(t, dir, "")
	if !slices.Equal(f.Unknown, []string{"senderlog"}) || f.Blocking != 0 || worst(out) != runbook.Warn {
		t.Errorf("%+v", f)
	}
	wants(t, all, "none of 1 refusal seen speaks of a block, but not all could be seen", "not visible: refusals for now", "SenderlogEnabled", "一時的な拒否")
	file(t, dir, "senderlog", "261120", "[09:00:00:000] [B0000055689] [example.org] 451 4.7.1 Greylisted")
	f, out, all = refused(t, dir, "")
	if len(f.Unknown) != 0 || worst(out) != runbook.OK {
		t.Errorf("%+v", f)
	}
	wants(t, all, "none of 2 refusals speaks of a block")
	if err := os.RemoveAll(filepath.Join(dir, "faillog")); err != nil {
		t.Fatal(err)
	}
	f, out, all = refused(t, dir, "")
	if !slices.Equal(f.Unknown, []string{"faillog"}) || worst(out) != runbook.Warn {
		t.Errorf("%+v", f)
	}
	wants(t, all, "not visible: refusals for good", "faillog is off; to switch it on")
}

// However many different replies there are, all are counted, few are kept, and what blocks is kept first.
func TestRefusalsBounded(t *testing.T) {
	dir := t.TempDir()
	var all []string
	const many = 12000
	for i := range many {
		all = append(all, failed("20/Nov/2026:09:00:00", fmt.Sprintf("x@d%d.example.com", i), "550 no"))
		if i%100 == 0 {
			all = append(all, failed("20/Nov/2026:09:00:00", "x@example.net", "550 5.7.1 [192.0.2.25] is listed"))
		}
	}
	file(t, dir, "faillog", "261120", all...)
	f, _, text := refused(t, dir, "")
	if f.Refusals != many+many/100 || f.Blocking != many/100 || f.Replies[0].Count != many/100 || len(f.Replies) != 20 || f.Lost < many-4096 || f.Cut > 4096 {
		t.Errorf("%d refusals, %d blocking, lost %d, cut %d: %+v", f.Refusals, f.Blocking, f.Lost, f.Cut, f.Replies[0])
	}
	wants(t, text, "too many different replies")
}

// A compressed file is read whole; what lies outside the window does not count all the same.
func TestRefusalsCompressed(t *testing.T) {
	dir := t.TempDir()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	for _, at := range []string{"09:00:00", "11:00:00", "12:00:00"} {
		fmt.Fprintln(w, failed("20/Nov/2026:"+at, "hanako@example.com", "550 5.7.1 listed"))
	}
	if err := errors.Join(w.Close(), os.MkdirAll(filepath.Join(dir, "faillog"), 0o755), os.WriteFile(filepath.Join(dir, "faillog", "261120.log.gz"), b.Bytes(), 0o600)); err != nil {
		t.Fatal(err)
	}
	if f, _, _ := refused(t, dir, `{"since":"2026-11-20 10:00","until":"2026-11-20 12:00"}`); f.Refusals != 1 || f.Blocking != 1 {
		t.Errorf("%d refusals, %d blocking", f.Refusals, f.Blocking)
	}
}
