package compare

import (
	"errors"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"hikeshi/actions/smtpcheck/hygiene/session"
	"hikeshi/actions/smtpcheck/relay/judge"
	"hikeshi/runbook"
)

// read parses rows that are in order.
func read(t *testing.T, rows ...string) []Seen {
	t.Helper()
	all, err := Parse(rows)
	if err != nil {
		t.Fatal(err)
	}
	for i, s := range all {
		if s.String() != rows[i] {
			t.Errorf("%q is read as %q", rows[i], s)
		}
	}
	return all
}

func told(all []Difference) string {
	var lines []string
	for _, d := range all {
		lines = append(lines, d.Text().EN)
	}
	return strings.Join(lines, "\n")
}

func TestLooks(t *testing.T) {
	before := read(t, "H01 192.0.2.25:25 good 220", "H03 192.0.2.25:25 bad 250/550 5.1.1", "H04 192.0.2.25:25 bad 250", "H09 192.0.2.25:25 good", "H12 192.0.2.25:25 unknown", "H17 192.0.2.25:587 good 530")
	now := read(t, "H01 192.0.2.25:25 good 220", "H03 192.0.2.25:25 good 252/252", "H04 192.0.2.25:25 unknown", "H09 192.0.2.25:25 bad PLAIN", "H12 192.0.2.25:25 bad PLAIN", "H20 192.0.2.25:25 good 250/550")
	all := Looks(before, now)
	want := "H09 192.0.2.25:25: good -> bad (PLAIN)\nH03 192.0.2.25:25: bad (250/550 5.1.1) -> good (252/252)\nH04 192.0.2.25:25: bad (250) -> unknown\nH12 192.0.2.25:25: unknown -> bad (PLAIN)\n" +
		"H20 192.0.2.25:25: - -> good (250/550)\nH17 192.0.2.25:587: good (530) -> -\nH01 192.0.2.25:25: good (220) -> good (220)"
	if told(all) != want {
		t.Errorf("%s\nwant\n%s", told(all), want)
	}
	if !all[0].Worse() || !all[1].Better() || slices.ContainsFunc(all[2:], func(d Difference) bool { return d.Worse() || d.Better() }) {
		t.Errorf("worse or better: %+v", all)
	}
	if len(Looks(nil, nil)) > 0 {
		t.Error("something of nothing")
	}
}

// TestAnotherListener: what another port answers is another row, also where each look has but one.
func TestAnotherListener(t *testing.T) {
	all := Looks(read(t, "H03 127.0.0.1:2525 bad 250/550"), read(t, "H03 127.0.0.1:2626 good 252/252"))
	if want := "H03 127.0.0.1:2626: - -> good (252/252)\nH03 127.0.0.1:2525: bad (250/550) -> -"; told(all) != want || all[0].Better() || all[1].Better() {
		t.Errorf("%s\nwant\n%s", told(all), want)
	}
}

// TestVantage: what strangers may do is compared from one vantage only, everything else from both.
func TestVantage(t *testing.T) {
	outside := read(t, "H03 192.0.2.25:25 outside bad 250/550", "H14 192.0.2.25:25 outside bad 250", "H16 192.0.2.25:25 outside good 550", "H13 192.0.2.25:25 outside good 550")
	inside := read(t, "H03 192.0.2.25:25 inside good 252/252", "H14 192.0.2.25:25 inside good 550", "H16 192.0.2.25:25 inside bad 250", "H13 192.0.2.25:25 inside good 550")
	want := "H03 192.0.2.25:25: bad (250/550) -> good (252/252)\nH14 192.0.2.25:25: bad (250) -> good (550): not comparable\nH16 192.0.2.25:25: good (550) -> bad (250): not comparable\n" +
		"H13 192.0.2.25:25: good (550) -> good (550): not comparable"
	all := Looks(outside, inside)
	if told(all) != want || !all[0].Better() || slices.ContainsFunc(all[1:], func(d Difference) bool { return d.Better() || d.Worse() || !d.Changed }) {
		t.Errorf("%s\nwant\n%s", told(all), want)
	}
	unknown := read(t, "H14 192.0.2.25:25 bad 250") // of a record that does not tell
	for name, all := range map[string][]Difference{"the same": Looks(outside, outside), "not known": Looks(unknown, inside), "not known now": Looks(inside, unknown)} {
		if slices.ContainsFunc(all, func(d Difference) bool { return !d.Comparable }) {
			t.Errorf("%s: %s", name, told(all))
		}
	}
}

func TestElsewhere(t *testing.T) {
	before := read(t, "H01 192.0.2.25:25 good 220", "H03 192.0.2.25:25 bad", "H01 192.0.2.26:25 good 220")
	for name, tc := range map[string]struct {
		named, all []string
		want       string
	}{
		"the same":                {[]string{"192.0.2.25:25"}, []string{"192.0.2.25:25"}, ""},
		"465 that nobody named":   {[]string{"192.0.2.25:25"}, []string{"192.0.2.25:25", "192.0.2.25:465"}, ""},
		"another port":            {[]string{"192.0.2.25:2525"}, []string{"192.0.2.25:2525"}, "comparing 192.0.2.25:2525: the incident looked at 192.0.2.25:25, 192.0.2.26:25 only"},
		"one of them":             {[]string{"192.0.2.25:25", "192.0.2.99:25"}, []string{"192.0.2.25:25", "192.0.2.99:25"}, "comparing 192.0.2.99:25: the incident looked at"},
		"none of those not named": {nil, []string{"192.0.2.25:465"}, "comparing 192.0.2.25:465: the incident looked at"},
	} {
		err := Elsewhere(before, tc.named, tc.all)
		if (err == nil) != (tc.want == "") || err != nil && (!errors.Is(err, runbook.ErrInput) || !strings.Contains(err.Error(), tc.want)) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestParse(t *testing.T) {
	for _, s := range []string{"", "H03", "H03 x", "H03 192.0.2.25:25 fine", "X03 192.0.2.25:25 good", "H03 192.0.2.25:25 good\nmore", "H03 192.0.2.25:25 nearby good"} {
		if _, err := Parse([]string{s}); !errors.Is(err, runbook.ErrInput) {
			t.Errorf("%q: %v", s, err)
		}
	}
	if _, err := Parse(make([]string, maxSeen+1)); !errors.Is(err, runbook.ErrInput) {
		t.Errorf("too many: %v", err)
	}
	if got := Of(session.Row{ID: "H10", Listener: "192.0.2.25:25", Verdict: session.Good, Codes: " / "}, judge.Vantage{Remote: netip.MustParseAddr("192.0.2.25")}).String(); got != "H10 192.0.2.25:25 outside good /" {
		t.Error(got)
	}
}
