// Package logs is what is known of the logs of E-Post Mail Server V: which there are, what their lines say, and how each is switched
// on (FAQ bsd/05-21, bsd/17-62, win/05-05). Where their files lie is in package files; how lines are read in the packages record, where
// every line says all there is to say, and dialogue, where sessions have to be followed.
//
// Times are those of the server's wall clock. None of the logs tells of a peer that a lock-out table refuses, but receivelog.
package logs

import (
	"hikeshi/spool"
	"hikeshi/spool/epms/logs/dialogue"
	"hikeshi/spool/epms/logs/record"
)

// A Kind is one of the logs.
type Kind struct {
	Name     string
	Says     []spool.EventKind
	Sessions bool   // its lines can only be understood one after another
	Setting  string // by which Hikeshi switches it on; "" if it has to be done by hand
	Service  string // epstrd: it has to be restarted
	byHand   byHand
	parser   func(f spool.LogFile) spool.LogParser
}

// byHand is how a log is switched on that has no Setting.
type byHand struct {
	number string // this value of the settings tree is set to 1
	needs  string // or the folder is made, and this log is on
}

// Kinds are all logs, in the order in which a message passes them.
func Kinds() []Kind {
	const receiver, delivery, pop, imap = "epstrd", "epstdd", "epstpop3d", "epstimap4d"
	login := []spool.EventKind{spool.EventLogin, spool.EventLoginFail}
	mailbox := append(login[:2:2], spool.EventRead)
	return []Kind{
		{Name: "acceptlog", Says: append(login[:2:2], spool.EventConnect, spool.EventReject, spool.EventEnd), Setting: "acceptlog", Service: receiver,
			parser: func(spool.LogFile) spool.LogParser { return &record.Accept{} }},
		{Name: "inlog", Says: []spool.EventKind{spool.EventAccept}, Setting: "inlog", Service: receiver,
			parser: func(spool.LogFile) spool.LogParser { return &record.In{} }},
		{Name: "receivelog", Says: append(login[:2:2], spool.EventAccept, spool.EventReject), Sessions: true, Setting: "receivelog", Service: receiver,
			parser: follow(spool.SMTP)},
		out("outlog", spool.EventSent), out("outlocallog", spool.EventLocal), out("faillog", spool.EventBounced),
		{Name: "senderlog", Says: []spool.EventKind{spool.EventDeferred}, Service: delivery, byHand: byHand{number: "EPST5DS/SenderlogEnabled.1"},
			parser: func(f spool.LogFile) spool.LogParser { return record.NewSender(f.From) }},
		{Name: "pop3log", Says: mailbox, Setting: "pop3log", Service: pop, parser: each(spool.POP3)},
		{Name: "imap4log", Says: mailbox, Setting: "imap4log", Service: imap, parser: each(spool.IMAP4)},
		{Name: "receivepop3", Says: mailbox, Sessions: true, Service: pop, byHand: byHand{needs: "pop3log"}, parser: follow(spool.POP3)},
		{Name: "receiveimap4", Says: mailbox, Sessions: true, Service: imap, byHand: byHand{needs: "imap4log"}, parser: follow(spool.IMAP4)},
	}
}

func out(name string, kind spool.EventKind) Kind {
	return Kind{Name: name, Says: []spool.EventKind{kind}, Setting: name, Service: "epstdd",
		parser: func(spool.LogFile) spool.LogParser { return record.NewOut(kind) }}
}

func each(door spool.Protocol) func(spool.LogFile) spool.LogParser {
	return func(spool.LogFile) spool.LogParser { return record.NewMailbox(door) }
}

func follow(door spool.Protocol) func(spool.LogFile) spool.LogParser {
	return func(spool.LogFile) spool.LogParser { return dialogue.New(door) }
}

// Parser reads a file of a log; nil for a log of that name that is not known.
func Parser(log string, f spool.LogFile) spool.LogParser {
	for _, k := range Kinds() {
		if k.Name == log {
			return k.parser(f)
		}
	}
	return nil
}
