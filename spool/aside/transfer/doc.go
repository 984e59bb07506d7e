// Package transfer moves whole messages between folders of one filesystem, so that none is ever lost, replaced or torn apart.
//
// A Transfer is plain data, made while looking: units of files, each with the inode that it had then. Run carries it out, forth
// or back; Count says how far it got. The inode under a name decides what has happened, so both can be called again after a stop
// at any moment.
//
// A unit is what belongs together, as a rule one message. Bodies go first and envelopes last, and back the other way round: a
// service that reads the folder meanwhile never sees an envelope without its body. A unit of which one name is taken at the other
// end, or one part is no longer there, stays whole where it is and is reported.
//
// Nothing is replaced, nothing is copied, no symbolic link is followed. Both ends must lie on one filesystem.
package transfer
