package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"strings"
	"time"

	"hikeshi/actions/smtpcheck/consent"
	"hikeshi/actions/smtpcheck/probe/imap"
	"hikeshi/actions/smtpcheck/relay"
	"hikeshi/actions/smtpcheck/target"
)

// smtpConfig is how a mail server is tested, as the configuration says it.
type smtpConfig struct {
	Targets  string `yaml:"targets"`
	Patterns string `yaml:"patterns"`
	Probe    string `yaml:"probe"`
	Receiver string `yaml:"receiver"`
	Maildir  string `yaml:"maildir"`
	IMAP     string `yaml:"imap"`
	IMAPFile string `yaml:"imap_password_file"`
	Sender   string `yaml:"sender"`
	Account  string `yaml:"account"`
	Domain   string `yaml:"domain"`
	Login    struct {
		User         string `yaml:"user"`
		PasswordFile string `yaml:"password_file"`
	} `yaml:"login"`
}

// check refuses what cannot stand in an envelope. bad words the mistake: key, value, what is wanted.
func (c smtpConfig) check(bad func(key, value, want string) error) error {
	for _, e := range []struct{ key, value string }{{"smtp.probe", c.Probe}, {"smtp.sender", c.Sender}, {"smtp.account", c.Account}} {
		if e.value != "" && !consent.IsMailbox(e.value) {
			return bad(e.key, e.value, "a mail address such as relaytest@example.com")
		}
	}
	if c.Domain != "" && !target.IsName(c.Domain) {
		return bad("smtp.domain", c.Domain, "a domain such as example.jp")
	}
	if c.Receiver != "" {
		if _, err := netip.ParseAddrPort(c.Receiver); err != nil {
			return bad("smtp.receiver", c.Receiver, "an address and a port such as 192.0.2.25:25")
		}
	}
	for _, e := range []struct{ key, value, other string }{{"smtp.maildir", c.Maildir, c.Receiver}, {"smtp.imap", c.IMAP, c.Receiver + c.Maildir}} {
		if e.value != "" && e.other != "" {
			return bad(e.key, e.value, "needed beside smtp.receiver and smtp.maildir: mail to the probe mailbox arrives in one place")
		}
	}
	if c.IMAP != "" {
		if _, err := imap.Parse(c.IMAP); err != nil {
			return bad("smtp.imap", "", "imaps://USER@HOST/INBOX: "+err.Error()) // the value may hold a password
		}
	}
	if (c.IMAP == "") != (c.IMAPFile == "") {
		return bad("smtp.imap", "", "complete: imap and imap_password_file belong together")
	}
	if (c.Login.User == "") != (c.Login.PasswordFile == "") {
		return bad("smtp.login", c.Login.User, "complete: user and password_file belong together")
	}
	return nil
}

// login is the test account, or nil if there is none. Its password stands in the first line of a file that nobody else can read.
func (c smtpConfig) login() (*relay.Login, error) {
	if c.Login.User == "" {
		return nil, nil
	}
	password, err := readPassword(c.Login.PasswordFile)
	if err != nil {
		return nil, fmt.Errorf("reading the password of the test account: %w", err)
	}
	return &relay.Login{User: c.Login.User, Password: password}, nil
}

// mailbox is where the probe mailbox is read over IMAP; nil if it is not.
func (c smtpConfig) mailbox() func() (imap.Place, error) {
	if c.IMAP == "" {
		return nil
	}
	return func() (imap.Place, error) {
		p, err := imap.Parse(c.IMAP)
		if err == nil {
			p.Password, err = readPassword(c.IMAPFile)
		}
		if err != nil {
			return p, fmt.Errorf("reading where the probe mailbox is: %w", err)
		}
		d := net.Dialer{}
		p.Dial, p.Clock = d.DialContext, time.Now
		return p, nil
	}
}

// readPassword reads the first line of a file that nobody else can read.
func readPassword(name string) (string, error) {
	f, err := os.Open(name)
	if err != nil {
		return "", err
	}
	defer f.Close()
	fi, err := f.Stat()
	if err != nil {
		return "", err
	}
	if fi.Mode().Perm()&0o077 != 0 {
		return "", fmt.Errorf("others can read %s (mode %04o); chmod 600", name, fi.Mode().Perm())
	}
	s := bufio.NewScanner(io.LimitReader(f, 1<<10))
	if !s.Scan() || strings.TrimSpace(s.Text()) == "" {
		return "", errors.New("the first line is empty")
	}
	return strings.TrimRight(s.Text(), "\r"), nil
}
