package field

import (
	"strings"
	"time"

	"hikeshi/actions/delist/casefile"
	"hikeshi/runbook"
)

// A writing makes one value and counts its gaps.
type writing struct {
	Fields
	Input
	gaps int
}

// gap marks what the field need wants to be filled in.
func (w *writing) gap(need string) string {
	return w.mark(w.fill(w.book.Fields[need].Gap.In(w.Lang), w.Lang, nil))
}

func (w *writing) mark(what string) string {
	w.gaps++
	return Gap(w.Lang, what)
}

// say makes a sentence without a number.
func (w *writing) say(name string, with ...string) string { return w.count(name, 0, with...) }

// count makes a sentence in the form that n asks for. with are pairs of a name and what is filled in for it.
func (w *writing) count(name string, n int64, with ...string) string {
	number, _, _ := strings.Cut(runbook.Count(n, ""), " ")
	if n == 1 {
		number = "1"
	}
	return w.fill(w.book.Sentences[name].For(n).In(w.Lang), w.Lang, append([]string{"n", number}, with...))
}

// fill puts values in for their names: those of with, and {subject}, {domain} and {list} of the request.
func (w *writing) fill(text, lang string, with []string) string {
	if !strings.Contains(text, "{") {
		return text
	}
	var pairs []string
	for i := 0; i+1 < len(with); i += 2 {
		pairs = append(pairs, "{"+with[i]+"}", with[i+1])
	}
	subject, domain := w.subject(), w.mainDomain()
	if subject == "" {
		subject = w.book.Sentences["no_subject"].None.In(lang)
	}
	if domain == "" {
		domain = w.book.Sentences["no_domain"].None.In(lang)
	}
	return strings.NewReplacer(append(pairs, "{subject}", subject, "{domain}", domain)...).Replace(text)
}

func (w *writing) stamp(t time.Time) string { return casefile.Stamp(t, w.Zone) }

// dated puts a time before a sentence, if it is known.
func (w *writing) dated(t time.Time, text string) string {
	if t.IsZero() || text == "" {
		return text
	}
	return w.stamp(t) + ": " + text
}

// known are the texts that are not empty, with sep between them.
func known(sep string, texts ...string) string {
	var some []string
	for _, t := range texts {
		if t != "" {
			some = append(some, t)
		}
	}
	return strings.Join(some, sep)
}

// blank is what stands between two sentences.
func (w *writing) blank() string {
	if w.Lang == "ja" {
		return ""
	}
	return " "
}
