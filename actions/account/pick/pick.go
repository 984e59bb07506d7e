// Package pick finds the accounts that a responder means: taro or taro@example.jp.
package pick

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"hikeshi/runbook"
	"hikeshi/runbook/nearest"
	"hikeshi/spool"
)

// A Desk is a server whose accounts can be listed and whose account files can be changed.
type Desk struct {
	spool.Accounts
	spool.AccountFiles
}

// Open says what s can do. The error wraps errors.ErrUnsupported if it knows nothing of accounts.
func Open(s spool.Server) (Desk, error) {
	a, ok := s.(spool.Accounts)
	f, also := s.(spool.AccountFiles)
	if !ok || !also {
		return Desk{}, fmt.Errorf("looking at accounts: %w by this server", errors.ErrUnsupported)
	}
	return Desk{a, f}, nil
}

// List lists the accounts. The error wraps runbook.ErrUndetermined if they cannot be read.
func (d Desk) List() (spool.AccountList, error) {
	all, err := d.Accounts.Accounts()
	if err != nil {
		return all, fmt.Errorf("%w: %w", runbook.ErrUndetermined, err)
	}
	return all, nil
}

// Examined lists the accounts and completes those of these names; see Named.
func (d Desk) Examined(names []string) (Chosen, error) {
	all, err := d.List()
	if err != nil && len(names) == 0 {
		return Chosen{}, nil // nobody is looked for, so it does not matter that there is no list
	}
	if err != nil {
		return Chosen{}, err
	}
	c, err := Named(all, names)
	if err != nil || len(c.Found) == 0 {
		return c, err
	}
	wanted := map[string]bool{}
	for _, a := range c.Found {
		wanted[a.Address()] = true
	}
	all, err = d.Examine(all, func(a spool.Account) bool { return wanted[a.Address()] })
	if err != nil {
		return Chosen{}, fmt.Errorf("%w: %w", runbook.ErrUndetermined, err)
	}
	return Named(all, names)
}

// Accounts reads the accounts that a step names, and its cause if it has one.
func Accounts(in runbook.Input) (names []string, cause string, err error) {
	var p struct {
		Accounts []string `json:"accounts"`
		Cause    string   `json:"cause"`
	}
	err = in.Decode(&p)
	return p.Accounts, p.Cause, err
}

// Asked finds the accounts that a step names, examined. One that there is not is refused with runbook.ErrInput.
func Asked(s spool.Server, in runbook.Input) (Desk, Chosen, error) {
	names, _, err := Accounts(in)
	if err != nil {
		return Desk{}, Chosen{}, err
	}
	d, err := Open(s)
	if err != nil {
		return d, Chosen{}, err
	}
	c, err := d.Examined(names)
	if err == nil {
		err = c.Refuse()
	}
	return d, c, err
}

// Chosen are the accounts of some names.
type Chosen struct {
	All     spool.AccountList
	Found   []spool.Account // in the order of the names, each once
	Unknown []string        // names of which there is no account
}

// Named chooses from all. A name without a domain that several domains have is refused with runbook.ErrInput.
func Named(all spool.AccountList, names []string) (Chosen, error) {
	c := Chosen{All: all}
	var errs []error
	for _, name := range names {
		var found []spool.Account
		for _, a := range all.Accounts {
			if Means(name, a.Name, a.Domain) {
				found = append(found, a)
			}
		}
		switch {
		case len(found) == 0:
			c.Unknown = append(c.Unknown, name)
		case len(found) > 1:
			errs = append(errs, fmt.Errorf("%w: account %q is in several domains: %s", runbook.ErrInput, name, strings.Join(addresses(found), ", ")))
		case !slices.ContainsFunc(c.Found, func(a spool.Account) bool { return a.Address() == found[0].Address() }):
			c.Found = append(c.Found, found[0])
		}
	}
	return c, errors.Join(errs...)
}

// Means says whether a responder who writes name means the account: letter case does not matter, and the domain may be left out.
func Means(name, account, domain string) bool {
	return strings.EqualFold(name, account) || strings.EqualFold(name, account+"@"+domain)
}

// Hidden is the account file that cannot be read and in which an account of this name would stand.
func (c Chosen) Hidden(name string) (spool.AccountProblem, bool) {
	_, domain, found := strings.Cut(strings.ToLower(name), "@")
	for _, p := range c.All.Problems {
		of, isFile := strings.CutSuffix(strings.ToLower(filepath.Base(p.Path)), ".idx")
		if p.Line == 0 && isFile && (!found || of == domain) && !c.listed(p.Path) {
			return p, true
		}
	}
	return spool.AccountProblem{}, false
}

// listed says whether accounts of a file are known: then a remark about the file as a whole does not hide any.
func (c Chosen) listed(file string) bool {
	return slices.ContainsFunc(c.All.Accounts, func(a spool.Account) bool { return a.File == file })
}

// maxShown bounds how many candidates are named.
const maxShown = 10

func addresses(all []spool.Account) []string {
	var s []string
	for _, a := range all[:min(len(all), maxShown)] {
		s = append(s, a.Address())
	}
	return s
}

// Refuse refuses the unknown names with runbook.ErrInput, each with the one that was probably meant. A name that may stand in a file that
// cannot be read is refused with runbook.ErrUndetermined and the reason.
func (c Chosen) Refuse() error {
	var errs []error
	for _, name := range c.Unknown {
		if p, ok := c.Hidden(name); ok {
			errs = append(errs, fmt.Errorf("%w: looking for account %q: %s %s", runbook.ErrUndetermined, name, p.Path, p.Text))
			continue
		}
		var known []string
		for _, a := range c.All.Accounts {
			if strings.Contains(name, "@") {
				known = append(known, a.Address())
			} else {
				known = append(known, a.Name)
			}
		}
		errs = append(errs, fmt.Errorf("%w: there is no account %q%s", runbook.ErrInput, name, nearest.Hint(name, known)))
	}
	return errors.Join(errs...)
}
