package field

import (
	"bytes"
	"testing"
	"time"
)

// FuzzClock: a time is what the standard library reads, also behind another time of the same minute.
func FuzzClock(f *testing.F) {
	for _, s := range []string{"[30/Nov/2017:08:20:44], x", "[29/Feb/2024:23:59:59]", "[29/Feb/2023:00:00:00]", "[1/Jan/2017:00:00:00]", "[30/Nov/2017:24:00:00]", "[31/Dec/2016:23:59:60]"} {
		f.Add([]byte(s))
	}
	const layout = "[02/Jan/2006:15:04:05]"
	f.Fuzz(func(t *testing.T, line []byte) {
		var c Clock
		for range 2 {
			wall, rest, ok := c.Head(line)
			want, err := time.Parse(layout, string(line[:min(len(line), len(layout))]))
			if leap := ok && string(line[19:21]) == "60"; leap {
				return // the standard library knows no leap seconds
			}
			if ok && (err != nil || wall != want.Unix() || !bytes.HasSuffix(line, rest)) {
				t.Fatalf("%q: %d, %q; %v", line, wall, rest, err)
			}
			if _, _, ok := c.Head([]byte("[30/Nov/2017:08:20:45], x")); !ok {
				t.Fatal("the clock stands still")
			}
		}
	})
}

// FuzzText: what is cut off is a part of the text, and nothing is lost.
func FuzzText(f *testing.F) {
	for _, s := range []string{"<B0000097586@mail1.example.jp>", "B0000055688-R0001", `"a to b"@example.jp to c`, "(UID BODY.PEEK[])", "10:29:51:123", "250 ok"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if id, ok := ID(b); ok && id != nil && (id[0] != 'B' || len(id) < 11 || len(id) > 13 || !bytes.Contains(b, id)) {
			t.Errorf("%q: id %q", b, id)
		}
		if address, rest := Address(b); string(address)+string(rest) != string(b) {
			t.Errorf("%q: %q and %q", b, address, rest)
		}
		if token, rest, ok := Token(b); ok && string(token)+" "+string(rest) != string(b) || !ok && string(token) != string(b) {
			t.Errorf("%q: %q and %q", b, token, rest)
		}
		if s, ok := TimeOfDay(b); ok && (s < 0 || s >= 86400) {
			t.Errorf("%q: %d s", b, s)
		}
		if IsReply(b) && (len(b) < 3 || b[0] < '0' || b[0] > '9') {
			t.Errorf("%q is a reply", b)
		}
		Reads(b)
		Bare(b)
		Trim(b)
	})
}
