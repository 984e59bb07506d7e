package settings

import "fmt"

// Words are what a value means, in both languages, and how good that is: ok, info, warn or bad.
type Words struct{ Level, EN, JA string }

// A meaning says what a value does; ok is false for one that has none.
type meaning func(n int64) (Words, bool)

// Mean says what the value n of the key does; ok is false if the service gives it no meaning.
func (k Key) Mean(n int64) (Words, bool) {
	if n < 0 || n > k.Max {
		return Words{}, false
	}
	return k.mean(n)
}

func authOnly(n int64) (Words, bool) {
	switch n {
	case 0:
		return Words{"bad", "no login is demanded: anyone relays by naming an existing local sender", "認証は任意。実在する自社の差出人を名乗るだけで誰でも中継できる"}, true
	case 1:
		return Words{"bad", "a login is demanded of every session: all mail from the Internet is refused", "すべての接続に認証を求める。インターネットからのメールはすべて拒否される"}, true
	case 2:
		return Words{"ok", "a login is demanded of local senders that have an auth file; those without can still send without one", "認証ファイルのある自社の差出人に認証を求める。認証ファイルのないアカウントは認証なしで送れる"}, true
	}
	return Words{}, false
}

func fromLevel(n int64) (Words, bool) {
	switch n {
	case 0:
		return Words{"warn", "a login may send under any existing local sender, so the sender proves nothing", "認証後はどの自社の差出人も名乗れる。差出人は証拠にならない"}, true
	case 1:
		return Words{"ok", "the envelope sender must begin with the login", "エンベロープの差出人は認証名で始まらなければならない"}, true
	case 2:
		return Words{"warn", "the envelope sender and the header From must begin with the login, which breaks sending under an alias", "エンベロープとヘッダーの差出人が認証名で始まらなければならない。エイリアスでの送信ができなくなる"}, true
	}
	return Words{}, false
}

func vrfy(n int64) (Words, bool) {
	if n == 0 {
		return Words{"ok", "VRFY and EXPN tell nothing", "VRFY と EXPN では何も分からない"}, true
	}
	return Words{"warn", "VRFY tells strangers which accounts exist, EXPN the members of lists", "VRFY でアカウントの有無、EXPN でメーリングリストのメンバーが第三者に分かる"}, true
}

func authLock(n int64) (Words, bool) {
	if n == 0 {
		return Words{"warn", "passwords can be guessed without end", "パスワードの総当たりが制限されない"}, true
	}
	return Words{"ok", fmt.Sprintf("an address is locked out after %d failed logins", n), fmt.Sprintf("認証に %d 回失敗したアドレスを締め出す", n)}, true
}

func lockTime(unit, unitJA string) meaning {
	return func(n int64) (Words, bool) {
		if n == 0 {
			return Words{"info", "a lock holds for ever", "締め出しは無期限"}, true
		}
		return Words{"ok", fmt.Sprintf("a lock holds for %d %s", n, unit), fmt.Sprintf("締め出しは %d %s", n, unitJA)}, true
	}
}

func floodLock(n int64) (Words, bool) {
	if n == 0 {
		return Words{"info", "connections are not counted", "接続数は数えない"}, true
	}
	return Words{"info", fmt.Sprintf("an address is locked out after %d connections; it hits the own network, the server itself and forwards as well", n),
		fmt.Sprintf("%d 回接続したアドレスを締め出す。社内のネットワーク、サーバー自身、自動転送にも働く", n)}, true
}

func sampling(n int64) (Words, bool) {
	return Words{"info", fmt.Sprintf("connections are counted over %d seconds", n), fmt.Sprintf("接続数を数える時間は %d 秒", n)}, true
}

func logSwitch(name string) meaning {
	return func(n int64) (Words, bool) {
		switch {
		case n != 0:
			return Words{"ok", "written", "記録する"}, true
		case name == "EPST5DS/MailSendLocallogEnabled":
			return Words{"info", "the other place of the switch of outlocallog: off", "outlocallog のもう 1 つのスイッチ: オフ"}, true
		}
		return Words{"warn", "not written: nothing of this can be looked up later", "記録していない。後から調べられない"}, true
	}
}

func clustering(n int64) (Words, bool) {
	if n == 0 {
		return Words{"ok", "no other node is configured", "ほかのノードの設定はない"}, true
	}
	return Words{"warn", "other nodes may use this spool: settings, the deny file and the tables have to be changed on each of them", "このスプールを使うほかのノードがありうる。設定、拒否ファイル、遮断の表はノードごとに変更が必要"}, true
}
