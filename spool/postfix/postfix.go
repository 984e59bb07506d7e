// Package postfix is what is known of Postfix as a whole: where things are, which folders make up the queue, which services use them. What its
// files mean is in the packages below: queuefile, access, conf, denial.
//
// New finds the folders once; everything below works on what it found. The queue directory holds a folder for each state of a message, which
// is one file in one of them (QSHAPE_README, postsuper(1)):
//
//	maildrop  handed in by sendmail(1), not looked at yet
//	incoming  received; not complete while its mode is 0600
//	active    being delivered
//	deferred  to be tried again; its time is that of the next try
//	hold      held; never delivered until it is released
//	corrupt   not readable
//
// Folders may be hashed to any depth (hash_queue_names, hash_queue_depth). A message keeps its inode, which its name holds, wherever it is moved
// within the file system, so that it can be set aside by a rename and brought back while Postfix is stopped.
//
// Sources: the manuals of 3.7.11, and src/global/mail_queue.h.
package postfix

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"path/filepath"

	"hikeshi/spool"
	"hikeshi/spool/disk"
	"hikeshi/spool/postfix/denial"
	"hikeshi/spool/postfix/queuefile"
)

// Config says where the server is. Paths are absolute in the sense of Root; an empty one has its default.
type Config struct {
	Root    string    // every path is taken below it; "" is /
	Dir     string    // of main.cf; default /etc/postfix
	Queue   string    // default queue_directory of main.cf, which has /var/spool/postfix where it says nothing
	Program string    // postfix(1); default /usr/sbin/postfix
	Units   []string  // of systemd; default postfix@-.service where there is such a template, else postfix.service
	Proc    string    // /proc of the machine that the server runs on; "": its processes cannot be seen
	Own     spool.Own // added to what the settings say
}

// The places where nothing else is said.
const (
	defaultDir     = "/etc/postfix"
	defaultQueue   = "/var/spool/postfix"
	defaultProgram = "/usr/sbin/postfix"
)

// A Server is one Postfix instance.
type Server struct {
	denial.Files
	config Config
	root   string // the queue directory, resolved
	main   settings
}

// Detect says whether a Postfix is below root: there is a main.cf, or a queue directory with an active folder.
func Detect(root string) bool {
	for _, path := range []string{defaultDir + "/main.cf", defaultQueue + "/active"} {
		at, err := disk.Resolve(or(root, "/"), path)
		if err != nil {
			continue
		}
		if _, err := os.Lstat(at); err == nil {
			return true
		}
	}
	return false
}

// New finds the server. The error wraps fs.ErrNotExist if there is no main.cf, or no queue directory.
func New(c Config) (*Server, error) {
	root, err := filepath.Abs(or(c.Root, "/"))
	if err == nil {
		root, err = filepath.EvalSymlinks(root)
	}
	if err != nil {
		return nil, fmt.Errorf("finding the root directory: %w", err)
	}
	c.Root, c.Dir, c.Program = root, or(c.Dir, defaultDir), or(c.Program, defaultProgram)
	s := &Server{config: c}
	dir, err := s.at(c.Dir)
	if err != nil {
		return nil, err
	}
	if s.main, err = readSettings(dir); err != nil {
		return nil, err
	}
	s.main.resolve = s.at
	if c.Queue == "" {
		c.Queue = or(s.main.value("queue_directory"), defaultQueue)
	}
	if s.root, err = s.at(c.Queue); err != nil {
		return nil, err
	}
	fi, err := os.Lstat(s.root)
	if err != nil {
		return nil, fmt.Errorf("finding the queue directory: %w", err)
	}
	if !fi.IsDir() {
		return nil, fmt.Errorf("finding the queue directory: %s is not a directory", s.root)
	}
	s.Files = denial.Files{Dir: dir, Setting: c.Dir, Queue: s.root, Proc: c.Proc, Program: c.Program, Uptime: denial.Boottime}
	return s, nil
}

// at is where a path of the configuration is.
func (s *Server) at(path string) (string, error) {
	if !filepath.IsAbs(path) {
		return "", fmt.Errorf("path %q is not absolute", path)
	}
	return disk.Resolve(s.config.Root, path)
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

// Name is postfix.
func (s *Server) Name() string { return "postfix" }

// Root is the queue directory.
func (s *Server) Root() string { return s.root }

// Folders are the queue folders in the order in which they are set aside: what is about to be delivered first. What is held stays.
func (s *Server) Folders() []spool.Folder {
	folders := []spool.Folder{
		{Name: "active", Set: true, Tree: true},
		{Name: "incoming", Set: true, Tree: true},
		{Name: "maildrop", Set: true, Tree: true},
		{Name: "deferred", Set: true, Tree: true},
		{Name: "hold", Info: true, Tree: true},
		{Name: "corrupt", Info: true, Tree: true},
	}
	for i := range folders {
		folders[i].Path = filepath.Join(s.root, folders[i].Name)
	}
	return folders
}

// Services is the one of master(8), which receives and delivers. Debian makes a unit of each instance out of a template.
func (s *Server) Services() []spool.Service {
	unit := "postfix.service"
	for _, dir := range []string{"/usr/lib/systemd/system", "/lib/systemd/system"} {
		if at, err := s.at(dir + "/postfix@.service"); err == nil {
			if _, err := os.Lstat(at); err == nil {
				unit = "postfix@-.service"
				break
			}
		}
	}
	if len(s.config.Units) > 0 {
		unit = s.config.Units[0]
	}
	return []spool.Service{{Role: spool.Receiver, Unit: unit, Process: "qmgr", Queue: true}}
}

// Message reads the name of a queue file, its queue id: each is a whole message.
func (s *Server) Message(file string) (string, spool.Part, bool) {
	if _, ok := queuefile.ParseID(file); !ok {
		return "", spool.Other, false
	}
	return file, spool.Whole, true
}

// maxFile bounds a queue file that can be read only from its beginning on, in bytes.
const maxFile = 64 << 20

// open makes of r what can be read at any place.
func open(r io.Reader) (io.ReaderAt, int64, error) {
	if f, ok := r.(*os.File); ok {
		fi, err := f.Stat()
		if err != nil {
			return nil, 0, err
		}
		return f, fi.Size(), nil
	}
	b, err := io.ReadAll(io.LimitReader(r, maxFile+1))
	if len(b) > maxFile {
		err = fmt.Errorf("it has more than %d bytes", maxFile)
	}
	return bytes.NewReader(b), int64(len(b)), err
}

// ReadEnvelope reads the envelope of a queue file. A file that is still being written gives an error that wraps queuefile.ErrIncomplete.
func (s *Server) ReadEnvelope(r io.Reader) (spool.MessageEnvelope, error) {
	at, size, err := open(r)
	if err != nil {
		return spool.MessageEnvelope{}, fmt.Errorf("reading a queue file: %w", err)
	}
	m, err := queuefile.Read(at, size)
	switch {
	case errors.Is(err, queuefile.ErrIncomplete) && growing(r):
		err = fmt.Errorf("%w: %w", spool.ErrUnfinished, err)
	case err == nil && !m.Known:
		err = errors.New("reading a queue file: it names no sender, not even the null sender")
	}
	e := spool.MessageEnvelope{Sender: m.Sender, Client: m.Client, HELO: m.HELO, Login: m.Login, Arrived: m.Arrived}
	for _, x := range m.Recipients {
		if x.State == queuefile.Todo {
			e.Recipients = append(e.Recipients, x.Address)
		}
	}
	e.Total = m.Todo
	return e, err
}

// growing says whether Postfix has not ended writing a file: it gives it the right to be executed then (src/global/mail_stream.c).
func growing(r io.Reader) bool {
	f, ok := r.(*os.File)
	if !ok {
		return false
	}
	fi, err := f.Stat()
	return err == nil && fi.Mode().Perm()&0o100 == 0
}

// ReadClient reads the client of a queue file.
func (s *Server) ReadClient(r io.Reader) (netip.Addr, error) {
	e, err := s.ReadEnvelope(r)
	return e.Client, err
}

// Own is what belongs to the owner of the server, by its settings and the configuration.
func (s *Server) Own() spool.Own {
	own := s.config.Own
	own.Domains = append(s.main.domains(), own.Domains...)
	if own.Hostname == "" {
		own.Hostname = s.main.value("myhostname")
	}
	return own
}
