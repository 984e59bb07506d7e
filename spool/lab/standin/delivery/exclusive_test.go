package delivery

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"hikeshi/spool/lab/standin"
)

// TestTwoHostsOnOneSpool: with Clustering two deliveries that start and stop beside each other deliver each message once.
func TestTwoHostsOnOneSpool(t *testing.T) {
	c := server(t)
	put(t, c.Spool("reg/epost/ims/Clustering.1"), "1\n")
	put(t, c.Spool("exclusive/keep"), "")
	const messages = 60
	for i := range messages {
		message(t, c, fmt.Sprintf("B%010d", i), "x@example.com", "taro@example.jp", "a@slow.example.org")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	var hosts sync.WaitGroup
	hosts.Go(func() {
		if err := Run(ctx, c, &standin.Power{}, func() {}); err != nil {
			t.Error(err)
		}
	})
	other := c
	other.Computer = "mail2"
	taken := func() (all []string) {
		sink, err := standin.ReadSink(c.Sink())
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range sink {
			if l.Settled() {
				all = append(all, l.Lab)
			}
		}
		return all
	}
	for len(taken()) < messages && ctx.Err() == nil {
		again, stop := context.WithTimeout(ctx, 30*time.Millisecond)
		if err := Run(again, other, &standin.Power{}, func() {}); err != nil {
			t.Error(err)
		}
		stop()
	}
	cancel()
	hosts.Wait()
	all := taken()
	slices.Sort(all)
	if n := len(all); n != messages || len(slices.Compact(all)) != messages {
		t.Errorf("%d taken, want each of %d once", n, messages)
	}
	boxes, err := standin.List(c.Spool("inbox/taro"), ".msg")
	if err != nil || len(boxes) != messages {
		t.Errorf("%d in the mailbox, %v", len(boxes), err)
	}
	for _, host := range []string{"mail1", "mail2"} {
		if !standin.Exists(c.Spool("outlog", host)) {
			t.Errorf("%s has no log folder of its own", host)
		}
	}
}
