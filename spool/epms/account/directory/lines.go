package directory

import (
	"fmt"
	"path"
	"strings"

	"hikeshi/spool"
	"hikeshi/spool/disk"
	"hikeshi/spool/epms/account"
	"hikeshi/spool/epms/mailbox"
)

// file lists the accounts of one account file: those that the server sees, then those whose line it may not see.
func (l *listing) file(dir *disk.Dir, name, domain string) {
	at := path.Join(l.Accounts, name)
	data, err := read(dir, name, maxFile)
	if err == nil && !mailbox.Plain(domain) {
		err = mailbox.Fault{Text: "its name is not that of a domain", TextJA: "ファイル名がドメイン名になっていない"}
	}
	if err != nil {
		l.unread(at, err)
		return
	}
	f := account.Parse(data)
	like := spool.Account{Domain: domain, File: at}
	like.Fixed, like.FixedJA = l.faults(at, f)
	seen := map[string]int{} // by lower-case name: the place in the list, or -1
	for _, e := range f.Entries() {
		l.entry(like, e, seen)
	}
	for _, e := range f.Unreadable() {
		if _, known := seen[strings.ToLower(e.Name)]; known || !mailbox.Plain(e.Name) {
			continue
		}
		a := like
		fault := f.Fault(e.Line)
		a.Unread, a.UnreadJA = fault.Text, fault.TextJA
		seen[strings.ToLower(e.Name)] = l.add(a, e)
	}
}

// entry lists an account that the server sees, unless a line above has its name.
func (l *listing) entry(like spool.Account, e account.Entry, seen map[string]int) {
	low := strings.ToLower(e.Name)
	first, known := seen[low]
	switch {
	case !mailbox.Plain(e.Name):
		l.problem(like.File, e.Line, "the account has a name that cannot be used here; look at it in the console", "この名前のアカウントは扱えない。コンソールで確認すること")
		seen[low] = -1
	case known:
		l.problem(like.File, e.Line, "the account is there already in a line above, which is the one that counts", "同名のアカウントが上の行にあり、そちらが有効")
		if first >= 0 {
			l.list.Accounts[first].Again = append(l.list.Accounts[first].Again, e.Line)
		}
	default:
		like.FullName = e.FullName
		seen[low] = l.add(like, e)
	}
}

// add lists an account and returns its place.
func (l *listing) add(a spool.Account, e account.Entry) int {
	a.Name, a.Line = e.Name, e.Line
	l.place(&a)
	l.list.Accounts = append(l.list.Accounts, a)
	return len(l.list.Accounts) - 1
}

// faults notes what is wrong in a file and returns why it cannot be rewritten.
func (l *listing) faults(at string, f *account.File) (fixed, fixedJA string) {
	all := f.Faults()
	for i, fault := range all {
		if i == maxProblems {
			l.problem(at, 0, fmt.Sprintf("%d more lines are not as documented", len(all)-i), fmt.Sprintf("ほかに %d 行が文書の形式と異なる", len(all)-i))
			break
		}
		l.problem(at, fault.Line, fault.Text, fault.TextJA)
	}
	if len(all) > 0 {
		where := fmt.Sprintf("%s:%d: ", at, all[0].Line)
		fixed, fixedJA = where+all[0].Text, where+all[0].TextJA
	}
	return fixed, fixedJA
}
