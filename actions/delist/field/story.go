package field

import (
	"slices"
	"strings"
	"time"
)

// cause is what let the spam in, when, and how much it was. Without a decided cause there is none.
func (w *writing) cause() string {
	name := "cause_" + w.Case.Cause
	if _, ok := w.book.Sentences[name]; !ok || len(w.Case.Cause) != 1 {
		return ""
	}
	return known(w.blank(), w.count(name, int64(len(w.Case.Accounts))), w.period(), w.evidence())
}

func (w *writing) period() string {
	if w.Case.First.IsZero() || w.Case.Last.IsZero() {
		return ""
	}
	return w.say("period", "first", w.stamp(w.Case.First), "last", w.stamp(w.Case.Last))
}

// evidence are the counts of the logs, those that are known.
func (w *writing) evidence() string {
	var all []string
	for _, x := range []struct {
		name string
		n    *int64
	}{{"messages", w.Case.Messages}, {"recipients", w.Case.Recipients}, {"sources", w.Case.Sources}} {
		if x.n != nil && *x.n > 0 {
			all = append(all, w.count(x.name, *x.n))
		}
	}
	return strings.Join(all, w.blank())
}

// A deed is one line of what was done.
type deed struct {
	at   time.Time
	text string
}

// fix is what was done, line by line in the order of time. Without a measure that closed the hole there is none: a service that was
// stopped and started again has fixed nothing.
func (w *writing) fix() string {
	var all []deed
	for _, m := range w.Case.Fixes {
		if text := w.count("done_"+m.What, int64(m.Count)); text != "" {
			all = append(all, deed{m.At, text})
		}
	}
	if len(all) == 0 {
		return ""
	}
	for _, d := range []deed{{w.Case.Stopped, w.say("stopped")}, {w.Case.Started, w.say("started")}, w.watched()} {
		if !d.at.IsZero() {
			all = append(all, d)
		}
	}
	slices.SortStableFunc(all, func(a, b deed) int { return a.at.Compare(b.at) })
	var text []string
	for _, d := range all {
		text = append(text, w.dated(d.at, d.text))
	}
	text = append(text, w.aside(), w.last())
	if !w.Case.Reopened.IsZero() {
		text = append(text, w.mark(w.say("reopened", "at", w.stamp(w.Case.Reopened))))
	}
	return known("\n", text...)
}

// watched is the last look at what leaves, if nothing left for the outside.
func (w *writing) watched() deed {
	x := w.Case.Watch
	if x == nil || !x.Known || x.Outside != 0 || x.Seconds <= 0 {
		return deed{}
	}
	return deed{x.At, w.count("watched", int64(x.Seconds))}
}

// aside says what was taken out of the way of delivery; when, the record does not tell.
func (w *writing) aside() string {
	if w.Case.Aside == nil || *w.Case.Aside <= 0 {
		return ""
	}
	return w.count("aside", *w.Case.Aside)
}

func (w *writing) last() string {
	if w.Case.Last.IsZero() {
		return ""
	}
	return w.say("last", "last", w.stamp(w.Case.Last))
}

// cleanSince is what is known of the state now: the last message by the logs, and that nothing left when that was watched later. The gate at
// the end proves nothing here, since a responder may open it by hand.
func (w *writing) cleanSince() string {
	d := w.watched()
	if w.Case.Last.IsZero() || !w.Case.Reopened.IsZero() || !d.at.After(w.Case.Last) {
		return ""
	}
	return known("\n", w.last(), w.dated(d.at, d.text))
}

// prevention is what makes a repeat less likely: what was done for that, and what was closed for good.
func (w *writing) prevention() string {
	var text []string
	for _, m := range w.Case.Fixes {
		if m.What == "login" || m.What == "tightened" {
			text = append(text, w.say("standing_login"))
		}
	}
	for _, m := range w.Case.Guards {
		text = append(text, w.dated(m.At, w.count("done_"+m.What, int64(m.Count))))
	}
	return known("\n", text...)
}

// story is the cause, what was done, and what prevents a repeat, with gaps for the first two where they are missing.
func (w *writing) story() string {
	cause, fix := w.cause(), w.fix()
	if cause == "" && fix == "" {
		return ""
	}
	if cause == "" {
		cause = w.gap("cause")
	}
	if fix == "" {
		fix = w.gap("fix")
	}
	return known("\n", cause, fix, w.prevention())
}
