package conf

import (
	"errors"
	"io/fs"
	"strings"
	"testing"
)

const item = "check_client_access cidr:/etc/postfix/x.cidr"

func TestBefore(t *testing.T) {
	const ours = " " + item
	for _, c := range []struct{ name, file, after string }{
		{"not set", "a = b\n", "a = b\nl = " + item + "\n"},
		{"no line end", "a = b", "a = b\nl = " + item + "\n"},
		{"empty file", "", "l = " + item + "\n"},
		{"set", "l = permit_mynetworks, reject\n", "l =" + ours + ", permit_mynetworks, reject\n"},
		{"set to nothing", "l =\nb = c\n", "l =" + ours + "\nb = c\n"},
		{"begins in the next line", "l =\n # why\n\tpermit_mynetworks\nb = c\n", "l =" + ours + ",\n # why\n\tpermit_mynetworks\nb = c\n"},
		{"the last one counts", "l = a\nl=b\n", "l = a\nl=" + ours + ",b\n"},
		{"a comment is none", "#l = a\n", "#l = a\nl = " + item + "\n"},
		{"there", "l = " + item + ", reject\n", "l = " + item + ", reject\n"},
		{"there, but late", "l = permit_mynetworks, " + item + "\n", "l =" + ours + ", permit_mynetworks, " + item + "\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			after, in := Before([]byte(c.file), "l", item)
			if string(after) != c.after {
				t.Fatalf("%q", after)
			}
			if again, more := Before(after, "l", item); len(more) > 0 || string(again) != c.after {
				t.Fatalf("a second time: %q", again)
			}
			p, ok := Last(after, "l")
			if !ok || !starts(Items(p.Value), item) {
				t.Fatalf("the value is %q", p.Value)
			}
			if len(in) == 0 {
				return
			}
			back, err := TakeOut(after, in)
			if err != nil || string(back) != c.file {
				t.Fatalf("taken out: %q, %v", back, err)
			}
			if _, err := TakeOut(back, in); !errors.Is(err, fs.ErrNotExist) && c.name != "there, but late" {
				t.Errorf("a second time: %v", err)
			}
		})
	}
}

// What a colleague has written around ours stays.
func TestTakeOutOfChangedFile(t *testing.T) {
	_, whole := Before([]byte("a = b\n"), "l", item)
	_, part := Before([]byte("l = reject\n"), "l", item)
	for _, c := range []struct {
		in          []Insert
		file, after string
	}{
		{whole, "a = b\nl = " + item + ", reject\n# his\n", "a = b\nl = reject\n# his\n"},
		{whole, "l = " + item + "\n  reject\n", "l =\n  reject\n"},
		{whole, "l = " + item + "\nl = reject\n", "l = reject\n"},
		{part, "x = y\nl = " + item + ", his, reject\n", "x = y\nl = his, reject\n"},
		{part, "l = " + item + "\n", "l =\n"},
	} {
		if after, err := TakeOut([]byte(c.file), c.in); err != nil || string(after) != c.after {
			t.Errorf("%q: %q, %v", c.file, after, err)
		}
	}
	for _, file := range []string{"l = reject\n", "# l = " + item + "\n", "m = " + item + "\n", "l = " + item + "2\n", "l = a, " + item + "\n"} {
		if after, err := TakeOut([]byte(file), whole); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%q: %q, %v", file, after, err)
		}
	}
}

const master = `# service type
smtp      inet  n       -       y       -       -       smtpd
submission inet n       -       y       -       -       smtpd
  -o syslog_name=postfix/submission
# a comment
  -o l=$mua_list
  -o { l = permit_sasl_authenticated, reject }
smtps     inet  n       -       y       -       -       smtpd -o l= -o m=x
127.0.0.1:10025 inet n - y - - smtpd
  -o l=permit_mynetworks,reject
[::1]:10026 inet n - y - - smtpd -o l=a
192.0.2.1:2525 inet n - y - - smtpd -o l=check_client_access,cidr:/etc/postfix/x.cidr,reject
relay     unix  -       -       y       -       -       smtp -o l=a
`

func TestMaster(t *testing.T) {
	after, in := BeforeInMaster([]byte(master), "l", item)
	words := "check_client_access,cidr:/etc/postfix/x.cidr"
	want := strings.NewReplacer("{ l = permit", "{ l ="+words+", permit", "-o l= -o", "-o l="+words+" -o").Replace(master)
	if string(after) != want {
		t.Fatalf("%s", after)
	}
	if len(in) != 2 || in[0].Name != "submission/inet/l" || in[1].Name != "smtps/inet/l" {
		t.Fatalf("%+v", in)
	}
	if again, more := BeforeInMaster(after, "l", item); len(more) > 0 {
		t.Fatalf("a second time: %s", again)
	}
	if back, err := TakeOut(after, in); err != nil || string(back) != master {
		t.Fatalf("%v: %s", err, back)
	}
}

func FuzzConf(f *testing.F) {
	f.Add([]byte("l = a\n b\n#c\n\nl=\n"))
	f.Add([]byte(master))
	f.Add([]byte(" l=x\n=\n{\n-o {"))
	f.Fuzz(func(t *testing.T, file []byte) {
		for _, put := range []func([]byte, string, string) ([]byte, []Insert){Before, BeforeInMaster} {
			after, in := put(file, "l", item)
			if _, more := put(after, "l", item); len(more) > 0 {
				t.Fatalf("%q: %q is not as planned", file, after)
			}
			if len(in) == 0 {
				continue
			}
			if back, err := TakeOut(after, in); err != nil || string(back) != string(file) {
				t.Fatalf("%q becomes %q, %v", file, back, err)
			}
		}
	})
}
