// Package directory finds the accounts of one E-Post mail server: what the account files list, where the mailbox of each is, whether it
// has an auth file, and what names it.
//
// [Directory.List] reads the account files (package account) and looks for mailbox folders and auth files (package mailbox).
// [Directory.Examine] then looks at some accounts more closely: planted settings in their control file, and the aliases, lists, control
// files of others and the postmaster setting that name them. Below the settings tree these stand in
//
//	Aliases/<key>/Alias.2, MappedTo.2          an address (one * in the local part) and where it leads: addr[,option[,ip]]
//	Lists/<name[@domain]>/Moderator.2, BouncesTo.2, Members/<address>/
//	PostMaster.2
//
// Nothing is read through a symbolic link below the folders that the settings name, everything is bounded, and what cannot be read
// becomes a problem of the list. A password is never taken out of a file.
package directory

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"hikeshi/spool"
	"hikeshi/spool/disk"
	"hikeshi/spool/epms/mailbox"
	"hikeshi/spool/epms/settings"
)

// Bounds of what is read.
const (
	maxFile     = 64 << 20 // bytes of an account file
	maxControl  = 256 << 10
	maxProblems = 20 // of one file
)

// A Directory says where things are.
type Directory struct {
	Accounts string                                     // the folder of the account files
	AuthFile string                                     // the name of auth files
	Place    func(domain string) (mailbox.Place, error) // as the settings say
	Resolve  func(serverPath string) (string, error)    // the real place of a path of the settings
	Settings settings.Tree
}

// listing is a list that is being made.
type listing struct {
	Directory
	list    spool.AccountList
	folders map[string]map[string][]string // by parent: the names in it by their lower-case form
}

// List lists the accounts, by domain and line. The error wraps fs.ErrNotExist if there is no folder of account files.
func (d Directory) List() (spool.AccountList, error) {
	dir, err := disk.Open(d.Accounts)
	if err != nil {
		return spool.AccountList{}, fmt.Errorf("listing accounts: %w", err)
	}
	defer dir.Close()
	names, err := dir.Names()
	if err != nil {
		return spool.AccountList{}, fmt.Errorf("listing accounts: %w", err)
	}
	l := &listing{Directory: d, folders: map[string]map[string][]string{}}
	slices.Sort(names)
	for _, name := range names {
		if domain, ok := strings.CutSuffix(name, ".idx"); ok {
			l.file(dir, name, strings.ToLower(domain))
		}
	}
	l.share()
	return l.list, nil
}

func (l *listing) problem(path string, line int, en, ja string) {
	l.list.Problems = append(l.list.Problems, spool.AccountProblem{Path: path, Line: line, Text: en, TextJA: ja})
}

func (l *listing) unread(path string, err error) {
	l.problem(path, 0, "cannot be read: "+err.Error(), "読めない: "+inJapanese(err))
}

// inJapanese is an error in Japanese, where it is one of the server's files and settings; the words of the system stay as they are.
func inJapanese(err error) string {
	if f, ok := errors.AsType[mailbox.Fault](err); ok {
		return f.TextJA
	}
	return err.Error()
}

// place finds the mailbox folder and the auth file of an account.
func (l *listing) place(a *spool.Account) {
	folder, err := l.Folder(a.Name, a.Domain)
	if err != nil {
		a.Lost, a.LostJA = err.Error(), inJapanese(err)
		return
	}
	parent, name := path.Split(folder)
	parent = path.Clean(parent)
	same := l.in(parent)[strings.ToLower(name)]
	if !slices.Contains(same, name) && len(same) == 1 {
		name = same[0]
	}
	a.Mailbox = path.Join(parent, name)
	a.AuthFile = path.Join(a.Mailbox, l.AuthFile)
	for _, n := range same {
		there, err := exists(path.Join(parent, n), l.AuthFile)
		switch {
		case err != nil:
			l.unread(path.Join(parent, n, l.AuthFile), err)
		case there && n == name:
			a.Auth = true
		case there:
			a.Twins = append(a.Twins, path.Join(parent, n))
		}
	}
}

// Folder is the folder of an account below Resolve, there or not.
func (d Directory) Folder(name, domain string) (string, error) {
	place, err := d.Place(domain)
	if err != nil {
		return "", err
	}
	folder, err := place.Folder(name)
	if err != nil {
		return "", err
	}
	parent, err := d.Resolve(path.Dir(folder))
	return path.Join(parent, path.Base(folder)), err
}

// in are the names in a folder of mailboxes, by their lower-case form; none if there is no such folder.
func (l *listing) in(parent string) map[string][]string {
	if names, ok := l.folders[parent]; ok {
		return names
	}
	names := map[string][]string{}
	l.folders[parent] = names
	all, err := children(parent)
	if err != nil {
		l.unread(parent, err)
	}
	slices.Sort(all)
	for _, n := range all {
		names[strings.ToLower(n)] = append(names[strings.ToLower(n)], n)
	}
	return names
}

// share notes which accounts have the same folder: those of the same name in domains without a folder of their own.
func (l *listing) share() {
	users := map[string][]int{}
	for i, a := range l.list.Accounts {
		if a.Mailbox != "" {
			users[a.Mailbox] = append(users[a.Mailbox], i)
		}
	}
	for i := range l.list.Accounts {
		for _, other := range users[l.list.Accounts[i].Mailbox] {
			if other != i {
				l.list.Accounts[i].Shares = append(l.list.Accounts[i].Shares, l.list.Accounts[other].Address())
			}
		}
	}
	slices.SortStableFunc(l.list.Accounts, func(a, b spool.Account) int {
		return cmp.Or(cmp.Compare(a.Domain, b.Domain), cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line))
	})
}

// children are the names in a folder; none if it is not there.
func children(at string) ([]string, error) {
	dir, err := disk.Open(at)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	return dir.Names()
}

// exists says whether there is a file in a folder that is no symbolic link.
func exists(folder, name string) (bool, error) {
	up, err := disk.Open(path.Dir(folder))
	if err != nil {
		return false, err
	}
	defer up.Close()
	dir, err := up.Sub(path.Base(folder))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer dir.Close()
	return dir.Exists(name)
}

// read reads a regular file of bounded size.
func read(dir *disk.Dir, name string, limit int64) ([]byte, error) {
	e, err := dir.Lstat(name)
	if err != nil {
		return nil, err
	}
	if e.Size > limit {
		return nil, tooLarge(limit)
	}
	data, err := dir.ReadAll(name)
	if err == nil && int64(len(data)) > limit {
		err = tooLarge(limit)
	}
	return data, err
}

func tooLarge(limit int64) error {
	return mailbox.Fault{Text: fmt.Sprintf("it is larger than %d bytes", limit), TextJA: fmt.Sprintf("%d バイトを超えている", limit)}
}
