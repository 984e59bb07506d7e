// Package book reads runbooks: a procedure for an incident, written as YAML, checked as a whole before anything is done.
//
// In order: Load checks a file against the kinds of a catalogue and gives the runbook, or all of its mistakes at once, each with
// its line; Bind gives the inputs the values of --set; Restore gives them those that an incident was opened with. Checklist prints
// a runbook for people, Schema describes the format to editors.
//
// # The format
//
//	format: 1
//	name: mail-abuse                     # [a-z][a-z0-9-]*
//	title: {en: Mail server abused, ja: 不正中継}
//	about: {en: ..., ja: ...}            # optional
//	inputs:
//	  - name: sources                    # [a-z][a-z0-9_]*
//	    type: strings                    # string, strings, bool, int, duration, choice
//	    default: []                      # needed for bool, int and duration
//	    title: {en: who to refuse}
//	steps:
//	  - id: look                         # [a-z][a-z0-9_]*
//	    phase: identify                  # identify, contain, eradicate, recover, learn
//	    title: {en: look at the queue}
//	    uses: queue.scan                 # a kind of the catalogue
//	  - id: deny
//	    title: {en: refuse the sources}
//	    why: {en: ...}                   # why, cost, fails and undo are shown before the responder decides
//	    uses: relay.deny
//	    when: len(inputs.sources) > 0 and facts.look.over
//	    with: {targets: "${inputs.sources}", review: 720h}
//	  - id: ours
//	    title: {en: is it us}
//	    manual: {text: {en: ...}, ask: choice, choices: [{value: ours, title: {en: ours}}], required: true}
//	  - id: closed
//	    title: {en: the hole is closed}
//	    gate: [{title: {en: nothing is left}, that: not facts.look.over}]
//
// A step uses a kind, is manual, or is a gate: exactly one of them. Texts are {en, ja}; ja may be left out. Further keys of a step with
// uses: for_each (a list; `item` in with is the current entry), confirm (once, each), timeout, retries (up to 10),
// on_error (stop, continue, ask).
//
// The language of when, for_each, that and ${…} is described in package expression. A step sees the inputs and the facts of earlier
// steps: what its kind finds out; for a manual step answer (a text) and by_hand; with for_each a list of them, one for each item.
//
// A condition of a gate that does not hold, or of which that cannot be told, keeps it shut, and what the reading steps that it names have
// found wrong is shown with it. With when, another expression, and otherwise, a text, it is asked only where when is true; elsewhere the text
// is told in its place, and keeps nobody.
//
// A manual step with given, an expression for a text, asks nobody where that text is not empty: it is the answer then (an input that was
// set, or what an earlier step found out). Somebody is asked all the same where it depends on a step that was not done.
//
// A manual step with ask: text and offer, an expression for a list of texts, shows them with numbers. Each is a name and, behind a space,
// what is to be said of it. The responder types numbers or names, these or others, separated by commas; the names are the answer. With
// every: true the step stays open until all that was offered is in the answer. With check: {uses: KIND, as: PARAMETER} names that the kind
// would refuse are refused where they are typed; a single - names nobody and always passes.
//
// An input without a value is empty: a string or choice "", strings the empty list. The other types always have a value.
package book
