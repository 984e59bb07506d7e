// Package lab is the rehearsal: a whole E-Post server in one folder, with stand-ins for its daemons, a thief who floods it and goes on
// trying, people who go on mailing through it, and a judge.
//
// A rehearsal in one process, as any user:
//
//	l, err := lab.Build(dir, scenario)       // the tree; dir is the --root of everything that follows
//	err = l.Machine.Boot(ctx)                // receiver and delivery run
//	defer l.Machine.Close()
//	t, err := l.Traffic(ctx)                 // flood and legitimate mail begin
//	err = l.Await(ctx, 500)                  // until that many messages pile up
//	found, err := l.Look(ctx, l.Machine)     // services before the run
//	dns, err := l.Names(zones)               // blocklists that the run can ask
//	defer dns.Close()
//	... the run: Machine is its service manager and its process table, UnitDir its folder of units ...
//	contained := time.Now()                  // right after both services were stopped
//	l.Machine.Crash()                        // in the middle: a power cut,
//	err = l.Machine.Boot(ctx)                // and the next boot
//	... the rest of the run, and a moment of traffic after it ...
//	err = t.Stop()
//	now, err := l.Look(ctx, l.Machine)
//	js, err := l.Judge(ctx, lab.Run{Contained: contained, Found: found, Now: now, Boots: l.Machine.Boots()})
//
// What happens is a [Scenario], one for each way in: Cause is its letter in the runbook, Inputs are what the responder finds out. In the
// one with a form on the server itself the deed by hand is [Lab.CloseForm]; in the one in which only the address is forged nothing is
// to be stopped, and Contained stays zero. With Scenario.Cluster another host uses the same spool, [Lab.SecondNode].
//
// With real units under a private systemd (package nest), as root: the same, but Config.Units of the nest are [Units], [Enable]
// makes them start at boot, and Look is given the manager inside the nest. The program named there must call [RunReceiver] and
// [RunDelivery] for the verbs [VerbReceiver] and [VerbDelivery] with the path that follows, under a context that ends with SIGTERM.
// Traffic and judge stay outside and need only the folder.
//
// The logs begin two weeks before: everyone who mails through the server has done so on each of these days, from the same address. Where
// a password is stolen the thief first guesses, and then knows it.
//
// [Lab.Names] is the Internet's DNS for the lab, and stays outside too: after spam has left, the server is on some blocklists, of which
// Run.Listings says what the run has found. It is the only resolver that is asked.
//
// A lab reads and writes below its folder only, and listens and connects on loopback only. It has neither POP3 nor IMAP4 services, as
// the product without mailboxes.
package lab
