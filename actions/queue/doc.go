// Package queue is what a responder does with the queue of a mail server: look at it (queue.scan), name the
// accounts behind it (queue.blocks), see whether it is whole
// (queue.check) and whether another server uses it (queue.nodes), set it aside (queue.quarantine), find a message there (queue.find), bring messages
// back (queue.release), and remove for good what was set aside (queue.purge). It knows of no particular server: folders, and what their files mean, come from package spool.
//
// The folders of a set are set aside together, all or none, under the names <folder>.q-<incident> beside themselves.
package queue
