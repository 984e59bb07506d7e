// Package epms is all that is known of E-Post Mail Server V and SMTP Server V: where things are, which folders make up the
// queue, which services use them. What its files mean is in the packages below: queue, effect, settings.
//
// New finds the folders once; everything below works on what it found. The spool root holds the queue (FAQ bsd/01-67, bsd/01-82):
//
//	incoming   delivery queue: B0000123123.MSG and .RCP
//	domains    retry: one folder for each domain, or domain and message, with the envelopes and Domain.mri
//	holding    retry: the bodies of those
//	lists      expansion of mailing lists, one folder each
//	temp       what the receiver has half received; emptied when it starts
//	dead       what could be neither delivered nor bounced
//	reg        settings, see package settings
//
// Envelope and body of a retry lie in different folders, and the delivery service deletes halves that it finds when it starts or
// stops. So incoming, lists, holding and domains are set aside and brought back together.
package epms

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"strings"

	"hikeshi/spool"
	"hikeshi/spool/disk"
	"hikeshi/spool/epms/queue"
	"hikeshi/spool/epms/settings"
)

// Config says where the server is. Paths are absolute in the sense of Root; an empty one has its default.
type Config struct {
	Root    string    // every path is taken below it; "" is /
	Spool   string    // default /var/spool/epms
	Program string    // default /usr/local/mta/bin
	Mailbox string    // default inbox below Spool
	Units   []string  // service units, the receiver first; default epstrd.service and epstdd.service
	Own     spool.Own // added to what the settings say
}

// A Server is one E-Post mail server.
type Server struct {
	config  Config
	root    string // the spool root, resolved
	program string
	mailbox string
	tree    settings.Tree
}

// New finds the server. The error wraps fs.ErrNotExist if there is no spool root. A program or mailbox folder that is missing is
// no error.
func New(c Config) (*Server, error) {
	s, err := Installed(c)
	if err != nil {
		return nil, err
	}
	if s.root, err = s.at(s.config.Spool); err != nil {
		return nil, err
	}
	fi, err := os.Lstat(s.root)
	if err != nil {
		return nil, fmt.Errorf("finding the spool root: %w", err)
	}
	if !fi.IsDir() {
		return nil, fmt.Errorf("finding the spool root: %s is not a directory", s.root)
	}
	s.tree = settings.At(filepath.Join(s.root, "reg", "epost", "ims"))
	return s, nil
}

// Installed is the server without its spool: its control files and services can be looked at where there is no spool root. Nothing
// else is to be asked of it. The error is of a path that cannot be followed.
func Installed(c Config) (*Server, error) {
	root, err := realRoot(c.Root)
	if err != nil {
		return nil, err
	}
	c.Root = root
	c.Spool = or(c.Spool, "/var/spool/epms")
	c.Program = or(c.Program, "/usr/local/mta/bin")
	c.Mailbox = or(c.Mailbox, filepath.Join(c.Spool, "inbox"))
	s := &Server{config: c}
	if s.program, err = s.at(c.Program); err != nil {
		return nil, err
	}
	s.mailbox, err = s.at(c.Mailbox)
	return s, err
}

// at is where a path of the configuration is.
func (s *Server) at(path string) (string, error) {
	if !filepath.IsAbs(path) {
		return "", fmt.Errorf("path %q is not absolute", path)
	}
	return disk.Resolve(s.config.Root, path)
}

func realRoot(root string) (string, error) {
	abs, err := filepath.Abs(or(root, "/"))
	if err == nil {
		abs, err = filepath.EvalSymlinks(abs)
	}
	if err != nil {
		return "", fmt.Errorf("finding the root directory: %w", err)
	}
	return abs, nil
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

// Name is epms.
func (s *Server) Name() string { return "epms" }

// Root is the spool root.
func (s *Server) Root() string { return s.root }

// Program is the folder of the programs and control files.
func (s *Server) Program() string { return s.program }

// Mailbox is the folder of the mailboxes.
func (s *Server) Mailbox() string { return s.mailbox }

// Folders are the queue folders in the order in which they are set aside; temp and dead are looked at only.
func (s *Server) Folders() []spool.Folder {
	folders := []spool.Folder{
		{Name: "incoming", Set: true},
		{Name: "lists", Set: true, Tree: true},
		{Name: "holding", Set: true},
		{Name: "domains", Set: true, Tree: true},
		{Name: "temp", Info: true},
		{Name: "dead", Info: true},
	}
	for i := range folders {
		folders[i].Path = filepath.Join(s.root, folders[i].Name)
	}
	return folders
}

// known are the services in the order in which a configuration names them.
var known = [...]spool.Service{
	{Role: spool.Receiver, Unit: "epstrd.service", Process: "epstrd", Queue: true},
	{Role: spool.Delivery, Unit: "epstdd.service", Process: "epstdd", Queue: true},
	{Role: spool.Mailbox, Unit: "epstpop3d.service", Process: "epstpop3d"},
	{Role: spool.Mailbox, Unit: "epstimap4d.service", Process: "epstimap4d"},
}

// Services are the receiver, the delivery service and those of the mailboxes. A configured unit is the service whose name it
// has; one with another name is the service at its place, receiver first.
func (s *Server) Services() []spool.Service {
	all := known
	for i, unit := range s.config.Units {
		for k := range known {
			if program(unit) == known[k].Process {
				i = k
			}
		}
		if i < len(all) {
			all[i].Unit = unit
		}
	}
	return all[:]
}

// program is the name of a unit without its kind.
func program(unit string) string {
	name, _, _ := strings.Cut(filepath.Base(unit), ".")
	return name
}

// Message reads the name of a queue file; see package queue.
func (s *Server) Message(file string) (string, spool.Part, bool) { return queue.Message(file) }

// ReadEnvelope reads an envelope file; see package queue.
func (s *Server) ReadEnvelope(r io.Reader) (spool.MessageEnvelope, error) {
	return queue.ReadEnvelope(r)
}

// ReadClient reads the client of a body file; see package queue.
func (s *Server) ReadClient(r io.Reader) (netip.Addr, error) { return queue.ReadClient(r) }

// Companion says whether the server lays such a file beside its messages.
func (s *Server) Companion(name string) bool { return queue.Companion(name) }

// ListMail says whether a file of a queue folder belongs to mail of a mailing list.
func (s *Server) ListMail(folder, name string) bool {
	return folder == "lists" || queue.ListSplit(name)
}

// Bounce says whether a file belongs to an error mail that this server made.
func (s *Server) Bounce(name string) bool { return queue.Bounce(name) }

// Wiped are the folders that the receiver empties when it starts, and the failure counters, which go at the next success.
func (s *Server) Wiped() []spool.Folder {
	var all []spool.Folder
	for _, name := range []string{"temp", "authlock", "iplock"} {
		all = append(all, spool.Folder{Name: name, Path: filepath.Join(s.root, name), Info: true})
	}
	return all
}

// Requeue names the folder through which messages go back into the queue: those of a retry through incoming, where they are new;
// old ones would bounce at once (FAQ win/10-91).
func (s *Server) Requeue(folder string) (into string, ok bool) {
	if folder == "holding" || folder == "domains" {
		return "incoming", true
	}
	return "", false
}

// Detect says whether an E-Post server seems to be below root, and by what.
func Detect(root string) (found bool, reason string) {
	real, err := realRoot(root)
	if err != nil {
		return false, err.Error()
	}
	for _, path := range []string{
		"/usr/local/mta/bin/epstrd", "/etc/systemd/system/epstrd.service", "/var/spool/epms/reg/epost/ims", "/var/spool/epms/incoming",
	} {
		at, err := disk.Resolve(real, path)
		if err != nil {
			continue
		}
		if _, err := os.Stat(at); err == nil {
			return true, "there is " + path
		} else if !errors.Is(err, fs.ErrNotExist) {
			reason = err.Error()
		}
	}
	return false, or(reason, "no program, unit or spool of E-Post")
}

// Rules are the rules of the product without a server: Decide, Deny, Allow and Lint work on files that are given to them.
func Rules(c Config) *Server { return &Server{config: c} }
