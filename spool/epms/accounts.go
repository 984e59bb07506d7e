package epms

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"hikeshi/spool"
	"hikeshi/spool/disk"
	"hikeshi/spool/epms/account"
	"hikeshi/spool/epms/account/directory"
	"hikeshi/spool/epms/door"
	"hikeshi/spool/epms/mailbox"
)

// directory reads where the accounts are from the settings as they stand now.
func (s *Server) directory() (directory.Directory, error) {
	return directory.At(directory.Defaults{
		Accounts: filepath.Join(s.root, "db"), Program: s.program, Mailboxes: s.config.Mailbox, Settings: s.tree,
		Resolve: func(p string) (string, error) { return disk.Resolve(s.config.Root, p) },
	})
}

// Accounts lists the accounts of the account folder: the setting Membership, by default db below the spool root.
func (s *Server) Accounts() (spool.AccountList, error) {
	d, err := s.directory()
	if err != nil {
		return spool.AccountList{}, fmt.Errorf("listing accounts: %w", err)
	}
	return d.List()
}

// Examine completes accounts with what is planted in their control file and what names them.
func (s *Server) Examine(all spool.AccountList, named func(spool.Account) bool) (spool.AccountList, error) {
	d, err := s.directory()
	if err != nil {
		return all, fmt.Errorf("examining accounts: %w", err)
	}
	return d.Examine(all, named)
}

// MailboxOf is the mailbox folder of an account and its auth file.
func (s *Server) MailboxOf(name, domain string) (folder, auth string, err error) {
	d, err := s.directory()
	if err == nil {
		folder, err = d.Folder(name, domain)
	}
	if err != nil {
		return "", "", fmt.Errorf("finding a mailbox: %w", err)
	}
	return folder, filepath.Join(folder, d.AuthFile), nil
}

// CheckName says whether an account may have this name; see account.CheckName.
func (s *Server) CheckName(name string) (string, error) { return account.CheckName(name) }

// Rename renames an account in an account file; see account.File.WithName.
func (s *Server) Rename(file []byte, old, new string) ([]byte, error) {
	return account.Parse(file).WithName(old, new)
}

// AccountSecrets are the passwords in account files.
func (s *Server) AccountSecrets() spool.Secrets { return account.Secrets{} }

// AuthSecrets are the passwords in auth files.
func (s *Server) AuthSecrets() spool.Secrets { return mailbox.Secrets{} }

// Clean takes the planted settings out of a control file; see mailbox.Clean.
func (s *Server) Clean(file []byte) ([]byte, []spool.Planted) {
	after, gone := mailbox.Clean(file)
	var all []spool.Planted
	for _, g := range gone {
		p := spool.Planted{Line: g.Line, Key: g.Key, Value: g.Value, Odd: g.Odd}
		if g.Odd {
			p.Value = ""
		}
		all = append(all, p)
	}
	return after, all
}

// OtherNames are the addresses of aliases and lists, as their settings spell them.
func (s *Server) OtherNames() ([]string, error) {
	d, err := s.directory()
	if err != nil {
		return nil, fmt.Errorf("listing aliases and lists: %w", err)
	}
	return d.OtherNames(s.Own().Domains), nil
}

// Door returns the ways in which a stranger could mail the outside without a login; see package door.
func (s *Server) Door(file []byte) ([]spool.LintFinding, error) {
	only, _, err := s.tree.Number("EPST5RS/SMTPAUTHOnly")
	if err != nil {
		return nil, fmt.Errorf("looking whether a login is needed: %w", err)
	}
	list, err := s.Accounts()
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	for _, p := range list.Problems {
		if p.Line == 0 {
			return nil, fmt.Errorf("looking whether a login is needed: %s: %s", p.Path, p.Text)
		}
	}
	others, err := s.OtherNames()
	if err != nil {
		return nil, err
	}
	return door.Server{AuthOnly: only, Domains: s.Own().Domains, Accounts: list.Accounts, Others: others}.Open(file), nil
}

var (
	_ spool.Doorkeeper   = (*Server)(nil)
	_ spool.Accounts     = (*Server)(nil)
	_ spool.AccountFiles = (*Server)(nil)
)
