// Package scan looks at the folders of a queue, as fast as their names can be read, and says what is in them.
//
// In order: Look gives a spool.Backlog; Growth compares it with an earlier one; Judge says which thresholds are passed.
//
// Exact, from the names alone: Files, the regular files of a folder and of its sub-folders; Messages, the different base names
// among them (letter case means nothing; in the total a message whose parts lie in several folders counts once); Odd, the
// entries that are no files of the queue. A symbolic link, a FIFO, a socket, a device and every entry whose name holds a control
// character is odd; it is never followed and never opened.
//
// Bytes, times, senders, recipient domains and clients come from the files themselves: from all of them up to Options.Sample
// queue entries (an entry is the files that differ only in their extension), above that number from so many entries and, for the
// times, the messages with the lowest and the highest name. The sample is those entries whose names have the lowest hash values:
// as good as drawn by lot, and the same at every look; the envelope in one folder and the body in another are drawn together.
// Bytes are then scaled up, all other figures are those of the sample.
//
// Each message of the sample counts in one of four classes, so that they add up: null sender, else list mail, else bound for
// outside (a recipient in a domain that is not own), else for own domains.
//
// Nothing is locked: a file may vanish while the folder is read. It counts if its name was read.
package scan
