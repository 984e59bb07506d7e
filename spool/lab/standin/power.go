package standin

import (
	"errors"
	"sync"
	"sync/atomic"
)

// ErrPower says that the machine has no power any more.
var ErrPower = errors.New("the power is cut")

// Power is the electricity of one machine from one boot to the next: every change that a daemon makes on disk needs it. The zero
// Power is on. After Cut nothing changes any more, wherever the daemons were in their work.
type Power struct {
	mu   sync.RWMutex
	off  bool
	left *atomic.Int64
}

// Lasting returns power that goes off by itself after so many changes: for trying out what a power cut at each of them does.
func Lasting(changes int) *Power {
	p := &Power{left: new(atomic.Int64)}
	p.left.Store(int64(changes))
	return p
}

// Do makes one change, or returns ErrPower.
func (p *Power) Do(change func() error) error {
	p.mu.RLock()
	defer p.mu.RUnlock()
	if p.off || p.left != nil && p.left.Add(-1) < 0 {
		return ErrPower
	}
	return change()
}

// Cut ends everything. A change that is being made is finished, as a disk finishes the block it writes.
func (p *Power) Cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.off = true
}
