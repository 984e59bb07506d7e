// Package nearest guesses which name a misspelt word was meant to be.
package nearest

import (
	"fmt"
	"slices"
)

// maxWord bounds the work: longer words are no misspelt names.
const maxWord = 64

// Name returns the name that word was probably meant to be, or "" if none is near enough. Of names equally near it is the
// first in alphabetical order.
func Name(word string, names []string) string {
	w := []rune(word)
	if len(w) == 0 || len(w) > maxWord {
		return ""
	}
	best, bestDistance := "", 1+max(1, len(w)/3)
	for _, name := range slices.Sorted(slices.Values(names)) {
		n := []rune(name)
		if len(n) > maxWord {
			continue
		}
		if d := distance(w, n); d < bestDistance {
			best, bestDistance = name, d
		}
	}
	return best
}

// Hint returns `; did you mean "name"?` to be put behind an error, or "".
func Hint(word string, names []string) string {
	if name := Name(word, names); name != "" {
		return fmt.Sprintf("; did you mean %q?", name)
	}
	return ""
}

// distance counts the letters that were left out, added, replaced or swapped with their neighbour.
func distance(a, b []rune) int {
	var before []int
	last := make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := range a {
		row := make([]int, len(b)+1)
		row[0] = i + 1
		for j := range b {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			row[j+1] = min(last[j]+cost, last[j+1]+1, row[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, last = last, row
	}
	return last[len(b)]
}
