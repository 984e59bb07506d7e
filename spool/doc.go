// Package spool is the vocabulary of mail servers and their queues: a small Server and, beside it, one optional interface for
// each ability, found by type assertion. What is known of one product lives in a package below this one.
package spool
