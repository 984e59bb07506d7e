package receiver

import (
	"errors"
	"net/netip"
	"os"
	"time"

	"hikeshi/spool/lab/standin/lockout"
)

// rejects is the name of the lock-out table in the program folder. It is opened anew each time.
const rejects = "rejectsmtpip.dat"

// locked says whether the lock-out table refuses a peer. A table that cannot be read refuses nobody.
func (r *receiver) locked(peer netip.Addr) bool {
	data, err := os.ReadFile(r.Program(rejects))
	return err == nil && lockout.Refused(data, peer, r.lockTime, time.Now())
}

// failed counts a failed AUTH and locks the peer out when there were too many. It says whether the session goes on: with AuthLockOut
// the table is looked at after each failure.
func (s *session) failed() (on bool) {
	s.r.counting.Lock()
	defer s.r.counting.Unlock()
	n, err := s.r.CountFailure(s.user, s.peer)
	if err != nil || s.r.lockAfter == 0 {
		return err == nil
	}
	if n >= s.r.lockAfter {
		err = errors.Join(s.r.Append(s.r.Program(rejects), lockout.Row(s.peer, time.Now())), s.r.ForgetFailures(s.user, s.peer))
	}
	return err == nil && !s.r.locked(s.peer)
}

// succeeded forgets the failures of this peer under this name.
func (s *session) succeeded() error {
	s.r.counting.Lock()
	defer s.r.counting.Unlock()
	return s.r.ForgetFailures(s.user, s.peer)
}
