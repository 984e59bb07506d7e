package epms

import (
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

	"hikeshi/spool"
)

// OwnDomains reads the own domains of the server from its settings; there are at most 512.
func (s *Server) OwnDomains() ([]string, error) {
	all, _, err := s.tree.List("DomainNamesAreLocal")
	if err != nil {
		return nil, fmt.Errorf("reading own domains: %w", err)
	}
	var domains []string
	for _, d := range all {
		if isDomain(d) {
			domains = append(domains, strings.ToLower(d))
		}
	}
	return domains, nil
}

// isDomain keeps out what is no name: the value is foreign bytes until then.
func isDomain(d string) bool {
	for _, c := range []byte(d) {
		if c <= ' ' || c >= 0x7f || c == '@' || c == '/' {
			return false
		}
	}
	return d != "" && len(d) <= 255
}

// Own is what belongs to the server's owner: what was configured, the own domains and the host name of the settings. Settings
// that cannot be read are left out; OwnDomains says why.
func (s *Server) Own() spool.Own {
	own := s.config.Own
	domains, err := s.OwnDomains()
	if err == nil {
		own.Domains = append(own.Domains[:len(own.Domains):len(own.Domains)], domains...)
	}
	if host, ok, err := s.tree.Text("HostName"); err == nil && ok && own.Hostname == "" && isDomain(host) {
		own.Hostname = strings.ToLower(host)
	}
	return own
}

// LastMessageID reads the counter of message IDs. It steps at every MAIL FROM that is accepted, so two readings give the rate of
// these even when all logs are off. The error says when there is none.
func (s *Server) LastMessageID() (int64, error) {
	n, ok, err := s.tree.Number("LastMsgId")
	if err == nil && !ok {
		err = fmt.Errorf("there is no %s", s.tree.Path("LastMsgId.1"))
	}
	if err != nil {
		return 0, fmt.Errorf("reading the counter of message IDs: %w", err)
	}
	return n, nil
}

// A LogSwitch is one of the server's logs, and what switches it on.
type LogSwitch struct {
	Name   string // acceptlog
	Dir    string // where its files lie, perhaps in a folder with the computer's name
	Switch string // the setting that switches it on; "" when its folder alone does
	On     bool
	Err    error // why it cannot be told; On means nothing then
}

// logSwitches are the logs and their switches (FAQ bsd/05-21); receivelog, receivepop3 and receiveimap4 are switched by making their
// folder (FAQ win/05-05) and need the log named as their switch. They are off unless the value is there and not 0.
var logSwitches = [...]struct {
	name     string
	folder   bool
	switches []string
}{
	{"acceptlog", false, []string{"EPST5RS/AcceptlogEnabled"}},
	{"inlog", false, []string{"EPST5RS/Parameters/MailInlogEnabled"}},
	{"receivelog", true, []string{"EPST5RS/AcceptlogEnabled"}},
	{"outlog", false, []string{"EPST5DS/Parameters/MailOutlogEnabled"}},
	{"outlocallog", false, []string{"EPST5DS/Parameters/MailSendLocallogEnabled", "EPST5DS/MailSendLocallogEnabled"}},
	{"faillog", false, []string{"EPST5DS/MailFaillogEnabled"}},
	{"senderlog", false, []string{"EPST5DS/SenderlogEnabled", "EPST5DS/Sender2logEnabled"}},
	{"pop3log", false, []string{"EPST5POP3S/AcceptlogEnabled"}},
	{"receivepop3", true, []string{"EPST5POP3S/AcceptlogEnabled"}},
	{"imap4log", false, []string{"EPST5IMAP4S/AcceptlogEnabled"}},
	{"receiveimap4", true, []string{"EPST5IMAP4S/AcceptlogEnabled"}},
}

// LogSwitches says which logs are switched on. The services read the switches when they start.
func (s *Server) LogSwitches() []LogSwitch {
	all := make([]LogSwitch, 0, len(logSwitches))
	for _, l := range logSwitches {
		one := s.log(l.name, l.folder, l.switches)
		if !isDir(s.tree.Path("")) {
			one.Err = fmt.Errorf("there are no settings below %s: %w", s.tree.Path(""), fs.ErrNotExist)
		}
		all = append(all, one)
	}
	return all
}

func (s *Server) log(name string, folder bool, switches []string) LogSwitch {
	l := LogSwitch{Name: name, Dir: filepath.Join(s.root, name), Switch: s.tree.Path(switches[0] + ".1")}
	for _, value := range switches {
		n, _, err := s.tree.Number(value)
		if err != nil {
			l.Err = err
		}
		if n != 0 {
			l.On, l.Switch = true, s.tree.Path(value+".1")
		}
	}
	if l.On && folder {
		l.On = isDir(l.Dir)
	}
	return l
}
