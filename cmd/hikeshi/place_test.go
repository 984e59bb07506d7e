package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// place is a mail server's tree below a root of its own, with a state folder and a folder of units beside it.
type place struct {
	t    *testing.T
	dir  string
	root string // --root
	vars map[string]string
	now  time.Time
}

func (p *place) state() string   { return filepath.Join(p.dir, "state") }
func (p *place) units() string   { return filepath.Join(p.dir, "units") }
func (p *place) spool() string   { return filepath.Join(p.root, "var/spool/epms") }
func (p *place) program() string { return filepath.Join(p.root, "usr/local/mta/bin") }
func (p *place) deny() string    { return filepath.Join(p.program(), "effect.dat") }

// plainDeny is a deny file as it is found, with both line ends.
const plainDeny = "#<> default\r\n#blank false\n192.168.2.* true\n*.*.*.* norelay,2\n"

// newPlace makes a server with a few messages in every part of the queue.
func newPlace(t *testing.T) *place {
	t.Helper()
	return newPlaceIn(t, t.TempDir())
}

func newPlaceIn(t *testing.T, dir string) *place {
	t.Helper()
	p := &place{t: t, dir: dir, root: filepath.Join(dir, "root"), now: time.Now().Truncate(time.Second)}
	p.vars = map[string]string{"HIKESHI_STATE": p.state(), "LANG": "C.UTF-8", "HOME": dir, "TERM": "dumb"}
	for name, mode := range map[string]fs.FileMode{"incoming": 0o750, "domains": 0o770 | fs.ModeSetgid, "holding": 0o711, "lists": 0o775 | fs.ModeSticky, "temp": 0o755, "dead": 0o755} {
		fine(t, os.MkdirAll(filepath.Join(p.spool(), name), 0o755))
		fine(t, os.Chmod(filepath.Join(p.spool(), name), mode))
		_ = unix.Setxattr(filepath.Join(p.spool(), name), "user.test", []byte(name), 0) // not every filesystem has them
	}
	fine(t, os.Mkdir(p.units(), 0o755))
	for n := 1; n <= 4; n++ {
		base := fmt.Sprintf("B%010d", n)
		p.put("incoming/"+base+".MSG", "Received: from x (unverified [203.0.113.9]) by mail1.example.jp\n\t(E-POST ESMTP Receiver 5.00) with ESMTP id <"+base+"@mail1.example.jp>;\n\tSat, 21 Nov 2026 03:12:00 +0900\nSubject: "+base+"\n\nbody\n")
		p.put("incoming/"+base+".RCP", envelope(base, "taro@example.jp", fmt.Sprintf("v%d@example.com", n)))
	}
	p.put("holding/B0000000007-R0001.MSG", "Subject: retry\r\n\r\nbody\r\n")
	p.put("domains/example.net-B0000000007/B0000000007-R0001.RCP", envelope("B0000000007", "hana@example.jp", "w@example.net"))
	p.put("domains/example.net-B0000000007/Domain.mri", "Domain-name: example.net\n")
	p.put("lists/members/B0000000008-M00000001.MSG", "Subject: list\n\nbody\n")
	p.put("lists/members/B0000000008-M00000001.RCP", envelope("B0000000008", "list@example.jp", "x@example.org"))
	p.put("temp/B0000000009.TMP", "half received")
	p.put("authlock/203.0.113.9", "5\n")
	p.put("reg/epost/ims/DomainNamesAreLocal.0", "example.jp\x00\x00")
	p.put("reg/epost/ims/LastMsgId.1", "97588")
	fine(t, os.MkdirAll(p.program(), 0o755))
	fine(t, os.WriteFile(p.deny(), []byte(plainDeny), 0o640))
	p.age()
	return p
}

// withAccounts adds accounts: taro, who logs in and whose mailbox sends mail on, hana, who logs in, the postmaster, and those without an
// auth file.
func (p *place) withAccounts(without ...string) {
	p.t.Helper()
	file := ""
	for _, name := range append([]string{"taro", "hana", "postmaster"}, without...) {
		file += accountLine(name)
		p.put("inbox/"+name+"/0000000001-100000.MSG", "Subject: kept\n\nbody\n")
		if !slices.Contains(without, name) {
			p.put("inbox/"+name+"/apop.dat", accountSecret+"\r\n1\r\nkept")
		}
	}
	p.put("db/example.jp.idx", file)
	p.put("inbox/taro/ims.ctl", "[AutoForward]\r\nForwardTo=thief@example.com\r\n[Delivery]\r\nSaveTo=inbox\r\n")
	p.put("reg/epost/ims/EPST5RS/SMTPAUTHOnly.1", "0\n")
	p.put("reg/epost/ims/EPST5DS/Timeout.1", "120\n")
	p.age()
}

// accountLine is a line of the account file of example.jp.
func accountLine(name string) string {
	return base64.StdEncoding.EncodeToString([]byte(strings.Join([]string{name, accountSecret, "Full " + name, "example.jp", ""}, "\t"))) + "\n"
}

// accountSecret is the password of every account, which is never shown.
const accountSecret = "Kaji!secret77"

// age gives everything below the root an old time, so that a change of it shows, and to root's trees an owner of their own.
func (p *place) age() {
	p.t.Helper()
	old := time.Date(2026, 11, 20, 1, 2, 3, 456789000, time.UTC)
	fine(p.t, filepath.WalkDir(p.root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.Type()&fs.ModeSymlink != 0 {
			return err
		}
		if os.Geteuid() == 0 && strings.HasPrefix(path, p.spool()) {
			fi, err := d.Info()
			if err == nil {
				err = os.Lchown(path, 4711, 4712)
			}
			if err == nil {
				err = os.Chmod(path, fi.Mode()) // a chown clears setgid
			}
			if err != nil {
				return err
			}
		}
		return os.Chtimes(path, old, old)
	}))
}

// put writes a file below the spool.
func (p *place) put(rel, text string) {
	p.t.Helper()
	path := filepath.Join(p.spool(), rel)
	fine(p.t, os.MkdirAll(filepath.Dir(path), 0o755))
	fine(p.t, os.WriteFile(path, []byte(text), 0o640))
}

func envelope(base, sender string, recipients ...string) string {
	text := "Message-ID: <" + base + "@mail1.example.jp>\r\nReturn-path: <" + sender + ">\r\n"
	for _, r := range recipients {
		text += "Recipient: <" + r + ">\r\n"
	}
	return text
}

// said is what an invocation of hikeshi has written.
type said struct {
	args     []string
	code     int
	out, err string
}

// hikeshi runs a command line in this process, below the place's root.
func (p *place) hikeshi(args ...string) said {
	p.t.Helper()
	return p.run(append([]string{"--root", p.root}, args...)...)
}

// nobodyAnswers is the configuration of a machine whose resolver is not there: no test asks the one of the machine that it runs on.
const nobodyAnswers = "dns: {resolvers: [\"127.0.0.1:1\"]}\n"

// run is hikeshi without --root. The runbook that looks up blocklists finds nobody to ask.
func (p *place) run(args ...string) said {
	p.t.Helper()
	var out, errs bytes.Buffer
	a := &app{stdin: strings.NewReader(""), stdout: &out, stderr: &errs, now: time.Now, getenv: func(name string) string { return p.vars[name] }}
	ctx, cancel := context.WithTimeout(p.t.Context(), 2*time.Minute)
	defer cancel()
	if slices.Contains(args, "mail-abuse") && !slices.Contains(args, "--config") {
		config := filepath.Join(p.t.TempDir(), "config.yaml")
		fine(p.t, os.WriteFile(config, []byte(nobodyAnswers), 0o600))
		args = append([]string{"--config", config}, args...)
	}
	code := a.execute(ctx, args)
	return said{args: args, code: code, out: out.String(), err: errs.String()}
}

// exits wants the exit code and each text somewhere in what was written.
func (s said) exits(t *testing.T, code int, texts ...string) said {
	t.Helper()
	if s.code != code {
		t.Errorf("hikeshi %q: exit %d, want %d\n%s%s", s.args, s.code, code, s.out, s.err)
	}
	for _, text := range texts {
		if !s.tells(text) {
			t.Errorf("hikeshi %q: %q is not in\n%s%s", s.args, text, s.out, s.err)
		}
	}
	return s
}

// wrapped is where the screen breaks a line, within words that are too long for it.
var wrapped = regexp.MustCompile(`\n {9}`)

// tells says whether text was written, on one line or on several.
func (s said) tells(text string) bool {
	all := s.out + s.err
	return strings.Contains(all, text) || strings.Contains(wrapped.ReplaceAllString(all, ""), text) || strings.Contains(wrapped.ReplaceAllString(all, " "), text)
}

// picture describes everything in a place by name.
type picture map[string]thing

// thing is one entry of a tree: type, owner, mode, links, extended attributes and content, and by itself its mtime.
type thing struct {
	text, time string
	folder     bool
}

// picture looks at all of the place.
func (p *place) picture() picture {
	p.t.Helper()
	all := picture{}
	fine(p.t, filepath.WalkDir(p.dir, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrPermission) {
			return nil // a folder that may not be read was described before
		}
		if err != nil || path == p.dir {
			return err
		}
		rel, err := filepath.Rel(p.dir, path)
		if err == nil {
			all[rel], err = thingAt(path)
		}
		return err
	}))
	return all
}

// world leaves out the state folder.
func (p picture) world() picture {
	p = maps.Clone(p)
	maps.DeleteFunc(p, func(rel string, _ thing) bool { return rel == "state" || strings.HasPrefix(rel, "state/") })
	return p
}

// timeless leaves out the mtime of folders, which whoever moves a name changes, and of files that hikeshi writes: the deny file and the
// tables, guards, accounts and their mailboxes, settings.
func (p picture) timeless() picture {
	p = maps.Clone(p)
	for rel, x := range p {
		if x.folder || written.MatchString(rel) {
			x.time = ""
			p[rel] = x
		}
	}
	return p
}

var written = regexp.MustCompile(`(?:^|/)(?:effect\.dat|reject[a-z]+ip\.dat|apop\.dat|ims\.ctl|[^/]+\.idx)$|^units/|/reg/epost/ims/`)

func thingAt(path string) (thing, error) {
	var st unix.Stat_t
	if err := unix.Lstat(path, &st); err != nil {
		return thing{}, err
	}
	x := thing{
		text: fmt.Sprintf("%o %d:%d links %d device %d", st.Mode, st.Uid, st.Gid, st.Nlink, st.Rdev),
		time: fmt.Sprintf("%d.%09d", st.Mtim.Sec, st.Mtim.Nsec),
	}
	names := make([]byte, 4096)
	if n, err := unix.Llistxattr(path, names); err == nil {
		for _, name := range strings.Split(strings.TrimRight(string(names[:n]), "\x00"), "\x00") {
			value := make([]byte, 4096)
			if n, err := unix.Lgetxattr(path, name, value); err == nil && name != "" {
				x.text += fmt.Sprintf(" %s=%q", name, value[:n])
			}
		}
	}
	switch st.Mode & unix.S_IFMT {
	case unix.S_IFREG:
		b, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrPermission) {
			x.text += " not to be read"
			return x, nil
		}
		x.text += fmt.Sprintf(" %d bytes %x", len(b), sha256.Sum256(b))
		return x, err
	case unix.S_IFLNK:
		to, err := os.Readlink(path)
		x.text += " -> " + to
		return x, err
	case unix.S_IFDIR:
		x.folder = true
	}
	return x, nil
}

// same compares two pictures.
func same(t *testing.T, what string, want, got picture) {
	t.Helper()
	var all []string
	for name, w := range want {
		if g, ok := got[name]; !ok {
			all = append(all, fmt.Sprintf("%q is gone", name))
		} else if g != w {
			all = append(all, fmt.Sprintf("%q was\n\t%v\nis\n\t%v", name, w, g))
		}
	}
	for name, g := range got {
		if _, ok := want[name]; !ok {
			all = append(all, fmt.Sprintf("%q is new: %v", name, g))
		}
	}
	slices.Sort(all)
	if len(all) > 0 {
		t.Errorf("%s the tree is not as it was:\n%s", what, strings.Join(all, "\n"))
	}
}

func fine(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
