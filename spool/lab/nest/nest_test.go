package nest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestConfigCheck(t *testing.T) {
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(dir, "link")
	if err := os.Symlink(dir, link); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name   string
		config Config
		want   string // "" is no error
	}{
		{"plain", Config{Dir: dir, Units: map[string]string{"epstrd.service": ""}, Start: []string{"a@b.service"}}, ""},
		{"no folder", Config{}, "not an absolute path"},
		{"relative", Config{Dir: "."}, "not an absolute path"},
		{"absent", Config{Dir: filepath.Join(dir, "none")}, "no such file"},
		{"through a link", Config{Dir: link}, "without symbolic links"},
		{"unclean", Config{Dir: dir + "/"}, "without symbolic links"},
		{"root", Config{Dir: "/"}, "has of its own"},
		{"tmp", Config{Dir: "/tmp"}, "has of its own"},
		{"etc holds etc/systemd", Config{Dir: dir, Writable: []string{"/etc"}}, "/etc/systemd"},
		{"unit in another folder", Config{Dir: dir, Units: map[string]string{"../a.service": ""}}, "not the name of a unit"},
		{"hidden unit", Config{Dir: dir, Units: map[string]string{".service": ""}}, "not the name of a unit"},
		{"two units in one", Config{Dir: dir, Start: []string{"a.service b.service"}}, "not the name of a unit"},
		{"a line break", Config{Dir: dir, Start: []string{"a.service\n[Service]"}}, "not the name of a unit"},
		{"relative program", Config{Dir: dir, Self: []string{"hikeshi"}}, "not an absolute path"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			err := test.config.check()
			if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
				t.Errorf("check says %v, want %q in it", err, test.want)
			}
		})
	}
}
