// Package mend changes lines of effect.dat that open the server to the default rule, with every other byte as it was, and takes that
// back.
//
// [Opening] finds the lines, as package lint does; [Plan] makes the edit and says whose decisions change; [Undo] makes the inverse edit
// on what stands there now. A line is mended by its action alone, and the pattern stays:
//
//	example.jp true note       example.jp default note
//	203.0.113.0/24             203.0.113.0/24 default
//	203.0.113.0/24<TAB>false   203.0.113.0/24<TAB>false default    (the TAB belongs to the pattern, which opened the network)
//
// The vendor's advice is never true, but default (FAQ win/15-93, bsd/01-08). A last line "*.*.*.* norelay,2" demands a login of
// everybody else who wants to relay (FAQ bsd/10-60, bsd/01-99). Where it is wanted the mended lines say norelay,2 as well: the first
// line that matches decides, and under default whoever names an existing account of example.jp would relay without a login still.
package mend

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"hikeshi/spool"
	"hikeshi/spool/epms/effect"
	"hikeshi/spool/epms/effect/lint"
	"hikeshi/spool/epms/effect/pattern"
)

// catchAll is the last line.
const catchAll = "*.*.*.* norelay,2\n"

// opens are the codes of package lint for lines that open the server, when they are bad.
var opens = []string{"own-open", "sender-open", "wide-open", "tab-separator", "long-line"}

// Opening returns the numbers of the lines that open the server.
func Opening(file []byte, own effect.Own) []int {
	numbers := []int{}
	for _, f := range lint.Check(effect.Parse(file), own) {
		if f.Level == lint.Bad && slices.Contains(opens, f.Code) && !slices.Contains(numbers, f.Line) {
			numbers = append(numbers, f.Line)
		}
	}
	return numbers
}

func refuse(en, ja string, args ...any) error {
	return &spool.Refusal{EN: fmt.Sprintf(en, args...), JA: fmt.Sprintf(ja, args...)}
}

// Plan mends the lines that m names; of all that open those that cannot be mended are left. The Before and After of the affected decisions are left to the caller.
func Plan(file []byte, own effect.Own, m spool.Mending) (spool.MendEdit, error) {
	numbers := slices.Clone(m.Lines)
	if m.All {
		numbers = append(numbers, Opening(file, own)...)
	}
	slices.Sort(numbers)
	p := plan{lines: split(file), all: m.CatchAll, too: m.All || len(m.Lines) > 0}
	for _, n := range slices.Compact(numbers) {
		switch err := p.line(n); {
		case !slices.Contains(m.Lines, n):
		case errors.Is(err, errShut):
			p.shut = append(p.shut, n)
		case err != nil:
			return spool.MendEdit{}, err
		}
	}
	if m.CatchAll {
		if err := p.catch(); err != nil {
			return spool.MendEdit{}, err
		}
	}
	e := spool.MendEdit{After: bytes.Join(p.lines, nil), Fixed: p.fixed, CatchAll: p.caught, Shut: p.shut, Everyone: p.everyone}
	e.Left = Opening(e.After, own)
	u := undo{Lines: p.edits}
	u.count(p.lines)
	var err error
	if e.Undo, err = json.Marshal(u); err != nil {
		return spool.MendEdit{}, err
	}
	return e, affect(&e, file, own, p.edits)
}

// split returns the lines, each with its LF.
func split(file []byte) [][]byte { return slices.Collect(bytes.Lines(file)) }

// plan is an edit in the making.
type plan struct {
	lines  [][]byte
	all    bool // a catch-all is wanted
	too    bool // and lines are to be mended, whether there are any or not
	fixed  []int
	edits  []edit
	caught bool // a catch-all was added, or made of a line

	shut     []int // lines that were named and open nothing
	everyone int   // a line that keeps a catch-all from being read
}

// errShut: a line opens nothing, such as one that was mended before.
var errShut = errors.New("the line opens nothing")

// line mends one line, all pieces of it that open.
func (p *plan) line(n int) error {
	if n < 1 || n > len(p.lines) {
		return refuse("mending line %d: the file has %d lines", "%d 行目: ファイルは %d 行しかない", n, len(p.lines))
	}
	old := p.lines[n-1]
	var after []byte
	var ends []int // of the pieces as they must be read again
	opened := false
	for l := range effect.Parse(old).Lines() {
		raw := l.Raw
		if !l.Skipped && l.Action.Opens() {
			raw, opened = p.mended(l), true
		}
		after = append(after, raw...)
		ends = append(ends, len(after))
	}
	if !opened {
		return errShut
	}
	if !slices.Equal(ends, pieces(after)) {
		return refuse("mending line %d: it would be longer than the 255 bytes that the server reads at once; shorten it by hand", "%d 行目: 直すとサーバーが一度に読む 255 バイトを超える。手で短くすること", n)
	}
	p.lines[n-1] = after
	p.fixed = append(p.fixed, n)
	p.edits = append(p.edits, edit{Line: n, Old: old, New: after})
	return nil
}

// mended is a piece with another action in the place of its own. A line for everyone becomes the catch-all that is wanted.
func (p *plan) mended(l effect.Line) string {
	action := "default"
	if p.all {
		action = "norelay,2"
		p.caught = p.caught || pattern.Parse(l.Pattern).Form == pattern.Everyone
	}
	rest := l.Raw[len(l.Pattern):]
	if l.Action == effect.None {
		return l.Pattern + " " + action + rest
	}
	return l.Pattern + " " + action + rest[1+len(l.Word):]
}

// pieces are the ends of the pieces of a line.
func pieces(line []byte) (ends []int) {
	for l := range effect.Parse(line).Lines() {
		ends = append(ends, int(l.Offset)+len(l.Raw))
	}
	return ends
}

// catch adds the last line.
func (p *plan) catch() error {
	if p.caught {
		return nil
	}
	mark := false
	for l := range effect.Parse(bytes.Join(p.lines, nil)).Lines() {
		if l.Skipped {
			continue
		}
		mark = l.Action.Mark(mark)
		if pattern.Parse(l.Pattern).Form == pattern.Everyone {
			if closes(l.Action) {
				return nil
			}
			if p.too { // the lines that were named are mended all the same
				p.everyone = l.Number
				return nil
			}
			return refuse("adding %q: line %d is for everyone already, and nothing below it is read", "%q を加えられない: %d 行目がすでに全員を対象とし、それより下は読まれない", strings.TrimSpace(catchAll), l.Number)
		}
	}
	if mark && p.too {
		return nil // only lines shut everybody else out already
	}
	if mark {
		return refuse("adding %q: it would lift the restriction of the only lines above, which shut everybody else out already", "%q を加えられない: 上の only の制限が外れてしまう。only の行により、ほかの接続元はすでに中継できない", strings.TrimSpace(catchAll))
	}
	if n := len(p.lines); n > 0 && !bytes.HasSuffix(p.lines[n-1], []byte("\n")) {
		p.finish(n)
	}
	p.lines = append(p.lines, []byte(catchAll))
	p.edits = append(p.edits, edit{Line: len(p.lines), New: []byte(catchAll)})
	p.caught = true
	return nil
}

// closes says whether a line for everyone with this action relays for nobody who has not logged in.
func closes(a effect.Action) bool {
	return a == effect.False || a == effect.NoRelay0 || a == effect.NoRelay1 || a == effect.NoRelay2
}

// finish gives the last line its LF.
func (p *plan) finish(n int) {
	whole := append(bytes.Clone(p.lines[n-1]), '\n')
	if i := slices.IndexFunc(p.edits, func(e edit) bool { return e.Line == n }); i >= 0 {
		p.edits[i].New = whole
	} else {
		p.edits = append(p.edits, edit{Line: n, Old: p.lines[n-1], New: whole})
	}
	p.lines[n-1] = whole
}
