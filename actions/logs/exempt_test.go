package logs_test

import (
	"net/netip"
	"strings"
	"testing"

	"hikeshi/actions/logs"
)

// Who is exempt is measured all the same: that it would be a suspect is said, with by what it is exempt, and nobody else is blamed for it.
func TestExemptIsTold(t *testing.T) {
	const taro = "taro@example.jp"
	dir := night(t, "AUTH-LOGIN:"+taro+" [success]", taro)
	all, _ := ask(t, dir, "logs.suspects", "")
	peer := all.Facts.(logs.SuspectsFacts).SourceNames[0]
	for name, c := range map[string]struct {
		with     string
		accounts []string
		sources  []netip.Prefix
		en, ja   string
		by       string
	}{
		"an account by the configuration": {"", []string{"TARO"}, nil, "1 exempted would be suspects: taro@example.jp (by the configuration; x700 D1 ", "対象外にしたもののうち 1 件は、本来なら疑いに当たる: taro@example.jp (設定による。x700 D1 ", "configuration"},
		"an account by the call":          {`{"exempt_accounts":["taro@example.jp"]}`, nil, nil, "1 exempted would be suspects: taro@example.jp (as this call says; ", "(今回の指定による。", "call"},
		"a peer by the configuration":     {"", nil, []netip.Prefix{netip.MustParsePrefix(peer + "/32")}, "1 exempted would be suspects: " + peer + " (by the configuration; ", peer + " (設定による。", "configuration"},
		"a network by the call":           {`{"exempt_sources":["203.0.113.0/24"]}`, nil, nil, ", 3 more", "、ほか 3 件", "call"},
	} {
		env := in(server{dir: dir})
		env.ExemptAccounts, env.ExemptSources = c.accounts, c.sources
		out, told := planned(t, env, "logs.suspects", c.with)
		f := out.Facts.(logs.SuspectsFacts)
		wants(t, told, c.en, c.ja)
		if len(f.Exempted) == 0 || f.Exempted[0].ExemptBy != c.by || f.Exempted[0].Level != "suspect" || len(f.Exempted[0].Signals[0].Evidence) == 0 {
			t.Errorf("%s: %+v", name, f.Exempted)
		}
		for _, e := range f.Exempted {
			for _, s := range append(f.Accounts, f.From...) {
				if s.Name == e.Name || s.ExemptBy != "" {
					t.Errorf("%s: %s is exempt and a suspect", name, s.Name)
				}
			}
		}
	}
	_, told := ask(t, dir, "logs.suspects", "")
	if strings.Contains(told, "exempted would") || !strings.Contains(told, `"exempted":[]`) {
		t.Error(told)
	}
	_, told = ask(t, dir, "logs.suspects", `{"exempt_accounts":["hanako"]}`) // who does nothing odd
	if strings.Contains(told, "exempted would") {
		t.Error(told)
	}
}
