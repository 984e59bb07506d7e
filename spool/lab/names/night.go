package names

import (
	"fmt"
	"net/netip"
	"os"
	"strings"
)

// Night is what a night of spam brings a server at that address: some lists have it before anybody has looked.
func Night(server netip.Addr) []Listing {
	on := func(zone string, code byte, text string) Listing {
		return Listing{Zone: zone, Subject: server.String(), Answer: netip.AddrFrom4([4]byte{127, 0, 0, code}), Text: text}
	}
	return []Listing{
		on("zen.spamhaus.org", 3, "https://check.spamhaus.org/query/ip/"+server.String()),
		on("bl.spamcop.net", 2, "Blocked - see https://www.spamcop.net/bl.shtml?"+server.String()),
		on("b.barracudacentral.org", 2, "spam was sent from "+server.String()),
		on("psbl.surriel.com", 2, "mail to a spam trap came from "+server.String()),
		on("all.s5h.net", 2, ""), // the one that says nothing
	}
}

// Note writes where the server answers into a file, for Noted.
func (s *Server) Note(file string) error {
	if err := os.WriteFile(file, []byte(s.addr.String()+"\n"), 0o600); err != nil {
		return fmt.Errorf("noting the DNS of the lab: %w", err)
	}
	return nil
}

// Noted reads where the server answers that has noted it in file. An address that is not on loopback is none of a lab's: an error.
func Noted(file string) (netip.AddrPort, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return netip.AddrPort{}, fmt.Errorf("finding the DNS of the lab: %w", err)
	}
	addr, err := netip.ParseAddrPort(strings.TrimSpace(string(data)))
	if err != nil || !addr.Addr().IsLoopback() {
		return netip.AddrPort{}, fmt.Errorf("finding the DNS of the lab: %q is no address of loopback", data)
	}
	return addr, nil
}
