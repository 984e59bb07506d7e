package epms

import (
	"hikeshi/spool"
	"hikeshi/spool/epms/queue"
)

var _ spool.Origins = (*Server)(nil)

// Origin says by its name how a file of the queue came about; what lies in lists is made from a message to a list.
func (s *Server) Origin(folder, file string) spool.Origin {
	switch {
	case queue.Bounce(file):
		return spool.Bounce
	case folder == "lists" || queue.Derived(file):
		return spool.Derived
	}
	return spool.Handed
}
