package advice

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"hikeshi/runbook/strictyaml"
)

func table(t *testing.T) Table {
	t.Helper()
	data, err := os.ReadFile("../../../../templates/hygiene.yaml")
	if err != nil {
		t.Fatal(err)
	}
	all, err := Load(data)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestTable(t *testing.T) {
	all := table(t)
	for i := 1; i <= 22; i++ {
		if _, ok := all.Test(fmt.Sprintf("H%02d", i)); !ok {
			t.Errorf("H%02d is missing", i)
		}
	}
	for i, r := range all.Recommendations {
		if r.ID != fmt.Sprint(i+1) {
			t.Errorf("recommendation %s at place %d", r.ID, i+1)
		}
	}
	if len(all.Recommendations) != 13 {
		t.Errorf("%d recommendations", len(all.Recommendations))
	}
	for id, want := range map[string]map[string]string{
		"H03": {"epms": "E-Post: Vrfy=0", "postfix": "Postfix: disable_vrfy_command = yes", "sendmail": "noexpn,novrfy", "qmail": "qmail: Hikeshi does not know the setting", "exim": "Exim: Hikeshi does not know the setting", "": "not recognised"},
		"H09": {"postfix": "smtpd_tls_auth_only = yes"},
		"H13": {"epms": `"*.*.*.* norelay,2"`, "sendmail": "relay_local_from", "exim": "relay_from_hosts", "qmail": "rcpthosts"},
		"H15": {"epms": "FROMSecLevel=1", "postfix": "reject_sender_login_mismatch"},
		"H16": {"postfix": "smtpd_reject_unlisted_sender = yes"},
	} {
		test, _ := all.Test(id)
		for server, part := range want {
			if got := test.For(server); !strings.Contains(got.EN, part) || got.JA == "" || strings.HasPrefix(got.EN, ".") {
				t.Errorf("%s for %q: %s", id, server, got.EN)
			}
		}
	}
}

func TestMistakes(t *testing.T) {
	const words = "title: {en: a, ja: b}, why: {en: a, ja: b}, change: {en: a, ja: b}"
	for text, want := range map[string]string{
		"format: 2\n":                                       "format: 1 is wanted",
		"format: 1\nmore: 1\n":                              "unknown key",
		"format: 1\ntests:\n  - {" + words + "}\n":          "an id such as H03",
		"format: 1\ntests:\n  - {id: X01, " + words + "}\n": "an id such as H03",
		"format: 1\ntests:\n  - {id: H01, " + words + "}\n  - {id: H01, " + words + "}\n":                 "stands here again",
		"format: 1\ntests:\n  - {id: H01, title: {en: a}, why: {en: a, ja: b}, change: {en: a, ja: b}}\n": "title is wanted in both languages",
		"format: 1\ntests:\n  - {id: H01, " + words + ", settings: {postfix: {en: a}}}\n":                 "postfix is wanted in both languages",
		"format: 1\ntests:\n  - {id: H01, " + words + ", settings: {courier: {en: a, ja: b}}}\n":          "there is no server \"courier\"",
		"format: 1\ntests:\n  - {id: H01, " + words + ", side_effects: {courier: {en: a, ja: b}}}\n":      "there is no server \"courier\"",
		"format: 1\ntests:\n  - {id: H01, " + words + ", side_effects: {epms: {ja: b}}}\n":                "epms is wanted in both languages",
		"format: 1\nrecommendations:\n  - {id: \"1\", text: {en: a, ja: b}}\n":                            "elsewhere is wanted",
		"format: 1\nrecommendations:\n  - {id: \"1\", text: {en: a, ja: b}, checks: [H09]}\n":             "there is no test \"H09\"",
		"format: 1\nrecommendations:\n  - {id: first, text: {en: a, ja: b}, elsewhere: {en: a, ja: b}}\n": "the number of a recommendation",
	} {
		_, err := Load([]byte(text))
		var m *strictyaml.Mistakes
		if !errors.As(err, &m) || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

func TestDetect(t *testing.T) {
	for said, want := range map[string]string{
		"mail.example.jp E-POST ESMTP Receiver 5.00": "epms", "mail.example.jp ESMTP Postfix (Debian/GNU)": "postfix", "mail.example.jp ESMTP Exim 4.96 Sat, 21 Nov 2026": "exim",
		"mail.example.jp ESMTP Sendmail 8.17.1/8.17.1": "sendmail", "mail.example.jp ESMTP netqmail home page": "qmail", "mail.example.jp ESMTP": "", "postfix.example.jp sendmail": "",
	} {
		if got := Detect(said); got != want {
			t.Errorf("%q: %q, want %q", said, got, want)
		}
	}
}
