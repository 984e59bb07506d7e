package message

import (
	"strings"
	"testing"
)

// TestLineNumbers: a field is on the line of the file that is told, in an mbox, in an attached message and in a quoted header too.
func TestLineNumbers(t *testing.T) {
	attached := "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nlook:\n--b\nContent-Type: message/rfc822\n\nReceived: from a.example.com by mail.example.jp; Sat, 21 Nov 2026 03:00:00 +0900\nSubject: spam\n\nx\n--b--\n"
	quoted := "Subject: forwarded\n\n> Received: from b.example.com by mail.example.jp;\n>  Sat, 21 Nov 2026 03:00:00 +0900\n> Subject: spam\n>\n> x\n"
	for name, file := range map[string]string{
		"mbox": "From a Sat Nov 21 03:00:00 2026\n" + attached + "\nFrom b Sat Nov 21 03:00:00 2026\n" + quoted,
		"CRLF": strings.ReplaceAll(attached, "\n", "\r\n"), "CR": strings.ReplaceAll("Received: x\nSubject: y\n\nz\n", "\n", "\r"),
	} {
		f, err := Read(strings.NewReader(file))
		if err != nil {
			t.Fatal(err)
		}
		lines, seen := strings.FieldsFunc(strings.ReplaceAll(strings.ReplaceAll(file, "\r\n", "\n"), "\n", " \n"), func(r rune) bool { return r == '\n' || r == '\r' }), 0
		for _, m := range f.Mails {
			for _, x := range m.Found {
				for _, y := range x.Fields {
					if y.Line == 0 {
						continue
					}
					if seen++; !strings.HasPrefix(strings.TrimLeft(lines[y.Line-1], "> "), y.Name+":") {
						t.Errorf("%s: %s is told to be on line %d: %q", name, y.Name, y.Line, lines[y.Line-1])
					}
				}
			}
		}
		if seen < 2 {
			t.Errorf("%s: %d fields with a line", name, seen)
		}
	}
}
