// Package tries counts each failed login once, where several lines of one log tell of it: those of Dovecot's auth process, which know the name
// and the peer, and then that of the door at which it was tried, which knows the peer and may know the name.
package tries

import (
	"net/netip"

	"hikeshi/spool/postfix/logs/field"
)

const (
	most    = 4096 // peers that are remembered
	minutes = 300  // seconds: a door tells when the session ends, after 180 s at the latest (Dovecot's login timeout), or after each try
)

// A Book remembers the tries that one sort of line told of. The zero value is ready.
type Book struct {
	peers *field.Recent[count]
	key   [16]byte
}

type count struct {
	n    int
	wall int64 // of the last one
}

func (b *Book) of(peer netip.Addr) uint64 {
	if b.peers == nil {
		b.peers = field.NewRecent[count](most)
	}
	b.key = peer.As16()
	return b.peers.Key(b.key[:])
}

// Told enters a try of a peer.
func (b *Book) Told(peer netip.Addr, wall int64) {
	if !peer.IsValid() {
		return
	}
	key := b.of(peer)
	c, _ := b.peers.Get(key)
	if wall-c.wall > minutes {
		c.n = 0
	}
	b.peers.Put(key, count{min(c.n, 1<<20) + 1, wall})
}

// Take takes up to n tries of a peer out of the book, and returns how many of them it did not have.
func (b *Book) Take(peer netip.Addr, wall int64, n int) int {
	if !peer.IsValid() || b.peers == nil {
		return n
	}
	key := b.of(peer)
	c, ok := b.peers.Get(key)
	if !ok || wall-c.wall > minutes || c.n == 0 {
		return n
	}
	took := min(n, c.n)
	c.n -= took
	b.peers.Put(key, c)
	return n - took
}
