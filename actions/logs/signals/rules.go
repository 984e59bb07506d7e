// Package signals says who looks abused: it measures the books of a sweep by one table of signals and judges by their families.
//
// An account with hits of two families is a suspect, with hits of one a hint. A peer takes one hit from a suspect account that it is
// not usual for, and needs one of its own; or two of its own, of different families. What is usual comes from the history (package
// ledger), and these rules keep the busy and innocent out:
//
//   - D1, D2, D6 and D9 count only above twice what the account did in its busiest hour or day of the history: a newsletter is as large
//     every week, a system account has many senders every day.
//   - D3, D11 and D14 count peers that are not usual for the account: offices, homes and printers are known after two days, the
//     pool of a mobile carrier after three. Addresses of one IPv4 network (/24) that call themselves by a name which is usual for the
//     account (two days) count as one for D3 and D14.
//   - D14 also counts to how many recipients the new ones wrote together, above twice what the account did on its busiest day of the
//     history: somebody else who writes slowly, from one address, is seen by this. Left out are private networks, peers that call themselves
//     by a name that is the account's own (two days; of no three accounts, and none that programs have by default), and accounts with less
//     than two days of history: the first letter of a new account is no theft.
//   - D8 needs failures that are not those of a usual peer or of a device that fails day by day, and a success from a peer that
//     is not usual: a device with an old password beside working ones is no break-in. For an account only its own failures count, from
//     wherever; failures of others behind its address count for the address, if that tried many accounts and got into few.
//   - D10 counts accounts that the peer is not usual for: a webmail host and a shared address are usual for theirs.
//   - D11 counts the login and the message of one mail once, and so do its least history and that of D3.
//   - D12 is a peer of one day only, with few messages, and no more than two such peers: others travel.
//   - D13 leaves out the server itself and private networks, and counts above twice what came without a login before.
//
// With fewer than five days of history nobody knows what is usual: then D6, D10, D11, D12 and D14 are not judged, that a peer is new is no
// hit of its own (a peer of a suspect account has to have sent ten messages), and D3 needs its strong threshold, or a volume that is a hit beside three addresses outside: nobody sends a newsletter from
// three places at once.
package signals

import "hikeshi/runbook"

// The families of signals. Hits of the same family are one opinion.
const (
	Volume   = "volume"
	Spread   = "spread"
	Identity = "identity"
	Outcome  = "outcome"
	BreakIn  = "break-in"
	Relay    = "open relay"
)

// A Rule is a signal with its thresholds.
type Rule struct {
	ID, Family   string
	Of           string // what it measures: account, source, or both
	What         runbook.Text
	Warn, Strong float64
	Least        float64 // of what it takes to say anything at all: logins, failures; 0: nothing
	From         string  // where the thresholds come from
}

// Measures of the rules, by which they are named in the code.
const (
	perHour   = "D1/h"
	perDay    = "D1/d"
	rcptHour  = "D2/h"
	rcptDay   = "D2/d"
	ipsHour   = "D3/h"
	ipsDay    = "D3/d"
	ipsFew    = "D3/w"
	fresh     = "D6"
	returned  = "D7"
	guessed   = "D8"
	senders   = "D9"
	logins    = "D10"
	offHours  = "D11"
	probe     = "D12"
	relayed   = "D13"
	helo      = "D14"
	strangers = "D14/n"
	separator = "/"
)

// Rules is the table of signals. Some have a rule for the hour and one for the day, with the same ID before the slash.
func Rules() []Rule {
	t := runbook.T
	return []Rule{
		{perHour, Volume, "both", t("messages in an hour", "1 時間の通数"), 100, 500, 0, "CSF RT_AUTHRELAY 100; Microsoft 365 500"},
		{perDay, Volume, "account", t("messages in a day", "1 日の通数"), 150, 1000, 0, "policyd-rate-limit 150; mox 1000"},
		{rcptHour, Volume, "both", t("recipients in an hour", "1 時間の宛先数"), 500, 1000, 0, "UwUMail 500; Microsoft 365 1000"},
		{rcptDay, Volume, "account", t("recipients in a day", "1 日の宛先数"), 1000, 2000, 0, "policyd-rate-guard 1000; UwUMail 2000"},
		{ipsHour, Spread, "account", t("new addresses in an hour", "1 時間の新しい接続元"), 3, 10, 5, "CSF LF_DIST 3; geoip-policyd 10"},
		{ipsDay, Spread, "account", t("new addresses in a day", "1 日の新しい接続元"), 10, 20, 0, "postfwd-anti-geoip 20; warn own"},
		{ipsFew, Spread, "account", t("addresses outside that sent, with a volume like that and no history", "この量を送った外部の接続元(履歴なし)"), 3, 10, 0, "CSF LF_DIST 3; geoip-policyd 10"},
		{fresh, Volume, "account", t("first-time recipients in a day", "1 日の初めての宛先"), 200, 500, 0, "mox 200; strong own"},
		{returned, Outcome, "account", t("percent returned or delayed in an hour", "1 時間の不達・遅延の割合(%)"), 30, 60, 5, "cPanel 5 messages, UwUMail 25; percentages own"},
		{guessed, BreakIn, "both", t("failed logins before a success", "成功の直前のログイン失敗"), 5, 20, 5, "fail2ban 5 in 10 min; 60 min to the success own"},
		{senders, Identity, "both", t("other senders in a day", "1 日の他の差出人"), 3, 10, 0, "own"},
		{logins, Spread, "source", t("accounts it is new for, in an hour", "1 時間の、普段は使わないアカウント"), 3, 10, 0, "own, idea of EVILCOHORT"},
		{offHours, BreakIn, "account", t("uses from new addresses outside 95% of the usual hours", "普段の時間帯(95%)の外に、新しい接続元から使われた回数"), 5, 50, 50, "own; 14 days of history"},
		{probe, BreakIn, "account", t("a single mail from an address seen on one earlier day only", "以前の 1 日だけ現れた接続元からの単発メール"), 1, 3, 0, "own"},
		{relayed, Relay, "both", t("messages for outside without a login", "ログインなしの外部あて"), 5, 50, 0, "own"},
		{helo, Identity, "account", t("new addresses with the same HELO", "同じ HELO を名乗る新しい接続元"), 5, 20, 0, "own"},
		{strangers, Identity, "account", t("recipients in a day of mail from new addresses", "新しい接続元からのメールの 1 日の宛先数"), 100, 500, 0, "own"},
	}
}

// counted says whether a rule measures how many different things there are, of which many are estimated.
func counted(rule string) bool {
	switch rule {
	case ipsHour, ipsDay, senders, logins, helo:
		return true
	}
	return false
}

// spreadOver is what D3 measures where no history tells which addresses are new.
func spreadOver(rule string) (runbook.Text, bool) {
	switch rule {
	case ipsHour:
		return runbook.T("addresses in an hour, new or not", "1 時間の接続元(新しいかは不明)"), true
	case ipsDay:
		return runbook.T("addresses in a day, new or not", "1 日の接続元(新しいかは不明)"), true
	}
	return runbook.Text{}, false
}

// busier is by how much an account has to surpass its own busiest hour or day of the history.
const busier = 2

// maxProbes is how many single mails from elsewhere make a traveller.
const maxProbes = 2
