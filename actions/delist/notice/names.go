package notice

import "hikeshi/runbook"

// The ways of a notice.
const (
	letter = "letter"
	say    = "say" // on the telephone
)

// A spec is what a notice is, apart from its words.
type spec struct {
	name, about, to, way string
	title                runbook.Text

	network  bool // goes to the owner of the network, whose address the configuration may know
	paper    bool // no message: it is handed over, or put into a form
	owners   bool // one for each account that was named
	japanese bool // its reader reads Japanese, whatever the responder speaks
	forged   bool // is true as well where only our address was forged
}

// home is the language in which the notice is written first.
func (s spec) home(responder string) string {
	if s.japanese {
		return "ja"
	}
	return responder
}

// specs are all notices, in the order in which they are written.
var specs = []spec{
	{name: "first-staff", about: "first", to: "staff", way: letter, title: runbook.T("first notice to staff", "第一報(社内あて)")},
	{name: "first-upstream", about: "first", to: "upstream", way: letter, title: runbook.T("first notice to the network's owner", "第一報(回線事業者あて)"), network: true},
	{name: "first-customers", about: "first", to: "customers", way: letter, title: runbook.T("first notice to customers", "第一報(お客様あて)")},
	{name: "say-first-staff", about: "first", to: "staff", way: say, title: runbook.T("first call to staff", "第一報の電話の文面(社内あて)")},
	{name: "say-first-upstream", about: "first", to: "upstream", way: say, title: runbook.T("first call to the network's owner", "第一報の電話の文面(回線事業者あて)")},
	{name: "say-first-customers", about: "first", to: "customers", way: say, title: runbook.T("first call to customers", "第一報の電話の文面(お客様あて)")},
	{name: "restored-staff", about: "restored", to: "staff", way: letter, title: runbook.T("notice to staff that mail is back", "復旧のお知らせ(社内あて)")},
	{name: "restored-upstream", about: "restored", to: "upstream", way: letter, title: runbook.T("notice to the network's owner that mail is back", "復旧の連絡(回線事業者あて)"), network: true},
	{name: "restored-customers", about: "restored", to: "customers", way: letter, title: runbook.T("notice to customers that mail is back", "復旧のお知らせ(お客様あて)")},
	{name: "say-restored-staff", about: "restored", to: "staff", way: say, title: runbook.T("call to staff that mail is back", "復旧の電話の文面(社内あて)")},
	{name: "say-restored-upstream", about: "restored", to: "upstream", way: say, title: runbook.T("call to the network's owner that mail is back", "復旧の電話の文面(回線事業者あて)")},
	{name: "say-restored-customers", about: "restored", to: "customers", way: say, title: runbook.T("call to customers that mail is back", "復旧の電話の文面(お客様あて)")},
	{name: "provider", about: "provider", to: "provider", way: letter, title: runbook.T("account of the incident for the network's owner", "回線事業者への報告"), network: true},
	{name: "user", about: "user", to: "owner", way: letter, title: runbook.T("letter to the owner of an abused account", "悪用されたアカウントの利用者への文書"), paper: true, owners: true},
	{name: "complaint", about: "complaint", to: "complainant", way: letter, title: runbook.T("answer to a complaint", "苦情への返信"), forged: true},
	{name: "jpcert", about: "jpcert", to: "JPCERT/CC", way: letter, title: runbook.T("incident report to JPCERT/CC", "JPCERT/CC へのインシデント報告"), paper: true, japanese: true},
	{name: "ipa", about: "ipa", to: "IPA", way: letter, title: runbook.T("notification of unauthorised access to IPA", "IPA への不正アクセス届出"), paper: true, japanese: true},
}

func find(name string) (spec, bool) {
	for _, s := range specs {
		if s.name == name {
			return s, true
		}
	}
	return spec{}, false
}

// Abouts are what notices are about, each a name that stands for all of its notices.
func Abouts() []string {
	return []string{"first", "restored", "provider", "user", "complaint", "jpcert", "ipa"}
}

// Names returns the names of the notices that name stands for: itself, or all that are about it; none where it stands for nothing.
func Names(name string) []string {
	var all []string
	for _, s := range specs {
		if s.name == name || s.about == name {
			all = append(all, s.name)
		}
	}
	return all
}

// All returns the names of all notices.
func All() []string {
	var all []string
	for _, s := range specs {
		all = append(all, s.name)
	}
	return all
}

// Home returns the language in which the notice name is written where none is asked for: that of its reader, else of the responder.
func Home(name, responder string) string {
	s, _ := find(name)
	return s.home(responder)
}
