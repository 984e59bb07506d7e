package judge

// A Verdict is what a step of the run has found out by asking, and what it has to be where the way in is closed.
type Verdict struct {
	Name, NameJA string
	Seen         string // "" if no step has asked
	Want         string
	Door         bool // the verdict is about whether strangers get in
}

// verdicts compares them with the facts. A good one about a door that the attempts of the judge have found open is wrong.
func (c Case) verdicts(closed bool) []Judgement {
	var all []Judgement
	for _, v := range c.Verdicts {
		j := Judgement{Name: v.Name, NameJA: v.NameJA, Value: v.Seen, Want: v.Want, OK: v.Seen == v.Want}
		switch {
		case v.Seen == "":
			j.Value = "not asked"
		case v.Door && !closed && j.OK:
			j.Value, j.OK = v.Seen+", though somebody got in", false
		}
		all = append(all, j)
	}
	return all
}
