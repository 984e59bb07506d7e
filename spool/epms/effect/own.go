package effect

import "net/netip"

// Own is what belongs to the server: whose mail must not be denied, and whose name must not open it.
type Own struct {
	Domains   []string // mail domains
	Addresses []netip.Addr
}
