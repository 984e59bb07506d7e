package scan

import (
	"fmt"
	"testing"
	"time"

	"hikeshi/spool"
)

func backlog(at time.Time, messages ...int64) spool.Backlog {
	b := spool.Backlog{Time: at}
	for i, n := range messages {
		b.Folders = append(b.Folders, spool.FolderBacklog{Name: fmt.Sprint("f", i), Path: fmt.Sprint("/f", i), Messages: n})
		b.Total.Messages += n
	}
	return b
}

func TestGrowth(t *testing.T) {
	earlier, later := backlog(noon, 100, 50), backlog(noon.Add(2*time.Minute), 300, 20, 7)
	got := Growth(earlier, later)
	if g := got.Folders[0].GrowthPerMinute; g == nil || *g != 100 {
		t.Errorf("%v", g)
	}
	if g := got.Folders[1].GrowthPerMinute; g == nil || *g != -15 {
		t.Errorf("%v", g)
	}
	if g := got.Folders[2].GrowthPerMinute; g != nil {
		t.Errorf("a folder that was not looked at before grows by %v", *g)
	}
	if g := got.Total.GrowthPerMinute; g == nil || *g != 88.5 {
		t.Errorf("%v", g)
	}
	if later.Folders[0].GrowthPerMinute != nil {
		t.Error("the argument was changed")
	}
	for _, at := range []time.Time{noon, noon.Add(-time.Minute)} {
		if got := Growth(earlier, backlog(at, 300)); got.Total.GrowthPerMinute != nil || got.Folders[0].GrowthPerMinute != nil {
			t.Error("growth without time")
		}
	}
}

func TestJudge(t *testing.T) {
	limits := Limits{Messages: 500, Oldest: 2 * time.Hour, GrowthPerMinute: 60}
	fast, slow := 61.0, 60.0
	for _, c := range []struct {
		name   string
		f      spool.FolderBacklog
		limits Limits
		reason string
	}{
		{"quiet", spool.FolderBacklog{Messages: 500, Oldest: noon.Add(-2 * time.Hour), GrowthPerMinute: &slow}, limits, ""},
		{"many", spool.FolderBacklog{Messages: 501}, limits, "messages 501 over 500"},
		{"old", spool.FolderBacklog{Messages: 1, Oldest: noon.Add(-3 * time.Hour)}, limits, "oldest 3h0m0s over 2h0m0s"},
		{"fast", spool.FolderBacklog{Messages: 1, GrowthPerMinute: &fast}, limits, "growth 61 a minute over 60 a minute"},
		{"all", spool.FolderBacklog{Messages: 501, Oldest: noon.Add(-3 * time.Hour), GrowthPerMinute: &fast}, limits,
			"messages 501 over 500; oldest 3h0m0s over 2h0m0s; growth 61 a minute over 60 a minute"},
		{"nothing is looked at", spool.FolderBacklog{Messages: 501, Oldest: noon.Add(-3 * time.Hour), GrowthPerMinute: &fast}, Limits{}, ""},
		{"old but no message", spool.FolderBacklog{Files: 1, Oldest: noon.Add(-3 * time.Hour)}, limits, ""},
	} {
		c.f.Name = "incoming"
		b := Judge(spool.Backlog{Time: noon, Folders: []spool.FolderBacklog{c.f}, Total: c.f}, c.limits, nil)
		for _, f := range []spool.FolderBacklog{b.Folders[0], b.Total} {
			if f.Over != (c.reason != "") || f.Reason != c.reason {
				t.Errorf("%s: %v %q", c.name, f.Over, f.Reason)
			}
		}
		b = Judge(b, Limits{}, nil)
		if b.Folders[0].Over || b.Folders[0].Reason != "" {
			t.Errorf("%s: an earlier judgement stays", c.name)
		}
		b = Judge(spool.Backlog{Time: noon, Folders: []spool.FolderBacklog{c.f}}, c.limits, []spool.Folder{{Name: "incoming", Info: true}})
		if b.Folders[0].Over {
			t.Errorf("%s: a folder for information is judged", c.name)
		}
	}
}
