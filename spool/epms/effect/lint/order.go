package lint

import (
	"hikeshi/spool/epms/effect"
	"hikeshi/spool/epms/effect/pattern"
)

// order is what earlier lines mean for later ones.
type order struct {
	mark     bool   // an "only" restricts
	only     bool   // an "only" stands above
	lifting  []line // lines that lift the last "only" so far, as many of them as will be told
	lifted   int    // all of them
	null     bool   // a #<> line stands above
	last     line   // the last line read
	catchAll bool   // a line for everyone stands below the last norelay,2
	after    line   // that norelay,2, if it is not for everyone itself
}

// ordering is about a line in its place.
func (c *checker) ordering(l *line) {
	o := &c.order
	before := o.mark
	o.mark = l.Action.Mark(o.mark)
	o.last = *l
	switch {
	case l.Action == effect.Only:
		o.only, o.lifting, o.lifted = true, nil, 0
	case o.only && !l.Action.Mark(true):
		if o.lifted++; o.lifted <= maxPerCode+1 {
			o.lifting = append(o.lifting, *l)
		}
	case before && (l.Action == effect.NoRelay0 || l.Action == effect.NoRelay1):
		c.add(l, Warn, "norelay-under-only", "norelay is ignored below an only line and means default; write it above, or norelay,2")
	}
	switch {
	case l.pattern.Form == pattern.Everyone:
		o.catchAll = true
	case l.Action == effect.NoRelay2:
		o.catchAll, o.after = false, *l
	}
	switch l.pattern.Word {
	case pattern.NullSender:
		o.null = true
	case pattern.Blank:
		if l.Action == effect.False && !o.null {
			c.add(l, Bad, "blank-above-null", "the null sender counts as blank too, so every bounce is refused; put #<> default above this line")
		}
	}
}

func (o *order) finish(c *checker) {
	for i := range o.lifting {
		c.add(&o.lifting[i], Bad, "lifts-only", "below an only line this lifts its restriction for every peer not listed; move the line above the first only")
	}
	c.count["lifts-only"] += o.lifted - len(o.lifting)
	if o.after.Number > 0 && !o.catchAll {
		c.add(&o.after, Warn, "no-catch-all", "norelay,2 here and no line for everyone below: whoever is not listed relays by naming a local sender; end the file with *.*.*.* norelay,2")
	}
	switch o.last.Action {
	case effect.NoRelay0, effect.NoRelay1, effect.NoRelay2:
		if o.last.pattern.Form != pattern.Everyone && !o.mark {
			c.add(&o.last, Warn, "last-flags", "the last line's norelay holds for everybody whom no line matches; end the file with a line for everyone")
		}
	}
}
