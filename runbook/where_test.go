package runbook_test

import (
	"fmt"
	"strings"
	"testing"

	"hikeshi/runbook"
)

// A log of two weeks is one place for whoever reads at night; whatever is no list of files stays as it is.
func TestWhere(t *testing.T) {
	log := func(dir string, days int) string {
		var all []string
		for i := range days {
			all = append(all, fmt.Sprintf("/var/spool/epms/%s/2611%02d.log", dir, 7+i))
		}
		return strings.Join(all, " ")
	}
	for evidence, want := range map[string][2]string{
		log("acceptlog/mail1", 15): {"/var/spool/epms/acceptlog/mail1: 15 days, 261107.log - 261121.log", "/var/spool/epms/acceptlog/mail1: 15 日分、261107.log - 261121.log"},
		log("acceptlog/mail1", 3) + " " + log("acceptlog/mail2", 4): {"/var/spool/epms/acceptlog/mail1: 3 days, 261107.log - 261109.log; /var/spool/epms/acceptlog/mail2: 4 days, 261107.log - 261110.log",
			"/var/spool/epms/acceptlog/mail1: 3 日分、261107.log - 261109.log; /var/spool/epms/acceptlog/mail2: 4 日分、261107.log - 261110.log"},
		log("acceptlog", 2):                              {log("acceptlog", 2), log("acceptlog", 2)},
		"/a/261107.log /a/261107.log.gz /a/261108.log":   {"/a: 3 files, 261107.log - 261108.log", "/a: 3 ファイル、261107.log - 261108.log"},
		"/a/x /a/y /a/z":                                 {"/a: 3 files, x - z", "/a: 3 ファイル、x - z"},
		"systemctl status epstdd.service /a/b /a/c /a/d": {"systemctl status epstdd.service /a/b /a/c /a/d", "systemctl status epstdd.service /a/b /a/c /a/d"},
		"/a/b c /a/d /a/e /a/f":                          {"/a/b c /a/d /a/e /a/f", "/a/b c /a/d /a/e /a/f"},
		"/a/ /a/ /a/":                                    {"/a/ /a/ /a/", "/a/ /a/ /a/"},
		"acceptlog/mail1/261121.log:8812":                {"acceptlog/mail1/261121.log:8812", "acceptlog/mail1/261121.log:8812"},
		"":                                               {"", ""},
	} {
		if got := (runbook.Finding{Evidence: evidence}).Where(); got.In("en") != want[0] || got.In("ja") != want[1] {
			t.Errorf("%s: %q, %q", evidence, got.In("en"), got.In("ja"))
		}
	}
}
