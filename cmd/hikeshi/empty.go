package main

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// mayBeEmpty marks a flag whose empty value says something, and chooses nothing.
const mayBeEmpty = "may be empty"

// notEmpty refuses flags and arguments that are given and say nothing: a variable of the shell that is not set looks like this, and what
// is chosen by none would be everything.
func notEmpty(cmd *cobra.Command, args []string) error {
	if cmd.DisableFlagParsing { // the words of a command line that is being typed
		return nil
	}
	const hint = "say what is meant, or leave it away: a variable of the shell that is not set looks like this"
	blank := func(text string) bool { return strings.TrimSpace(text) == "" }
	if i := slices.IndexFunc(args, blank); i >= 0 {
		return usagef(hint, "argument %d is empty", i+1)
	}
	name := ""
	cmd.Flags().Visit(func(f *pflag.Flag) {
		all := []string{f.Value.String()}
		if list, ok := f.Value.(pflag.SliceValue); ok {
			all = list.GetSlice()
		}
		if name == "" && f.Annotations[mayBeEmpty] == nil && (len(all) == 0 || slices.ContainsFunc(all, blank)) {
			name = f.Name
		}
	})
	if name != "" {
		return usagef(hint, "--%s is given and empty", name)
	}
	return nil
}
