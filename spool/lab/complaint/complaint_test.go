package complaint

import (
	"net/netip"
	"os"
	"strings"
	"testing"

	"hikeshi/spool/lab/standin"
)

// The complaint is about a message of the thief, and came to one of its recipients.
func TestWrite(t *testing.T) {
	c := Case{Config: standin.Config{Root: t.TempDir()}, Host: "mail1.example.jp", Addr: netip.MustParseAddr("192.0.2.25"), Sender: "taro@example.jp"}
	for _, dir := range []string{c.Config.Lab(), c.Config.Spool("incoming"), c.Config.Spool("holding")} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.Write(); err == nil {
		t.Error("there is no spam, and a complaint about it")
	}
	for name, id := range map[string]string{"B0000000001.MSG": "mail-1", "B0000000002.MSG": "spam-7"} {
		text := "Received: from x (unverified [203.0.113.9]) by mail1.example.jp\r\n\t(E-POST) with ESMTP id <B0000000002@mail1.example.jp>;\r\n\tdate\r\nTo: <b1@example.net>, <b2@example.org>\r\n" + standin.HeaderID + ": " + id + "\r\n\r\nbody\r\n"
		if err := os.WriteFile(c.Config.Spool("incoming", name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	written := func() string {
		if err := c.Write(); err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(File(c.Config))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	if text := written(); !strings.Contains(text, "from mail1.example.jp (unknown [192.0.2.25])") || !strings.Contains(text, "for <b1@example.net>;") || !strings.Contains(text, ": spam-7\r\n") {
		t.Errorf("the complaint is\n%s", text)
	}
	c.Forger = netip.MustParseAddr("203.0.113.90")
	if text := written(); !strings.Contains(text, "(unknown [203.0.113.90])") || strings.Contains(text, "spam-7") || !strings.Contains(text, "From: <taro@example.jp>") {
		t.Errorf("the forged one is\n%s", text)
	}
}
