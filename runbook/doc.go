// Package runbook is the vocabulary of an incident: what a procedure, a change and a record are.
//
// One plain value, Change, goes the whole way: an Action plans it, the responder is shown it and confirms it, the Journal holds it
// before it is made, a Changer applies and verifies it, the report tells of it, and undo reads it back. Planning reads, applying
// writes; there is no dry-run flag, a dry run is a plan that nobody applies.
//
// A Runbook is read and checked by package book, gone through by package engine, and told by package report. History is what the
// records of one incident add up to.
//
// The package knows nothing of mail, services, DNS or terminals.
package runbook
