package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"strings"

	"hikeshi/actions/smtpcheck/consent"
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
	if c.Receiver != "" && c.Maildir != "" {
		return bad("smtp.maildir", c.Maildir, "needed beside smtp.receiver: mail to the probe mailbox arrives in one place")
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
	f, err := os.Open(c.Login.PasswordFile)
	if err != nil {
		return nil, fmt.Errorf("reading the password of the test account: %w", err)
	}
	defer f.Close()
	fi, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("reading the password of the test account: %w", err)
	}
	if fi.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("reading the password of the test account: others can read %s (mode %04o); chmod 600", c.Login.PasswordFile, fi.Mode().Perm())
	}
	s := bufio.NewScanner(io.LimitReader(f, 1<<10))
	if !s.Scan() || strings.TrimSpace(s.Text()) == "" {
		return nil, errors.New("reading the password of the test account: the first line is empty")
	}
	return &relay.Login{User: c.Login.User, Password: strings.TrimRight(s.Text(), "\r")}, nil
}
