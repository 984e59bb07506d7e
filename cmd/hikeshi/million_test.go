//go:build !race

package main

// million is how many lines, or files, stand for more than anyone has.
const million = 1_000_000
