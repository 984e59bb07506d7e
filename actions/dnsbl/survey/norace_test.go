//go:build !race

package survey

// raceEnabled: the race detector makes everything several times slower.
const raceEnabled = false
