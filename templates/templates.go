// Package templates holds the words and tables that are built into the program: the runbooks, the table of blocklists and the texts of
// letters. It knows nothing of what they mean.
package templates

import (
	"embed"
	"fmt"
	"io/fs"
	"slices"
	"strings"
)

//go:embed runbooks/*.yaml
var files embed.FS

// Runbooks returns the names of the built-in runbooks, sorted.
func Runbooks() []string {
	entries, err := files.ReadDir("runbooks")
	if err != nil {
		return nil // the folder is part of the program
	}
	var names []string
	for _, e := range entries {
		names = append(names, strings.TrimSuffix(e.Name(), ".yaml"))
	}
	return names
}

// Runbook returns the file of the built-in runbook name. The error wraps fs.ErrNotExist if there is none.
func Runbook(name string) ([]byte, error) {
	if !slices.Contains(Runbooks(), name) {
		return nil, fmt.Errorf("built-in runbook %q: %w", name, fs.ErrNotExist)
	}
	return files.ReadFile("runbooks/" + name + ".yaml")
}
