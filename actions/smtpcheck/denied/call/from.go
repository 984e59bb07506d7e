package call

import (
	"errors"
	"net"
	"net/netip"
	"runtime"
)

// ErrElsewhere says that the machine holds no address of those that are asked for.
var ErrElsewhere = errors.New("it holds none of these addresses")

// Holding finds an address to ask from among those of a machine, as net.InterfaceAddrs lists them. On Linux it holds all of 127.0.0.0/8.
func Holding(addrs func() ([]net.Addr, error)) func(netip.Prefix) (netip.Addr, error) {
	return func(p netip.Prefix) (netip.Addr, error) {
		if runtime.GOOS == "linux" && p.Addr().Is4() && p.Addr().IsLoopback() && p.IsSingleIP() {
			return p.Addr(), nil
		}
		all, err := addrs()
		if err != nil {
			return netip.Addr{}, err
		}
		for _, a := range all {
			if one, err := netip.ParsePrefix(a.String()); err == nil && p.Contains(one.Addr().Unmap()) {
				return one.Addr().Unmap(), nil
			}
		}
		return netip.Addr{}, ErrElsewhere
	}
}
