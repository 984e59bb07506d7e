package main

import (
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"time"

	"github.com/spf13/cobra"

	"hikeshi/runbook"
	"hikeshi/spool"
)

type decisionDocument struct {
	Version int     `json:"hikeshi"`
	Kind    string  `json:"kind"`
	Address string  `json:"address"`
	Sender  *string `json:"sender,omitempty"`
	Login   bool    `json:"login"`
	Result  string  `json:"result"`
	Line    *int    `json:"line"`
	Text    string  `json:"text"`
	File    string  `json:"file"`
	Meaning string  `json:"meaning"`
	Reply   string  `json:"reply"`
	// Table is the row of the receiver's lock-out table that refuses the peer when it connects: what is above is asked no more. Null: none.
	Table *tableRow `json:"table"`
	// Unread says why the table cannot be asked.
	Unread string `json:"table_error,omitempty"`
}

type tableRow struct {
	File    string `json:"file"`
	Line    int    `json:"line"` // 1-based
	Text    string `json:"text"`
	ForEver bool   `json:"for_ever"` // else until the lock time of the settings is over

	until time.Time // when that is; zero if it never is
}

func (a *app) relayCheck() *cobra.Command {
	var sender, file string
	var login bool
	cmd := &cobra.Command{
		Use: "check ADDR", Short: "what the server would decide for a peer, and which line decides", Args: cobra.ExactArgs(1),
		Long: `Check evaluates the deny file as the server does: the first line that fits decides.
--sender= with nothing is MAIL FROM: with nothing; "<>" is the null sender; without
--sender a foreign sender is meant that no line names. A peer that a row of the
lock-out table (rejectsmtpip.dat) refuses when it connects is told first: the deny
file is not asked then. The exit code is 0 whatever is decided.`,
		Example: "  hikeshi relay check 203.0.113.9\n  hikeshi relay check 203.0.113.9 --sender taro@example.jp --login\n  hikeshi relay check 2001:db8::5 --file ./effect.dat --output json",
		RunE: func(cmd *cobra.Command, args []string) error {
			peer, err := netip.ParseAddr(args[0])
			if err != nil {
				return usagef(a.word("an IPv4 or IPv6 address is wanted", "IPv4 か IPv6 のアドレスを指定する"), "%q is no address", args[0])
			}
			q := spool.RelayQuery{Peer: peer.Unmap(), Login: login}
			if cmd.Flags().Changed("sender") {
				q.Sender = &sender
			}
			return a.checkRelay(cmd, q, file)
		},
	}
	f := cmd.Flags()
	f.StringVar(&sender, "sender", "", "what stands in MAIL FROM")
	f.Lookup("sender").Annotations = map[string][]string{mayBeEmpty: {}}
	f.BoolVar(&login, "login", false, "the peer has logged in with SMTP AUTH")
	f.StringVar(&file, "file", "", "evaluate this `FILE` instead of the server's")
	return cmd
}

func (a *app) checkRelay(cmd *cobra.Command, q spool.RelayQuery, file string) error {
	denier, data, path, err := a.denyFile(cmd, file)
	if err != nil {
		return err
	}
	d := denier.Decide(data, q)
	doc := decisionDocument{Version: 1, Kind: "relay-decision", Address: q.Peer.String(), Sender: q.Sender, Login: q.Login,
		Result: d.Result, Text: d.Text, File: path, Meaning: runbook.T(d.Meaning, d.MeaningJA).In(a.lang()), Reply: d.Reply}
	if d.Line > 0 {
		doc.Line = &d.Line
	}
	if h, ok := denier.(interface {
		spool.HardDenier
		spool.HardDecider
	}); ok && file == "" {
		if doc.Table, err = a.cutOff(h, h.HardTables()[0], q.Peer); err != nil {
			doc.Unread = err.Error()
		}
	}
	if a.isJSON() {
		return a.json(doc)
	}
	a.printCutOff(q.Peer, doc)
	where := a.word("no line decides", "該当する行なし")
	if d.Line > 0 {
		where = fmt.Sprintf("%s:%d: %s", path, d.Line, line(d.Text)) // never broken: it is to be copied
	}
	s := a.screenOn(a.stdout)
	fmt.Fprintf(a.stdout, "%s  %s\n  %s\n", q.Peer, d.Result, where)
	for _, text := range []string{doc.Meaning, d.Reply} {
		s.hang(2, "  "+text)
	}
	return nil
}

// cutOff is the row of a table that refuses the peer when it connects; nil if none does.
func (a *app) cutOff(h spool.HardDecider, t spool.HardTable, peer netip.Addr) (*tableRow, error) {
	data, err := readOwn(t.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	d, err := h.HardDecide(t, data, peer, a.now())
	if err != nil || !d.Refused {
		return nil, err
	}
	return &tableRow{t.Path, d.Line, line(d.Text), d.ForEver, d.Until}, nil
}

// printCutOff says before all else that the peer is refused when it connects.
func (a *app) printCutOff(peer netip.Addr, doc decisionDocument) {
	s := a.screenOn(a.stdout)
	if doc.Unread != "" {
		s.row(s.level(runbook.Warn), a.word("whether a lock-out table refuses it cannot be told: ", "接続拒否の表で拒否されるかどうかは判定できない: ")+line(doc.Unread))
	}
	if doc.Table == nil {
		return
	}
	t := doc.Table
	fmt.Fprintf(a.stdout, "%s  %s\n  %s:%d: %s\n", peer, a.word("refused when it connects", "接続時に拒否"), t.File, t.Line, t.Text)
	until := a.word("for ever", "無期限")
	if !t.ForEver {
		until = a.word("until its lock time is over", "ロック時間が過ぎるまで")
	}
	s.hang(2, "  "+fmt.Sprintf(a.word("This row of the lock-out table decides (%s); the deny file is not asked. It would say:", "この表の行が決める (%s)。拒否ファイルは参照されない。参照されれば次のとおり:"), until))
}
