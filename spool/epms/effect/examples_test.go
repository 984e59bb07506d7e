package effect_test

import (
	"net/netip"
	"strings"
	"testing"

	"hikeshi/spool/epms/effect"
	"hikeshi/spool/epms/effect/index"
)

// shipped is the file as it comes with the server.
const shipped = "#<> default\n#blank false\n"

// examples hold a file, a MAIL FROM and what the server concludes; line 0 is none.
var examples = []struct {
	n            int
	file         string
	peer, sender string
	login        bool
	line         int
	result       effect.Result
	why          string
}{
	{1, "", "203.0.113.9", "a@example.com", false, 0, "default", "empty or missing file"},
	{2, shipped, "203.0.113.9", "<>", false, 1, "default", "null sender"},
	{3, shipped, "203.0.113.9", "", false, 2, "deny", "MAIL FROM: with nothing"},
	{4, shipped, "203.0.113.9", "a@example.com", false, 0, "default", ""},
	{5, "#blank false\n#<> default\n", "203.0.113.9", "<>", false, 1, "deny", "wrong order: all bounces refused"},
	{6, "#blank false\n", "203.0.113.9", "a@", false, 1, "deny", "empty domain is blank too"},
	{7, shipped + "203.0.113.9 false\n", "203.0.113.9", "a@example.com", false, 3, "deny", ""},
	{8, shipped + "203.0.113.9 false\n", "203.0.113.9", "taro@example.jp", true, 3, "deny", "AUTH does not help"},
	{9, shipped + "203.0.113.9 false\n", "203.0.113.9", "<>", false, 1, "default", "the denial stands below"},
	{10, "203.0.113.9 false\n" + shipped, "203.0.113.9", "<>", false, 1, "deny", "at the very top"},
	{11, "203.0.113.* default\n203.0.113.9 false\n", "203.0.113.9", "a@example.com", false, 1, "default", "unreachable denial"},
	{12, "example.jp true\n203.0.113.9 false\n", "203.0.113.9", "taro@example.jp", false, 1, "true", "sender line above IP line: open relay"},
	{13, "203.0.113.9 false\nexample.jp true\n", "203.0.113.9", "taro@example.jp", false, 1, "deny", ""},
	{14, "203.0.113.9 false\nexample.jp true\n", "198.51.100.7", "nobody@example.jp", false, 2, "true", "still open for everyone else"},
	{15, "203.0.113.9\n", "203.0.113.9", "a@example.com", false, 1, "true", "no action opens"},
	{16, "203.0.113.9 \n", "203.0.113.9", "a@example.com", false, 1, "default", "trailing blank: unknown action"},
	{17, "203.0.113.9 deny\n", "203.0.113.9", "a@example.com", false, 1, "default", "there is no deny"},
	{18, "203.0.113.9  false\n", "203.0.113.9", "a@example.com", false, 1, "default", "two blanks"},
	{19, "203.0.113.9 FALSE,1\n", "203.0.113.9", "a@example.com", false, 1, "deny", ""},
	{20, "203.0.113.9 false incident 17\n", "203.0.113.9", "a@example.com", false, 1, "deny", "text after a second blank is ignored"},
	{21, "203.0.113.9 false\t' note\n", "203.0.113.9", "a@example.com", false, 1, "default", "TAB after the action"},
	{22, "203.0.113.9 false\r\n", "203.0.113.9", "a@example.com", false, 1, "deny", "CRLF"},
	{23, "203.0.113.9 false", "203.0.113.9", "a@example.com", false, 1, "deny", "no final LF"},
	{24, "203.0.113.9 false\r198.51.100.0/24 true\r", "198.51.100.7", "a@example.com", false, 0, "default", "lone CR: the rest is lost"},
	{25, "203.0.113.9\tfalse\n", "203.0.113.9", "a@example.com", false, 0, "default", "TAB: never matches"},
	{26, "203.0.113.0/24\tfalse\n", "203.0.113.9", "a@example.com", false, 1, "true", "TAB: opens the network"},
	{27, "203.0.113.*\tfalse\n", "203.0.113.9", "a@example.com", false, 1, "true", "TAB: opens the network"},
	{28, "' 203.0.113.9 false\n 203.0.113.9 false\n", "203.0.113.9", "a@example.com", false, 0, "default", "all skipped"},
	{29, "#203.0.113.9 false\n", "203.0.113.9", "a@example.com", false, 0, "default", "# is no comment, matches nobody"},
	{30, "#hosts blocked\n", "203.0.113.9", "root@localhost", false, 1, "default", "a #host line"},
	{31, "\xef\xbb\xbf203.0.113.9 false\n", "203.0.113.9", "a@example.com", false, 0, "default", "UTF-8 mark spoils line 1"},
	{32, "203.0.113.1 false\n", "203.0.113.10", "a@example.com", false, 0, "default", "exact"},
	{33, "203.0.113.1* false\n", "203.0.113.10", "a@example.com", false, 1, "deny", "text prefix"},
	{34, "192.168.1* default\n", "192.168.10.5", "a@example.com", false, 1, "default", "192.168.1.* was meant"},
	{35, "203.0.113.26* false\n", "203.0.113.26", "a@example.com", false, 0, "default", "260 is no octet: sender pattern"},
	{36, "*.*.*.* norelay,2\n", "2001:db8::5", "a@example.com", false, 1, "norelay2", "leading star: everyone"},
	{37, "2* false\n", "2001:db8::5", "a@example.com", false, 1, "deny", "a prefix knows no address family"},
	{38, "203.0.113.9/28 false\n", "203.0.113.1", "a@example.com", false, 1, "deny", "base is masked"},
	{39, "203.0.113.9/28 false\n", "203.0.113.16", "a@example.com", false, 0, "default", ""},
	{40, "203.0.113/24 false\n", "203.0.113.9", "a@example.com", false, 0, "default", "short base: 203.0.0.0/24"},
	{41, "10/8 false\n", "10.1.2.3", "a@example.com", false, 0, "default", "short base: never"},
	{42, "0.0.0.0/0 false\n", "203.0.113.9", "a@example.com", false, 0, "default", "/0 is not everyone"},
	{43, "2001:db8::5 false\n", "2001:db8::5", "a@example.com", false, 1, "deny", ""},
	{44, "2001:DB8::5 false\n", "2001:db8::5", "a@example.com", false, 0, "default", "text compare, case counts"},
	{45, "2001:db8:0:1::/64 false\n", "2001:db8:0:1:ab::9", "a@example.com", false, 1, "deny", ""},
	{46, "2001:db8::/32 false\n", "2001:db8:0:1::9", "a@example.com", false, 0, "default", "shorter than /64: only the first /64"},
	{47, "2001:db8:*:: false\n", "2001:db8:0:1::9", "a@example.com", false, 1, "deny", "prefix text 2001:db8:"},
	{48, "2001:db8:* false\n", "2001:db8:0:1::9", "a@example.com", false, 0, "default", "2001:db8:0 is no address"},
	{49, "example.com false\n", "203.0.113.9", "a@EXAMPLE.com", false, 1, "deny", ""},
	{50, "example.com false\n", "203.0.113.9", "a@mail.example.com", false, 0, "default", "sub-domain"},
	{51, "*.example.com false\n", "203.0.113.9", "a@mail.example.com", false, 1, "deny", ""},
	{52, "spam*@example.com false\n", "203.0.113.9", "spam99@example.com", false, 1, "deny", ""},
	{53, "*@*.example.com false\n", "203.0.113.9", "a@mail.example.com", false, 1, "deny", "two stars"},
	{54, "*@MAIL.* false\n", "203.0.113.9", "a@mail.example.com", false, 0, "default", "two stars: middle in lower case only"},
	{55, "*@mail.* false\n", "203.0.113.9", "a@mail.example.com", false, 1, "deny", ""},
	{56, "#number false\n", "203.0.113.9", "a@203.0.113.9", false, 1, "deny", ""},
	{57, "#nodomain false\n", "203.0.113.9", "root", false, 1, "deny", ""},
	{58, "#nodomain false\n", "203.0.113.9", "<>", false, 1, "deny", "the null sender has no @ either"},
	{59, "#host false\n", "203.0.113.9", "root@localhost", false, 1, "deny", ""},
	{60, shipped + "*.*.*.* norelay,2\n", "203.0.113.9", "taro@example.jp", false, 3, "norelay2", "outside recipients: only after AUTH"},
	{61, shipped + "*.*.*.* norelay,2\n", "203.0.113.9", "x@example.net", true, 3, "norelay2", "with AUTH any sender, anywhere"},
	{62, "192.0.2.9 norelay,2\n", "203.0.113.9", "taro@example.jp", false, 0, "norelay1", "flags of the unmatched last line stay"},
	{63, "192.0.2.9 norelay,0\n", "203.0.113.9", "taro@example.jp", true, 0, "norelay0", "same; no relay even with AUTH"},
	{64, "192.0.2.9 norelay,0\n192.0.2.10 false\n", "203.0.113.9", "taro@example.jp", true, 0, "default", "a line appended below lifts them"},
	{65, "192.168.1.* only\n", "192.168.1.5", "taro@example.jp", false, 1, "only", "relays without AUTH"},
	{66, "192.168.1.* only\n", "203.0.113.9", "taro@example.jp", false, 0, "only-restricted", ""},
	{67, "192.168.1.* only\n10.0.0.* only\n", "10.0.0.7", "taro@example.jp", false, 2, "only", "several only lines all work"},
	{68, "192.168.1.* only\n203.0.113.9 false\n", "198.51.100.7", "taro@example.jp", false, 0, "default", "a denial below lifts only for all"},
	{69, "203.0.113.9 false\n192.168.1.* only\n", "198.51.100.7", "taro@example.jp", false, 0, "only-restricted", "a denial above does not"},
	{70, "192.168.1.* only\n10.0.0.7\n", "198.51.100.7", "taro@example.jp", false, 0, "default", "an action-less line lifts it too"},
	{71, "192.168.1.* only\n192.0.2.9 default\n192.0.2.8 norelay,0\n", "198.51.100.7", "taro@example.jp", false, 0, "only-restricted", "default and norelay leave the mark"},
	{72, "192.168.1.* only\n*.*.*.* norelay,0\n", "198.51.100.7", "taro@example.jp", false, 2, "default", "norelay ignored under the mark"},
	{73, "192.168.1.* only\n*.*.*.* norelay,2\n", "198.51.100.7", "taro@example.jp", false, 2, "norelay2", "norelay,2 lifts the mark"},
	{74, "'" + strings.Repeat("x", 253) + "\n203.0.113.9 false\n", "203.0.113.9", "a@example.com", false, 2, "deny", "comment of 254 characters"},
	{75, "'" + strings.Repeat("x", 254) + "203.0.113.9\n", "203.0.113.9", "a@example.com", false, 1, "true", "comment of 255, then an address: its tail is a line that opens"},
	{76, "203.0.113.9 false " + strings.Repeat("x", 237) + "*.*.*.*\n", "198.51.100.7", "a@example.com", false, 1, "true", "note of 255 in all, its tail opens for everyone"},
}

func TestExamples(t *testing.T) {
	if len(examples) != 76 {
		t.Fatalf("%d examples, want 76", len(examples))
	}
	for i, x := range examples {
		q := effect.Query{Peer: netip.MustParseAddr(x.peer), Sender: x.sender, SenderGiven: true, Login: x.login}
		f := effect.Parse([]byte(x.file))
		d := f.Decide(q)
		if x.n != i+1 || d.Line != x.line || d.Result != x.result {
			t.Errorf("example %d (%s): line %d %s, want line %d %s", x.n, x.why, d.Line, d.Result, x.line, x.result)
		}
		if by := index.Of(f).Decide(q); by != d {
			t.Errorf("example %d: by index %+v, by line %+v", x.n, by, d)
		}
	}
}
