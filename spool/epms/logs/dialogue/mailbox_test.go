package dialogue

import (
	"testing"

	"hikeshi/spool"
)

func TestIMAP(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"login":            {"* OK ready\na1 LOGIN taro hunter2\na1 OK done", `login login="taro"`},
		"quoted":           {"a1 login \"taro@example.jp\" \"hunter2\"\na1 NO wrong", `login-failed login="taro@example.jp"`},
		"literal":          {"a1 LOGIN {4}\n+ go on\ntaro {7}\n+ go on\nhunter2\na1 OK done", `login login="taro"`},
		"literal password": {"a1 LOGIN taro {7}\n+ go on\nhunter2\na1 BAD what", `login-failed login="taro"`},
		"sent at once":     {"a1 LOGIN {4+}\ntaro {7+}\nhunter2\na1 NO wrong", `login-failed`},
		"plain":            {"1 AUTHENTICATE PLAIN\n+ \n" + b64("\x00taro\x00hunter2") + "\n1 OK done", `login login="taro"`},
		"plain at once":    {"1 AUTHENTICATE PLAIN " + b64("\x00taro\x00hunter2") + "\n1 NO wrong", `login-failed login="taro"`},
		"login asked":      {"1 AUTHENTICATE LOGIN\n+ VXNlcm5hbWU6\n" + b64("taro") + "\n+ UGFzc3dvcmQ6\n" + b64("hunter2") + "\n1 OK", `login login="taro"`},
		"read":             {"a1 LOGIN taro x\na1 OK\na2 SELECT INBOX\n* 3 EXISTS\na2 OK\na3 UID FETCH 1:3 (BODY.PEEK[])\n* 1 FETCH (BODY[] {5}\nhello)\na3 OK", "login login=\"taro\"\nread login=\"taro\""},
		"only flags":       {"a1 LOGIN taro x\na1 OK\na3 FETCH 1:3 (FLAGS)\n* 1 FETCH (FLAGS ())\na3 OK", `login login="taro"`},
		"nothing there":    {"a1 LOGIN taro x\na1 OK\na3 FETCH 1:3 RFC822\na3 NO", `login login="taro"`},
		"mail that imitates": {"a1 LOGIN taro x\na1 OK\na3 FETCH 1 RFC822\na9 LOGIN boss y\na9 OK\na3 OK\na9 LOGIN boss y\na9 OK",
			"login login=\"taro\"\nread login=\"taro\""},
		"next session": {"a1 LOGIN taro x\na1 OK\na2 LOGOUT\n* BYE\na2 OK\n* OK ready\na1 LOGIN hanako x\na1 NO", "login login=\"taro\"\nlogin-failed login=\"hanako\""},
		"untagged":     {"* OK ready\na1 LOGIN taro x\na1 OK\na2 SELECT INBOX\n* OK [UNSEEN 3] first\na2 OK\na3 FETCH 1 BODY[]\na3 OK", "login login=\"taro\"\nread login=\"taro\""},
		"used again":   {"a1 LOGIN taro x\na1 OK\n* OK example.jp IMAP4 ready\na1 LOGIN hanako x\na1 NO", "login login=\"taro\"\nlogin-failed login=\"hanako\""},
		"no answer":    {"a1 LOGIN taro x\nb1 OK done", ``},
	} {
		if got := follow(t, spool.IMAP4, c.text); got != c.want {
			t.Errorf("%s:\ngot  %s\nwant %s", name, got, c.want)
		}
	}
}

// The format is not documented; this is POP3 (RFC 1939) in that of receivelog.
func TestPOP(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"login":      {"+OK ready\nUSER taro\n+OK\nPASS hunter2\n+OK 3 messages", `login login="taro"`},
		"wrong":      {"+OK ready\nUSER taro\n+OK\nPASS hunter2\n-ERR no\nUSER hanako\n+OK\nPASS hunter2\n-ERR no", "login-failed login=\"taro\"\nlogin-failed login=\"hanako\""},
		"apop":       {"APOP taro c4c9334bac560ecc979e58001b3e22fb\n+OK", `login login="taro"`},
		"plain":      {"AUTH PLAIN\n+ \n" + b64("\x00taro\x00hunter2") + "\n+OK", `login login="taro"`},
		"read":       {"USER taro\n+OK\nPASS x\n+OK\nSTAT\n+OK 1 2\nRETR 1\n+OK 5\nRETR 2\n-ERR", "login login=\"taro\"\nread login=\"taro\""},
		"with texts": {"USER taro\n+OK\nPASS x\n+OK\nRETR 1\n+OK 5\nSubject: x\nhello\n.\nRETR 2\n+OK\nSubject: y", "login login=\"taro\"\nread login=\"taro\"\nread login=\"taro\""},
		// FAQ bsd/19-30: a line of the list.
		"list": {"LIST\n+OK\n1 B0001589561.MSG\n.", ``},
		"quit": {"USER taro\n+OK\nPASS x\n+OK\nQUIT\n+OK bye\n+OK ready\nUSER b\n+OK\nPASS x\n-ERR", "login login=\"taro\"\nlogin-failed login=\"b\""},
	} {
		if got := follow(t, spool.POP3, c.text); got != c.want {
			t.Errorf("%s:\ngot  %s\nwant %s", name, got, c.want)
		}
	}
}
