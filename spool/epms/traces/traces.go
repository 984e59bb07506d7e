// Package traces says where E-Post Mail Server V leaves what an investigation wants kept, and what it demands of those who hand in
// mail, as its settings tell:
//
//	EPST5RS/SMTPAUTHOnly    0 nobody must log in (default), 1 everybody, 2 local senders that have an auth file (FAQ bsd/01-74)
//	EPST5RS/FROMSecLevel    from 1 on the sender must be the login (FAQ bsd/19-25)
//	EPST5RS/PasswordFile    name of the auth file, default apop.dat
//	EPST5DS/Timeout         seconds from one delivery scan to the next, default 120
//	PostMaster              the administrator's address
//
// Lock-out tables and counters: FAQ bsd/15-86, bsd/19-04.
package traces

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"hikeshi/spool"
	"hikeshi/spool/epms"
	"hikeshi/spool/epms/settings"
)

func tree(s *epms.Server) settings.Tree {
	return settings.At(filepath.Join(s.Root(), "reg", "epost", "ims"))
}

// Of returns the places. A setting that cannot be read has its default: a place that is not there is found out by who looks.
func Of(s *epms.Server) spool.Traces {
	t := spool.Traces{
		Counters: []string{filepath.Join(s.Root(), "authlock"), filepath.Join(s.Root(), "iplock")}, Counter: ".smtp",
		Mailboxes: s.Mailbox(), Login: "apop.dat",
		Accounts: filepath.Join(s.Root(), "db"), Account: ".idx", DeliveryScan: 120 * time.Second,
	}
	for _, name := range []string{"rejectsmtpip.dat", "rejectpopip.dat", "rejectimapip.dat"} {
		t.Tables = append(t.Tables, filepath.Join(s.Program(), name))
	}
	for _, l := range s.LogSwitches() {
		t.Logs = append(t.Logs, l.Dir)
	}
	if name, ok, err := tree(s).Text("EPST5RS/PasswordFile"); err == nil && ok && single(name) {
		t.Login = name
	}
	if n, ok, err := tree(s).Number("EPST5DS/Timeout"); err == nil && ok && n > 0 && n < 86_400 {
		t.DeliveryScan = time.Duration(n) * time.Second
	}
	if who, ok, err := tree(s).Text("PostMaster"); err == nil && ok {
		t.Postmaster = mailboxes(s, who)
	}
	return t
}

// mailboxes are the folders that may be the mailbox of an address: inbox/USER, inbox/DOMAIN/USER, and inbox/LINK/USER where the
// setting Domain/Folder/DOMAIN names one (FAQ bsd/10-14).
func mailboxes(s *epms.Server, address string) []string {
	user, domain, _ := strings.Cut(address, "@")
	if !single(user) {
		return nil
	}
	var at []string
	if single(domain) {
		if link, ok, err := tree(s).Text("Domain/Folder/" + domain); err == nil && ok && single(link) {
			at = append(at, filepath.Join(s.Mailbox(), link, user))
		}
		at = append(at, filepath.Join(s.Mailbox(), domain, user))
	}
	var there []string
	for _, dir := range append(at, filepath.Join(s.Mailbox(), user)) {
		if fi, err := os.Lstat(dir); err == nil && fi.IsDir() {
			there = append(there, dir)
		}
	}
	return there
}

// single says whether a name of the settings is one path element and nothing else.
func single(name string) bool {
	return name != "" && name != "." && name != ".." && len(name) <= 255 && !strings.ContainsAny(name, "/\x00")
}

// Rule reads what the receiver demanded when it was last started, as far as the settings were not changed since then.
func Rule(s *epms.Server) (spool.LoginRule, error) {
	n, _, err := tree(s).Number("EPST5RS/SMTPAUTHOnly")
	if err != nil {
		return spool.LoginRule{}, err
	}
	demand, known := map[int64]spool.Demand{0: spool.DemandNobody, 1: spool.DemandEverybody, 2: spool.DemandLocal}[n]
	if !known {
		return spool.LoginRule{}, fmt.Errorf("reading setting %s: %d is none of 0, 1, 2", tree(s).Path("EPST5RS/SMTPAUTHOnly.1"), n)
	}
	level, _, err := tree(s).Number("EPST5RS/FROMSecLevel")
	return spool.LoginRule{Demand: demand, Sender: level >= 1}, err
}

// Log returns one of the logs; On is false for one that is not known.
func Log(s *epms.Server, name string) epms.LogSwitch {
	for _, l := range s.LogSwitches() {
		if l.Name == name {
			return l
		}
	}
	return epms.LogSwitch{Name: name}
}
