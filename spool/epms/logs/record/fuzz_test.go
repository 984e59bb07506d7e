package record

import (
	"bytes"
	"testing"
	"unsafe"

	"hikeshi/spool"
)

// parsers are all of this package.
func parsers() []spool.LogParser {
	return []spool.LogParser{&Accept{}, &In{}, NewOut(spool.EventSent), NewOut(spool.EventBounced), NewSender(1_795_219_200), NewMailbox(spool.POP3), NewMailbox(spool.IMAP4)}
}

var seeds = []string{
	"[12/Dec/2017:00:01:49], (example.jp), 192.0.2.7[192.0.2.7], AUTH-LOGIN:taro@example.jp [success],<B0000097587>,ok",
	"[12/Dec/2017:00:01:49], (example.jp), [192.0.2.7]:25, Client accept now.",
	"<B0000097403@example.jp> [11/Nov/2017:17:58:25] 192.0.2.7 pc.example.jp taro@example.jp hanako@example.com",
	"B0000055688@example.jp sent on [01/Nov/2017:10:29:51] to 192.0.2.99 mx.example.com from a@example.jp to b@example.com",
	"B0000055688@example.jp send fail on [01/Nov/2017:10:29:51] from a@example.jp to b@example.com [550 User Unknown]",
	"[10:29:51:123] [B0000097013] [example.com] 451 4.7.1 later",
	"[01/Nov/2017:10:29:51] taro@example.jp from 192.0.2.7 LOGIN taro@example.jp **** failed",
	"[01/Nov/2017:10:29:51] taro from 192.0.2.7 RETR 1 +OK",
}

func within(line, b []byte) bool {
	if len(b) == 0 {
		return true
	}
	first, at := uintptr(unsafe.Pointer(&line[0])), uintptr(unsafe.Pointer(&b[0]))
	return at >= first && at+uintptr(len(b)) <= first+uintptr(len(line))
}

// sound checks what holds of every event, whatever the line.
func sound(t *testing.T, p spool.LogParser, line []byte) {
	t.Helper()
	before := bytes.Clone(line)
	e := spool.Event{Login: []byte("old"), Secret: true}
	r := p.Parse(line, &e)
	if !bytes.Equal(line, before) {
		t.Fatalf("%T changed the line", p)
	}
	for _, b := range [][]byte{e.Login, e.Sender, e.Recipients, e.HELO, e.ID, e.Reply} {
		if !within(line, b) {
			t.Fatalf("%T %q: %q is no part of the line", p, line, b)
		}
	}
	if r != spool.LineSaid {
		return
	}
	wall, ok := p.Wall(line)
	if !ok || wall != e.Wall || e.Kind == 0 || e.Kind > spool.EventEnd || e.Service == 0 || e.Count < 0 || e.Count > len(line) {
		t.Errorf("%T %q: %d %v, %+v", p, line, wall, ok, e)
	}
	if len(e.ID) > 13 || e.ID != nil && e.ID[0] != 'B' || e.Kind == spool.EventLogin && e.Login == nil && e.Service == spool.SMTP || e.Client.Zone() != "" {
		t.Errorf("%T %q: %+v", p, line, e)
	}
}

func fuzz(f *testing.F, all func() []spool.LogParser) {
	for _, s := range seeds {
		f.Add([]byte(s))
		f.Add([]byte(s + "\r"))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		for _, p := range all() {
			sound(t, p, line)
			sound(t, p, []byte(seeds[0])) // in the state that the line left
			sound(t, p, line)
		}
	})
}

func FuzzAccept(f *testing.F) { fuzz(f, func() []spool.LogParser { return parsers()[:1] }) }
func FuzzIn(f *testing.F)     { fuzz(f, func() []spool.LogParser { return parsers()[1:2] }) }
func FuzzOut(f *testing.F)    { fuzz(f, func() []spool.LogParser { return parsers()[2:4] }) }
func FuzzSender(f *testing.F) { fuzz(f, func() []spool.LogParser { return parsers()[4:5] }) }
func FuzzMailbox(f *testing.F) {
	fuzz(f, func() []spool.LogParser { return parsers()[5:] })
}

// Nothing is allocated for a line, of whatever kind.
func TestNoAllocation(t *testing.T) {
	lines := [][]byte{[]byte("[12/Dec/2017:00:01:50], (example.jp), 2001:db8::7[2001:db8::7], AUTH-LOGIN:taro@example.jp [success],<B0000097587>,ok"), []byte("x"), nil,
		[]byte("B0000055688@example.jp send fail on [01/Nov/2017:10:29:51] from a b to c to d e [550"), []byte("[01/Nov/2017:10:29:51] x from 192.0.2.7 LOGIN x from 192.0.2.7 LOGIN")}
	for _, s := range seeds {
		lines = append(lines, []byte(s))
	}
	for _, p := range parsers() {
		var e spool.Event
		if n := testing.AllocsPerRun(20, func() {
			for _, line := range lines {
				p.Parse(line, &e)
				p.Wall(line)
			}
		}); n > 0 {
			t.Errorf("%T: %v allocations for %d lines", p, n, len(lines))
		}
	}
}

func BenchmarkParse(b *testing.B) {
	for _, c := range []struct {
		name string
		p    spool.LogParser
		line string
	}{
		{"acceptlog-end", &Accept{}, seeds[0]}, {"acceptlog-begin", &Accept{}, seeds[1]}, {"inlog", &In{}, seeds[2]}, {"outlog", NewOut(spool.EventSent), seeds[3]},
		{"faillog", NewOut(spool.EventBounced), seeds[4]}, {"senderlog", NewSender(86400), seeds[5]}, {"imap4log", NewMailbox(spool.IMAP4), seeds[6]}, {"pop3log", NewMailbox(spool.POP3), seeds[7]},
	} {
		b.Run(c.name, func(b *testing.B) {
			line := []byte(c.line)
			b.SetBytes(int64(len(line)))
			b.ReportAllocs()
			var e spool.Event
			for b.Loop() {
				if c.p.Parse(line, &e) != spool.LineSaid {
					b.Fatal("not understood")
				}
			}
		})
	}
}
