package main

import (
	"bytes"
	"io"
	"regexp"
	"strings"

	"github.com/spf13/cobra"
)

// fitHelp makes the help of every verb fit the console.
func fitHelp(root *cobra.Command) {
	help := root.HelpFunc()
	root.SetHelpFunc(func(cmd *cobra.Command, args []string) {
		var b bytes.Buffer
		out := cmd.OutOrStdout()
		cmd.SetOut(&b)
		help(cmd, args)
		cmd.SetOut(out)
		_, _ = io.WriteString(out, fit(b.String()))
	})
}

// fit breaks what is wider than the console: paragraphs are filled anew, and rows of a table hang below their last column.
func fit(text string) string {
	paragraphs := strings.Split(text, "\n\n")
	for i, p := range paragraphs {
		lines := strings.Split(p, "\n")
		wide, prose := false, true
		for _, l := range lines {
			wide = wide || cells.StringWidth(l) > width
			prose = prose && !strings.HasPrefix(l, " ") && !strings.Contains(l, "  ")
		}
		switch {
		case wide && prose:
			lines = wrap(strings.Join(lines, " "), width)
		case wide:
			lines = fitRows(lines)
		}
		paragraphs[i] = strings.Join(lines, "\n")
	}
	return strings.Join(paragraphs, "\n\n")
}

// column is the beginning of the last column of a row: behind a word and a gap, in the left half.
var column = regexp.MustCompile(`^ *\S.{0,36}?  +(\S)`)

func fitRows(lines []string) []string {
	var all []string
	for _, l := range lines {
		indent, more := len(l)-len(strings.TrimLeft(l, " ")), ""
		if at := column.FindStringSubmatchIndex(l); at != nil {
			indent = cells.StringWidth(l[:at[2]])
		} else if strings.HasPrefix(l, "  hikeshi ") {
			indent, more = 4, ` \` // a command line, which is to be copied
		}
		for cells.StringWidth(l) > width {
			cut := strings.LastIndex(cells.Truncate(l, width-len(more)+1, ""), " ")
			if cut <= indent {
				break // one long word
			}
			all = append(all, strings.TrimRight(l[:cut], " ")+more)
			l = strings.Repeat(" ", indent) + strings.TrimLeft(l[cut:], " ")
		}
		all = append(all, l)
	}
	return all
}
