package trace

import (
	"slices"
	"time"

	"hikeshi/actions/trace/walk"
)

// hopsOf writes down the lines.
func hopsOf(lines []walk.Line, w walk.Way, signs []walk.Sign) []Hop {
	all := []Hop{}
	for i, l := range lines {
		h := l.Hop
		row := Hop{Number: i + 1, Said: string(w.Said[i]), Name: h.RDNS, HELO: h.HELO, Ident: h.Ident, By: h.By, With: h.Protocol, ID: h.ID, From: h.EnvelopeFrom, For: h.For,
			Auth: h.Auth, User: h.User, TLS: h.TLS, Zone: h.Zone, Software: string(h.Software), Local: h.Local, Line: h.Line, Offset: h.Offset, Signs: []string{}}
		if row.IP = h.BadIP; h.IP.IsValid() {
			row.IP = h.IP.String()
		}
		if !l.Read {
			row.Text = l.Raw
		}
		if !h.Time.IsZero() {
			at := h.Time.UTC()
			row.Time, row.Delay = &at, delay(lines[i+1:], at)
		}
		for _, s := range signs {
			if slices.Contains(s.Lines, i) {
				row.Signs = append(row.Signs, s.Code)
			}
		}
		all = append(all, row)
	}
	return all
}

// delay is how long the message took from the next line below that has a time; nil if there is none.
func delay(below []walk.Line, at time.Time) *int64 {
	for _, l := range below {
		if !l.Hop.Time.IsZero() {
			n := int64(at.Sub(l.Hop.Time) / time.Second)
			return &n
		}
	}
	return nil
}

func signsOf(signs []walk.Sign) []Sign {
	all := []Sign{}
	for _, s := range signs {
		row := Sign{Code: s.Code, Weight: s.Weight, Text: s.Text, Lines: []int{}}
		for _, n := range s.Lines {
			row.Lines = append(row.Lines, n+1)
		}
		all = append(all, row)
	}
	return all
}
