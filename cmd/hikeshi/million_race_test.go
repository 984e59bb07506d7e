//go:build race

package main

// million is less under the race detector, which makes everything ten times as slow.
const million = 100_000
