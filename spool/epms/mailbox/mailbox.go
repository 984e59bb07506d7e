// Package mailbox knows the mailbox folder of a user of E-Post Mail Server V: where it is, its auth file and its control file.
//
// The folder is the setting MailInBoxDir with %USERNAME% replaced, or appended where it is absent. If the setting
// Domain/Folder/<domain> has a value, that stands before the user: inbox/<link>/<user>/, else inbox/<user>/ (FAQ bsd/10-14, bsd/15-35).
// In it lie, besides the mail (FAQ bsd/15-30):
//
//	apop.dat   the auth file; its name is the setting PasswordFile. Line 1 is the password for SMTP AUTH, line 2, which may be
//	           missing, a digit: the account's own FROMSecLevel. An account logs in for sending if the file is there (FAQ bsd/01-73)
//	ims.ctl    how mail to the user is treated, see Clean
//	send.txt   addresses to which mail goes on, where ims.ctl says ForwardTo=file:/path
//
// SMTP AUTH asks nothing but the auth file in the folder of that name. Its first line is a secret: it can be overwritten, copied from
// another copy of the file and compared, and nothing here gives it out.
package mailbox

import (
	"fmt"
	"path"
	"path/filepath"
	"strings"
)

// A Fault is an error of what the files and settings of the server say, in both languages.
type Fault struct{ Text, TextJA string }

// Error is the English text.
func (f Fault) Error() string { return f.Text }

func faultf(en, ja string, args ...any) error {
	return Fault{fmt.Sprintf(en, args...), fmt.Sprintf(ja, args...)}
}

const (
	variable      = "%USERNAME%"
	variableShown = "%%USERNAME%%" // in a format
)

// maxFolder is the length at which the server cuts the path of a folder, in bytes.
const maxFolder = 250

// Place says where the mailboxes of one domain are.
type Place struct {
	Template string // MailInBoxDir, or the folder of all mailboxes
	Link     string // Domain/Folder/<domain>, or ""
}

// Parent is the folder in which the mailbox folders of the domain lie, and what stands before and behind the name of the user in those
// of them. The error says why that cannot be told.
func (p Place) Parent() (parent, before, behind string, err error) {
	t := p.Template
	if !strings.Contains(t, variable) {
		t = strings.TrimRight(t, "/") + "/" + variable
	}
	parent, last := path.Split(strings.TrimRight(t, "/"))
	before, behind, _ = strings.Cut(last, variable)
	switch {
	case !path.IsAbs(p.Template):
		err = faultf("the mailbox folder %q is no absolute path", "メールボックスフォルダ %q が絶対パスではない", p.Template)
	case strings.Contains(parent, variable) || strings.Contains(behind, variable):
		err = faultf("the mailbox folder %q has "+variableShown+" elsewhere than in its last part", "メールボックスフォルダ %q の末尾以外に "+variableShown+" がある", p.Template)
	case strings.ContainsAny(t+p.Link, "\x00\n\r\t"):
		err = faultf("the mailbox folder has control characters", "メールボックスフォルダに制御文字がある")
	case p.Link != "" && (!filepath.IsLocal(p.Link) || before != ""):
		err = faultf("the folder %q of the domain cannot stand before the user", "ドメインのフォルダ %q はユーザ名の前に置けない", p.Link)
	}
	return path.Join(parent, p.Link), before, behind, err
}

// Folder is the folder of a user, whose name is used as it is.
func (p Place) Folder(user string) (string, error) {
	parent, before, behind, err := p.Parent()
	if err != nil {
		return "", err
	}
	if !Plain(user) {
		return "", faultf("the name of the account cannot be that of a folder", "このアカウント名はフォルダ名にできない")
	}
	folder := path.Join(parent, before+user+behind)
	if len(folder) > maxFolder {
		return "", faultf("the path of the folder is longer than the %d bytes that the server uses", "フォルダのパスがサーバの使う %d バイトを超えている", maxFolder)
	}
	return folder, nil
}

// Plain says whether name can be shown and be that of a folder: printable ASCII, no blank, no @ and no slash.
func Plain(name string) bool {
	for _, c := range []byte(name) {
		if c <= ' ' || c >= 0x7f || c == '/' || c == '@' {
			return false
		}
	}
	return strings.Trim(name, ".") != "" && len(name) <= maxFolder
}

// AuthFile is the name of the auth file, given the setting PasswordFile ("" if there is none). What is no plain name is an error.
func AuthFile(setting string) (string, error) {
	if setting == "" {
		return "apop.dat", nil
	}
	if !Plain(setting) {
		return "", fmt.Errorf("the name %.40q of the auth file is not a plain one", setting)
	}
	return setting, nil
}

// Control is the name of the control file; other spellings have no effect on Unix (FAQ bsd/15-03).
const Control = "ims.ctl"
