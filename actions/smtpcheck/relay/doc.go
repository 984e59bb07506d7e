// Package relay asks one listener of a mail server, by the tests of package pattern, whether it passes on the mail of strangers.
//
// In order: a Run says how to ask and who asks; Run.Test asks one listener, for which it needs a grant of package consent; Run.Await waits
// for the messages that were sent, if any; Report.State says in a word what was found, and package headline in a line.
//
// A test ends after RCPT. DATA is given in one place only, for a grant that allows it, one message a test, and only where the one recipient is
// the probe mailbox. A run makes one connection at a time, a new one every eight tests, and says RSET between tests; it waits between tests, names
// at most 45 recipients to a listener, and stops at a 421. Whatever was taken is asked again in a fresh connection;
// and where answers differ from connection to connection, a plain test some times more: behind one address there may be several hosts.
//
// Recipients that are named once more, since they were taken, do not count among those: no test is left out for the sake of another. A test of
// several forms is one test to whoever gets its message.
//
// What a refusal is worth is told by the controls: where mail for an account of the server is refused as well, every other refusal proves nothing.
// What was seen from inside (loopback, an own network, through NAT) is marked, since servers trust their own; a 2xx for a stranger's mail is a
// finding from everywhere. A time-out is never a refusal.
package relay
