package spool

// An Account is one mail account, without its password.
type Account struct {
	Name     string // as the account file spells it: a single path element, printable ASCII without blanks, @ and /
	Domain   string // lower case
	FullName string // foreign text
	File     string // the account file
	Line     int    // of the account in it, 1-based
	Mailbox  string // the folder, whether it is there or not; "" if it cannot be told, see Lost
	AuthFile string // in Mailbox; "" if that cannot be told
	Auth     bool   // AuthFile is there: the account logs in for sending

	Fixed, FixedJA   string // why File cannot be rewritten; "" if it can
	Unread, UnreadJA string // why the server may not see Line as an account, though the name can be read of it; "" if it does
	Lost, LostJA     string // why the folder cannot be told

	Again   []int       // further lines of File with the same name, which the server does not read
	Shares  []string    // addresses of other accounts with the same folder
	Twins   []string    // folders that differ from Mailbox in letter case and hold an auth file
	Planted []Planted   // see Accounts.Examine
	Named   []Reference // see Accounts.Examine
}

// Address is name@domain.
func (a Account) Address() string { return a.Name + "@" + a.Domain }

// Planted is a setting of a mailbox that a thief leaves behind: it sends mail on, throws it away or loads a program.
type Planted struct {
	File  string // the control file
	Line  int    // 1-based
	Key   string // forwardto, discard, module
	Value string // foreign text, bounded; "" if Odd
	Odd   bool   // the value is not as documented, and is not given since it may hold a secret
}

// Reference is a place that names an account.
type Reference struct {
	Kind RefKind
	Of   string // the alias, list or account that it belongs to
	Path string // where it stands
}

// RefKind says what kind of place names an account.
type RefKind string

// The kinds of references.
const (
	RefAlias      RefKind = "alias"      // the alias leads to the account
	RefMember     RefKind = "member"     // of a list
	RefModerator  RefKind = "moderator"  // of a list
	RefBounces    RefKind = "bounces"    // those of a list go to the account
	RefForward    RefKind = "forward"    // another account sends its mail on to it
	RefPostmaster RefKind = "postmaster" // it is the postmaster of the server
)

// Accounts is the ability to tell which accounts there are. No method gives a password out.
type Accounts interface {
	// Accounts lists the accounts, by domain and line, and what could not be read of them.
	Accounts() (AccountList, error)
	// Examine looks at those of all for which named is true and completes them with Planted and Named.
	Examine(all AccountList, named func(Account) bool) (AccountList, error)
	// MailboxOf is the folder of an account and its auth file, there or not. The error says why that cannot be told.
	MailboxOf(name, domain string) (folder, auth string, err error)
	// CheckName says whether an account may have this name: an error wrapping fs.ErrInvalid if not, and a remark if it had better not.
	CheckName(name string) (remark string, err error)
}

// AccountList are accounts and what is wrong with the files they stand in.
type AccountList struct {
	Accounts []Account
	Problems []AccountProblem
}

// AccountProblem is something that could not be read or is not as documented; Text holds nothing of a file's content.
type AccountProblem struct {
	Path         string
	Line         int // 1-based; 0: the file as a whole
	Text, TextJA string
}

// AccountFiles is the ability to compute new account files, auth files and control files. It works on bytes, so that whoever writes
// them can prove before that nothing else changes.
type AccountFiles interface {
	// Rename gives the account old the name new, and changes no other byte. The error wraps fs.ErrNotExist if there is no old, and
	// fs.ErrExist if there is a new.
	Rename(file []byte, old, new string) ([]byte, error)
	// AccountSecrets are the passwords in an account file.
	AccountSecrets() Secrets
	// AuthSecrets are those in an auth file, whatever account is asked for.
	AuthSecrets() Secrets
	// Clean takes the planted settings out of a control file, and changes no other byte.
	Clean(file []byte) ([]byte, []Planted)
}

// Secrets are the passwords in files of one format. They can be set, compared and copied and never be read. An error names a line and
// holds nothing of the content; it wraps fs.ErrNotExist if file has no such account.
type Secrets interface {
	// Set overwrites the password of name, and changes no other byte.
	Set(file []byte, name, password string) ([]byte, error)
	// Copy gives name the password that it has in from.
	Copy(file, from []byte, name string) ([]byte, error)
	// Equal says whether both files have the same password for name.
	Equal(a, b []byte, name string) (bool, error)
	// Begins says whether the password of name begins with mark.
	Begins(file []byte, name, mark string) (bool, error)
}
