package lines

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"testing"
)

func number(line []byte) (int64, bool) {
	n, err := strconv.ParseInt(string(line[:bytes.IndexByte(append(line[:len(line):len(line)], ' '), ' ')]), 10, 64)
	return n, err == nil
}

// Find gives what reading all lines gives, with lines a little out of order and stretches without a time.
func TestFind(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for round := range 12 {
		var b bytes.Buffer
		now := int64(1_000_000)
		for b.Len() < 1<<20 {
			if round%2 == 1 {
				now += rng.Int64N(4)
			} else if rng.IntN(400) == 0 {
				now += rng.Int64N(2000)
			}
			fmt.Fprintf(&b, "%d says something\n", now-rng.Int64N(slack))
			if rng.IntN(2000) == 0 {
				b.Write(bytes.Repeat([]byte("no time here\n"), rng.IntN(20_000)))
			}
			if rng.IntN(5000) == 0 {
				b.Write(bytes.Repeat([]byte{0}, rng.IntN(300_000)))
			}
		}
		f := open(t, write(t, b.Bytes()), "")
		lines, _ := all(t, f, []Piece{f.Whole()})
		for range 40 {
			wall := 999_900 + rng.Int64N(now-999_800)
			want := f.Size()
			for _, l := range lines {
				if w, ok := number([]byte(l.Text)); ok && w >= wall {
					want = l.Offset
					break
				}
			}
			if got, err := f.Find(context.Background(), wall, number); got != want || err != nil {
				t.Fatalf("round %d: %d is at %d, found %d, %v", round, wall, want, got, err)
			}
		}
	}
}

// A large file is searched, not read.
func TestFindLooksAtLittle(t *testing.T) {
	var b bytes.Buffer
	for i := range 400_000 {
		fmt.Fprintf(&b, "%d a line of usual length, with this and that in it\n", i)
	}
	f := open(t, write(t, b.Bytes()), "")
	asked := 0
	at, err := f.Find(context.Background(), 300_000, func(line []byte) (int64, bool) { asked++; return number(line) })
	if want := bytes.Index(b.Bytes(), []byte("\n300000 ")) + 1; err != nil || at != int64(want) || asked > 3000 {
		t.Errorf("%d, %v, want %d; %d lines", at, err, want, asked)
	}
}
