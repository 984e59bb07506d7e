package pop

import (
	"bufio"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"
)

func TestLogin(t *testing.T) {
	for name, tc := range map[string]struct {
		replies []string
		want    string // part of the error; "" for none
	}{
		"fine":     {[]string{"+OK hello\r\n", "+OK\r\n", "+OK logged in\r\n"}, ""},
		"refused":  {[]string{"+OK hello\r\n", "+OK\r\n", "-ERR no \x1b[2J\r\n"}, `-ERR no \x1b[2J`},
		"repeats":  {[]string{"+OK hello\r\n", "-ERR no taro geheim\r\n"}, "repeats"},
		"no POP":   {[]string{"220 smtp\r\n"}, "220 smtp"},
		"endless":  {[]string{strings.Repeat("x", 5000)}, "buffer full"},
		"closed":   {[]string{"+OK hello\r\n"}, "EOF"},
		"too good": {[]string{"+OKAY\r\n"}, "+OKAY"},
	} {
		t.Run(name, func(t *testing.T) {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			go func() {
				c, err := l.Accept()
				if err != nil {
					return
				}
				defer c.Close()
				in := bufio.NewReader(c)
				for _, r := range tc.replies {
					fmt.Fprint(c, r)
					if _, err := in.ReadString('\n'); err != nil {
						return
					}
				}
			}()
			var d net.Dialer
			err = Client{Dial: d.DialContext, Wait: 5 * time.Second}.Login(t.Context(), l.Addr().String(), "taro", "geheim")
			if (err == nil) != (tc.want == "") || err != nil && (!strings.Contains(err.Error(), tc.want) || strings.Contains(err.Error(), "geheim")) {
				t.Errorf("%v, want %q", err, tc.want)
			}
		})
	}
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	var d net.Dialer
	began := time.Now()
	if err := (Client{Dial: d.DialContext, Wait: 50 * time.Millisecond, TLS: true}).Login(t.Context(), silent.Addr().String(), "taro", "geheim"); err == nil || time.Since(began) > 5*time.Second {
		t.Errorf("%v after %s", err, time.Since(began))
	}
}
