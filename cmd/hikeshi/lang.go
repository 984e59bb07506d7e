package main

import (
	"fmt"
	"strings"

	"hikeshi/runbook"
)

// lang is the language that people are spoken to: --lang, else the configuration, else LC_ALL, LC_MESSAGES, LANG. Japanese needs
// a console that can show it; without UTF-8 English is used, and that is said once.
func (a *app) lang() string {
	want := a.flags.lang
	if want == "" {
		want = a.configured
	}
	name, locale := a.locale()
	if want == "" && strings.HasPrefix(locale, "ja") {
		want = "ja"
	}
	if want != "ja" {
		return "en"
	}
	if !strings.Contains(strings.ToLower(strings.ReplaceAll(locale, "-", "")), "utf8") && a.flags.lang != "ja" {
		a.once("lang", "this console is not UTF-8 (%s=%s): English is used; --lang ja forces Japanese", name, line(locale))
		return "en"
	}
	return "ja"
}

// locale is the locale of messages, and the variable that sets it.
func (a *app) locale() (name, value string) {
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		if v := a.getenv(name); v != "" {
			return name, v
		}
	}
	return "LANG", ""
}

// word is a text of the program's own in the language in use.
func (a *app) word(en, ja string) string { return runbook.T(en, ja).In(a.lang()) }

// once says something on standard error, a single time.
func (a *app) once(key, format string, args ...any) {
	if a.said[key] {
		return
	}
	a.said[key] = true
	fmt.Fprintf(a.stderr, "hikeshi: %s\n", clean(joined(fmt.Sprintf(format, args...))))
}

// clean makes text from outside safe for a terminal: control characters become their escapes, newlines stay.
func clean(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r == '\n' || r == '\t':
			b.WriteRune(r)
		case r < 0x20 || r == 0x7f || (r >= 0x80 && r < 0xa0) || r == 0x202e || r == 0x2066 || r == 0x2067 || r == 0x2068:
			fmt.Fprintf(&b, "\\x%02x", r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// joined puts an error on one line: errors that were joined stand on lines of their own.
func joined(text string) string {
	return strings.Join(strings.FieldsFunc(text, func(r rune) bool { return r == '\n' }), "; ")
}

// line is clean for what must stay on one line.
func line(s string) string {
	return strings.NewReplacer("\n", "\\n", "\t", "\\t").Replace(clean(s))
}
