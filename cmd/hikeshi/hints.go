package main

import "regexp"

// inJapanese are the hints, and the errors that the program itself words, in Japanese. What comes from below it (an error of the
// system, of a file) stays as it is.
var inJapanese = []struct {
	en *regexp.Regexp
	ja string
}{
	{whole("`hikeshi incidents` lists them"), "`hikeshi incidents` で一覧を見る"},
	{whole("`hikeshi spool list` shows how many there are"), "`hikeshi spool list` で通数を確かめる"},
	{whole("`hikeshi spool list` shows what is set aside"), "`hikeshi spool list` で退避中のものを見る"},
	{whole("the risks are disruptive, irreversible and reopening"), "リスクの名前は disruptive、irreversible、reopening"},
	{whole("(`hikeshi.*`) lists the steps"), "$1 で手順の id を見る"},
	{whole("(`hikeshi.*`) lists the inputs"), "$1 で入力項目を見る"},
	{whole("(`hikeshi.*`) lists the built-in ones"), "$1 で組み込みの手順書を見る"},
	{whole("(`hikeshi.*`) lists the verbs"), "$1 で動詞の一覧を見る"},
	{whole("(`hikeshi.*`) lists what there is"), "$1 で一覧を見る"},
	{whole("(`hikeshi.*`) shows the mistakes again"), "$1 で誤りをもう一度見る"},
	{whole("(`hikeshi.*`) shows the mistakes again; nothing was touched"), "$1 で誤りをもう一度見る。何も変更していない"},
	{whole("(`hikeshi.*`) shows it"), "$1 で確かめる"},
	{whole("(`hikeshi.*`) or (`hikeshi.*`) first"), "先に $1 か $2 を実行する"},
	{whole("`hikeshi help` lists the verbs, `hikeshi VERB --help` the flags"), "`hikeshi help` で動詞、`hikeshi VERB --help` でフラグの一覧を見る"},
	{whole("a gate opens when its conditions hold; `hikeshi plan` shows them"), "関門は条件が成り立てば開く。条件は `hikeshi plan` で見る"},
	{whole("look with --dry-run, then add --yes \\(and --accept-risk for risks by name\\)"), "--dry-run で確かめてから --yes を付ける(リスクは --accept-risk で名前を指定)"},
	{whole("read the plan, then add --accept-risk (.*)"), "計画を読んでから --accept-risk $1 を付ける"},
	{whole("--config FILE names the file; the keys are listed by `hikeshi help config`"), "ファイルは --config FILE で指定する。キーの一覧は `hikeshi help config`"},
	{whole("the keys are listed by `hikeshi help config`"), "キーの一覧は `hikeshi help config`"},
	{whole("see `hikeshi help config`"), "`hikeshi help config` を参照"},
	{whole("nothing was touched"), "何も変更していない"},
	{whole("nothing was touched; `hikeshi doctor` says what this user may read"), "何も変更していない。このユーザーが読めるものは `hikeshi doctor` で確かめる"},
	{whole("`hikeshi doctor` says what this user may read; --file FILE looks at another file"), "このユーザーが読めるものは `hikeshi doctor` で確かめる。--file FILE で別のファイルを調べられる"},
	{whole("`--manager command` starts and stops by the commands of the configuration, without D-Bus \\((`.*`): services.command\\)"), "`--manager command` なら、D-Bus を使わず設定のコマンドで起動と停止ができる($1 の services.command)"},
	{whole("`--manager command` starts and stops by the commands of the configuration, without D-Bus \\((`.*`): services.command\\); nothing was touched"), "`--manager command` なら、D-Bus を使わず設定のコマンドで起動と停止ができる($1 の services.command)。何も変更していない"},
	{whole("`--manager command` starts and stops by the commands of the configuration, without D-Bus \\((`.*`): services.command\\); then (`.*`)"), "`--manager command` なら、D-Bus を使わず設定のコマンドで起動と停止ができる($1 の services.command)。続けて $2"},
	{whole("name another file"), "別のファイル名を指定する"},
	{whole("leave --play away to (.*)"), "--play を付けなければ無人で実行できる"},
	{whole("leave --units away to rehearse in one process, as any user"), "--units を付けなければ、一般ユーザーのまま 1 つのプロセスで実行できる"},
	{whole("ask that person to leave with q"), "その対応者に q で抜けてもらう"},
	{whole("leave --manager away"), "--manager を付けない"},
	{whole("attach one file at a time"), "ファイルは 1 つずつ添付する"},
	{whole("scenarios: (.*)"), "シナリオ: $1"},
	{whole("use the same --root and configuration as then"), "その事案と同じ --root と設定で実行する"},
	{whole("--all, or some of (.*)"), "--all を付けるか、次で選ぶ: $1"},
	{whole("the whole head, as a run or the report prints it"), "実行の終わりや報告書に出る head を全桁そのまま指定する"},
	{whole("this version knows epms"), "この版で扱えるのは epms"},
	{whole("epms.spool in the configuration says where the spool is; --root DIR looks below another directory"), "スプールの場所は設定の epms.spool で指定する。別のディレクトリの下を見るときは --root DIR"},
	{whole("make room where (.*) is, or name another place with --state DIR, and begin again"), "$1 のディスクに空きを作るか、--state DIR で別の場所を指定して、やり直す"},
	{whole("wait until that responder has ended, or work with them: (`hikeshi incidents`) shows the incident; (`hikeshi resume .*`) takes over"),
		"その対応者が終わるのを待つか、一緒に進める。事案は $1 で見る。引き継ぐには $2"},
	{whole("(`hikeshi resume .*`) or (`hikeshi undo .*`) repairs it; its bytes are kept"), "$1 か $2 で修復する。書きかけのバイトは保存される"},
	{whole("(`hikeshi status`) counts those that are renamed"), "改名中の件数は $1 で見る"},
	{whole("(`hikeshi resume .*`) starts them once the gate opens; to start them all the same add --accept-risk reopening"),
		"関門が開けば $1 が起動する。それでも今すぐ起動するなら --accept-risk reopening を付ける"},
	{whole("(`hikeshi.*`) shows an example"), "例は $1 で見る"},
	{whole("how long is 0 or more: 0 looks once"), "時間は 0 以上で指定する。0 なら 1 回だけ見る"},
	{whole("did you mean (`.*`)\\?"), "$1 のことか"},
	{whole("units are s, m and h, such as (.*); 30 days are 720h"), "単位は s、m、h(例: $1)。日は使えない。30日は 720h"},

	{whole("aborted, no changes made"), "中止した。何も変更していない"},
	{whole("aborted, no changes made: this changes things, and there is no terminal to ask at"), "中止した。何も変更していない: 変更を伴うが、確認する端末がない"},
	{whole("aborted, no changes made: off a terminal purge needs --count"), "中止した。何も変更していない: 端末がないときの purge には --count が必要"},
	{whole("aborted, no changes made: --count (.*), but (.*) messages are set aside by incident (.*)"), "中止した。何も変更していない: --count $1 に対し、事案 $3 で退避中なのは $2 通"},
	{whole("aborted, nothing undone: the risk (.*) has to be accepted by its name"), "中止した。何も戻していない: リスク $1 を名前で承認する必要がある"},
	{whole("the risk (.*) has to be accepted by its name"), "リスク $1 を名前で承認する必要がある"},
	{whole("not everything was undone: (.*) left in place"), "すべては戻していない: 残り $1 件"},
	{whole("no incident is waiting to go on"), "続きを待っている事案はない"},
	{whole("runbook (.*) has no step (.*)"), "手順書 $1 に手順 $2 はない"},
	{whole("incident (.*) has no step (.*)"), "事案 $1 に手順 $2 はない"},
	{whole("finding incident (.*): file does not exist"), "事案 $1 は見つからない"},
	{whole("say which messages go back: all of them or a choice, not both"), "戻すメールを、すべてか条件付きか、どちらか一方で指定する"},
	{whole("(\".*\") is no address"), "$1 はアドレスではない"},
	{whole("no built-in runbook (\".*\"), and as a file: (.*)"), "組み込みの手順書 $1 はなく、ファイルとしても読めない: $2"},
	{whole("unknown flag: (.*)"), "知らないフラグ: $1"},
	{whole("unknown verb (\".*\")"), "知らない動詞: $1"},
	{whole("--accept-risk (.*): no such risk"), "--accept-risk $1: そのようなリスクはない"},
	{whole("this server has no deny file"), "このサーバーに拒否ファイルはない"},
	{whole("(.*: )?a duration such as .* is wanted, and here is the text (\".*\")"), "${1}時間は 90s、5m、720h のように書く(単位は s、m、h。日は使えない)。指定は $2"},
	{whole("--set (\".*\"): (\".*\") is none of (.*?)(?:; did you mean .*)?"), "--set $1: $2 は $3 のどれでもない"},
	{whole("--set (\".*\"): runbook (.*) has no input (\".*\"); it has (.*)"), "--set $1: 手順書 $2 に入力項目 $3 はない。あるのは $4"},
	{whole("stopped at step (.*): the gate does not open: not so: .*"), "手順 $1 で停止: 上に [未] と示した条件が成り立たないため、関門が開かない"},
	{whole("refused: denying (\".*\"): it is the own domain (.*); close the account instead"), "拒否できない: $1 は自社のドメイン $2 にあたる。代わりにアカウントを閉じる"},
	{whole("refused: denying (\".*\"): it is the loopback address of this machine"), "拒否できない: $1 はこのマシンのループバックアドレス"},
	{whole("refused: denying (\".*\"): it is wider than (/\\d+); (protect.*) say how wide a denial may be"), "拒否できない: $1 は $2 より広い。拒否できる広さは $3 で決まる"},
	{whole("refused: denying (\".*\"): it covers (.*), an own address of this server"), "拒否できない: $1 はこのサーバーのアドレス $2 を含む"},
	{whole("refused: denying (\".*\"): it covers (.*), which the configuration protects"), "拒否できない: $1 は設定で保護した $2 を含む"},
	{whole("refused: denying (\".*\"): it covers (.*), where you are connected from"), "拒否できない: $1 は作業者の接続元 $2 を含む"},
	{whole("--head (\".*\"): 64 hexadecimal digits are wanted"), "--head $1: 16進数 64 桁を指定する"},
	{whole("a note without text records nothing"), "本文のないメモは記録しない"},
	{whole("--watch (-.*): the time cannot be negative"), "--watch $1: 負の時間は指定できない"},
	{whole("recording in (.*): the last line of the journal is unfinished after a crash"), "事案 $1 に記録できない: 記録の最後の行が異常終了のため書きかけになっている"},
	{whole("refused: planning the denials: reading the target (\".*\"): its domain has an empty label.*"), "拒否できない: $1 はドメインに空のラベルがあり、誰のものでもない。サブドメインは effect.dat に *.example.com の形の行を手で書く"},
	{whole("refused: releasing by client: .*(\".*\").*"), "--client の $1 はアドレスでもネットワークでもない"},
	{whole("refused: releasing by time: time (\".*\") is neither (.*)"), "時刻 $1 は 2026-11-21、2026-11-21 03:12、RFC 3339 のどれでもない"},
	{whole("refused: excluding clients: .*?(\".*?\").*"), "--except-client の $1 はアドレスでもネットワークでもない"},
	{whole("refused: excluding sender (\".*\"): it is no address.*"), "--except-sender の $1 はアドレスでもドメインでもアカウント名でもない。1 つずつ指定する"},
	{whole("refused: excluding a time: time (\".*\") is neither .*"), "時刻 $1 は 2026-11-21、2026-11-21 03:12、RFC 3339 のどれでもない"},
	{whole("refused: parameter lot: (.*) messages at a time"), "--lot $1: 一度に戻す通数は 1 以上で指定する"},
	{whole("refused: say what to look for: .*"), "探すものを指定する: アドレス、ドメイン、またはメールの ID"},
	{whole("refused: there is no account (\".*?\"); did you mean (.*)\\?"), "アカウント $1 は存在しない。$2 のことか"},
	{whole("refused: there is no account (\"[^\"]*\")"), "アカウント $1 は存在しない"},
	{whole("refused: renaming (.*): the configuration protects the account (.*)"), "$1 は改名できない: 設定で保護したアカウント $2 にあたる"},
	{whole("refused: backend command: no command is configured \\(account.command.rename\\)"), "改名に使うコマンドが設定にない(account.command.rename)"},
	{whole("name accounts, or --incident INCIDENT for all that it renamed"), "アカウント名を指定するか、--incident 事案 でその事案が改名したすべてを指定する"},
	{whole("refused: setting (\".*\"): it is not among the settings that are changed here: (.*)"), "$1 はここで変更できる設定ではない。変更できるもの: $2"},
	{whole("refused: setting (.*): it is a (?:whole )?number from (\\d+) to (\\d+)"), "$1: 値は $2 から $3 までの整数で指定する"},
	{whole("refused: (\".*\") is not NAME=VALUE"), "$1 は 名前=値 の形になっていない"},
	{whole("refused: mending line (\\d+): it opens nothing; only lines with true or no action are mended"), "$1 行目は無条件に中継を許す行ではない。直すのは true の行と動作のない行だけ"},
	{whole("refused: mending line (\\d+): the file has (\\d+) lines?"), "$1 行目はない。ファイルは $2 行"},
	{whole("refused: parameter lines: (\".*\") is neither the number of a line nor all"), "--line $1: 行番号か all を指定する"},
	{whole("refused: planning the cut: reading the target (\".*\"): the tables of the hard cut hold addresses only, no senders"), "$1 は遮断できない: --hard で指定できるのはアドレスだけで、差出人は指定できない"},
	{whole("refused: planning the cut: reading the target (\".*\"): of networks only IPv4 /24 and /16 .*"), "$1 は遮断できない: --hard で指定できるのは IPv4 の /24 か /16、または 1 つずつのアドレス"},
	{whole("--handover with --format (\".*\"): use text or md"), "--handover と --format $1 は併用できない。text か md を指定する"},
	{whole("--monitor prints one line for a monitoring system, --output json a document"), "--monitor は監視システム向けの1行、--output json は文書を出力する。併用できない"},
	{whole("leave out one of the two"), "どちらか一方だけを指定する"},
	{whole("unknown command (\".*\") for \"(hikeshi.*)\""), "`$2` に余分な引数 $1 がある"},
	{whole("([a-z_]+): (\".*\") is none of (?:, )?(.*?)(?:; did you mean .*)?"), "$1: $2 は $3 のどれでもない"},
	{whole("requires at least (\\d+) arg\\(s\\), only received (\\d+)"), "引数が足りない($1 個以上必要、指定は $2 個)"},
	{whole("accepts (\\d+) arg\\(s\\), received (\\d+)"), "引数の数が違う(必要なのは $1 個、指定は $2 個)"},
	{whole("(.*) mistakes? in (.*) files?"), "$2 件のファイルに誤りが $1 件"},
}

func whole(pattern string) *regexp.Regexp { return regexp.MustCompile("^(?:" + pattern + ")$") }

// translated is a hint or an error in the language in use; one that has no translation stays as it is.
func (a *app) translated(text string) string { return translate(a.lang(), text) }

func translate(lang, text string) string {
	if lang != "ja" {
		return text
	}
	for _, t := range inJapanese {
		if t.en.MatchString(text) {
			return t.en.ReplaceAllString(text, t.ja)
		}
	}
	return text
}
