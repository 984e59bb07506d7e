// Package trial is a small mail server on disk for the tests of package aside and of what is built on it: folders, files with the
// names of a queue, and a way to compare two trees.
package trial

import (
	"bufio"
	"crypto/sha256"
	"fmt"
	"io"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"hikeshi/spool"
)

// Server is a mail server whose folders lie in Base. It can do everything that the packages under test ask for.
type Server struct{ Base string }

var (
	_ spool.Queue   = Server{}
	_ spool.Origins = Server{}
)

// Name is trial.
func (Server) Name() string { return "trial" }

// Root is the base folder.
func (s Server) Root() string { return s.Base }

// Folders are incoming, lists, holding and domains.
func (s Server) Folders() []spool.Folder {
	var all []spool.Folder
	for _, name := range []string{"incoming", "lists", "holding", "domains"} {
		all = append(all, spool.Folder{Name: name, Path: filepath.Join(s.Base, name), Set: true, Tree: name == "lists" || name == "domains"})
	}
	return all
}

// Services are none.
func (Server) Services() []spool.Service { return nil }

// Wiped are the folders that a start empties.
func (s Server) Wiped() []spool.Folder {
	return []spool.Folder{{Name: "temp", Path: filepath.Join(s.Base, "temp")}}
}

// Requeue says that retries go back through incoming.
func (Server) Requeue(folder string) (string, bool) {
	return "incoming", folder == "domains" || folder == "holding"
}

var name = regexp.MustCompile(`(?i)^(B\d{10})(-[A-Z0-9]+)*\.(MSG|RCP|\$CP|\$OK)$`)

// Message reads names such as B0000000001-R0001.MSG.
func (Server) Message(file string) (string, spool.Part, bool) {
	m := name.FindStringSubmatch(file)
	if m == nil {
		return "", spool.Other, false
	}
	part := spool.State
	switch strings.ToUpper(m[3]) {
	case "MSG":
		part = spool.Body
	case "RCP", "$CP":
		part = spool.Envelope
	}
	return strings.ToUpper(m[1]), part, true
}

// Companion says that Domain.mri lies beside retries.
func (Server) Companion(file string) bool { return file == "Domain.mri" }

// Origin goes by the suffixes: -E001 and -EP001 are error mail, -T001 a forward, -M00000001 a share of a list, -Y001 an automatic reply.
func (Server) Origin(_, file string) spool.Origin {
	stem, _, _ := strings.Cut(strings.ToUpper(file), ".")
	o := spool.Handed
	for _, suffix := range strings.Split(stem, "-")[1:] {
		switch suffix[:1] {
		case "E":
			o = spool.Bounce
		case "T", "M", "Y":
			o = max(o, spool.Derived)
		}
	}
	return o
}

// ReadEnvelope reads lines of a name, a colon and an address.
func (Server) ReadEnvelope(r io.Reader) (spool.MessageEnvelope, error) {
	var e spool.MessageEnvelope
	for lines := bufio.NewScanner(r); lines.Scan(); {
		field, value, _ := strings.Cut(lines.Text(), ": ")
		value = strings.Trim(value, "<>")
		switch field {
		case "Return-path":
			e.Sender = value
		case "Recipient":
			e.Recipients = append(e.Recipients, value)
			e.Total++
		}
	}
	return e, nil
}

// ReadClient reads the address in the first brackets.
func (Server) ReadClient(r io.Reader) (netip.Addr, error) {
	b, err := io.ReadAll(io.LimitReader(r, 4096))
	if err != nil {
		return netip.Addr{}, err
	}
	_, rest, _ := strings.Cut(string(b), "[")
	text, _, _ := strings.Cut(rest, "]")
	return netip.ParseAddr(text)
}

// New makes the folders in a temporary folder, with modes that a careless mkdir would not give.
func New(t testing.TB) Server {
	t.Helper()
	s := Server{Base: t.TempDir()}
	modes := []fs.FileMode{0o750, 0o770 | fs.ModeSetgid, 0o711, 0o775 | fs.ModeSticky}
	for i, f := range s.Folders() {
		Must(t, os.Mkdir(f.Path, 0o700))
		Must(t, os.Chmod(f.Path, modes[i]))
		_ = unix.Setxattr(f.Path, "user.trial", []byte(f.Name), 0) // not every filesystem has them
	}
	return s
}

// Put writes a file below the base, with the folders above it.
func (s Server) Put(t testing.TB, rel, content string) {
	t.Helper()
	path := filepath.Join(s.Base, rel)
	Must(t, os.MkdirAll(filepath.Dir(path), 0o750))
	Must(t, os.WriteFile(path, []byte(content), 0o640))
}

// Envelope is the text of an envelope.
func Envelope(sender string, recipients ...string) string {
	text := "Message-ID: <x@mail.example.jp>\nReturn-path: <" + sender + ">\n"
	for _, r := range recipients {
		text += "Recipient: <" + r + ">\n"
	}
	return text
}

// Body is the text of a body.
func Body(client, text string) string {
	return "Received: from x ([" + client + "])\nSubject: " + text + "\n\n" + text + "\n"
}

// Incoming puts a message into incoming.
func (s Server) Incoming(t testing.TB, stem, sender string, recipients ...string) {
	t.Helper()
	s.Put(t, "incoming/"+stem+".MSG", Body("203.0.113.9", stem))
	s.Put(t, "incoming/"+stem+".RCP", Envelope(sender, recipients...))
}

// Retry puts a message into holding and the folder of its recipient's domain, as one that is waiting.
func (s Server) Retry(t testing.TB, stem, sender, recipient string) {
	t.Helper()
	_, domain, _ := strings.Cut(recipient, "@")
	dir := "domains/" + domain + "-" + stem + "/"
	s.Put(t, "holding/"+stem+".MSG", Body("198.51.100.7", stem))
	s.Put(t, dir+stem+".RCP", Envelope(sender, recipient))
	s.Put(t, dir+"Domain.mri", "Domain-name: "+domain+"\n")
}

// Tree describes everything below the base: type, owner and mode, and of files content and time.
func (s Server) Tree(t testing.TB) map[string]string {
	t.Helper()
	return s.tree(t, false)
}

// Exact is Tree with the times of the folders and all inodes: the same twice only if nothing at all was changed.
func (s Server) Exact(t testing.TB) map[string]string {
	t.Helper()
	return s.tree(t, true)
}

func (s Server) tree(t testing.TB, exact bool) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(s.Base, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(s.Base, path)
		if err == nil {
			all[rel], err = describe(path, exact)
		}
		return err
	})
	Must(t, err)
	return all
}

func describe(path string, exact bool) (string, error) {
	var st unix.Stat_t
	if err := unix.Lstat(path, &st); err != nil {
		return "", err
	}
	text := fmt.Sprintf("%o %d:%d", st.Mode, st.Uid, st.Gid)
	if exact {
		text += fmt.Sprintf(" %d %d.%09d", st.Ino, st.Mtim.Sec, st.Mtim.Nsec)
	}
	switch st.Mode & unix.S_IFMT {
	case unix.S_IFREG:
		b, err := os.ReadFile(path)
		if err != nil {
			return "", err
		}
		text += fmt.Sprintf(" %x %d.%09d", sha256.Sum256(b), st.Mtim.Sec, st.Mtim.Nsec)
	case unix.S_IFLNK:
		to, err := os.Readlink(path)
		if err != nil {
			return "", err
		}
		text += " " + to
	case unix.S_IFDIR:
		buf := make([]byte, 256)
		if n, err := unix.Lgetxattr(path, "user.trial", buf); err == nil {
			text += " " + string(buf[:n])
		}
	}
	return text, nil
}

// Files are the contents of all regular files below the base, by content, with how often each is there.
func (s Server) Files(t testing.TB) map[string]int {
	t.Helper()
	all := map[string]int{}
	Must(t, filepath.WalkDir(s.Base, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		b, err := os.ReadFile(path)
		all[filepath.Base(path)+"\n"+string(b)]++
		return err
	}))
	return all
}

// Must ends the test on an error.
func Must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
