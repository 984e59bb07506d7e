package dead

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"hikeshi/actions/dnsbl/table"
)

func deadLists(t *testing.T) []table.Dead {
	t.Helper()
	data, err := os.ReadFile("../../../templates/dnsbl.yaml")
	if err != nil {
		t.Fatal(err)
	}
	tab, err := table.Load(data, "", nil)
	if err != nil {
		t.Fatal(err)
	}
	return tab.Dead
}

func TestFind(t *testing.T) {
	all := deadLists(t)
	for _, c := range []struct{ file, text, want string }{
		{"ordb.dat", "bl.spamcop.net\r\nRELAYS.ordb.org\r\nzen.spamhaus.org\r\nall.rbl.jp\r\n", "2 relays.ordb.org world; 4 all.rbl.jp gone"},
		{"main.cf", `# reject_rbl_client relays.ordb.org
smtpd_recipient_restrictions = permit_mynetworks,
  reject_rbl_client zen.spamhaus.org=127.0.0.[2..11],
    # reject_rbl_client dnsbl.njabl.org
  reject_rbl_client dnsbl.sorbs.net, reject_rhsbl_sender dsn.rfc-ignorant.org
postscreen_dnsbl_sites = db.wpbl.info*2, ix.dnsbl.manitu.net=127.0.0.2*1
`, "5 dnsbl.sorbs.net empty; 5 dsn.rfc-ignorant.org gone; 6 db.wpbl.info silent; 6 ix.dnsbl.manitu.net gone"},
		{"main.cf", "reject_rbl_client http.dnsbl.sorbs.net, x.new.rfc-ignorant.org", "1 http.dnsbl.sorbs.net empty; 1 *.rfc-ignorant.org gone"},
		{"sendmail.mc", "FEATURE(`dnsbl', `bl.spamcannibal.org', `rejected')dnl relays.ordb.org\ndnl FEATURE(`dnsbl', `list.dsbl.org')\nFEATURE(`enhdnsbl', `dul.ru')\n", "1 bl.spamcannibal.org world; 3 dul.ru world"},
		{"main.cf", "reject_rbl_client bl.spamcop.net, b.barracudacentral.org\nmydomain = notdul.ru\nx = dul.ru.example.jp\n", ""},
		{"ordb.dat", "\x8a\xbf\x8e\x9a relays.ordb.org \xff\n\x00\x00", "1 relays.ordb.org world"},
		{"ordb.dat", "", ""},
	} {
		var got []string
		for _, h := range Find(all, c.file, []byte(c.text)) {
			got = append(got, fmt.Sprintf("%d %s %s", h.Line, h.Zone, h.List.Sign))
		}
		if s := strings.Join(got, "; "); s != c.want {
			t.Errorf("%s %q:\n got %s\nwant %s", c.file, c.text, s, c.want)
		}
	}
}

func FuzzFind(f *testing.F) {
	f.Add("main.cf", "reject_rbl_client relays.ordb.org")
	f.Add("sendmail.mc", "FEATURE(`dnsbl', `dul.ru')dnl")
	f.Fuzz(func(t *testing.T, file, text string) {
		lists := []table.Dead{{ID: "ordb", Zones: []string{"relays.ordb.org"}}, {ID: "x", Zones: []string{"*.x.example"}}}
		hits := Find(lists, file, []byte(text))
		for _, h := range hits {
			line := strings.Split(text, "\n")[h.Line-1]
			if !strings.Contains(strings.ToLower(line), strings.TrimPrefix(h.Zone, "*.")) {
				t.Errorf("%s in line %d: %q", h.Zone, h.Line, line)
			}
		}
		if len(hits) > maxHits {
			t.Errorf("%d hits", len(hits))
		}
	})
}
