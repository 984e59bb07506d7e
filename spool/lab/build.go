package lab

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"hikeshi/spool/lab/history/past"
	"hikeshi/spool/lab/judge/kept"
	"hikeshi/spool/lab/machine"
	"hikeshi/spool/lab/standin"
)

// A Lab is a built server. Its methods do not touch anything outside its folder.
type Lab struct {
	Scenario Scenario
	Machine  *machine.Machine // the machine of a rehearsal in one process; off until it is booted
	config   standin.Config
	password map[string]string // for SMTP AUTH, by account name
	reading  map[string]string // for reading mail, by account name
	before   kept.Files        // what was built
}

// Root is the folder of the lab, for --root.
func (l *Lab) Root() string { return l.config.Root }

// UnitDir is the folder of the units and drop-ins of Machine.
func (l *Lab) UnitDir() string { return filepath.Join(l.config.Root, "etc/systemd/system") }

// Config is what the stand-ins are told.
func (l *Lab) Config() standin.Config { return l.config }

// Secrets are the passwords of all accounts: for tests that look for them where they must not be.
func (l *Lab) Secrets() []string {
	return slices.Sorted(func(yield func(string) bool) {
		for _, all := range []map[string]string{l.password, l.reading} {
			for _, secret := range all {
				if !yield(secret) {
					return
				}
			}
		}
	})
}

// Build makes the whole tree in dir, which must be an absolute path and empty or not there.
func Build(dir string, s Scenario) (*Lab, error) {
	dir = filepath.Clean(dir)
	if err := empty(dir); err != nil {
		return nil, fmt.Errorf("building the lab: %w", err)
	}
	l := &Lab{Scenario: s, password: map[string]string{}, reading: map[string]string{}}
	l.config = standin.Config{Root: dir, Rate: s.Rate, Scan: 50 * time.Millisecond, RetryAfter: s.RetryAfter, Refuses: s.Refuses, Rejects: s.Rejects, Answers: s.Answers, Holes: s.Way.Holes}
	l.Machine = machine.New(dir, l.UnitDir(), l.units())
	for _, account := range s.Accounts {
		l.password[account], l.reading[account] = rand.Text(), rand.Text()
	}
	err := errors.Join(l.folders(), l.files(), l.past())
	if err == nil {
		l.before, err = kept.Remember(l.config)
	}
	if err != nil {
		return nil, fmt.Errorf("building the lab: %w", err)
	}
	return l, nil
}

// empty refuses everything that could be more than a lab.
func empty(dir string) error {
	if !filepath.IsAbs(dir) || dir == "/" {
		return fmt.Errorf("folder %q: an absolute path of a new folder is needed", dir)
	}
	names, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if len(names) > 0 {
		return fmt.Errorf("folder %s: it is not empty", dir)
	}
	return nil
}

func (l *Lab) folders() error {
	c := l.config
	dirs := []string{c.Program(), c.Lab(), l.UnitDir()}
	for _, name := range []string{"incoming", "domains", "holding", "lists", "temp", "dead", "inbox", "db", "reg", "mxcash", "viruslog", "exclusive",
		"authlock", "iplock", "receivelog"} { // without its folder receivelog is not written
		dirs = append(dirs, c.Spool(name))
	}
	for _, account := range l.Scenario.Accounts {
		dirs = append(dirs, c.Spool("inbox", account))
	}
	for _, dir := range dirs {
		if err := os.MkdirAll(dir, 0o750); err != nil {
			return err
		}
	}
	return nil
}

func (l *Lab) files() error {
	c := l.config
	// The two lines that the product is shipped with (FAQ bsd/01-09).
	files := map[string]string{c.Program("effect.dat"): "#<> default\n#blank false\n" + l.Scenario.Relay + l.Scenario.Way.Relay}
	if l.Scenario.Form {
		files[formFile(l.Root())] = ""
	}
	var idx strings.Builder
	for _, name := range l.Scenario.Accounts {
		a := standin.Account{Name: name, FullName: strings.ToUpper(name[:1]) + name[1:], Domain: l.Scenario.Domain}
		idx.WriteString(a.Line(l.reading[name]))
		if !slices.Contains(l.Scenario.NoAuth, name) {
			files[c.Spool("inbox", name, "apop.dat")] = l.password[name] + "\n"
		}
		for n := range 3 { // mail that nobody has read yet
			files[c.Spool("inbox", name, fmt.Sprintf("B%010d.MSG", 96001+n))] = fmt.Sprintf("From: <partner@example.com>\r\nTo: <%s>\r\nSubject: note %d\r\n\r\nRead this.\r\n",
				l.Scenario.address(name), n+1)
		}
	}
	files[c.Spool("db", l.Scenario.Domain+".idx")] = idx.String()
	for key, value := range l.settings() {
		files[c.Spool("reg/epost/ims", key)] = value
	}
	for path, text := range files {
		if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
			return err
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			return err
		}
	}
	return c.Save()
}

// past lays down the logs of the days before: everyone who mails through the server has done so for two weeks.
func (l *Lab) past() error {
	s := l.Scenario
	computer, _, _ := strings.Cut(s.Host, ".")
	return past.Write(past.Config{Dir: l.config.Spool(), Computer: computer, Host: s.Host, Domain: s.Domain, Now: time.Now(), Days: 14,
		LastID: 80000, Clients: l.clients()[:len(s.Mail)]})
}

// settings is the settings tree: defaults, except that SMTP AUTH and all logs are on, and what the scenario says.
func (l *Lab) settings() map[string]string {
	all := map[string]string{
		"HostName.2":                                   l.Scenario.Host + "\n",
		"DomainNamesAreLocal.0":                        l.Scenario.Domain + "\x00",
		"PostMaster.2":                                 "postmaster@" + l.Scenario.Domain + "\n",
		"MailSpoolDir.2":                               "/var/spool/epms\n",
		"MailInBoxDir.2":                               "/var/spool/epms/inbox/%USERNAME%\n",
		"Membership.2":                                 "/var/spool/epms/db\n",
		"LastMsgId.1":                                  "97000\n",
		"Vrfy.1":                                       "0\n",
		"EPST5RS/SMTPAUTHOnly.1":                       fmt.Sprintln(l.Scenario.AuthOnly),
		"EPST5RS/SMTPAUTHMode.2":                       "PLAIN LOGIN\n",
		"EPST5RS/FROMSecLevel.1":                       "0\n",
		"EPST5RS/PasswordFile.2":                       "apop.dat\n",
		"EPST5RS/AcceptlogEnabled.1":                   "1\n",
		"EPST5RS/Parameters/MailInlogEnabled.1":        "1\n",
		"EPST5DS/Parameters/MailOutlogEnabled.1":       "1\n",
		"EPST5DS/Parameters/MailSendLocallogEnabled.1": "1\n",
		"EPST5DS/MailFaillogEnabled.1":                 "1\n",
		"EPST5DS/SenderlogEnabled.1":                   "1\n",
	}
	if l.Scenario.Cluster {
		all["Clustering.1"] = "1\n"
	}
	maps.Copy(all, l.Scenario.Way.Settings)
	return all
}
