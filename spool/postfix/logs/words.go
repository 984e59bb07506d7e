package logs

import "hikeshi/spool"

var howTo = map[string]spool.Words{
	Mail: {
		EN: "let syslog write mail.* to /var/log/mail.log, or set maillog_file in main.cf and run `postfix reload` (Postfix 3.4 or later)",
		JA: "syslog で mail.* を /var/log/mail.log に書くか、main.cf の maillog_file を設定して `postfix reload` を実行する(Postfix 3.4 以降)",
	},
	Dovecot: {
		EN: "Dovecot writes to the mail log unless log_path or info_log_path name a file; auth_verbose = yes lets it name every failed login, with its address",
		JA: "Dovecot は log_path か info_log_path でファイルを指定しない限り、メールログに書く。auth_verbose = yes にすると、失敗したログインの名前とアドレスもすべて残る",
	},
}

// Unseen are the signs of abuse that the logs cannot show, or only in part, and why.
func Unseen() []spool.Unseen {
	const geoEN = "the logs name addresses and no countries; a table of which address is in which country is needed, and none comes with Hikeshi"
	const geoJA = "ログにはアドレスだけで国の情報がない。アドレスと国の対応表が必要だが、Hikeshi には含まれていない"
	return []spool.Unseen{
		{Signal: "D4", EN: geoEN, JA: geoJA},
		{Signal: "D5", EN: geoEN, JA: geoJA},
		{Signal: "D8", EN: "in part: Postfix before 3.9 does not name the login of a failed try; Dovecot does with auth_verbose = yes, and saslauthd does without the address",
			JA: "一部のみ。Postfix 3.9 より前は、失敗したログインの名前を残さない。Dovecot は auth_verbose = yes なら残す。saslauthd は名前だけを残し、アドレスを残さない"},
		{Signal: "D14", EN: "in part: sizes stand in the log; subjects do not, and the HELO of a message only if it was refused",
			JA: "一部のみ。サイズは残る。件名は残らず、HELO は拒否されたメールのものだけが残る"},
		{Signal: "D16", EN: "in part: mail of a program on this server counts as from 127.0.0.1 without a login; which user it ran as stands in the line of pickup (uid=)",
			JA: "一部のみ。このサーバー上のプログラムからのメールは、ログインなしの 127.0.0.1 からとして数える。どのユーザーで動いたかは pickup の行の uid= に残る"},
	}
}
