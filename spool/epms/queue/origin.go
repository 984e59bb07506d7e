package queue

// Derived says whether the server made the file from a message that was handed in: an auto-forward (-T), a share of a list (-M), an automatic
// reply (-Y), the answer to a list command (-L) (FAQ bsd/05-18).
func Derived(file string) bool {
	for _, letter := range [...]string{"T", "M", "Y", "L"} {
		if hasSuffix(file, letter) {
			return true
		}
	}
	return false
}
