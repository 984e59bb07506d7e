package field

import (
	"net/netip"
	"testing"
	"time"
)

func TestClock(t *testing.T) {
	var c Clock
	for at := time.Date(1999, 12, 31, 23, 58, 50, 0, time.UTC); at.Year() < 2029; at = at.Add(17*time.Hour + 7*time.Second) {
		for range 2 {
			line := []byte(at.Format("[02/Jan/2006:15:04:05], more"))
			wall, rest, ok := c.Head(line)
			if !ok || wall != at.Unix() || string(rest) != ", more" {
				t.Fatalf("%s: %d, %q, %v", line, wall, rest, ok)
			}
		}
	}
	for _, bad := range []string{
		"", "[", "[21/Nov/2026:02:00:59", "21/Nov/2026:02:00:59]  ", "[21/nov/2026:02:00:59]", "[31/Nov/2026:02:00:59]", "[29/Feb/2025:02:00:59]", "[00/Nov/2026:02:00:59]",
		"[21/Nov/2026:24:00:59]", "[21/Nov/2026:02:60:59]", "[21/Nov/2026:02:00:61]", "[21/Nov/2026:02:00:5x]", "[21-Nov-2026:02:00:59]", "[ 1/Nov/2026:02:00:59]", "[21/Nov/2026 02:00:59]",
		"[21/Nov/2026:02:00:59 ", "[21/Nov/20x6:02:00:59]", "[21/Dez/2026:02:00:59]", "[21/anF/2026:02:00:59]", "[21/Nov/0000:02:00:59]",
	} {
		if wall, _, ok := c.Head([]byte(bad)); ok {
			t.Errorf("%q is read as %d", bad, wall)
		}
	}
	if wall, _, ok := c.Head([]byte("[31/Dec/2016:23:59:60]")); !ok || wall != time.Date(2017, 1, 1, 0, 0, 0, 0, time.UTC).Unix() {
		t.Errorf("a leap second: %d, %v", wall, ok)
	}
}

func TestTimeOfDay(t *testing.T) {
	for text, want := range map[string]int64{
		"10:29:51:123": 37791, "00:00:00:000": 0, "23:59:59:9": 86399, "10:29:51:": 37791,
		"10:29:51": -1, "24:00:00:000": -1, "10:29:51:12x": -1, "1:29:51:123": -1, "": -1,
	} {
		if n, ok := TimeOfDay([]byte(text)); ok != (want >= 0) || ok && n != want {
			t.Errorf("%q: %d, %v", text, n, ok)
		}
	}
}

func TestAddr(t *testing.T) {
	for text, want := range map[string]string{
		"192.0.2.7": "192.0.2.7", "0.0.0.0": "0.0.0.0", "255.255.255.255": "255.255.255.255", "2001:db8::7": "2001:db8::7", "::": "::", "::1": "::1", "1::": "1::",
		"::ffff:192.0.2.7": "192.0.2.7", "2001:DB8:0:0:0:0:0:1": "2001:db8::1", "fe80::1%eth0": "fe80::1", "1:2:3:4:5:6:192.0.2.7": "1:2:3:4:5:6:c000:207", "1:2:3:4:5:6:7::": "1:2:3:4:5:6:7:0",
		"xxx.xxx.xxx.xxx": "", "192.0.2": "", "192.0.2.7.1": "", "192.0.2.256": "", "192.0.02.7": "", "192.0.2.": "", ".0.2.7": "", "": "", ":": "", ":::": "", "1:2": "", "1::2::3": "",
		"1:2:3:4:5:6:7:8:9": "", "1:2:3:4:5:6:7:8": "1:2:3:4:5:6:7:8", "12345::": "", "::g": "", "1:2:3:4:5:6:7:192.0.2.7": "", "::1:": "", ":1::": "", "192.0.2.7::": "",
	} {
		got := ""
		if a := Addr([]byte(text)); a.IsValid() {
			got = a.String()
		}
		if got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

// FuzzAddr: what is read is what the standard library reads.
func FuzzAddr(f *testing.F) {
	for _, s := range []string{"192.0.2.7", "2001:db8::7", "::ffff:1.2.3.4", "1:2:3:4:5:6:7::", "fe80::1%eth0", "::1.2.3.4"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if len(s) > MaxAddress {
			return
		}
		want, err := netip.ParseAddr(s)
		if got := Addr([]byte(s)); err == nil && got != want.Unmap().WithZone("") {
			t.Errorf("%q: %v, want %v", s, got, want)
		} else if err != nil && got.IsValid() && want.Zone() == "" && !zoned(s) {
			t.Errorf("%q: %v, want none: %v", s, got, err)
		}
	})
}

// zoned: a zone is cut off unread.
func zoned(s string) bool {
	for _, c := range s {
		if c == '%' {
			return true
		}
	}
	return false
}

func TestID(t *testing.T) {
	for text, want := range map[string]string{
		"B0000097586": "B0000097586", "<B0000097586>": "B0000097586", "<B0000097403@mail.example.jp>": "B0000097403", "B0000055688-R0001@example.jp": "B0000055688", "Ba50000055688": "Ba50000055688",
		"B0000000000": "", "<B0000000000>": "",
		"": "no", "B": "no", "97586": "no", "B00000975": "no", "Bxx0000055688": "no", "B000005568a": "no", "B00000556880000": "no", "<>": "no", "A0000097586": "no",
	} {
		id, ok := ID([]byte(text))
		if got := string(id); !ok && want != "no" || ok && got != want {
			t.Errorf("%q: %q, %v, want %q", text, id, ok, want)
		}
	}
}

func TestAddress(t *testing.T) {
	for text, want := range map[string]string{
		"a@example.jp to b": "a@example.jp", "a": "a", "": "", " to b": "", `"a to b"@example.jp to c`: `"a to b"@example.jp`, `"a\" to"@x to c`: `"a\" to"@x`, `"a to b`: `"a`, `a"b to"c to d`: `a"b`,
	} {
		got, rest := Address([]byte(text))
		if string(got) != want || string(got)+string(rest) != text {
			t.Errorf("%q: %q and %q", text, got, rest)
		}
	}
}

func TestReads(t *testing.T) {
	for items, want := range map[string]bool{
		"(FLAGS)": false, "(UID RFC822.SIZE FLAGS BODY.PEEK[HEADER.FIELDS (From To)])": false, "(UID BODY.PEEK[])": true, "BODY[]": true, "(flags body[1.2])": true, "RFC822": true, "(RFC822.TEXT)": true,
		"RFC822.HEADER": false, "ENVELOPE": false, "BODYSTRUCTURE": false, "": false, "BINARY.PEEK[1]": true, "(BODY[HEADER] BODY[TEXT])": true,
	} {
		if Reads([]byte(items)) != want {
			t.Errorf("%q: %v", items, !want)
		}
	}
}
