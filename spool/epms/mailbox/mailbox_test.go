package mailbox

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestFolder(t *testing.T) {
	for name, test := range map[string]struct {
		place      Place
		user, want string
	}{
		"variable":            {Place{"/var/spool/epms/inbox/%USERNAME%", ""}, "taro", "/var/spool/epms/inbox/taro"},
		"appended":            {Place{"/var/spool/epms/inbox", ""}, "taro", "/var/spool/epms/inbox/taro"},
		"appended to a slash": {Place{"/var/spool/epms/inbox/", ""}, "taro", "/var/spool/epms/inbox/taro"},
		"link":                {Place{"/var/spool/epms/inbox/%USERNAME%/", "example.jp"}, "taro", "/var/spool/epms/inbox/example.jp/taro"},
		"link of two":         {Place{"/in", "a/b"}, "taro", "/in/a/b/taro"},
		"around":              {Place{"/in/u-%USERNAME%.box", ""}, "taro", "/in/u-taro.box"},
		"case":                {Place{"/in", ""}, "Taro", "/in/Taro"},
		"relative":            {Place{"inbox", ""}, "taro", ""},
		"in the middle":       {Place{"/in/%USERNAME%/mail", ""}, "taro", ""},
		"twice":               {Place{"/in/%USERNAME%%USERNAME%", ""}, "taro", ""},
		"climbing link":       {Place{"/in", "../etc"}, "taro", ""},
		"absolute link":       {Place{"/in", "/etc"}, "taro", ""},
		"line end":            {Place{"/in\n", ""}, "taro", ""},
		"nothing":             {Place{"", ""}, "taro", ""},
		"user ..":             {Place{"/in", ""}, "..", ""},
		"user with slash":     {Place{"/in", ""}, "../taro", ""},
		"empty user":          {Place{"/in", ""}, "", ""},
		"control":             {Place{"/in", ""}, "ta\x1bro", ""},
		"long":                {Place{"/in", strings.Repeat("x", 200)}, strings.Repeat("y", 100), ""},
	} {
		got, err := test.place.Folder(test.user)
		if got != test.want || (err == nil) != (test.want != "") {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}

func TestAuthFile(t *testing.T) {
	for setting, want := range map[string]string{"": "apop.dat", "smtpauth.dat": "smtpauth.dat", "../x": "", "a b": "", "..": ""} {
		if got, err := AuthFile(setting); got != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q, %v", setting, got, err)
		}
	}
}

// TestSecrets: the first line goes, and what follows it stays byte for byte.
func TestSecrets(t *testing.T) {
	var s Secrets
	for before, want := range map[string]string{
		"old\n1\n": "new\n1\n", "old\r\n1\r\n": "new\r\n1\r\n", "old": "new", "old\n": "new\n", "": "new", "\n2\n": "new\n2\n",
		"o\xffld\n1\nmore\x00": "new\n1\nmore\x00",
	} {
		after, err := s.Set([]byte(before), "", "new")
		if err != nil || string(after) != want {
			t.Errorf("%q: %q, %v", before, after, err)
		}
		back, err := s.Copy(after, []byte(before), "")
		if err != nil || string(back) != before {
			t.Errorf("%q came back as %q, %v", before, back, err)
		}
		same, _ := s.Equal(after, []byte(before), "")
		begins, _ := s.Begins(after, "", "ne")
		if same || !begins {
			t.Errorf("%q: same %v, begins %v", before, same, begins)
		}
	}
	if same, _ := s.Equal([]byte("a\r\n1"), []byte("a\n2"), ""); !same {
		t.Error("the same password with other line ends")
	}
	for _, bad := range []string{"a\nb", "a\rb", "a\x00"} {
		if _, err := s.Set([]byte("old\n"), "", bad); err == nil {
			t.Errorf("%q was set", bad)
		}
	}
	if _, err := s.Set(bytes.Repeat([]byte("x"), MaxAuth+1), "", "new"); err == nil {
		t.Error("a huge file was rewritten")
	}
}

const control = "\ufeff; ours\r\n[AutoReply]\r\nEchoMessage=Yes\r\nSubject=a=b\r\n[autoFORWARD]\r\n FORWARDTO = thief@example.com \r\nForwardFrom=*\r\n" +
	"[Delivery]\r\nDiscard=No\r\n#module=x\r\nModule=evil.so\r\nDataDiscard=Yes\r\nCopyReplies=1"

func TestClean(t *testing.T) {
	after, gone := Clean([]byte(control))
	want := strings.NewReplacer(" FORWARDTO = thief@example.com \r\n", "", "Module=evil.so\r\n", "").Replace(control)
	if string(after) != want {
		t.Errorf("left:\n%q\nwant:\n%q", after, want)
	}
	if len(gone) != 2 || gone[0] != (Setting{Line: 6, Section: "autoforward", Key: "forwardto", Value: "thief@example.com"}) || gone[1].Key != "module" || gone[1].Line != 11 {
		t.Errorf("gone: %+v", gone)
	}
	for text, planted := range map[string]bool{
		"Discard=Yes": true, "discard=1": true, "Discard=no": false, "Discard=0": false, "Discard=": false, "ForwardTo=": false,
		"forwardto=file:/x/send.txt": true, "module=": false, ";forwardto=a@example.com": false, "[x] forwardto=a": false, "DataDiscard=Yes": false,
	} {
		if _, gone := Clean([]byte(text)); (len(gone) > 0) != planted {
			t.Errorf("%q: %+v", text, gone)
		}
	}
}

func TestRemove(t *testing.T) {
	after, gone := Remove([]byte("[A]\nK=1\n[B]\nk = 2\nK=3\n"), "b", "K")
	if string(after) != "[A]\nK=1\n[B]\n" || len(gone) != 2 {
		t.Errorf("%q, %+v", after, gone)
	}
}

func TestForwards(t *testing.T) {
	addresses, files := Forwards([]byte("[AutoForward]\nForwardTo=a@example.com, b@example.net;c\nforwardto=FILE:/var/spool/epms/inbox/taro/send.txt\nForwardTo=\n"))
	if !slices.Equal(addresses, []string{"a@example.com", "b@example.net", "c"}) || !slices.Equal(files, []string{"/var/spool/epms/inbox/taro/send.txt"}) {
		t.Errorf("%q, %q", addresses, files)
	}
	hostile := strings.Repeat("x", 1<<20) + "\n" + strings.Repeat("a@b\n", 2*maxAddresses) + "\xff\xfe\n"
	if got := Addresses(hostile); len(got) != maxAddresses || got[0] != "a@b" {
		t.Errorf("%d addresses", len(got))
	}
}

// TestHostileControl: what is taken out to be shown is bounded, whatever the file holds.
func TestHostileControl(t *testing.T) {
	file := "[" + strings.Repeat("s", 1<<16) + "\nforwardto=" + strings.Repeat("\xff", 1<<16) + "\n" + strings.Repeat("k", 1<<16) + "=v\n"
	for _, s := range Settings([]byte(file)) {
		if len(s.Section)+len(s.Key)+len(s.Value) > 4*maxText {
			t.Errorf("%d, %d, %d bytes", len(s.Section), len(s.Key), len(s.Value))
		}
	}
}

// TestCleanKeepsEveryOtherByte: of any file the lines of planted settings go and nothing else; what is left has none.
func TestCleanKeepsEveryOtherByte(t *testing.T) {
	line := rapid.SampledFrom([]string{"[AutoForward]", "ForwardTo=a@example.com", "forwardto =", "Discard=Yes", "discard=no", "module=x", "Subject=\xff\x00", "", " ", ";c", "Key=1"})
	end := rapid.SampledFrom([]string{"\n", "\r\n", "\r", ""})
	rapid.Check(t, func(t *rapid.T) {
		var b strings.Builder
		for range rapid.IntRange(0, 12).Draw(t, "n") {
			b.WriteString(line.Draw(t, "line") + end.Draw(t, "end"))
		}
		file := []byte(b.String())
		after, gone := Clean(file)
		var want []byte
		n := 0
		for l := range bytes.Lines(file) {
			n++
			if !slices.ContainsFunc(gone, func(s Setting) bool { return s.Line == n }) {
				want = append(want, l...)
			}
		}
		if !bytes.Equal(after, want) {
			t.Fatalf("%q, want %q", after, want)
		}
		if _, again := Clean(after); len(again) != 0 {
			t.Fatalf("left: %+v", again)
		}
	})
}
