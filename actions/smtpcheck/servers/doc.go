// Package servers holds no program: its tests ask real mail servers whether they relay, and compare what the relay test says with what nmap
// and swaks say of the same servers.
//
// The servers are Debian's Postfix, sendmail and Exim, which cannot be installed beside each other. The folder that HIKESHI_SERVERS names holds
// each of them unpacked, in NAME/root; .ci/run makes it. A server runs as root in namespaces of its own, on a tree that is gone with it, and
// is reached from an outside address over a network of its own: nothing of the machine is changed, and a server does not outlive its test.
//
// Two Postfix servers have logins and submission beside: the process that knows passwords, and the mailbox server, are played by the test.
//
// What every server answers to every test stands in testdata/matrix.txt.
package servers
