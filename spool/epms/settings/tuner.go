package settings

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"hikeshi/spool"
)

// A Tuner reads and checks the settings of one server, as spool.Tuner; it writes nothing itself.
type Tuner struct {
	Tree     Tree
	Root     string // the spool root, where the folders of the logs are
	Services []spool.Service
}

var _ spool.Tuner = Tuner{}

// Settings are the known settings as they stand.
func (t Tuner) Settings() ([]spool.Setting, error) {
	if err := t.there(); err != nil {
		return nil, err
	}
	var all []spool.Setting
	for _, k := range Keys() {
		all = append(all, t.setting(k))
	}
	return all, nil
}

func (t Tuner) there() error {
	if _, err := t.Tree.names("."); err != nil {
		return fmt.Errorf("reading the settings: %w", err)
	}
	return nil
}

// setting is one of them as it stands.
func (t Tuner) setting(k Key) spool.Setting {
	s := spool.Setting{Name: k.Name, Default: fmt.Sprint(k.Default), Path: t.Tree.Path(k.File()), Base: t.Tree.dir, ReadOnly: k.ReadOnly, Reader: t.reader(k)}
	was, err := t.look(k)
	if k.Folder {
		s.Path, s.Base = filepath.Join(t.Root, k.Value), t.Root
	}
	tell := func(level, en, ja string) { s.Level, s.Text, s.TextJA = level, en, ja }
	s.Set = was.Set
	words, ok := k.Mean(k.Default)
	if was.Set && err == nil {
		s.Value = fmt.Sprint(was.N)
		words, ok = k.Mean(was.N)
	}
	switch {
	case errors.Is(err, ErrNoNumber):
		tell("bad", "the file holds no number; what it holds is not shown", "ファイルの中身が数値ではない(内容は表示しない)")
	case err != nil:
		tell("bad", "cannot be read: "+err.Error(), "読めない: "+err.Error())
	case !ok:
		tell("bad", "this value has no meaning", "この値に意味はない")
	default:
		tell(words.Level, words.EN, words.JA)
	}
	return s
}

func (t Tuner) reader(k Key) spool.Service {
	for _, s := range t.Services {
		if s.Process == k.Process {
			return s
		}
	}
	return spool.Service{}
}

// look reads the value of a key; of a folder it is whether it is there.
func (t Tuner) look(k Key) (Number, error) {
	if !k.Folder {
		was, err := t.Tree.Look(k)
		if err == nil && !was.Set && k.ReadOnly {
			return t.otherForm(k)
		}
		return was, err
	}
	fi, err := os.Lstat(filepath.Join(t.Root, k.Value))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return Number{}, nil
	case err != nil:
		return Number{}, err
	case !fi.IsDir():
		return Number{Set: true}, errors.New("it is no folder")
	}
	return Number{N: 1, Set: true}, nil
}

// otherForm finds a value that is kept in another form than a number; that it is there counts as 1.
func (t Tuner) otherForm(k Key) (Number, error) {
	for _, end := range []string{".2", ".0", ""} {
		if there, err := t.Tree.Exists(k.Value + end); there || err != nil {
			return Number{N: 1, Set: there}, err
		}
	}
	return Number{}, nil
}

// Profile returns the values of a profile.
func (t Tuner) Profile(name string) (spool.Profile, error) {
	has := func(k Key) bool {
		if k.Process == receiver || k.Process == delivery {
			return true
		}
		key, _, _ := strings.Cut(k.Value, "/")
		there, err := t.Tree.Exists(key)
		return there && err == nil
	}
	values, ok := Profile(name, has)
	if !ok {
		return spool.Profile{}, refuse("the profile %.40q is not known: auth, logs or lockouts", "プロファイル %.40q はない。auth、logs、lockouts のいずれか", name)
	}
	words := profileWords[name]
	return spool.Profile{Values: values, Text: words.EN, TextJA: words.JA}, nil
}

var profileWords = map[string]spool.Words{
	"auth": {EN: "local senders have to log in (SMTPAUTHOnly 2), the sender has to be that of the login (FROMSecLevel 1), accounts cannot be asked for (Vrfy 0)",
		JA: "自社の差出人に認証を求め (SMTPAUTHOnly 2)、差出人は認証名に限り (FROMSecLevel 1)、アカウントの問い合わせに答えない (Vrfy 0)"},
	"logs": {EN: "every log that names senders, logins and addresses is written; senderlog is left alone",
		JA: "差出人、認証名、アドレスの分かるログをすべて記録する。senderlog はそのまま"},
	"lockouts": {EN: "5 failed logins lock an address out for 30 minutes: guessing stops, a customer with an old password is back within half an hour; counting connections (IPLockOut) is left alone, since it hits the own network too",
		JA: "認証に 5 回失敗したアドレスを 30 分締め出す。総当たりは止まり、古いパスワードの利用者も 30 分で戻れる。接続数による締め出し (IPLockOut) は社内にも働くためそのまま"},
}

func refuse(en, ja string, args ...any) error {
	return &spool.Refusal{EN: fmt.Sprintf(en, args...), JA: fmt.Sprintf(ja, args...)}
}

// Tune checks a value, and says what would be written.
func (t Tuner) Tune(name, value string) (spool.Tuning, error) {
	k, n, err := check(name, value)
	if err == nil {
		err = t.there()
	}
	if err != nil {
		return spool.Tuning{}, err
	}
	was, err := t.look(k)
	if errors.Is(err, ErrNoNumber) {
		return spool.Tuning{}, refuse("setting %s: %s holds no number; put it right in the console first", "%s を設定できない: %s の中身が数値ではない。先に管理画面で直すこと", k.Name, t.Tree.Path(k.File()))
	}
	if err != nil {
		return spool.Tuning{}, fmt.Errorf("setting %s: %w", k.Name, err)
	}
	words, _ := k.Mean(n)
	tune := spool.Tuning{Setting: t.setting(k), New: fmt.Sprint(n), Means: spool.Words{EN: words.EN, JA: words.JA}, Care: care(k, n), Login: k.Name == "SMTPAUTHOnly" && n == 2}
	old := k.Default
	if was.Set {
		old = was.N
	}
	tune.Opens, tune.Closes = k.open(n) && !k.open(old), k.open(old) && !k.open(n)
	if k.Folder {
		tune.LikeFolder = t.logFolder()
		if !was.Set {
			tune.Folders = []string{tune.Path}
		}
		return tune, nil
	}
	t.place(&tune, k, was, n)
	return tune, nil
}

// open says whether a value leaves a door open that another value shuts.
func (k Key) open(n int64) bool {
	switch {
	case k.Name == "Vrfy":
		return n != 0
	case k.Name == "SMTPAUTHOnly", k.Name == "FROMSecLevel", strings.HasSuffix(k.Name, "AuthLockOut"):
		return n == 0
	}
	return false
}

// place says where a number is written, and after what a new file and new folders are shaped.
func (t Tuner) place(tune *spool.Tuning, k Key, was Number, n int64) {
	like, content := t.Tree.Sibling(k.Value)
	if like != "" {
		tune.Like = t.Tree.Path(like)
	}
	tune.After, tune.Lock = was.With(n, content), t.Tree.Path(k.Lock())
	missing, above := t.Tree.Missing(k.Value)
	tune.LikeFolder = filepath.Join(t.Tree.dir, above)
	for _, key := range missing {
		tune.Folders = append(tune.Folders, t.Tree.Path(key))
	}
}

// logFolder is a folder of the same owner as a log folder: one that the receiver has made.
func (t Tuner) logFolder() string {
	for _, name := range []string{"acceptlog", "inlog", "outlog", "faillog", "temp", "incoming"} {
		path := filepath.Join(t.Root, name)
		if fi, err := os.Lstat(path); err == nil && fi.IsDir() {
			return path
		}
	}
	return t.Root
}

// check reads a name and a value.
func check(name, value string) (Key, int64, error) {
	k, ok := Find(name)
	if !ok {
		return k, 0, refuse("setting %.60q: it is not among the settings that are changed here: %s", "設定 %.60q はここでは変更できない。変更できるもの: %s", name, names())
	}
	n, err := strconv.ParseInt(value, 10, 64)
	switch {
	case k.ReadOnly:
		return k, 0, refuse("setting %s: it is shown here and changed in the console only", "%s は表示だけ。変更は管理画面で行う", k.Name)
	case err != nil || fmt.Sprint(n) != value:
		return k, 0, refuse("setting %s=%.40q: it is a whole number from 0 to %d", "%s=%.40q: 0 から %d までの整数を指定すること", k.Name, value, k.Max)
	case n < 0 || n > k.Max:
		return k, 0, refuse("setting %s=%d: it is a number from 0 to %d", "%s=%d: 0 から %d までの値を指定すること", k.Name, n, k.Max)
	case k.Name == "SMTPAUTHOnly" && n == 1:
		return k, 0, refuse("setting SMTPAUTHOnly=1: it demands a login of every session and so refuses all mail from the Internet; use 2, and give every account an auth file",
			"SMTPAUTHOnly=1: すべての接続に認証を求めるため、インターネットからのメールをすべて拒否する。2 にして、全アカウントに認証ファイルを作ること")
	case k.Folder && n == 0:
		return k, 0, refuse("setting %s=0: what is logged is evidence and stays; to stop this log rename its folder by hand while the receiver is stopped",
			"%s=0: ログは証拠なので消さない。止めるには受信サービスの停止中にフォルダを手で改名すること", k.Name)
	}
	return k, n, nil
}

func names() string {
	var all []string
	for _, k := range Keys() {
		if !k.ReadOnly {
			all = append(all, k.Name)
		}
	}
	return strings.Join(all, ", ")
}

// care is what the responder should know of a new value.
func care(k Key, n int64) *spool.Words {
	switch {
	case k.Name == "FROMSecLevel" && n == 2:
		return &spool.Words{EN: "with FROMSecLevel 2 nobody can send under an alias", JA: "FROMSecLevel 2 ではエイリアスで送信できなくなる"}
	case k.Folder:
		return &spool.Words{EN: "receivelog records passwords of logins in Base64, and needs acceptlog switched on: nobody else may read it; rename it to stop",
			JA: "receivelog には認証のパスワードが Base64 で記録される。acceptlog がオンのときだけ働く。ほかの人に読ませず、終わったら改名して止めること"}
	case strings.HasSuffix(k.Name, "IPLockOut") && n > 0:
		return &spool.Words{EN: "the count of connections hits the own network, the server itself and forwards as well", JA: "接続数による締め出しは、社内のネットワーク、サーバー自身、自動転送にも働く"}
	case k.Process == "epstpop3d" && strings.Contains(k.Name, "LockOut"):
		return &spool.Words{EN: "that POP3 has this setting is concluded from IMAP4: look whether it works", JA: "POP3 のこの設定は IMAP4 からの類推。働くか確かめること"}
	case strings.HasSuffix(k.Name, "LockOutTime") && n == 0:
		return &spool.Words{EN: "0 means for ever: a customer who mistypes a password stays locked out", JA: "0 は無期限。パスワードを打ち間違えた利用者も締め出されたままになる"}
	}
	return nil
}
