package disk

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

const (
	oldText = "the old text\n"
	newText = "the old text\nand a new line\n"
	edited  = "what a colleague wrote\n"
)

func replace(d *Dir) error { return d.Replace("file", ".tmp", Hash([]byte(oldText)), []byte(newText)) }

func TestReplace(t *testing.T) {
	d := temp(t)
	put(t, d, "file", oldText)
	for range 2 { // the second call finds nothing to do
		if err := replace(d); err != nil {
			t.Fatal(err)
		}
		if got := get(t, d, "file"); got != newText {
			t.Errorf("file holds %q", got)
		}
	}
	if left, err := d.Leftover(".tmp"); err != nil || left {
		t.Errorf("Leftover = %v, %v", left, err)
	}
}

// TestReplaceAfterAnything calls Replace in every state that a crash, or a colleague, can leave.
func TestReplaceAfterAnything(t *testing.T) {
	const unfinished = "the old te"
	for _, c := range []struct {
		name      string
		file, tmp string
		tmpMode   os.FileMode
		want      string // of the file afterwards
		drift     bool
		left      string // of the temporary file afterwards; "" if it is gone
	}{
		{name: "half a temporary file", file: oldText, tmp: unfinished, tmpMode: 0, want: newText},
		{name: "an empty temporary file", file: oldText, tmp: "", tmpMode: 0, want: newText},
		{name: "before the exchange", file: oldText, tmp: newText, tmpMode: 0o644, want: newText},
		{name: "after the exchange", file: newText, tmp: oldText, tmpMode: 0o644, want: newText},
		{name: "the same edit by a colleague, half a temporary file", file: newText, tmp: unfinished, tmpMode: 0, want: newText},
		{name: "the same edit by a colleague, before the exchange", file: newText, tmp: newText, tmpMode: 0o644, want: newText},
		{name: "a colleague's edit came out of the exchange", file: newText, tmp: edited, tmpMode: 0o644, want: edited, drift: true},
		{name: "a colleague emptied the file before the exchange", file: newText, tmp: "", tmpMode: 0o644, want: "", drift: true},
		{name: "a colleague's edit stands there", file: edited, tmp: newText, tmpMode: 0o644, want: edited, drift: true, left: newText},
		{name: "two edits by colleagues", file: oldText, tmp: edited, tmpMode: 0o644, want: oldText, drift: true, left: edited},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := temp(t)
			put(t, d, "file", c.file)
			put(t, d, ".tmp", c.tmp)
			if err := os.Chmod(filepath.Join(d.Path(), ".tmp"), c.tmpMode); err != nil {
				t.Fatal(err)
			}
			err := replace(d)
			if errors.Is(err, ErrDrift) != c.drift || err != nil && !c.drift {
				t.Errorf("error: %v", err)
			}
			if got := get(t, d, "file"); got != c.want {
				t.Errorf("file holds %q", got)
			}
			left, err := d.Leftover(".tmp")
			if err != nil || left != (c.left != "") {
				t.Errorf("Leftover = %v, %v", left, err)
			}
			if left && get(t, d, ".tmp") != c.left {
				t.Errorf("the temporary file holds %q", get(t, d, ".tmp"))
			}
		})
	}
}

func TestReplaceFindsDriftBeforeItBegins(t *testing.T) {
	d := temp(t)
	put(t, d, "file", edited)
	before := tree(t, d)
	if err := replace(d); !errors.Is(err, ErrDrift) {
		t.Errorf("error: %v", err)
	}
	if after := tree(t, d); after != before {
		t.Errorf("something changed:\n%s", after)
	}
}

// TestReplaceFindsDriftInBetween lets a colleague write between the read and the exchange: the steps of Replace one by one.
func TestReplaceFindsDriftInBetween(t *testing.T) {
	for _, text := range []string{edited, "", oldText + "x"} {
		d := temp(t)
		put(t, d, "file", oldText)
		old := Hash([]byte(oldText))
		if err := d.prepare("file", ".tmp", old, []byte(newText)); err != nil {
			t.Fatal(err)
		}
		put(t, d, "file", text)
		if err := d.swap("file", ".tmp", old); err != nil && !errors.Is(err, ErrDrift) {
			t.Fatal(err)
		} else if err == nil {
			if err := d.finish("file", ".tmp", old, []byte(newText)); !errors.Is(err, ErrDrift) {
				t.Errorf("error: %v", err)
			}
		}
		if got := get(t, d, "file"); got != text {
			t.Errorf("file holds %q, the colleague wrote %q", got, text)
		}
		if left, err := d.Leftover(".tmp"); err != nil || left {
			t.Errorf("Leftover = %v, %v", left, err)
		}
	}
}

// TestReplaceFollowsNoLink puts a symbolic link in the place of the temporary file.
func TestReplaceFollowsNoLink(t *testing.T) {
	d := temp(t)
	put(t, d, "file", oldText)
	put(t, d, "victim", "victim")
	if err := os.Symlink("victim", filepath.Join(d.Path(), ".tmp")); err != nil {
		t.Fatal(err)
	}
	if err := replace(d); err == nil {
		t.Error("a symbolic link in the place of the temporary file was taken")
	}
	if get(t, d, "victim") != "victim" || get(t, d, "file") != oldText {
		t.Error("something changed")
	}
}
