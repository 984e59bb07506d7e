package cause

import (
	"time"

	"hikeshi/spool"
)

// The limits of the rules. The figures for logins are those of package files and papers on such incidents: three addresses are worth
// a look and ten are strong (CSF LF_DIST, geoip-policyd), five logins make a habit.
const (
	fewPlaces  = 3
	manyPlaces = 10
	fewLogins  = 5
	fewMails   = 10 // below so many messages shares say nothing
	recent     = 72 * time.Hour
)

// A state is the answer to one test.
type state int

const (
	unknown state = iota
	no
	yes
)

// A rule is one sign, for which causes it counts, and how much: a negative weight speaks against them.
type rule struct {
	causes string // letters
	weight int
	en, ja string // with the figures of test
	test   func(*Signs) ([]any, state)
}

// rules are all signs. What holds for a cause stands before what speaks against it.
func rules() []rule {
	return []rule{
		{"a", 2, "%s, a suspect by the logs, logged in from %d addresses, %d times%[4]s", "ログから見て疑わしい %s が、%d か所のアドレスからログインしている(%d 回%[5]s)", login(fewPlaces, manyPlaces)},
		{"a", 3, "%s, a suspect by the logs, logged in from as many as %d addresses, %d times%[4]s", "ログから見て疑わしい %s のログイン元は %d か所に及ぶ(%d 回%[5]s)", login(manyPlaces, 0)},
		{"a", 2, "by logs.logins the password of %s was probably found by trying", "logs.logins によれば、%s はパスワードを当てられた疑いがある", guessed},
		{"a", 2, "%d of %d messages for outside are let out after a login only", "外部あて %[2]d 通のうち %[1]d 通は、ログインしなければ送れない", needLogin},
		{"a", 2, "local senders have to log in, and %d of %d messages for outside name one who does", "自社の差出人にはログインが必要で、外部あて %[2]d 通のうち %[1]d 通は認証ファイルのある差出人", loggedIn},
		{"a", 3, "by the logs %d messages of suspects were sent after a login, %d without", "ログによれば、疑わしいアカウントのメールのうち %d 通がログイン後、%d 通がログインなしで送られた", afterLogin},
		{"b", 3, "by the logs %[2]d messages name a suspect without a login, %[1]d were sent after one", "ログによれば、疑わしいアカウントを名乗るメールのうち %[2]d 通がログインなし、%[1]d 通がログイン後に送られた", withoutLogin},
		{"b", 2, "nobody has to log in, and %d of %d messages for outside name an existing account", "ログインは不要の設定で、外部あて %[2]d 通のうち %[1]d 通が登録アカウントを名乗る", named},
		{"b", 2, "a login is asked of nobody without an auth file, and %d of %d messages for outside name such an account", "認証ファイルのないアカウントはログインなしで送れる設定で、外部あて %[2]d 通のうち %[1]d 通がそれを名乗る", noAuthFile},
		{"c", 3, "by the logs %d messages of foreign senders were relayed to outside without a login", "ログによれば、外部の差出人から外部あてのメール %d 通がログインなしで中継されている", relayed},
		{"e", 3, "by the logs %d messages of foreign senders were relayed to outside without a login, and no line is open but to few", "ログによれば、外部の差出人から外部あてのメール %d 通がログインなしで中継されており、開いているのは限られた相手への行だけ", relayedForFew},
		{"b", 1, "%d good logins in %d sessions: hardly anybody logs in", "ログイン成功 %d 回、接続 %d 回: ログインしている者がほとんどいない", fewLogIn},
		{"c", 2, "%d of %d messages for outside are let out without a login by a line of the deny file, mostly line %d", "外部あて %[2]d 通のうち %[1]d 通は、中継制限ファイルの行(主に %[3]d 行目)により認証なしで送れる", opened},
		{"c", 1, "%d lines of the deny file open the server, the first is line %d", "中継制限ファイルに、サーバーを開いてしまう行が %d 行ある(最初は %d 行目)", openingLine},
		{"c", 2, "%d of %d messages for outside name an account that does not exist: no rule but an open one lets that through", "外部あて %[2]d 通のうち %[1]d 通が存在しないアカウントを名乗る: 開いた行がなければ通らない", noAccount},
		{"abc", 1, "%d different clients, the most frequent with %d of %d messages for outside", "接続元は %d か所、最多でも外部あて %[3]d 通のうち %[2]d 通", manyClients},
		{"d", 3, "%d of %d messages for outside come from this machine itself", "外部あて %[2]d 通のうち %[1]d 通がこのサーバー自身から出ている", self},
		{"d", 1, "%d of %d messages for outside have a program's sender such as www-data", "外部あて %[2]d 通のうち %[1]d 通は差出人が www-data などプログラムの名前", program},
		{"e", 2, "%s alone handed in %d of %d messages for outside", "%s だけで外部あて %[3]d 通のうち %[2]d 通を送ってきた", oneClient},
		{"e", 1, "%d of %d messages for outside come from a private network", "外部あて %[2]d 通のうち %[1]d 通が内部ネットワークから", inside},
		{"e", 1, "%d of %d messages for outside are let out by line %d of the deny file, which is open to few only", "外部あて %[2]d 通のうち %[1]d 通は、限られた相手だけを許す中継制限ファイルの %[3]d 行目で通る", openedToFew},
		{"e", 1, "no login came from more than %d addresses, in %d sessions", "%d か所を超えるアドレスからのログインはない(接続 %d 回)", noSpread},
		{"f", 3, "%d of %d messages are list mail", "%[2]d 通のうち %[1]d 通がメーリングリスト", list},
		{"f", 3, "%d of %d messages for outside have a foreign sender that no line lets relay: they were passed on", "外部あて %[2]d 通のうち %[1]d 通は、中継を許されない外部の差出人: 転送と見られる", passedOn},
		{"g", 2, "the deny file was changed %[1]s ago and opens the server", "中継制限ファイルが %[2]s前に変更され、しかもサーバーを開いている", freshLine},
		{"g", 1, "an account file was changed %[1]s ago", "アカウントファイルが %[2]s前に変更されている", freshAccount},
		{"h", 2, "%d of %d messages are error mails of others for our addresses", "%[2]d 通のうち %[1]d 通が、自社アドレスに届いた他所からのエラーメール", backscatter},
		{"h", 1, "only %d of %d messages are for outside", "外部あては %[2]d 通のうち %[1]d 通だけ", hardlyOut},
		{"h", 1, "no login came from more than %d addresses, in %d sessions", "%d か所を超えるアドレスからのログインはない(接続 %d 回)", noSpread},

		{"a", -2, "no good login at all in %[2]d sessions", "接続 %[2]d 回のうちログイン成功は 0 回", noLogin},
		{"a", -2, "%d of %d messages for outside needed no login by a line of the deny file (line %d)", "外部あて %[2]d 通のうち %[1]d 通は、中継制限ファイルの行(%[3]d 行目)でログイン不要", opened},
		{"a", -3, "by the logs %[2]d messages name a suspect without a login, %[1]d were sent after one", "ログによれば、疑わしいアカウントを名乗るメールのうち %[2]d 通がログインなし、%[1]d 通がログイン後に送られた", withoutLogin},
		{"b", -3, "by the logs %d messages of suspects were sent after a login, %d without", "ログによれば、疑わしいアカウントのメールのうち %d 通がログイン後、%d 通がログインなしで送られた", afterLogin},
		{"b", -2, "%s, a suspect by the logs, logged in from %d addresses, %d times%[4]s", "ログから見て疑わしい %s が、%d か所のアドレスからログインしている(%d 回%[5]s)", login(fewPlaces, 0)},
		{"ab", -3, "by the logs %d messages of foreign senders were relayed without a login, and %d of suspect accounts were handed in", "ログによれば、外部の差出人のメール %d 通がログインなしで中継され、疑わしいアカウントのメールは %d 通", mostlyRelayed},
		{"b", -2, "%d of %d messages for outside are let out after a login only", "外部あて %[2]d 通のうち %[1]d 通は、ログインしなければ送れない", needLogin},
		{"b", -2, "local senders have to log in, and %d of %d messages for outside name one who does", "自社の差出人にはログインが必要で、外部あて %[2]d 通のうち %[1]d 通は認証ファイルのある差出人", loggedIn},
		{"b", -2, "every session has to log in", "すべての接続にログインが必要な設定", everybody},
		{"b", -2, "%d of %d messages for outside name an account that does not exist", "外部あて %[2]d 通のうち %[1]d 通が存在しないアカウントを名乗る", noAccount},
		{"b", -2, "%d of %d messages for outside are let out by a line of the deny file (line %d)", "外部あて %[2]d 通のうち %[1]d 通は、中継制限ファイルの行(%[3]d 行目)で通る", opened},
		{"c", -2, "no line of the deny file opens the server", "中継制限ファイルに、サーバーを開く行はない", shut},
		{"abce", -2, "%d of %d messages for outside come from this machine itself", "外部あて %[2]d 通のうち %[1]d 通がこのサーバー自身から出ている", self},
		{"d", -2, "none of %d messages for outside comes from this machine", "外部あて %d 通に、このサーバー自身から出たものはない", notSelf},
		{"e", -2, "%d different clients, the most frequent with %d of %d messages for outside", "接続元は %d か所、最多でも外部あて %[3]d 通のうち %[2]d 通", manyClients},
		{"f", -1, "neither list mail nor mail that was passed on among %d messages", "%d 通に、メーリングリストも転送もない", noList},
		{"h", -3, "%d of %d messages are for outside", "%[2]d 通のうち %[1]d 通が外部あて", mostlyOut},
	}
}

// much says whether n is at least so many percent of all.
func much(n, of, percent int) bool { return of > 0 && n*100 >= of*percent }

// part answers whether n is at least so many percent of all, which must be enough to say so.
func part(n, of, percent int) ([]any, state) {
	switch {
	case of < fewMails:
		return nil, unknown
	case much(n, of, percent):
		return []any{n, of}, yes
	}
	return nil, no
}

func when(holds bool, figures ...any) ([]any, state) {
	if holds {
		return figures, yes
	}
	return nil, no
}

func spread(u spool.Login, places int) bool { return u.Addresses >= places && u.Success >= fewLogins }
