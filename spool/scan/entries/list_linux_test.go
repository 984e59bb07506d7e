package entries

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"golang.org/x/sys/unix"

	"hikeshi/spool/disk"
)

// record is one entry as getdents64 writes it.
func record(ino uint64, typ byte, name string) []byte {
	b := make([]byte, (19+len(name)+1+7)&^7)
	binary.NativeEndian.PutUint64(b, ino)
	binary.NativeEndian.PutUint16(b[16:], uint16(len(b)))
	b[18] = typ
	copy(b[19:], name)
	return b
}

func TestParse(t *testing.T) {
	b := slices.Concat(record(1, unix.DT_DIR, "."), record(1, unix.DT_DIR, ".."), record(2, unix.DT_REG, "B0000000001.MSG"), record(0, unix.DT_REG, "deleted"),
		record(3, unix.DT_LNK, "link"), record(4, unix.DT_DIR, "dir"), record(5, unix.DT_UNKNOWN, "?"), record(6, unix.DT_FIFO, "new\nline"))
	var got []string
	parse(b, func(name string, k Kind) { got = append(got, fmt.Sprint(name, " ", k)) })
	want := []string{"B0000000001.MSG 1", "link 0", "dir 2", "? 3", "new\nline 0"}
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestListAgrees compares both ways of listing with what the standard library sees, in a folder of several blocks.
func TestListAgrees(t *testing.T) {
	dir := t.TempDir()
	var want []string
	for i := range 3000 {
		name := fmt.Sprintf("B%010d.MSG", i)
		want = append(want, name)
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, f := range map[string]func(*disk.Dir, func(string, Kind)) error{
		"list": func(d *disk.Dir, visit func(string, Kind)) error { return List(context.Background(), d, visit) },
		"small": func(d *disk.Dir, visit func(string, Kind)) error {
			return ListSmall(context.Background(), d, make([]byte, 1000), visit)
		},
	} {
		d, err := disk.Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		err = f(d, func(name string, k Kind) {
			if k != File {
				t.Errorf("%s is a %v", name, k)
			}
			got = append(got, name)
		})
		d.Close()
		if slices.Sort(got); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %d names, %v", name, len(got), err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(slices.Concat(record(2, unix.DT_REG, "B0000000001.MSG"), record(3, unix.DT_LNK, "link")))
	f.Add(bytes.Repeat([]byte{0xff}, 64))
	f.Add(record(2, 0, ""))
	f.Fuzz(func(t *testing.T, b []byte) {
		size := 0
		parse(b, func(name string, k Kind) { size += len(name) })
		if size > len(b) {
			t.Errorf("%d bytes of names in %d", size, len(b))
		}
	})
}
