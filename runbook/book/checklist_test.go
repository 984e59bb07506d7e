package book

import (
	"strings"
	"testing"
)

func TestChecklist(t *testing.T) {
	const en = `our-book  Our book
Two
lines.

inputs (--set NAME=VALUE)
  sources   strings
         whom
  settle    duration  default 5m0s
         how long
  strategy  auto|move  default auto
         how
  limit     int  default 3
         how many
  force     bool  default false
         force
  cause     a|b
         why

[ ] 1 identify  look
step     look  queue.scan
why      to know
with     exact: true
         watch: ${inputs.settle}
cost     nothing
fails if never
undo     nothing to undo

[ ] 2  ours
step     ours  by hand
do       is it us
         yes_it_is ours
         no_it_is not ours
record   one of these, needed
`
	got := Checklist(loaded(t), "en")
	if !strings.HasPrefix(got, en) {
		t.Errorf("the checklist begins\n%s\nwant\n%s", got[:min(len(got), len(en)+50)], en)
	}
	for _, text := range []string{
		"[ ] 4  refuse\nstep     deny  relay.deny\nfor each inputs.sources\nwith     review: 720h0m0s\n         targets: ${[item]}\n",
		"[ ] 5  closed\nstep     closed  gate: nothing goes on until all of this holds\n         ( ) all added\n             all(facts.deny, .added > 0)\n",
		"only if  facts.look.over and facts.ours.answer == \"yes_it_is\"\n",
		"with     targets: 192.0.2.1,198.51.100.0/24\n",
	} {
		if !strings.Contains(got, text) {
			t.Errorf("missing:\n%s", text)
		}
	}
	if ja := Checklist(loaded(t), "ja"); !strings.Contains(ja, "[ ] 1 確認  見る\n手順     look  queue.scan\n理由     to know\n") {
		t.Errorf("in Japanese:\n%s", ja)
	}
}
