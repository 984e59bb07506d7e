package main

import "regexp"

// figures is a value of the judgement in the language in use.
func (a *app) figures(text string) string {
	if a.lang() != "ja" {
		return text
	}
	for _, f := range figuresJA {
		text = f.en.ReplaceAllString(text, f.ja)
	}
	return text
}

var figuresJA = []struct {
	en *regexp.Regexp
	ja string
}{
	{regexp.MustCompile(`(\d+) of (\d+)`), "$2 件中 $1 件"},
	{regexp.MustCompile(`, (\d+) not listed`), "、掲載されていないもの $1 件"},
	{whole("not looked up"), "未照会"},
	{whole("not asked"), "未実施"},
	{regexp.MustCompile("though somebody got in"), "実際には送れる"},
	{whole("safe"), "中継しない"},
	{whole("suspect"), "第三者のメールを受理"},
	{whole("undetermined"), "判定できない"},
	{whole("denied, proven true"), "拒否を実証"},
	{whole("denied, proven false"), "拒否 (ログイン後は未確認)"},
	{whole("login"), "ログインして経由"},
	{whole("no-login"), "ログインなしで経由"},
	{whole("not-through"), "経由していない"},
	{whole("any"), "件数は問わない"},
	{whole("accepted"), "受け付ける"},
	{whole("(\\d+) boots( or more)?, (\\d+) lost"), "起動 $1 回$2、喪失 $3"},
	{whole("(\\d+) accepted, (\\d+) delivered"), "受理 $1 通、配送 $2 通"},
	{whole("(\\d+) or more of each"), "それぞれ $1 通以上"},
	{regexp.MustCompile(" or more"), "以上"},
}
