package filesystem

import (
	"errors"
	"io/fs"
	"path/filepath"
	"testing"
)

func TestNamed(t *testing.T) {
	for magic, want := range map[uint32]Type{
		0x6969:     {"nfs", true, true},
		0xff534d42: {"cifs", true, true},
		0x65735546: {"fuse", true, true},
		0x00c36400: {"ceph", true, true},
		0x7461636f: {"ocfs2", true, true},
		0x01161970: {"gfs2", true, true},
		0x0bd00bd0: {"lustre", true, true},
		0xef53:     {"", false, true}, // ext4
		0x58465342: {"", false, true}, // xfs
		0x01021994: {"", false, true}, // tmpfs
		0:          {"", false, true},
	} {
		if got := named(magic); got != want {
			t.Errorf("%#x: %+v, want %+v", magic, got, want)
		}
	}
}

func TestHere(t *testing.T) {
	dir := t.TempDir()
	if typ, err := Of(dir); err != nil || !typ.Known {
		t.Errorf("%+v (%v)", typ, err)
	}
	r, err := RoomAt(dir)
	if err != nil || r.Total == 0 || r.Free > r.Total || r.Inodes < 0 || r.Inodes > 100 {
		t.Errorf("%+v (%v)", r, err)
	}
	if _, err := Of(filepath.Join(dir, "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a missing folder: %v", err)
	}
	if _, err := RoomAt(filepath.Join(dir, "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("room of a missing folder: %v", err)
	}
	if typ, err := Of("/proc"); err == nil && typ.Network {
		t.Errorf("proc: %+v", typ)
	}
	if r, err := RoomAt("/proc"); err == nil && r.Total == 0 {
		t.Errorf("proc: %+v", r)
	}
}
