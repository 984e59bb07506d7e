package survey

import (
	"context"
	"sync"
	"time"

	"hikeshi/actions/dnsbl/ask"
	"hikeshi/actions/dnsbl/table"
)

// A gate keeps the limits.
type gate struct {
	total chan struct{}
	one   map[string]*operator
}

// An operator is whoever runs one or more lists.
type operator struct {
	slots   chan struct{}
	spacing time.Duration

	mu   sync.Mutex
	next time.Time // no question before
}

func newGate(total, each int, lists []table.List) *gate {
	g := &gate{total: make(chan struct{}, total), one: map[string]*operator{}}
	for _, l := range lists {
		o := g.one[l.Operator]
		if o == nil {
			o = &operator{slots: make(chan struct{}, each)}
			g.one[l.Operator] = o
		}
		o.spacing = max(o.spacing, l.Spacing)
	}
	return g
}

// do asks when the limits allow it; if ctx ends before, nothing is asked.
func (g *gate) do(ctx context.Context, l table.List, question func() ask.Reply) ask.Reply {
	o := g.one[l.Operator]
	if !o.wait(ctx) || !take(ctx, o.slots) {
		return ask.Reply{Status: ask.Stopped}
	}
	defer func() { <-o.slots }()
	if !take(ctx, g.total) {
		return ask.Reply{Status: ask.Stopped}
	}
	defer func() { <-g.total }()
	return question()
}

func take(ctx context.Context, slots chan struct{}) bool {
	if ctx.Err() != nil {
		return false
	}
	select {
	case slots <- struct{}{}:
		return true
	case <-ctx.Done():
		return false
	}
}

// wait waits until the operator may be asked again.
func (o *operator) wait(ctx context.Context) bool {
	if o.spacing == 0 {
		return true
	}
	o.mu.Lock()
	at := time.Now()
	if o.next.After(at) {
		at = o.next
	}
	o.next = at.Add(o.spacing)
	o.mu.Unlock()
	select {
	case <-time.After(time.Until(at)):
		return true
	case <-ctx.Done():
		return false
	}
}
