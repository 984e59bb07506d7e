package logs

import (
	"strings"
	"testing"

	"hikeshi/spool"
	"hikeshi/spool/epms/settings"
)

// A line of each log.
var lines = map[string]string{
	"acceptlog":    "[12/Dec/2017:00:01:49], (example.jp), 192.0.2.7[192.0.2.7], AUTH-LOGIN:taro@example.jp [success],<B0000097587>,ok",
	"inlog":        "<B0000097403@example.jp> [12/Dec/2017:00:01:49] 192.0.2.7 pc taro@example.jp hanako@example.com",
	"receivelog":   "[12/Dec/2017:00:01:49], 00000000, reject address = [192.0.2.7]",
	"outlog":       "B0000055688@example.jp sent on [12/Dec/2017:00:01:49] to 192.0.2.99 mx.example.com from a@example.jp to b@example.com",
	"outlocallog":  "B0000055688@example.jp sent on [12/Dec/2017:00:01:49] to 192.0.2.99 mx.example.com from a@example.jp to b@example.com",
	"faillog":      "B0000055688@example.jp send fail on [12/Dec/2017:00:01:49] from a@example.jp to b@example.com [550 User Unknown]",
	"senderlog":    "[00:01:49:123] [B0000097013] [example.com] 451 4.7.1 later",
	"pop3log":      "[12/Dec/2017:00:01:49] taro from 192.0.2.7 RETR 1 Success",
	"imap4log":     "[12/Dec/2017:00:01:49] taro from 192.0.2.7 LOGIN taro **** failed",
	"receivepop3":  "[12/Dec/2017:00:01:49], 00000001, USER taro",
	"receiveimap4": "[12/Dec/2017:00:01:49], 00000001, a1 LOGIN taro secret",
}

func TestKinds(t *testing.T) {
	const day = 1_513_036_800 // 12 December 2017
	for _, k := range Kinds() {
		p := Parser(k.Name, spool.LogFile{From: day, To: day + 86400})
		var e spool.Event
		r := p.Parse([]byte(lines[k.Name]), &e)
		if wall, ok := p.Wall([]byte(lines[k.Name])); r == spool.LineUnknown || !ok || wall != day+109 || e.Wall != wall {
			t.Errorf("%s: %v, %d, %v", k.Name, r, wall, ok)
		}
		if said := strings.Contains(spoken(k), e.Kind.String()); r == spool.LineSaid && !said {
			t.Errorf("%s says %s, which it is not told to", k.Name, e.Kind)
		}
		if (r == spool.LineQuiet) != strings.HasPrefix(k.Name, "receive") && k.Name != "receivelog" {
			t.Errorf("%s: %v", k.Name, r)
		}
		how := k.HowTo()
		if how.EN == "" || how.JA == "" || !strings.Contains(how.EN, k.Service) || !strings.Contains(how.JA, k.Service) || strings.Contains(how.EN+how.JA, "%!") {
			t.Errorf("%s: %+v", k.Name, how)
		}
		if _, known := settings.Find(k.Setting); k.Setting != "" && !known {
			t.Errorf("%s: there is no setting %s", k.Name, k.Setting)
		}
		if k.Setting == "" && k.byHand == (byHand{}) {
			t.Errorf("%s: nobody can switch it on", k.Name)
		}
	}
	if len(Kinds()) != len(lines) || Parser("maillog", spool.LogFile{}) != nil {
		t.Error("logs that are not known")
	}
}

func spoken(k Kind) string {
	var all []string
	for _, kind := range k.Says {
		all = append(all, kind.String())
	}
	return strings.Join(all, " ")
}

func TestUnseen(t *testing.T) {
	var ids []string
	for _, u := range Unseen() {
		ids = append(ids, u.Signal)
		if u.EN == "" || u.JA == "" {
			t.Errorf("%+v", u)
		}
	}
	if got := strings.Join(ids, " "); got != "D4 D5 D14 D16" {
		t.Error(got)
	}
}
