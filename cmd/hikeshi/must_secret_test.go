package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// forms are the ways in which a text may be written down: plain, in Base64 at any offset, in hex.
func forms(text string) []string {
	all := []string{text, hex.EncodeToString([]byte(text))}
	for pad := range 3 {
		b := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("x", pad) + text + "xxx"))
		all = append(all, b[4:len(b)-8])
	}
	return all
}

// leaks are the secrets that a text gives away.
func leaks(text string, secrets []string) []string {
	var found []string
	for _, s := range secrets {
		for _, form := range forms(s) {
			if strings.Contains(text, form) && !slices.Contains(found, s) {
				found = append(found, s)
			}
		}
	}
	return found
}

// plantedSecrets are the passwords of a place, and the hashes of the files that hold nothing but them: such a hash can be cracked.
func (p *place) plantedSecrets() []string {
	var all []string
	for _, where := range planted {
		all = append(all, secret(where))
	}
	for _, name := range []string{"db/example.jp.idx", "inbox/taro/apop.dat"} {
		b, err := os.ReadFile(filepath.Join(p.spool(), name))
		fine(p.t, err)
		sum := sha256.Sum256(b)
		all = append(all, hex.EncodeToString(sum[:]), base64.StdEncoding.EncodeToString(b))
	}
	return all
}

// sealedOff wants no secret anywhere below a folder but in backups, and everything there readable for its owner alone.
func sealedOff(t *testing.T, state string, secrets []string) {
	t.Helper()
	kept := 0
	fine(t, filepath.WalkDir(state, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Name() == "server" { // the lab itself
			return fs.SkipDir
		}
		if err != nil {
			return err
		}
		fi, err := d.Info()
		if err != nil {
			return err
		}
		backup := filepath.Base(filepath.Dir(path)) == "backup"
		if inside := strings.Contains(path, "/incidents/"); inside && fi.Mode().Perm()&0o077 != 0 || backup && fi.Mode() != 0o600 {
			t.Errorf("%s has the mode %s", path, fi.Mode())
		}
		if !d.Type().IsRegular() {
			return nil
		}
		b, err := os.ReadFile(path)
		if found := leaks(string(b)+path, secrets); len(found) > 0 && backup {
			kept++
		} else if len(found) > 0 {
			t.Errorf("%s holds %q", path, found)
		}
		if bytes.HasPrefix(b, []byte("\x1f\x8b")) || bytes.HasPrefix(b, []byte("\x28\xb5\x2f\xfd")) {
			t.Errorf("%s is compressed: nobody can say what is in it", path)
		}
		return err
	}))
	if kept == 0 {
		t.Error("no backup holds a secret: nothing was tested")
	}
}

// logPasswords plants passwords where the server writes them down itself: AUTH LOGIN and PLAIN, a dump of settings, a failed look-up.
func (p *playground) logPasswords() {
	encoded := func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
	p.put("receivelog/mail1/261121.log", "[21/Nov/2026:03:12:00], 00000000, LicenceKey="+secret("Log")+"\n"+
		"[21/Nov/2026:03:12:01], 347c89c8, AUTH LOGIN\n[21/Nov/2026:03:12:01], 347c89c8, 334 dXNlcm5hbWU6\n[21/Nov/2026:03:12:01], 347c89c8, "+encoded("taro@example.jp")+"\n"+
		"[21/Nov/2026:03:12:01], 347c89c8, 334 UGFzc3dvcmQ6\n[21/Nov/2026:03:12:01], 347c89c8, "+encoded(secret("Log"))+"\n[21/Nov/2026:03:12:01], 347c89c8, 235 2.0.0 Authentication successful.\n"+
		"[21/Nov/2026:03:12:02], 347c89c9, AUTH PLAIN "+encoded("\x00taro@example.jp\x00"+secret("Log"))+"\n[21/Nov/2026:03:12:02], 347c89c9, USER=[taro] PASS=["+secret("Log")+"]\n")
	p.put("acceptlog/mail1/261121.log", "[21/Nov/2026:03:12:01], (mail1.example.jp), 203.0.113.9[203.0.113.9],AUTH-LOGIN:taro@example.jp [success],<B0000000001>,ok\n")
	p.put("reg/epost/ims/EPST5RS/AcceptlogEnabled.1", "1\n")
	p.put("reg/epost/ims/EPST5RS/Vrfy.1", "1\n")
	p.put("reg/epost/ims/EPST5RS/FROMSecLevel.1", secret("List")+"\n") // a number is wanted there
	p.put("reg/epost/ims/EPST5RS/SMTPAUTHMode.2", secret("List")+"\n")
	p.age()
}

// A listener keeps what all invocations write.
type listener struct {
	*playground
	all []said
}

func (l *listener) listen(args ...string) said {
	s := l.here(args...)
	l.all = append(l.all, s)
	return s
}

// everyForm runs a verb in both languages, as text and as JSON.
func (l *listener) everyForm(args ...string) {
	for _, lang := range []string{"en", "ja"} {
		for _, output := range []string{"text", "json"} {
			l.listen(append([]string{"--lang", lang, "--output", output, "--verbose"}, args...)...)
		}
	}
}

// TestMustTellNoPassword: whatever is done, planted passwords stand in backups only.
func TestMustTellNoPassword(t *testing.T) {
	if !alone(t) {
		return
	}
	for cause, how := range map[string][]string{"a": {"--lang", "en", "--verbose"}, "b": {"--lang", "ja", "--output", "json", "--verbose"}} {
		t.Run(cause, func(t *testing.T) {
			t.Parallel()
			l := &listener{playground: newPlayground(t, "epstrd", "epstdd")}
			l.logPasswords()
			secrets := l.plantedSecrets()
			l.everyForm("account", "list")
			l.everyForm("account", "audit")
			l.everyForm("plan", "mail-abuse", "--set", "cause="+cause, "--set", "accounts=taro", "--set", "sources=203.0.113.9")
			l.listen(append(how, "run", "mail-abuse", "--yes", "--accept-risk", "disruptive", "--set", "sources=203.0.113.9", "--set", "cause="+cause,
				"--set", "accounts=taro", "--set", "settle=10ms", "--set", "watch=10ms")...).exits(t, exitOK)
			for _, verb := range [][]string{{"account", "list"}, {"account", "audit", "hanako"}, {"status", "--watch", "0"}, {"show", l.id}, {"verify", l.id}, {"incidents"}, {"doctor"},
				{"report", l.id}, {"undo", l.id, "--dry-run"}, {"spool", "list"}, {"relay", "list"}, {"verify-later", "--list"}, {"spool", "scan"},
				{"logs", "suspects"}, {"logs", "logins"}, {"logs", "timeline", "--account", "taro"}, {"logs", "access", "--account", "taro"}, {"logs", "sizes"}} {
				l.everyForm(verb...)
			}
			for _, form := range [][]string{{"--format", "md"}, {"--handover"}, {"--handover", "--format", "md"}} {
				l.everyForm(append([]string{"report", l.id}, form...)...)
			}
			sealedOff(t, l.state(), secrets)
			l.listen(append(how, "undo", l.id, "--yes", "--accept-risk", "reopening,disruptive")...).exits(t, exitOK)
			l.everyForm("report", l.id)
			l.broken()
			sealedOff(t, l.state(), secrets)
			for _, s := range l.all {
				if found := leaks(s.out+s.err, secrets); len(found) > 0 {
					t.Errorf("hikeshi %q tells %q", s.args, found)
				}
			}
			if len(l.all) < 60 {
				t.Errorf("only %d invocations", len(l.all))
			}
		})
	}
}

// broken makes the files with passwords such that reading them fails, and has that told.
func (l *listener) broken() {
	for _, damage := range []func(){
		func() { l.put("db/example.jp.idx", secret("Reading")+"\n") },
		func() {
			l.put("db/example.jp.idx", base64.StdEncoding.EncodeToString([]byte("taro\t"+secret("Reading")))+"\n")
		},
		func() {
			l.put("db/example.jp.idx", lineOf("taro", secret("Reading"))+lineOf("hanako", secret("Reading"))[:30])
		},
		func() {
			l.put("db/example.jp.idx", lineOf("taro", secret("Reading"))+"\n\n")
			l.put("inbox/taro/apop.dat", "")
		},
		func() { l.put("inbox/taro/apop.dat", strings.Repeat(secret("Sending"), 1000)) },
		func() {
			l.put("inbox/taro/ims.ctl", secret("Control")+"\x00\n[AutoForward\nForwardTo\n"+secret("Control")+"=")
		},
		func() {
			l.put("receivelog/mail1/261122.log.gz", "\x1f\x8b"+secret("Log")) // no text comes out of it
			l.put("receivelog/mail1/261123.log", secret("Log")+"\n[23/Nov/2026:03:12:01], 347c89c8, "+secret("Log")+"\n")
		},
	} {
		damage()
		for _, verb := range [][]string{{"account", "list"}, {"account", "audit", "taro"}, {"account", "lock", "taro@example.jp", "--yes"}, {"account", "rename", "taro", "--dry-run"},
			{"account", "clean", "hanako", "--dry-run"}, {"status", "--watch", "0"}, {"doctor"}, {"logs", "suspects"}, {"logs", "suspects", "--output", "json"}, {"logs", "logins", "--output", "json"}, {"logs", "sizes"}} {
			l.listen(append([]string{"--verbose", "--lang", "en"}, verb...)...)
		}
	}
}
