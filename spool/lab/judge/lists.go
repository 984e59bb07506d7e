package judge

import (
	"fmt"
	"slices"

	"hikeshi/spool/lab/names"
)

// lists wants every entry of the server in a blocklist found, with its answer, and none made up. Not to have looked is no answer.
func (c Case) lists() Judgement {
	j := Judgement{Name: "blocklists that list the server, found", NameJA: "サーバーが載っているブロックリストの検出",
		Want: fmt.Sprintf("%d of %d", len(c.Listed), len(c.Listed)), Value: "not looked up"}
	if c.Seen == nil {
		return j
	}
	missed, wrong := without(c.Listed, c.Seen), without(c.Seen, c.Listed)
	j.Value = fmt.Sprintf("%d of %d", len(c.Listed)-len(missed), len(c.Listed))
	if len(wrong) > 0 {
		j.Value += fmt.Sprintf(", %d not listed", len(wrong))
	}
	for _, l := range missed {
		j.Items = append(j.Items, l.String()+": not found")
	}
	for _, l := range wrong {
		j.Items = append(j.Items, l.String()+": not listed there")
	}
	j.Items = first(j.Items)
	return faultless(j)
}

// without returns the entries of all that are none of some. What the list says about them does not count.
func without(all, some []names.Listing) []names.Listing {
	return slices.DeleteFunc(slices.Clone(all), func(l names.Listing) bool {
		return slices.ContainsFunc(some, func(x names.Listing) bool { return x.String() == l.String() })
	})
}
