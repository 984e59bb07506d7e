package main

import (
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"

	"hikeshi/runbook/book"
)

// helpTopics adds `hikeshi help TOPIC`.
func (a *app) helpTopics(root *cobra.Command) {
	for _, t := range []struct{ name, short, text string }{
		{"exit-codes", "what the exit codes mean", helpExitCodes},
		{"config", "the keys of the configuration", helpConfig},
		{"not-us", "it may not be abuse: newsletters, forwards, forged senders", helpNotUs},
		{"undoing", "what undo does, and what it never does by itself", helpUndo},
		{"files", "where things are kept", helpFiles},
	} {
		root.AddCommand(&cobra.Command{Use: t.name, Short: t.short, Long: t.text})
	}
	schema := &cobra.Command{Use: "runbook-schema", Short: "JSON Schema of runbook files, for editors"}
	schema.SetHelpFunc(func(*cobra.Command, []string) {
		b, err := json.MarshalIndent(book.Schema(catalogue()), "", "  ")
		if err != nil {
			fmt.Fprintln(a.stderr, "hikeshi:", err)
			return
		}
		fmt.Fprintln(a.stdout, string(b))
	})
	root.AddCommand(schema)
}

const helpExitCodes = `0    done; a check: nothing needs attention; a plan: nothing to do; a run that
     reached its end (manual steps may be open)
1    an error; nothing or not everything was done, the message says which
2    wrong usage or bad configuration, runbook or input; nothing was touched
3    a check found something, a plan holds changes, a rehearsal was judged bad
4    a confirmation or a named risk was needed and not given, or quit before the
     first change: aborted, no changes made
5    another responder holds the lock
6    stopped at a step or gate, quit after a change, left a part to a person, or
     an open intent blocks the verb; resume or undo goes on
7    something could not be determined and nothing of the above
130  interrupted

` + "`status --monitor`" + ` uses the Nagios codes 0 to 3 instead.`

const helpConfig = `Configuration file: /etc/hikeshi/config.yaml, or --config FILE. Every key is
optional, an unknown key is an error. The defaults:

lang: ""                          # en | ja; default: from the environment
server: epms
own: {addresses: [], domains: [], hostname: ""}   # added to what is found
services:
  manager: systemd                # systemd | command | none
  units: [epstrd.service, epstdd.service]         # receiver first
  command: {start: [service, "{unit}", start], stop: [service, "{unit}", stop],
            status: [service, "{unit}", status]}  # argument vectors, no shell
epms: {spool: /var/spool/epms, program: /usr/local/mta/bin,
       mailbox: /var/spool/epms/inbox}
thresholds: {messages: 500, oldest: 2h, growth_per_minute: 60, move_limit: 2000}
protect: {addresses: [], domains: [], accounts: [postmaster, root, abuse],
          prefix_v4: 24, prefix_v6: 48}
dns: {resolvers: [], lists: ""}   # whom to ask; a file that changes the lists
account: {backend: auto, prefix: "", command: {rename: []}}
logs: {exempt_accounts: [], exempt_sources: []}
smtp:                             # how a mail server is tested
  targets: /etc/hikeshi/targets.yaml   # who may be tested, and who said so
  patterns: ""                    # own relay tests; some switched off
  probe: ""                       # the probe mailbox, at a foreign domain of yours
  receiver: ""                    # ADDR:PORT where mail to it arrives, or
  maildir: ""                     # the folder that it is delivered to, or
  imap: ""                        # imaps://USER@HOST/INBOX, and in a file that
  imap_password_file: ""          # nobody else can read its password
  sender: ""                      # a second foreign sender of yours
  account: ""                     # an account of the server, user@domain
  domain: ""                      # default: that of the account
  login: {user: "", password_file: ""}   # a test account
contact:                          # who writes letters, and for whom
  organisation: {en: "", ja: ""}
  name: {en: "", ja: ""}          # of the person
  role: {en: "", ja: ""}
  address: {en: "", ja: ""}       # postal
  email: ""                       # of the person, at a domain of the server
  abuse: ""                       # where complaints go
  phone: ""
  policy: ""                      # address of the anti-spam policy on the web
  provider: {en: "", ja: ""}      # who owns the network
  provider_email: ""
  static: false                   # the outgoing addresses are fixed ones

contact fills in notices and requests (hikeshi notice, hikeshi say). What is
missing there is a marked gap in a letter that needs it.

smtp.targets authorises servers to be tested, your own addresses need no entry:

format: 1
targets:
  - {address: 192.0.2.25, ports: [25], by: "who said yes", until: "2026-12-31"}

deliver: true and probe: relaytest@example.com in an entry allow real messages to
that mailbox. ` + "`hikeshi smtp relaytest --help`" + ` describes the file of smtp.patterns.
smtp.login is a test account, with which ` + "`hikeshi smtp denied`" + ` looks whether a login
walks around a denial.

logs names accounts and addresses or networks that are never called suspects: the
newsletter, the web mail host, printers, a shared NAT.

account says how accounts are renamed: backend idx rewrites the account file,
command runs the argument vector rename, in which {old}, {new}, {domain} and
{address} are replaced, manual leaves it to the web console, auto takes idx where
the file is as documented. prefix stands before the new name; {random} in it is
six letters (default zz-{random}-).

{unit} is the unit's name without ".service"; it is replaced wherever it stands in
an argument. A status command that ends with exit code 0 says that the service
runs, with 1, 2 or 3 that it does not; any other code says neither, and nothing
that needs to know is done then. With manager command only the services that use
the queue and those that units names are looked at.

own.addresses and protect.addresses are never denied. prefix_v4 and prefix_v6
say how wide a denied network may be.`

const helpNotUs = `A full queue is not always abuse. Before you stop the mail of everybody, look:

newsletter   one sender of your own, recipients who know it, a time that fits:
             ask that person. Nothing is wrong but the pace.
list         mail in lists: one message became thousands. Look at the list's
             settings; do not rename the queue.
forwards     mail from outside that your users forward to outside: the sender is
             foreign, the client address is your own. Stop the forward.
bounces      the null sender <> in masses, to many strangers: somebody forges
             your address elsewhere. Nothing of yours is abused; changing relay
             rules does not help. See the top Received line of the returned mail:
             if it does not name your server, it is not you.
slow remote  everything for one domain waits: the other side is down.

hikeshi trace FILE       who really relayed a returned mail or a complaint
hikeshi spool scan       senders, clients and recipients of what lies there
hikeshi relay lint       lines that open the server
hikeshi plan mail-abuse  what would be done; it does nothing`

const helpUndo = `hikeshi undo INCIDENT [STEP...] takes changes back, newest first. Each is undone by
the inverse edit on what stands now, never by copying a backup over it: exactly
the added bytes out of a file, the folders under their old names. What a
colleague has changed around them stays.

What would open a door again (a denial lifted, set-aside mail put back into the
queue) is risk "reopening": it is left in place unless --accept-risk reopening
names it, or the word is typed at the prompt. Stopping services again is
"disruptive" and is named the same way.

It goes on past failures, says what it could not undo, and can be repeated.

Exit codes: 0 all of it was undone, 1 something was left in place or failed, 4
nothing was undone for want of a risk by name.`

const helpFiles = `/var/lib/hikeshi            incidents (as an ordinary user ~/.local/state/hikeshi);
                            --state DIR or $HIKESHI_STATE puts them elsewhere
  incidents/ID/             journal.jsonl, runbook.yaml, evidence/, backup/, drafts/
  ballast                   1 MiB, given up when the disk is full
  rehearsals/               reports of rehearsals; remove them as you like
  hold/UNIT                 a service that must not start; removed by its start
/run/hikeshi                who holds the lock
UNIT.d/50-hikeshi-hold.conf the drop-in in /etc/systemd/system that bars a start
FOLDER.q-ID                 a queue folder that incident ID set aside, beside the
                            live one. The vendor's restore removes such folders:
                            release or copy them before a restore.
effect.dat                  gets plain lines "ADDRESS false", nothing else`
