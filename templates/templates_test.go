package templates

import (
	"errors"
	"io/fs"
	"slices"
	"strings"
	"testing"
)

func TestRunbooks(t *testing.T) {
	names := Runbooks()
	if !slices.Contains(names, "mail-abuse") || !slices.IsSorted(names) {
		t.Fatalf("runbooks: %v", names)
	}
	for _, name := range names {
		data, err := Runbook(name)
		if err != nil || !strings.Contains(string(data), "\nname: "+name+"\n") {
			t.Errorf("%s: %v; its file must name it", name, err)
		}
	}
	for _, name := range []string{"", "nothing", "../templates", "./mail-abuse", "mail-abuse.yaml", "/mail-abuse", "runbooks/mail-abuse"} {
		if _, err := Runbook(name); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%q: %v, want fs.ErrNotExist", name, err)
		}
	}
}
