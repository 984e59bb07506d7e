package settings

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

func tree(t *testing.T, files map[string]string) Tree {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return At(dir)
}

func TestValues(t *testing.T) {
	tr := tree(t, map[string]string{
		"LastMsgId.1": "97588", "EPST5RS/AcceptlogEnabled.1": "1\r\n", "EPST5RS/Parameters/X.1": " 7 \n\x00", "Bad.1": "one", "Empty.1": "",
		"HostName.2": "mail.example.jp\r\nsecond line\n", "NoLine.2": "text\x00",
		"DomainNamesAreLocal.0": "example.jp\x00example.net\x00\x00", "One.0": "example.jp", "None.0": "",
	})
	for value, want := range map[string]int64{"LastMsgId": 97588, "EPST5RS/AcceptlogEnabled": 1, "EPST5RS/Parameters/X": 7} {
		if n, ok, err := tr.Number(value); n != want || !ok || err != nil {
			t.Errorf("Number(%s) = %d, %v, %v", value, n, ok, err)
		}
	}
	for _, value := range []string{"Bad", "Empty"} {
		if _, ok, err := tr.Number(value); ok || err == nil || !strings.Contains(err.Error(), value+".1") {
			t.Errorf("Number(%s): %v, %v", value, ok, err)
		}
	}
	for value, want := range map[string]string{"HostName": "mail.example.jp", "NoLine": "text"} {
		if s, ok, err := tr.Text(value); s != want || !ok || err != nil {
			t.Errorf("Text(%s) = %q, %v, %v", value, s, ok, err)
		}
	}
	for value, want := range map[string][]string{"DomainNamesAreLocal": {"example.jp", "example.net"}, "One": {"example.jp"}, "None": nil} {
		if l, ok, err := tr.List(value); !slices.Equal(l, want) || !ok || err != nil {
			t.Errorf("List(%s) = %q, %v, %v", value, l, ok, err)
		}
	}
	_, number, err1 := tr.Number("None/None")
	_, text, err2 := At("/nonexistent/tree").Text("X")
	_, list, err3 := tr.List("X")
	if number || text || list || err1 != nil || err2 != nil || err3 != nil {
		t.Errorf("what is not set: %v %v, %v %v, %v %v", number, err1, text, err2, list, err3)
	}
}

func TestOddValuesAreErrors(t *testing.T) {
	tr := tree(t, map[string]string{"Big.0": strings.Repeat("x", maxValue+1), "real/X.1": "1"})
	if err := os.Symlink("real", filepath.Join(tr.dir, "link")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("real/X.1", filepath.Join(tr.dir, "Link.1")); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(filepath.Join(tr.dir, "Fifo.1"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, _, big := tr.List("Big")
	_, _, folder := tr.Number("link/X")
	_, _, link := tr.Number("Link")
	_, _, fifo := tr.Number("Fifo")
	for what, err := range map[string]error{"a big value": big, "a linked key": folder, "a linked value": link, "a FIFO": fifo} {
		if err == nil {
			t.Errorf("%s was read", what)
		}
	}
}
