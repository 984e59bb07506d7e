package mailbox

import (
	"slices"
	"testing"
)

func TestOddForwards(t *testing.T) {
	file := "[AutoForward]\nForwardTo=a@example.com\n forwardto = b@example.com\n;ForwardTo: c\n#ForwardTo: c\n" + // 1-5
		"ForwardTo a@example.com\nForwardTo: a@example.com\nForward-To=a@example.com\nFORWARD TO = x\nforward_to=x\nForwardTo\n" + // 6-11
		"f\x00o\x00r\x00w\x00a\x00r\x00d\x00t\x00o\x00=\x00a\x00\nForwardFrom=*\nSubject=forwardto x\nForwardTo2=a@example.com\n=forwardto\nForward2To=x\n" // 12-17
	if got, want := OddForwards([]byte(file)), []int{6, 7, 8, 9, 10, 11, 12, 15}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

func TestOddValue(t *testing.T) {
	for value, odd := range map[string]bool{
		"a@example.com": false, "a@example.com, b@example.net;c": false, "<a@example.com>": false, "taro": false, "FILE:/var/spool/epms/inbox/taro/send.txt": false, "": false,
		"file:send.txt": true, "file:": true, "|/bin/sh": true, "smtp://u:secret@example.com": true, "a@b@c": true, "@example.com": true, "a@": true, "a@example.com,pass:word": true, ",": true,
	} {
		all := Settings([]byte("ForwardTo=" + value + "\n"))
		if len(all) != 1 || all[0].Odd != odd || all[0].Planted() != (value != "") {
			t.Errorf("%q: %+v", value, all)
		}
	}
	if all := Settings([]byte("module=smtp://u:x\nSubject=|x\n")); all[0].Odd || all[1].Odd {
		t.Errorf("%+v", all)
	}
}
