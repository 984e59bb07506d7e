package account

import (
	"slices"
	"strings"
	"testing"
)

// TestUnreadable: the name of a line that the server may not see is read if it is surely one, and nothing else of the line.
func TestUnreadable(t *testing.T) {
	record := strings.TrimSuffix(row("taro"), "\n")
	long := encoded("taro", password, strings.Repeat("x", 800)) + "\n"
	for name, test := range map[string]struct{ line, want string }{
		"readable":           {record + "\n", ""},
		"space behind":       {record + " \n", ""}, // the server reads up to it
		"CR":                 {record + "\r\n", "taro"},
		"CR within":          {record[:3] + "\r" + record[3:] + "\n", "taro"},
		"space in front":     {"  " + record + "\n", "taro"},
		"no line end":        {record, "taro"},
		"no padding":         {strings.TrimRight(encoded("taro", password, "", "d", "x"), "=") + "\n", "taro"},
		"two fields":         {encoded("taro", password) + "\n", "taro"},
		"too long":           {long, "taro"},
		"torn":               {record[:12], "taro"},
		"torn in the name":   {record[:4], ""},
		"one field":          {encoded(password) + "\n", ""},
		"no name":            {encoded("", password) + "\n", ""},
		"plain text":         {"taro\t" + password + "\n", ""},
		"a password in Base": {encoded("x"+password) + "\r\n", ""},
		"empty":              {"\r\n", ""},
	} {
		t.Run(name, func(t *testing.T) {
			f := Parse([]byte(row("jiro") + test.line))
			var got []string
			for _, e := range f.Unreadable() {
				if e.Line != 2 || f.Fault(2).Text == "" || f.Fault(2).TextJA == "" {
					t.Errorf("%+v: %+v", e, f.Fault(2))
				}
				got = append(got, e.Name)
			}
			if want := strings.Fields(test.want); !slices.Equal(got, want) {
				t.Errorf("%q, want %q", got, want)
			}
		})
	}
}

func FuzzUnreadable(f *testing.F) {
	f.Add([]byte(strings.TrimSuffix(row("taro"), "\n") + "\r\n\n" + encoded("a", "b")))
	f.Fuzz(func(t *testing.T, data []byte) {
		file := Parse(data)
		for _, e := range file.Unreadable() {
			if e.Name == "" || strings.ContainsAny(e.Name, "\t") || file.Fault(e.Line).Line != e.Line {
				t.Fatalf("%+v: %+v", e, file.Fault(e.Line))
			}
			if slices.ContainsFunc(file.Entries(), func(seen Entry) bool { return seen.Line == e.Line }) {
				t.Fatalf("line %d is both", e.Line)
			}
		}
	})
}
