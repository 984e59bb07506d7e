package notice

import (
	"fmt"
	"io/fs"
	"strings"
	"text/template"
)

// Texts are the texts of notices, by language.
type Texts map[string]*template.Template

// Load reads the texts. The error names one that is missing or cannot be read.
func Load(words fs.FS) (Texts, error) {
	t := Texts{}
	for _, lang := range []string{"en", "ja"} {
		set := template.New(lang).Option("missingkey=error").Funcs((&Page{}).funcs())
		for _, name := range append(All(), "parts") {
			text, err := fs.ReadFile(words, name+"."+lang+".txt")
			if err != nil {
				return nil, fmt.Errorf("reading the texts of notices: %w", err)
			}
			if _, err := set.New(name).Parse(string(text)); err != nil {
				return nil, fmt.Errorf("reading the texts of notices: %w", err)
			}
		}
		t[lang] = set
	}
	return t, nil
}

// execute fills in the text name.
func (t Texts) execute(name string, p *Page) (subject, body string, err error) {
	set, ok := t[p.lang]
	if !ok {
		return "", "", fmt.Errorf("no text is in the language %q", p.lang)
	}
	if set, err = set.Clone(); err != nil {
		return "", "", err
	}
	var b strings.Builder
	if err := set.Funcs(p.funcs()).ExecuteTemplate(&b, name, p.view); err != nil {
		return "", "", err
	}
	head, rest, ok := strings.Cut(b.String(), "\n\n")
	subject, isSubject := strings.CutPrefix(head, "Subject: ")
	if !ok || !isSubject || strings.Contains(subject, "\n") {
		return "", "", fmt.Errorf("its first line is not a subject with an empty line below")
	}
	return subject, tidy(rest), nil
}

// tidy takes out what the conditions of a template leave: spaces at ends of lines, and more than one empty line.
func tidy(text string) string {
	var lines []string
	for l := range strings.Lines(text) {
		l = strings.TrimRight(l, " \n")
		if l != "" || len(lines) > 0 && lines[len(lines)-1] != "" {
			lines = append(lines, l)
		}
	}
	return strings.TrimRight(strings.Join(lines, "\n"), "\n") + "\n"
}
