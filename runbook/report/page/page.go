// Package page writes a report of headings and lists for a console and as Markdown.
//
// Whatever stands in the texts stays text: control characters and those that reorder a line are written out, Markdown's own
// characters are escaped.
package page

import (
	"bytes"
	"fmt"
	"io"
	"strings"
)

// A Page is a title and sections.
type Page struct {
	Title    string
	Sections []Section
}

// A Section is a part of a page under its own title.
type Section struct {
	Title string
	Items []Item
}

// An Item is one line with what belongs to it. Its texts may come from anywhere; they are made harmless when they are written.
type Item struct {
	Box     string // x: done, blank: open, -: left out; "" is no check box
	Name    string // stands before the text
	Text    string
	Command bool // Text is a command line, to be typed as it stands
	Sub     []Item
}

// Text writes the page for a console of 80 columns.
func (p Page) Text(w io.Writer) error {
	var b bytes.Buffer
	for _, line := range wrap(Plain(p.Title), width) {
		fmt.Fprintln(&b, line)
	}
	fmt.Fprintln(&b, strings.Repeat("=", width))
	for _, s := range p.Sections {
		fmt.Fprintf(&b, "\n%s\n%s\n", s.Title, strings.Repeat("-", cells().StringWidth(s.Title)))
		writeItems(&b, s.Items, 0)
	}
	_, err := w.Write(b.Bytes())
	return err
}

// maxName is the widest name that texts are lined up after.
const maxName = 25

func writeItems(b *bytes.Buffer, items []Item, indent int) {
	column := 0
	for _, it := range items {
		if n := cells().StringWidth(Plain(it.Name)); n <= maxName {
			column = max(column, n)
		}
	}
	for _, it := range items {
		writeItem(b, it, indent, column)
		writeItems(b, it.Sub, indent+4)
	}
}

func writeItem(b *bytes.Buffer, it Item, indent, column int) {
	lead, text, name := "", Plain(it.Text), Plain(it.Name)
	switch {
	case it.Box != "":
		lead = "[" + it.Box + "] "
	case cells().StringWidth(name) > maxName:
		text = name + "  " + text
	case name != "":
		lead = name + strings.Repeat(" ", max(0, column-cells().StringWidth(name))) + "  "
	}
	margin := strings.Repeat(" ", indent)
	if it.Command {
		fmt.Fprintf(b, "%s%s\n", margin, Plain(it.Text))
		return
	}
	hang := cells().StringWidth(lead)
	for i, line := range wrap(text, width-indent-hang) {
		if i > 0 {
			lead = strings.Repeat(" ", hang)
		}
		fmt.Fprintln(b, strings.TrimRight(margin+lead+line, " "))
	}
}

// Markdown writes the page as CommonMark with GitHub's check boxes.
func (p Page) Markdown(w io.Writer) error {
	var b bytes.Buffer
	fmt.Fprintf(&b, "# %s\n", escape(p.Title))
	for _, s := range p.Sections {
		fmt.Fprintf(&b, "\n## %s\n\n", escape(s.Title))
		markItems(&b, s.Items, "")
	}
	_, err := w.Write(b.Bytes())
	return err
}

func markItems(b *bytes.Buffer, items []Item, indent string) {
	for _, it := range items {
		b.WriteString(indent + "- ")
		switch {
		case it.Command:
			b.WriteString("`" + strings.ReplaceAll(Plain(it.Text), "`", "'") + "`\n")
			continue
		case it.Box == "-":
			b.WriteString(`\[-\] ` + escape(it.Text) + "\n") // GitHub knows done and open only
		case it.Box != "":
			b.WriteString("[" + it.Box + "] " + escape(it.Text) + "\n")
		case it.Name != "":
			b.WriteString("**" + escape(it.Name) + "** " + escape(it.Text) + "\n")
		default:
			b.WriteString(escape(it.Text) + "\n")
		}
		markItems(b, it.Sub, indent+"  ")
	}
}
