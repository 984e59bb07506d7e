package scan

import (
	"bufio"
	"errors"
	"io"
	"net/netip"
	"path/filepath"
	"strings"

	"hikeshi/spool"
)

// server is a small mail server whose files are told by simple names: <letter><digits>[-suffix].MSG and .RCP. An envelope is
// lines: the sender, then the recipients; a body begins with the address of the client.
type server struct {
	root    string
	folders []spool.Folder
}

func newServer(root string) *server {
	s := &server{root: root}
	for _, f := range []spool.Folder{{Name: "incoming", Set: true}, {Name: "lists", Set: true, Tree: true}, {Name: "holding", Set: true},
		{Name: "domains", Set: true, Tree: true}, {Name: "temp", Info: true}} {
		f.Path = filepath.Join(root, f.Name)
		s.folders = append(s.folders, f)
	}
	return s
}

func (s *server) Name() string              { return "test" }
func (s *server) Root() string              { return s.root }
func (s *server) Folders() []spool.Folder   { return s.folders }
func (s *server) Services() []spool.Service { return nil }

func (s *server) Message(file string) (string, spool.Part, bool) {
	stem, ext, _ := strings.Cut(file, ".")
	base, _, _ := strings.Cut(stem, "-")
	if len(base) < 2 || base[0]|0x20 < 'a' || base[0]|0x20 > 'z' {
		return "", spool.Other, false
	}
	switch {
	case strings.EqualFold(ext, "MSG"):
		return base, spool.Body, true
	case strings.EqualFold(ext, "RCP"):
		return base, spool.Envelope, true
	}
	return "", spool.Other, false
}

func (s *server) ReadEnvelope(r io.Reader) (e spool.MessageEnvelope, err error) {
	lines := bufio.NewScanner(r)
	if !lines.Scan() {
		return e, errors.New("no sender")
	}
	e.Sender = lines.Text()
	for lines.Scan() {
		e.Recipients = append(e.Recipients, lines.Text())
		e.Total++
	}
	return e, nil
}

func (s *server) ReadClient(r io.Reader) (netip.Addr, error) {
	b, err := io.ReadAll(io.LimitReader(r, 64))
	if err != nil || len(b) == 0 {
		return netip.Addr{}, err
	}
	return netip.ParseAddr(strings.TrimSpace(string(b)))
}

func (s *server) Companion(name string) bool        { return name == "Domain.mri" }
func (s *server) ListMail(folder, name string) bool { return folder == "lists" }
