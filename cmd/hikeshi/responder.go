package main

import (
	"bytes"
	"net/netip"
	"os"
	"strconv"
	"strings"
)

// responders returns the addresses that the responder may be connected from: SSH_CONNECTION of this process, or of its parents,
// where sudo has dropped it. Nothing means: unknown.
func responders() []netip.Addr {
	var all []netip.Addr
	if a, ok := sshAddr(os.Getenv("SSH_CONNECTION")); ok {
		all = append(all, a)
	}
	for pid, depth := os.Getppid(), 0; pid > 1 && depth < 32; depth++ {
		env, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/environ")
		if err == nil {
			for _, v := range bytes.Split(env, []byte{0}) {
				if s, ok := strings.CutPrefix(string(v), "SSH_CONNECTION="); ok {
					if a, ok := sshAddr(s); ok {
						all = append(all, a)
					}
				}
			}
		}
		pid = parentOf(pid)
	}
	return all
}

// sshAddr reads the first field of SSH_CONNECTION: the client's address.
func sshAddr(s string) (netip.Addr, bool) {
	f := strings.Fields(s)
	if len(f) == 0 {
		return netip.Addr{}, false
	}
	a, err := netip.ParseAddr(f[0])
	return a.Unmap().WithZone(""), err == nil
}

// parentOf returns the parent of a process from the fourth field of /proc/PID/stat; the second is a name in brackets that may
// hold anything. 0 means unknown.
func parentOf(pid int) int {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return 0
	}
	i := bytes.LastIndexByte(stat, ')')
	f := strings.Fields(string(stat[i+1:]))
	if len(f) < 2 {
		return 0
	}
	n, err := strconv.Atoi(f[1])
	if err != nil {
		return 0
	}
	return n
}
