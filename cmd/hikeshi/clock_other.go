//go:build !linux

package main

// clockSynced cannot tell on this system.
func clockSynced() *bool { return nil }
