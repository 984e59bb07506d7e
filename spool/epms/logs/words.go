package logs

import (
	"fmt"

	"hikeshi/spool"
)

// HowTo says how the log is switched on. All switches are read when the service starts.
func (k Kind) HowTo() spool.Words {
	passwords := spool.Words{}
	if k.Sessions {
		passwords = spool.Words{EN: "; it records passwords, so let nobody else read it", JA: "。パスワードが記録されるため、ほかの人に読ませないこと"}
	}
	switch {
	case k.Name == "receivelog":
		return spool.Words{
			EN: "run `hikeshi relay settings --set acceptlog=1 --set receivelog=1`, which makes the folder receivelog, and restart epstrd" + passwords.EN,
			JA: "`hikeshi relay settings --set acceptlog=1 --set receivelog=1` で receivelog フォルダを作り、epstrd を再起動する" + passwords.JA,
		}
	case k.Setting != "":
		return spool.Words{
			EN: fmt.Sprintf("run `hikeshi relay settings --set %s=1` and restart %s", k.Setting, k.Service),
			JA: fmt.Sprintf("`hikeshi relay settings --set %s=1` を実行し、%s を再起動する", k.Setting, k.Service),
		}
	case k.byHand.number != "":
		return spool.Words{
			EN: fmt.Sprintf("write 1 to reg/epost/ims/%s below the spool root, or switch it on in the console, and restart %s; it grows fast", k.byHand.number, k.Service),
			JA: fmt.Sprintf("スプールの下の reg/epost/ims/%s に 1 を書くか管理画面でオンにし、%s を再起動する。急速に大きくなる", k.byHand.number, k.Service),
		}
	}
	return spool.Words{
		EN: fmt.Sprintf("switch %s on, make the folder %s beside its folder, with the same owner and mode, and restart %s%s", k.byHand.needs, k.Name, k.Service, passwords.EN),
		JA: fmt.Sprintf("%[1]s をオンにし、%[1]s のフォルダの隣に同じ所有者と権限で %[2]s フォルダを作り、%[3]s を再起動する%[4]s", k.byHand.needs, k.Name, k.Service, passwords.JA),
	}
}

// Unseen are the signs of abuse that none of the logs can show, and why.
func Unseen() []spool.Unseen {
	const geoEN = "the logs name addresses and no countries; a table of which address is in which country is needed, and none comes with Hikeshi"
	const geoJA = "ログにはアドレスだけで国の情報がない。アドレスと国の対応表が必要だが、Hikeshi には含まれていない"
	return []spool.Unseen{
		{Signal: "D4", EN: geoEN, JA: geoJA},
		{Signal: "D5", EN: geoEN, JA: geoJA},
		{Signal: "D14", EN: "in part: subjects stand in no log, and sizes in receivelog alone, where the client announces them; the same HELO can be seen in inlog",
			JA: "一部のみ。件名はどのログにもない。サイズはクライアントが申告した場合に receivelog に残るだけ。同じ HELO の繰り返しは inlog で分かる"},
		{Signal: "D16", EN: "no log says which local user or program handed in a mail: one from a web form looks like any other that comes from the address of the web server",
			JA: "ローカルのどのユーザーやプログラムが渡したメールかは、どのログにも残らない。Web フォームからのメールも、Web サーバーのアドレスから来た普通のメールに見える"},
	}
}
