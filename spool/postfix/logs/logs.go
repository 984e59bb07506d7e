// Package logs is what is known of the logs of Postfix and Dovecot: where they lie, and what their lines say. How a message is taken out of a
// line is in package frame; what the daemons of Postfix say in mta, Dovecot in box; where the files are in files.
//
// Both write to the mail log of the system, or Dovecot into files of its own (log_path, info_log_path). Where no file is, the journal has
// the lines; somebody has to export it (`journalctl -o json`, of the units of both), and Config says who.
package logs

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"time"

	"hikeshi/spool"
	"hikeshi/spool/postfix/logs/box"
	"hikeshi/spool/postfix/logs/files"
	"hikeshi/spool/postfix/logs/frame"
	"hikeshi/spool/postfix/logs/mta"
	"hikeshi/spool/postfix/logs/tries"
)

// The names of the logs.
const (
	Mail    = "maillog"    // of the system, with the lines of both
	Dovecot = "dovecotlog" // of Dovecot alone
)

// Config says where the logs are. Paths are absolute in the sense of Root.
type Config struct {
	Root    string   // every path is taken below it; "" is /
	Mail    []string // logs beside those of files.Mail: maillog_file of main.cf
	Dovecot []string // log_path and info_log_path; nil: files.Dovecot, which are no log where they are not there
	Zone    *time.Location

	// Journal exports the journal of Postfix and Dovecot into a file and says where: it is asked where there is no mail log. Nil: nobody can.
	Journal func(ctx context.Context) (spool.LogFile, error)
}

// Logs are the logs of one server. It is ready for several goroutines.
type Logs struct{ config Config }

var _ spool.Logs = (*Logs)(nil)

// New returns the logs that a Config tells of. Zone is that of this machine where it is nil.
func New(c Config) *Logs {
	if c.Zone == nil {
		c.Zone = time.Local
	}
	return &Logs{c}
}

// Logs finds the files. A log without one is LogUnknown: whether it is written, only the settings of syslog say.
func (l *Logs) Logs(ctx context.Context) ([]spool.Log, error) {
	mailboxes := []spool.EventKind{spool.EventLogin, spool.EventLoginFail, spool.EventRead}
	all := []spool.Log{
		{Name: Mail, Spread: true, Says: append(mailboxes[:3:3], spool.EventAccept, spool.EventReject, spool.EventSent, spool.EventLocal, spool.EventDeferred, spool.EventBounced)},
		{Name: Dovecot, Spread: true, Says: mailboxes},
	}
	l.find(ctx, &all[0], slices.Concat(l.config.Mail, files.Mail))
	if mail := &all[0]; len(mail.Files) == 0 && l.config.Journal != nil {
		f, err := l.config.Journal(ctx)
		if mail.Problem = errors.Join(mail.Problem, err); err == nil {
			mail.Files = []spool.LogFile{f}
		}
	}
	if l.config.Dovecot != nil {
		l.find(ctx, &all[1], l.config.Dovecot)
	} else if l.find(ctx, &all[1], files.Dovecot); len(all[1].Files)+len(all[1].Odd) == 0 && all[1].Problem == nil {
		all = all[:1]
	}
	for i := range all {
		all[i].State = spool.LogUnknown
		if len(all[i].Files) > 0 {
			all[i].State = spool.LogOn
		}
	}
	return all, ctx.Err()
}

// find finds the files of a log.
func (l *Logs) find(ctx context.Context, g *spool.Log, paths []string) {
	found := files.Find(ctx, l.config.Root, paths)
	g.Dir, g.Files, g.Odd, g.Problem = found.Dir, found.Files, found.Odd, found.Problem
	for _, f := range g.Files {
		if err := l.years(f); err != nil {
			g.Problem = errors.Join(g.Problem, err)
		}
	}
	g.HowToEN, g.HowToJA = howTo[g.Name].EN, howTo[g.Name].JA
}

// Parser reads a file of a log; nil for a log of that name that is not known.
func (l *Logs) Parser(log string, f spool.LogFile) spool.LogParser {
	if log != Mail && log != Dovecot {
		return nil
	}
	return NewParser(l.config.Zone, f.Modified)
}

// Unseen are the signs of abuse that no log of Postfix can show; see words.go.
func (l *Logs) Unseen() []spool.Unseen { return Unseen() }

// A Parser reads the lines of one file, as spool.LogParser.
type Parser struct {
	frame  *frame.Reader
	line   frame.Line
	failed tries.Book
	mta    *mta.Parser
	box    *box.Parser
}

// NewParser reads a file that was changed last at a time, which tells the year of its lines; the zero time is now. The zone is that of the wall
// clock of the server.
func NewParser(zone *time.Location, modified time.Time) *Parser {
	if modified.IsZero() {
		modified = time.Now()
	}
	p := &Parser{frame: frame.New(zone, modified)}
	p.mta, p.box = mta.New(&p.failed), box.New(&p.failed)
	return p
}

// Wall is the time of a line.
func (p *Parser) Wall(line []byte) (int64, bool) { return p.frame.Wall(line) }

// Parse reads a line. Lines of other programs are LineQuiet: they write to the mail log too.
func (p *Parser) Parse(line []byte, e *spool.Event) spool.Reading {
	*e = spool.Event{}
	if !p.frame.Read(line, &p.line) {
		return spool.LineUnknown
	}
	e.Wall = p.line.Wall
	program := p.line.Program
	if box.Program(program) {
		return p.box.Parse(program, p.line.Text, e)
	}
	daemon, ok := mta.Daemon(program)
	if !ok {
		return spool.LineQuiet
	}
	r := p.mta.Parse(daemon, p.line.Text, e)
	if r == spool.LineUnknown && !bytes.HasPrefix(program, []byte("postfix")) {
		return spool.LineQuiet // of another program with a slash in its name
	}
	return r
}
