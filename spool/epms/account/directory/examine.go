package directory

import (
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"

	"hikeshi/spool"
	"hikeshi/spool/disk"
	"hikeshi/spool/epms/mailbox"
)

// examination looks for what names some accounts of a list.
type examination struct {
	*listing
	wanted map[string][]int // by lower-case address, and by name alone
}

// Examine looks at those accounts of all for which named is true and completes them with what is planted and what names them.
func (d Directory) Examine(all spool.AccountList, named func(spool.Account) bool) (spool.AccountList, error) {
	x := examination{&listing{Directory: d, list: all}, map[string][]int{}}
	x.list.Accounts, x.list.Problems = slices.Clone(all.Accounts), slices.Clone(all.Problems)
	for i, a := range x.list.Accounts {
		if named(a) {
			low := strings.ToLower(a.Address())
			name, _, _ := strings.Cut(low, "@")
			x.wanted[low], x.wanted[name] = append(x.wanted[low], i), append(x.wanted[name], i)
			x.list.Accounts[i].Planted, x.list.Accounts[i].Named = nil, nil
		}
	}
	if len(x.wanted) > 0 {
		x.aliases()
		x.lists()
		x.text("PostMaster", spool.RefPostmaster, "")
		for i := range x.list.Accounts {
			x.control(i)
		}
	}
	return x.list, nil
}

// refer notes a reference with every wanted account that address means.
func (x examination) refer(address string, r spool.Reference) {
	for _, i := range x.wanted[strings.ToLower(strings.Trim(address, "<> \t"))] {
		a := &x.list.Accounts[i]
		if !slices.Contains(a.Named, r) {
			a.Named = append(a.Named, r)
		}
	}
}

// text reads a setting that names an account.
func (x examination) text(value string, kind spool.RefKind, of string) {
	text, _, err := x.Settings.Text(value)
	if err != nil {
		x.unread(x.Settings.Path(value+".2"), err)
	}
	address, _, _ := strings.Cut(text, ",")
	x.refer(address, spool.Reference{Kind: kind, Of: of, Path: x.Settings.Path(value + ".2")})
}

// keys are the keys below one of the settings tree.
func (x examination) keys(below string) []string {
	all, err := children(x.Settings.Path(below))
	if err != nil {
		x.unread(x.Settings.Path(below), err)
	}
	slices.Sort(all)
	return all
}

func (x examination) aliases() {
	for _, key := range x.keys("Aliases") {
		alias, _, err := x.Settings.Text("Aliases/" + key + "/Alias")
		if err != nil {
			x.unread(x.Settings.Path("Aliases/"+key), err)
		}
		x.text("Aliases/"+key+"/MappedTo", spool.RefAlias, bounded(alias))
	}
}

func (x examination) lists() {
	for _, list := range x.keys("Lists") {
		x.text("Lists/"+list+"/Moderator", spool.RefModerator, list)
		x.text("Lists/"+list+"/BouncesTo", spool.RefBounces, list)
		members := "Lists/" + list + "/Members"
		for _, m := range x.keys(members) {
			x.refer(m, spool.Reference{Kind: spool.RefMember, Of: list, Path: x.Settings.Path(members + "/" + m)})
		}
	}
}

func bounded(s string) string {
	if len(s) > 255 {
		s = s[:255]
	}
	return strings.ToValidUTF8(s, "?")
}

// control reads the control file of an account: what is planted in it if it is a wanted one, and to whom it sends mail on.
func (x examination) control(i int) {
	a := &x.list.Accounts[i]
	at := path.Join(a.Mailbox, mailbox.Control)
	data, err := x.inMailbox(a.Mailbox, mailbox.Control)
	if err != nil {
		x.unread(at, err)
		return
	}
	if slices.Contains(x.wanted[strings.ToLower(a.Address())], i) {
		_, planted := mailbox.Clean(data)
		for _, s := range planted {
			planted := spool.Planted{File: at, Line: s.Line, Key: s.Key, Value: strings.ToValidUTF8(s.Value, "?"), Odd: s.Odd}
			if s.Odd {
				planted.Value = ""
			}
			a.Planted = append(a.Planted, planted)
		}
	}
	for i, line := range mailbox.OddForwards(data) {
		if i < maxProblems {
			x.problem(at, line, "looks like a forward, in a form that is not documented: see in the console where its mail goes", "転送の設定に見えるが、文書にない形式。転送先をコンソールで確認すること")
		}
	}
	ref := spool.Reference{Kind: spool.RefForward, Of: a.Address(), Path: at}
	addresses, files := mailbox.Forwards(data)
	for _, address := range addresses {
		x.refer(address, ref)
	}
	for _, file := range files {
		x.forwardFile(*a, file, ref)
	}
}

// forwardFile reads a file of addresses that a control file names. Only one in the account's own mailbox is read: the value is foreign.
func (x examination) forwardFile(a spool.Account, file string, ref spool.Reference) {
	real, err := x.Resolve(file)
	if err != nil || path.Dir(real) != a.Mailbox {
		x.problem(ref.Path, 0, "it sends mail on to addresses in a file outside the mailbox, which was not read", "メールボックスの外のファイルにある宛先へ転送している (そのファイルは読んでいない)")
		return
	}
	data, err := x.inMailbox(a.Mailbox, path.Base(real))
	if err != nil {
		x.unread(real, err)
	}
	ref.Path = real
	for _, address := range mailbox.Addresses(string(data)) {
		x.refer(address, ref)
	}
}

// inMailbox reads a small file of a mailbox; nothing if it is not there.
func (x examination) inMailbox(folder, name string) ([]byte, error) {
	if folder == "" {
		return nil, nil
	}
	up, err := disk.Open(path.Dir(folder))
	if err != nil {
		return nil, unlessGone(err)
	}
	defer up.Close()
	dir, err := up.Sub(path.Base(folder))
	if err != nil {
		return nil, unlessGone(err)
	}
	defer dir.Close()
	data, err := read(dir, name, maxControl)
	return data, unlessGone(err)
}

func unlessGone(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
