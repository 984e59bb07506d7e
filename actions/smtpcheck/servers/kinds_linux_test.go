package servers

import (
	"os"
	"path/filepath"

	"hikeshi/spool/lab/standin"
)

// A server is one configuration of one server. All host example.jp with the account taro and are called mail.example.jp; Debian's are also
// secondary MX for backup.example.
type server struct {
	name    string // as in the matrix
	pkg     string // of Debian's
	tree    tree
	standin func(dir string) error // makes the folder of the stand-in; nil for a real server
	state   string                 // that is to be found
}

// The configurations. A closed one is as Debian installs it, told its names only.
func all() []server {
	return []server{
		postfix("closed", "permit_mynetworks permit_sasl_authenticated defer_unauth_destination", "safe"),
		postfix("permit", "check_client_access static:OK reject_unauth_destination", "suspect"),
		postfix("own-sender", "permit_mynetworks check_sender_access inline:{example.jp=OK} reject_unauth_destination", "suspect"),
		postfix("routing", "permit_mynetworks reject_unauth_destination\nallow_untrusted_routing = yes\nlocal_recipient_maps =\nallow_percent_hack = no\nswap_bangpath = no", "suspect"),
		postfixLogins("logins", "", "", "reject_sender_login_mismatch", "", "safe"),
		postfixLogins("loose", "check_client_access tcp:127.0.0.1:4242", "check_sender_access,inline:{example.jp=OK},check_client_access,tcp:127.0.0.1:4242,", "", "127.0.0.1:4242", "suspect"),
		sendmail("closed", "", "safe"),
		sendmail("local-from", "FEATURE(relay_local_from)", "suspect"),
		sendmail("loose", "FEATURE(loose_relay_check)", "suspect"),
		exim("closed", "", "safe"),
		exim("relay-nets", "0.0.0.0/0", "suspect"),
		epost("closed", "*.*.*.* norelay,2\n", "safe"),
		epost("default", "", "suspect"),
		epost("own-domain", "example.jp true\n", "suspect"),
	}
}

// postfix is Debian's Postfix as its "Internet Site" is configured, with other rules for relaying. They are the only difference.
func postfix(name, rules, state string) server {
	return server{name: "postfix-" + name, pkg: "postfix", state: state, tree: tree{
		Users:  "postfix:x:101:101::/var/spool/postfix:/usr/sbin/nologin\n",
		Groups: "postfix:x:101:\npostdrop:x:102:\n",
		Setup: `
cat /usr/share/postfix/main.cf.debian - >/etc/postfix/main.cf <<'END'
smtpd_relay_restrictions = ` + rules + `
myhostname = mail.example.jp
alias_maps = hash:/etc/aliases
alias_database = hash:/etc/aliases
myorigin = /etc/mailname
mydestination = $myhostname, example.jp, localhost.example.jp, localhost
relay_domains = backup.example
mynetworks = 127.0.0.0/8 [::ffff:127.0.0.0]/104 [::1]/128
recipient_delimiter = +
inet_protocols = ipv4
END
cp /usr/share/postfix/master.cf.dist /etc/postfix/master.cf
postconf -F '*/*/chroot=n'
mkdir -p /var/spool/postfix
chown postfix:postfix /var/lib/postfix
postalias /etc/aliases
postfix check
`,
		Daemon: []string{"/usr/lib/postfix/sbin/master", "-c", "/etc/postfix"}}}
}

// sendmail is Debian's sendmail with its own sendmail.mc and access map, listening on all addresses, with one more line in sendmail.mc.
func sendmail(name, more, state string) server {
	return server{name: "sendmail-" + name, pkg: "sendmail-bin", state: state, tree: tree{
		Users:  "smmta:x:103:103::/var/lib/sendmail:/usr/sbin/nologin\nsmmsp:x:104:104::/var/lib/sendmail:/usr/sbin/nologin\n",
		Groups: "smmta:x:103:\nsmmsp:x:104:\n",
		Setup: `
cd /etc/mail
touch m4/dialup.m4 m4/provider.m4
sed 's/, Addr=127.0.0.1//; s/^MAILER_DEFINITIONS/` + more + `\n&/' /usr/share/sendmail/cf/debian/sendmail.mc >sendmail.mc
m4 sendmail.mc >sendmail.cf
cp /usr/share/sendmail/examples/db/access .
/usr/libexec/sendmail/makemap hash access <access
echo example.jp >local-host-names
echo backup.example >relay-domains
ln -s ../aliases aliases
mkdir -p /run/sendmail/mta /var/lib/sendmail /var/spool/mqueue
chown smmta:smmta /var/spool/mqueue /run/sendmail/mta
chmod 2750 /var/spool/mqueue
/usr/libexec/sendmail/sendmail -bi
`,
		Daemon: []string{"/usr/libexec/sendmail/sendmail", "-bD"}}}
}

// exim is Debian's Exim as its "internet site" is configured, with the networks that it relays for.
func exim(name, nets, state string) server {
	return server{name: "exim-" + name, pkg: "exim4-daemon-light", state: state, tree: tree{
		Users:  "Debian-exim:x:105:105::/var/spool/exim4:/usr/sbin/nologin\n",
		Groups: "Debian-exim:x:105:\n",
		Setup: `
cat >/etc/exim4/update-exim4.conf.conf <<'END'
dc_eximconfig_configtype='internet'
dc_other_hostnames='mail.example.jp:example.jp'
dc_local_interfaces=''
dc_readhost=''
dc_relay_domains='backup.example'
dc_minimaldns='false'
dc_relay_nets='` + nets + `'
dc_smarthost=''
CFILEMODE='644'
dc_use_split_config='false'
dc_hide_mailname=''
dc_mailname_in_oh='true'
dc_localdelivery='mail_spool'
END
mkdir -p /var/log/exim4 /var/spool/exim4 /run/exim4
chown Debian-exim:Debian-exim /var/log/exim4 /var/spool/exim4 /run/exim4 /var/lib/exim4
update-exim4.conf
`,
		Daemon: []string{"/usr/sbin/exim4", "-bdf", "-q30m"}}}
}

// epost is the stand-in for E-Post, which demands no login of anybody, with lines for its effect.dat.
func epost(name, lines, state string) server {
	return server{name: "epost-" + name, state: state, standin: func(dir string) error {
		c := standin.Config{Root: dir}
		files := map[string]string{
			c.Program("effect.dat"):                         "#<> default\n#blank false\n" + lines,
			c.Lab("keep"):                                   "",
			c.Spool("reg/epost/ims/HostName.2"):             hostName + "\n",
			c.Spool("reg/epost/ims/DomainNamesAreLocal.0"):  "example.jp\x00",
			c.Spool("reg/epost/ims/EPST5RS/SMTPAUTHMode.2"): "PLAIN LOGIN\n",
			c.Spool("inbox/taro/keep"):                      "",
			c.Spool("inbox/postmaster/keep"):                "",
			c.Spool("db/example.jp.idx"): standin.Account{Name: "taro", FullName: "Taro", Domain: "example.jp"}.Line("p") +
				standin.Account{Name: "postmaster", FullName: "Postmaster", Domain: "example.jp"}.Line("p"),
		}
		for path, text := range files {
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				return err
			}
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				return err
			}
		}
		return nil
	}}
}
