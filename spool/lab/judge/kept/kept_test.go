package kept

import (
	"encoding/base64"
	"maps"
	"slices"
	"strings"
	"testing"

	"hikeshi/spool/lab/standin"
)

const (
	spool  = "var/spool/epms/"
	idx    = spool + "db/example.jp.idx"
	relay  = "usr/local/mta/bin/effect.dat"
	shared = "#<> default\n#blank false\n"
)

func line(name, password string) string {
	return base64.StdEncoding.EncodeToString([]byte(name+"\t"+password+"\tFull\texample.jp\t")) + "\n"
}

// built is a lab with the accounts taro, the abused one, hanako and printer, which has no auth file.
func built() Files {
	return Files{
		idx:                             line("taro", "p1") + line("hanako", "p2") + line("printer", "p3"),
		relay:                           shared + "example.jp true\n192.0.2.50 true\n",
		spool + "inbox/taro/apop.dat":   "secret-t\n1\n",
		spool + "inbox/taro/B1.MSG":     "one",
		spool + "inbox/hanako/apop.dat": "secret-h\n",
		spool + "inbox/hanako/B1.MSG":   "two",
		spool + "inbox/printer/B1.MSG":  "three",
		spool + "reg/epost/ims/EPST5RS/SMTPAUTHOnly.1": "2\n",
		spool + "reg/epost/ims/LastMsgId.1":            "97000\n",
	}
}

// move renames a folder of inbox.
func move(f Files, from, to string) {
	for path, text := range maps.Clone(f) {
		if name, ok := strings.CutPrefix(path, spool+"inbox/"+from+"/"); ok {
			delete(f, path)
			f[spool+"inbox/"+to+"/"+name] = text
		}
	}
}

// A touch is a change of a lab, and how many faults are found in it.
type touch struct {
	change                                     func(f Files)
	innocents, settings, rules, lines, mailbox int
	replaced                                   int // passwords
}

func touches() map[string]touch {
	return map[string]touch{
		"nothing": {change: func(Files) {}},
		"what comes by itself": {change: func(f Files) {
			f[spool+"inbox/hanako/B2.MSG"] = "new"
			f[spool+"inbox/hanako/203.0.113.9.smtp"] = "1\n"
			f[spool+"reg/epost/ims/LastMsgId.1"] = "97001\n"
			f[spool+"inbox/printer/apop.dat"] = "made\n"
		}},
		"a line of somebody else":       {change: func(f Files) { f[idx] = line("taro", "p1") + line("hanako", "other") + line("printer", "p3") }, innocents: 1},
		"half of the lines":             {change: func(f Files) { f[idx] = line("taro", "p1") + line("hanako", "p2")[:10] }, innocents: 3},
		"a line too many":               {change: func(f Files) { f[idx] += line("new", "p") }, innocents: 1},
		"no account file":               {change: func(f Files) { delete(f, idx) }, innocents: 3, mailbox: 1},
		"a message of somebody else":    {change: func(f Files) { delete(f, spool+"inbox/hanako/B1.MSG") }, innocents: 1},
		"an auth file of somebody else": {change: func(f Files) { f[spool+"inbox/hanako/apop.dat"] = "x\n" }, innocents: 1},
		"a forward planted":             {change: func(f Files) { f[spool+"inbox/hanako/ims.ctl"] = "x" }, innocents: 1},
		"a strange folder":              {change: func(f Files) { f[spool+"inbox/zz-hanako/apop.dat"] = "x" }, innocents: 1},
		"a setting":                     {change: func(f Files) { f[spool+"reg/epost/ims/EPST5RS/SMTPAUTHOnly.1"] = "1\n" }, settings: 1},
		"a new setting":                 {change: func(f Files) { f[spool+"reg/epost/ims/EPST5RS/FROMSecLevel.1"] = "1\n" }, settings: 1},
		"a new table":                   {change: func(f Files) { f["usr/local/mta/bin/rejectsmtpip.dat"] = "x" }, rules: 1},
		"the opening line":              {change: func(f Files) { f[relay] = shared + "example.jp default\n192.0.2.50 true\n*.*.*.* norelay,2\n" }, rules: 1},
		"another line":                  {change: func(f Files) { f[relay] = shared + "203.0.113.9 false\n192.0.2.50 default\n" }, rules: 1, lines: 1},
		"other order":                   {change: func(f Files) { f[relay] = "192.0.2.50 true\n" + shared }, rules: 1, lines: 1},
		"lines lost":                    {change: func(f Files) { f[relay] = "203.0.113.9 false\n" }, rules: 1, lines: 3},
		"locked": {change: func(f Files) {
			f[idx] = line("taro", "gone") + line("hanako", "p2") + line("printer", "p3")
			f[spool+"inbox/taro/apop.dat"] = "gone\n1\n"
		}, replaced: 2, mailbox: 2},
		"locked by half":         {change: func(f Files) { f[spool+"inbox/taro/apop.dat"] = "gone\n1\n" }, replaced: 1, mailbox: 1},
		"locked, its level lost": {change: func(f Files) { f[spool+"inbox/taro/apop.dat"] = "gone\n" }, mailbox: 1},
		"auth file deleted":      {change: func(f Files) { delete(f, spool+"inbox/taro/apop.dat") }, mailbox: 1},
		"renamed": {change: func(f Files) {
			f[idx] = line("zz-taro", "p1") + line("hanako", "p2") + line("printer", "p3")
			move(f, "taro", "zz-taro")
		}},
		"renamed, a message lost": {change: func(f Files) {
			f[idx] = line("zz-taro", "p1") + line("hanako", "p2") + line("printer", "p3")
			move(f, "taro", "zz-taro")
			delete(f, spool+"inbox/zz-taro/B1.MSG")
		}, mailbox: 1},
		"renamed, the folder not": {change: func(f Files) { f[idx] = line("zz-taro", "p1") + line("hanako", "p2") + line("printer", "p3") }, mailbox: 2},
		"the folder renamed only": {change: func(f Files) { move(f, "taro", "zz-taro") }, mailbox: 2, innocents: 1},
	}
}

func TestWhatWasTouched(t *testing.T) {
	for name, c := range touches() {
		t.Run(name, func(t *testing.T) {
			k := Case{Config: standin.Config{Root: t.TempDir()}, Domain: "example.jp", Abused: "taro", Opening: "example.jp true", Was: built(), Now: built()}
			c.change(k.Now)
			replaced, secrets := k.Secrets()
			of, mailbox := k.Mailbox()
			for _, got := range []struct {
				what   string
				items  []string
				faults int
			}{{"innocents", k.Innocents(), c.innocents}, {"settings", k.Settings(), c.settings}, {"rules", k.RelayRules(), c.rules},
				{"lines", k.Lines(), c.lines}, {"mailbox", mailbox, c.mailbox}} {
				if len(got.items) != got.faults {
					t.Errorf("%s: %q, want %d", got.what, got.items, got.faults)
				}
			}
			if replaced != c.replaced || of != 2 || (len(secrets) == 0) != (c.replaced == 2) {
				t.Errorf("%d passwords replaced, want %d; %q; %d files", replaced, c.replaced, secrets, of)
			}
			told := strings.Join(slices.Concat(secrets, mailbox, k.Innocents()), " ")
			for _, secret := range []string{"secret-t", "secret-h", "p1", "p2", line("taro", "p1")} {
				if strings.Contains(told, strings.TrimSpace(secret)) {
					t.Errorf("a password is told: %s", told)
				}
			}
		})
	}
}
