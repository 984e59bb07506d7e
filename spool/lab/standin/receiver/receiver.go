// Package receiver is the stand-in for epstrd: it takes mail over SMTP on a loopback address and puts it into incoming.
//
// It answers as the real one does where that is known: the order of the checks at MAIL FROM, effect.dat read at every one of them,
// who may send to whom after each of its results, the words of every refusal, EHLO lines that all begin "250 " with a blank, AUTH
// PLAIN and LOGIN against the auth file only, ids that count at every accepted MAIL FROM, the body moved into incoming before the
// envelope, both on disk before the 250, the lock-out table before the banner, failed logins that are counted and lock a peer out. Of
// its settings those count that stood there when it started. When it starts it wipes its files in temp; when it stops it waits for no session. The words
// of acceptances are not known and are its own.
//
// All its clients come from this machine. Whom each of them plays it says before the banner, in a line that no real server knows:
//
//	LAB-PEER 203.0.113.9
package receiver

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"hikeshi/spool/lab/standin"
)

// Version stands in the banner and in Received lines.
const Version = "(5.10-lab)"

// A receiver is one run, with the settings of its start.
type receiver struct {
	*standin.Server
	authOnly   int
	authModes  string
	vrfy       bool
	maxSize    int64
	accept     *standin.Log
	in         *standin.Log
	dialogue   *standin.Log
	lockAfter  int           // failed logins of one peer, 0 for no limit
	lockTime   time.Duration // 0 is for ever
	counting   sync.Mutex    // of failed logins
	ids        sync.Mutex
	sessions   atomic.Uint32
	connected  sync.WaitGroup
	stopping   context.Context
	listenPort int
}

// Run starts a receiver, calls ready when it listens, and returns when ctx has ended and no session is left. Sessions are cut, not
// waited for.
func Run(ctx context.Context, c standin.Config, p *standin.Power, ready func()) error {
	r, err := open(ctx, c, p)
	if err != nil {
		return fmt.Errorf("starting the receiver: %w", err)
	}
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("starting the receiver: %w", err)
	}
	defer context.AfterFunc(ctx, func() { l.Close() })()
	defer l.Close()
	r.listenPort = l.Addr().(*net.TCPAddr).Port
	if err := r.announce(l.Addr().String()); err != nil {
		return fmt.Errorf("starting the receiver: %w", err)
	}
	ready()
	err = r.serve(ctx, l)
	r.connected.Wait()
	if ctx.Err() != nil {
		err = nil
	}
	return errors.Join(err, withoutPower(r.Remove(r.Address())))
}

func open(ctx context.Context, c standin.Config, p *standin.Power) (*receiver, error) {
	s, err := standin.Open(c, p)
	if err != nil {
		return nil, err
	}
	r := &receiver{Server: s, stopping: ctx}
	r.authOnly = s.Number("EPST5RS/SMTPAUTHOnly", 0)
	r.authModes = s.Text("EPST5RS/SMTPAUTHMode", "NO")
	r.vrfy = s.Number("Vrfy", 1) == 1
	r.maxSize = int64(s.Number("MailInMaxSize", 1<<20))
	r.lockAfter = s.Number("EPST5RS/AuthLockOut", 0)
	r.lockTime = time.Duration(s.Number("EPST5RS/AuthLockOutTime", 0)) * time.Minute
	if err := s.Folders("incoming", "temp", "authlock", "iplock"); err != nil {
		return nil, err
	}
	return r, errors.Join(r.wipe(), r.openLogs())
}

// wipe deletes what an earlier receiver left in temp.
func (r *receiver) wipe() error {
	left, err := standin.List(r.Spool("temp"), ".rst", ".msg", ".rcp", ".tmp", ".rcx", ".rcb", ".msb")
	for _, path := range left {
		err = errors.Join(err, r.Remove(path))
	}
	return err
}

func (r *receiver) openLogs() (err error) {
	var errs [3]error
	r.accept, errs[0] = r.OpenLog("acceptlog", "EPST5RS/AcceptlogEnabled")
	r.in, errs[1] = r.OpenLog("inlog", "EPST5RS/Parameters/MailInlogEnabled")
	r.dialogue, errs[2] = r.OpenLogByFolder("receivelog", "EPST5RS/AcceptlogEnabled")
	return errors.Join(errs[:]...)
}

// announce tells the clients of the lab where to connect; the name appears with the whole address in it.
func (r *receiver) announce(addr string) error {
	tmp := filepath.Join(filepath.Dir(r.Address()), ".smtp.addr")
	if err := r.Write(tmp, []byte(addr)); err != nil {
		return err
	}
	return r.Move(tmp, r.Address())
}

func (r *receiver) serve(ctx context.Context, l net.Listener) error {
	for {
		conn, err := l.Accept()
		if err != nil {
			return err
		}
		r.connected.Go(func() {
			defer context.AfterFunc(ctx, func() { conn.Close() })()
			defer conn.Close()
			newSession(r, conn).run()
		})
	}
}

// nextID gives a message its id, one session after the other.
func (r *receiver) nextID() (string, error) {
	r.ids.Lock()
	defer r.ids.Unlock()
	return r.NextID()
}

// effectFile reads effect.dat as it is now; a missing one is empty.
func (r *receiver) effectFile() ([]byte, error) {
	data, err := os.ReadFile(r.Program("effect.dat"))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	return data, err
}

// withoutPower is no mistake of the program: a machine whose power is cut does not clean up.
func withoutPower(err error) error {
	if errors.Is(err, standin.ErrPower) {
		return nil
	}
	return err
}
