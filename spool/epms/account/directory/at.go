package directory

import (
	"fmt"
	"path"

	"hikeshi/spool/epms/mailbox"
	"hikeshi/spool/epms/settings"
)

// Defaults say where things are that the settings say nothing of.
type Defaults struct {
	Accounts  string // the folder of the account files, where Membership is not set
	Program   string // the one where it is empty
	Mailboxes string // a path in the sense of the server, where MailInBoxDir is not set
	Settings  settings.Tree
	Resolve   func(serverPath string) (string, error)
}

// At reads from the settings where the accounts are. The Directory is for one use: it remembers what it has read.
func At(def Defaults) (Directory, error) {
	d := Directory{Settings: def.Settings, Resolve: def.Resolve, Accounts: def.Accounts}
	password, _, err := d.Settings.Text("EPST5RS/PasswordFile")
	if err != nil {
		return d, err
	}
	if d.AuthFile, err = mailbox.AuthFile(password); err != nil {
		return d, fmt.Errorf("reading %s: %w", d.Settings.Path("EPST5RS/PasswordFile.2"), err)
	}
	folder, set, err := d.Settings.Text("Membership")
	switch {
	case err != nil:
		return d, err
	case set && folder == "":
		d.Accounts = def.Program
	case set && !path.IsAbs(folder):
		return d, fmt.Errorf("reading %s: %.80q is no absolute path", d.Settings.Path("Membership.2"), folder)
	case set:
		if d.Accounts, err = d.Resolve(folder); err != nil {
			return d, err
		}
	}
	template, _, err := d.Settings.Text("MailInBoxDir")
	if template == "" {
		template = def.Mailboxes
	}
	d.Place = places(d.Settings, template)
	return d, err
}

// places looks once for the folder of each domain.
func places(tree settings.Tree, template string) func(domain string) (mailbox.Place, error) {
	links := map[string]string{}
	return func(domain string) (mailbox.Place, error) {
		link, known := links[domain]
		if !known {
			var err error
			if link, _, err = tree.Text("Domain/Folder/" + domain); err != nil {
				return mailbox.Place{}, err
			}
			links[domain] = link
		}
		return mailbox.Place{Template: template, Link: link}, nil
	}
}
