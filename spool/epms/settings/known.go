package settings

import (
	"fmt"
	"strings"
)

// A Key is a setting that matters in an incident, and the only ones that are ever written.
type Key struct {
	Name     string // SMTPAUTHOnly; with the service where several have one of that name
	Value    string // below the tree: EPST5RS/SMTPAUTHOnly; of a folder its name in the spool root
	Process  string // the service that reads it; "" for all
	Default  int64
	Max      int64 // the largest value, 0 being the smallest
	Folder   bool  // the setting is that the folder is there, with the value 1
	ReadOnly bool
	mean     meaning
}

// Keys are all of them, in the order in which they are shown (FAQ bsd/01-74, bsd/05-21, bsd/15-86, bsd/19-25, win/05-05, win/17-09).
func Keys() []Key {
	all := []Key{
		{Name: "SMTPAUTHOnly", Value: "EPST5RS/SMTPAUTHOnly", Process: receiver, Max: 2, mean: authOnly},
		{Name: "FROMSecLevel", Value: "EPST5RS/FROMSecLevel", Process: receiver, Max: 2, mean: fromLevel},
		{Name: "Vrfy", Value: "Vrfy", Process: receiver, Default: 1, Max: 1, mean: vrfy},
	}
	for _, s := range []struct{ prefix, process, key string }{
		{"", receiver, "EPST5RS"}, {"EPST5POP3S/", "epstpop3d", "EPST5POP3S"}, {"EPST5IMAP4S/", "epstimap4d", "EPST5IMAP4S"}} {
		for _, k := range lockouts {
			k.Name, k.Value, k.Process = s.prefix+k.Name, s.key+"/"+k.Value, s.process
			all = append(all, k)
		}
	}
	for _, l := range logs {
		all = append(all, Key{Name: l.name, Value: l.value, Process: l.process, Max: 1, Folder: l.folder, mean: logSwitch(l.name)})
	}
	return append(all, Key{Name: "Clustering", Value: "Clustering", ReadOnly: true, Max: maxCount, mean: clustering})
}

const (
	receiver = "epstrd"
	delivery = "epstdd"
	maxCount = 1_000_000
)

var lockouts = [...]Key{
	{Name: "AuthLockOut", Value: "AuthLockOut", Max: 1000, mean: authLock},
	{Name: "AuthLockOutTime", Value: "AuthLockOutTime", Max: 525_600, mean: lockTime("minutes", "分")},
	{Name: "IPLockOut", Value: "IPLockOut", Max: maxCount, mean: floodLock},
	{Name: "IPLockOutSPTime", Value: "IPLockOutSPTime", Max: 86_400, mean: sampling},
	{Name: "IPLockOutTime", Value: "IPLockOutTime", Max: 31_536_000, mean: lockTime("seconds", "秒")},
}

// The switch of outlocallog is where the vendor's installer has it, and one level up, where the receiver's source reads it.
var logs = [...]struct {
	name, value, process string
	folder               bool
}{
	{"acceptlog", "EPST5RS/AcceptlogEnabled", receiver, false},
	{"inlog", "EPST5RS/Parameters/MailInlogEnabled", receiver, false},
	{"receivelog", "receivelog", receiver, true},
	{"outlog", "EPST5DS/Parameters/MailOutlogEnabled", delivery, false},
	{"outlocallog", "EPST5DS/Parameters/MailSendLocallogEnabled", delivery, false},
	{"EPST5DS/MailSendLocallogEnabled", "EPST5DS/MailSendLocallogEnabled", delivery, false},
	{"faillog", "EPST5DS/MailFaillogEnabled", delivery, false},
	{"pop3log", "EPST5POP3S/AcceptlogEnabled", "epstpop3d", false},
	{"imap4log", "EPST5IMAP4S/AcceptlogEnabled", "epstimap4d", false},
}

// Find returns the key that is named, letter case free, as it is shown or by its place in the tree.
func Find(name string) (Key, bool) {
	for _, k := range Keys() {
		if strings.EqualFold(name, k.Name) || !k.Folder && strings.EqualFold(name, k.Value) {
			return k, true
		}
	}
	return Key{}, false
}

// Profile returns the values, NAME=VALUE, of a profile; has says whether the service that a key belongs to is on this server.
func Profile(name string, has func(Key) bool) (values []string, ok bool) {
	want := map[string]int64{}
	switch name {
	case "auth":
		want = map[string]int64{"SMTPAUTHOnly": 2, "FROMSecLevel": 1, "Vrfy": 0}
	case "lockouts":
		for _, service := range []string{"", "EPST5POP3S/", "EPST5IMAP4S/"} {
			want[service+"AuthLockOut"], want[service+"AuthLockOutTime"] = 5, 30
		}
	case "logs":
		for _, l := range logs {
			want[l.name] = 1
		}
	default:
		return nil, false
	}
	for _, k := range Keys() {
		if n, wanted := want[k.Name]; wanted && has(k) {
			values = append(values, fmt.Sprintf("%s=%d", k.Name, n))
		}
	}
	return values, true
}
