package field

import (
	"regexp"
	"slices"
	"strings"

	"hikeshi/actions/delist/casefile"
	"hikeshi/actions/delist/harmless"
)

// maxReplies bounds how many replies a request quotes.
const maxReplies = 5

var sblForm = regexp.MustCompile(`\bSBL[0-9]{1,9}\b`)

// listing is what was looked up, word for word but for addresses.
func (w *writing) listing() string {
	l := w.Listing
	if l == nil || w.subject() == "" {
		return ""
	}
	quote := func(s string) string { return harmless.Quote(s, w.Case.Accounts) }
	text := []string{w.say("listing", "list", known(" / ", quote(l.Name), quote(l.Zone)))}
	if len(l.Answers) > 0 {
		text = append(text, w.say("listing_answers", "answers", quote(strings.Join(l.Answers, ", "))))
	}
	if len(l.Codes) > 0 {
		text = append(text, w.say("listing_codes", "codes", quote(strings.Join(l.Codes, "; "))))
	}
	if l.Text != "" {
		text = append(text, w.say("listing_text", "text", quote(l.Text)))
	}
	if !l.At.IsZero() {
		text = append(text, w.say("listing_at", "at", w.stamp(l.At)))
	}
	return strings.Join(text, "\n")
}

// sbl are the numbers of SBL records that the list names.
func (w *writing) sbl() string {
	if w.Listing == nil {
		return ""
	}
	all := sblForm.FindAllString(w.Listing.Text, maxReplies)
	slices.Sort(all)
	return strings.Join(slices.Compact(all), ", ")
}

func (w *writing) recipientDomain() string {
	if w.Reply == nil || !harmless.IsName(w.Reply.Domain) {
		return ""
	}
	return w.Reply.Domain
}

func (w *writing) smtpReply() string {
	if w.Reply == nil {
		return ""
	}
	return harmless.Quote(w.Reply.Text, w.Case.Accounts)
}

// smtpReplies are that reply and the other refusals of the same recipients' domain.
func (w *writing) smtpReplies() string {
	if w.Reply == nil {
		return ""
	}
	all := []string{w.smtpReply()}
	var others []casefile.Reply
	if w.Case.Refusals != nil {
		others = w.Case.Refusals.Replies
	}
	for _, r := range others {
		text := harmless.Quote(r.Text, w.Case.Accounts)
		if len(all) < maxReplies && r.Blocking && r.Domain == w.Reply.Domain && !slices.Contains(all, text) {
			all = append(all, text)
		}
	}
	return known("\n", all...)
}

func (w *writing) replyTime() string {
	if w.Reply == nil || w.Reply.First.IsZero() || w.Reply.Last.IsZero() {
		return ""
	}
	return w.count("reply_time", w.Reply.Count, "first", w.stamp(w.Reply.First), "last", w.stamp(w.Reply.Last))
}

func (w *writing) problemTitle() string {
	switch {
	case w.subject() == "" || w.Reply == nil:
		return ""
	case len(w.Reply.Codes) == 0:
		return w.say("title")
	}
	return w.say("title_code", "code", harmless.Quote(w.Reply.Codes[0], w.Case.Accounts))
}
