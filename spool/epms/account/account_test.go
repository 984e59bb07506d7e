package account

import (
	"bytes"
	"encoding/base64"
	"errors"
	"io/fs"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// password is planted in every file; it must be found in no error and no entry.
const password = "s3cr\xffet pass"

func encoded(fields ...string) string {
	return base64.StdEncoding.EncodeToString([]byte(strings.Join(fields, "\t")))
}

func row(name string) string {
	return encoded(name, password, "Full "+name, "example.jp", "") + "\n"
}

func TestFind(t *testing.T) {
	file := row("jiro") + row("Taro") + row("taro") + encoded("hanako", "", "", "", "", "1", "1", "0") + "\n"
	f := Parse([]byte(file))
	for name, want := range map[string]Entry{
		"TARO":   {2, "Taro", "Full Taro", "example.jp"},
		"jiro":   {1, "jiro", "Full jiro", "example.jp"},
		"hanako": {4, "hanako", "", ""},
	} {
		if e, ok := f.Find(name); !ok || e != want {
			t.Errorf("Find(%s) = %+v, %v", name, e, ok)
		}
	}
	if e, ok := f.Find("tar"); ok {
		t.Errorf("found %+v", e)
	}
	if err := f.Rewritable(); err != nil {
		t.Error(err)
	}
	if string(f.Bytes()) != file {
		t.Error("the bytes are others")
	}
}

// TestFaults: one bad line anywhere keeps the whole file from being rewritten, and the server's view of the line is kept.
func TestFaults(t *testing.T) {
	secret := base64.StdEncoding.EncodeToString([]byte(password))
	long := encoded("taro", password, strings.Repeat("x", MaxField), "example.jp", "a", strings.Repeat("y", MaxField), strings.Repeat("z", MaxField)) + "\n"
	for name, test := range map[string]struct {
		line, want string
		seen       bool
	}{
		"not Base64":          {"!" + secret + "\n", "not Base64", false},
		"plain text":          {"taro\t" + password + "\n", "space", false},
		"no padding":          {strings.TrimRight(encoded("taro", password, "", "d", "x"), "=") + "\n", "not Base64", false},
		"trailing bits":       {"dGFybwlwCQlkCR==\n", "not Base64", false},
		"two fields":          {encoded("taro", password) + "\n", "fewer fields", false},
		"no name":             {encoded("", password, "", "d", "") + "\n", "without a name", true},
		"CR":                  {encoded("taro", password, "", "d", "") + "\r\n", "carriage return", false},
		"CR within":           {"dGF\rybwkJCQkJ\n", "carriage return", false},
		"space":               {encoded("taro", password, "", "d", "") + " x\n", "a space", true},
		"empty":               {"\n", "an empty line", false},
		"no line end":         {encoded("taro", password, "", "d", ""), "no line end", false},
		"long":                {long, "longer than the 1023 bytes", false},
		"long field":          {encoded("taro", strings.Repeat("p", 256), "", "d", "") + "\n", "longer than 255", true},
		"line end in a field": {encoded("taro", password, "a\nb", "d", "") + "\n", "within a field", true},
		"NUL in a field":      {encoded("taro", "a\x00b", "", "d", "") + "\n", "within a field", true},
	} {
		t.Run(name, func(t *testing.T) {
			file := row("jiro") + row("hanako") + test.line
			f := Parse([]byte(file))
			err := f.Rewritable()
			if err == nil || !strings.Contains(err.Error(), "line 3: ") || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%v, want %q", err, test.want)
			}
			if n := len(f.Entries()); (n == 3) != test.seen {
				t.Errorf("%d accounts are seen", n)
			}
			if string(f.Bytes()) != file {
				t.Error("the bytes are others")
			}
			_, err1 := f.WithName("jiro", "zz-jiro")
			_, err2 := f.WithPassword("jiro", "new")
			_, err3 := f.WithPasswordOf(Parse([]byte(row("jiro"))), "jiro")
			for _, err := range []error{err1, err2, err3} {
				if err == nil {
					t.Error("rewritten")
				} else if strings.Contains(err.Error(), password) || strings.Contains(err.Error(), secret[:8]) {
					t.Errorf("the error shows the content: %v", err)
				}
			}
		})
	}
}

func TestRefusedEdits(t *testing.T) {
	full := encoded("taro", password, "", "d", strings.Repeat("h", 255), strings.Repeat("i", 255), strings.Repeat("j", 200)) + "\n"
	for name, test := range map[string]struct {
		file, old, new string
		want           error
	}{
		"unknown":       {row("jiro"), "taro", "zz-taro", fs.ErrNotExist},
		"taken":         {row("taro") + row("ZZ-Taro"), "taro", "zz-taro", fs.ErrExist},
		"twice":         {row("taro") + row("jiro") + row("TARO"), "taro", "zz-taro", fs.ErrExist},
		"tab":           {row("taro"), "taro", "zz\ttaro", fs.ErrInvalid},
		"line end":      {row("taro"), "taro", "zz\ntaro", fs.ErrInvalid},
		"empty":         {row("taro"), "taro", "", fs.ErrInvalid},
		"long":          {row("taro"), "taro", strings.Repeat("z", 256), fs.ErrInvalid},
		"too long line": {full, "taro", strings.Repeat("z", 128), fs.ErrInvalid},
	} {
		if _, err := Parse([]byte(test.file)).WithName(test.old, test.new); !errors.Is(err, test.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	// a second one of a name that is only locked is no obstacle: the server does not find it
	after, err := Parse([]byte(row("taro")+row("TARO"))).WithPassword("taro", "new")
	if err != nil || !strings.HasSuffix(string(after), row("TARO")) {
		t.Errorf("%v", err)
	}
}

// TestEditsKeepEveryOtherByte: whatever the records hold, an edit changes one field of one line, and the way back gives the same bytes.
func TestEditsKeepEveryOtherByte(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		field := rapid.StringOfN(rapid.SampledFrom([]rune("ab \xffÿ漢=+-:;~")), 0, 20, 60)
		names := rapid.SliceOfNDistinct(rapid.StringMatching(`[a-z0-9._-]{1,12}`), 1, 8, strings.ToLower).Draw(t, "names")
		var records [][]string
		for _, n := range names {
			records = append(records, append([]string{n}, rapid.SliceOfN(field, 4, 9).Draw(t, "fields")...))
		}
		var file strings.Builder
		for _, r := range records {
			file.WriteString(encoded(r...) + "\n")
		}
		f := Parse([]byte(file.String()))
		if err := f.Rewritable(); err != nil {
			t.Fatal(err)
		}
		i := rapid.IntRange(0, len(names)-1).Draw(t, "which")
		check := func(what string, field int, value string, after []byte, err error) {
			if err != nil {
				t.Fatalf("%s: %v", what, err)
			}
			want := append([]string(nil), records[i]...)
			want[field] = value
			lines := strings.SplitAfter(file.String(), "\n")
			lines[i] = encoded(want...) + "\n"
			if string(after) != strings.Join(lines, "") {
				t.Fatalf("%s changed something else:\n%s\n%s", what, after, strings.Join(lines, ""))
			}
		}
		renamed, err := f.WithName(strings.ToUpper(names[i]), "zz-abcdef-"+names[i])
		check("name", fieldName, "zz-abcdef-"+names[i], renamed, err)
		back, err := Parse(renamed).WithName("zz-abcdef-"+names[i], names[i])
		check("name back", fieldName, names[i], back, err)
		locked, err := f.WithPassword(names[i], "hikeshi-x")
		check("password", fieldPassword, "hikeshi-x", locked, err)
		again, err := Parse(locked).WithPasswordOf(f, names[i])
		check("password back", fieldPassword, records[i][1], again, err)
		same, err := Parse(locked).SamePassword(f, names[i])
		if err != nil || same != (records[i][1] == "hikeshi-x") {
			t.Fatalf("same: %v, %v", same, err)
		}
		if begins, err := Parse(locked).PasswordBegins(names[i], "hikeshi-"); !begins || err != nil {
			t.Fatalf("begins: %v, %v", begins, err)
		}
	})
}

func TestCheckName(t *testing.T) {
	for name, want := range map[string]bool{
		"zz-abcdef-taro": true, "taro_1.x": true, strings.Repeat("a", 128): true,
		strings.Repeat("a", 129): false, "": false, ".": false, "..": false, "a/b": false, "a b": false, "a@b": false, "太郎": false, "a\x00": false, "-a": false,
	} {
		if _, err := CheckName(name); (err == nil) != want || err != nil && !errors.Is(err, fs.ErrInvalid) {
			t.Errorf("%.20q: %v", name, err)
		}
	}
	if remark, err := CheckName(strings.Repeat("a", 21)); remark == "" || err != nil {
		t.Errorf("21 characters: %q, %v", remark, err)
	}
}

// TestSecretsOfNobody: what is asked of an account that is not there tells nothing.
func TestSecretsOfNobody(t *testing.T) {
	var s Secrets
	file := []byte(row("taro"))
	_, e1 := s.Set(file, "jiro", "x")
	_, e2 := s.Copy(file, file, "jiro")
	_, e3 := s.Equal(file, file, "jiro")
	_, e4 := s.Begins(file, "jiro", "x")
	_, e5 := s.Copy(file, []byte(row("jiro")), "taro")
	for i, err := range []error{e1, e2, e3, e4, e5} {
		if !errors.Is(err, fs.ErrNotExist) || strings.Contains(err.Error(), password) {
			t.Errorf("%d: %v", i, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(row("taro") + "\n x\r\n" + encoded("a", "b")))
	f.Fuzz(func(t *testing.T, data []byte) {
		file := Parse(data)
		if !bytes.Equal(file.Bytes(), data) {
			t.Fatal("the bytes are others")
		}
		for _, e := range file.Entries() {
			if _, ok := file.Find(e.Name); !ok {
				t.Fatalf("line %d is not found", e.Line)
			}
			after, err := file.WithPassword(e.Name, "x")
			if err == nil && Parse(after).Rewritable() != nil {
				t.Fatal("a rewrite made a bad file")
			}
		}
	})
}
