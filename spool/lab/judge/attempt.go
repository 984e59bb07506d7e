package judge

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"net/textproto"
	"slices"
	"strings"

	"hikeshi/spool/lab/traffic"
)

// Attempts are what the thief tries once more. Each must be refused.
type Attempts struct {
	Login   []traffic.Client // with the stolen password
	Senders []traffic.Client // under the abused sender, without a login
	Others  []traffic.Client // under other senders that exist, without a login
}

// denied lets every denied client try. It is refused only if the receiver refuses the address itself.
func (c Case) denied(ctx context.Context) Judgement {
	return c.refusals("denied sources refused over SMTP", "拒否した接続元からの送信が断られる", c.Denied, func(client traffic.Client) (string, bool) {
		answer, err := mailFrom(ctx, c.Config.Address(), client)
		if code(err) == 535 {
			client.Login = ""
			answer, err = mailFrom(ctx, c.Config.Address(), client)
		}
		return told(answer, err), errors.Is(err, traffic.ErrTurnedAway) ||
			strings.HasPrefix(answer, "550 5.1.7") && strings.Contains(answer, "valid IP or Domain")
	})
}

// login wants 535, and nothing else unless the address is denied before the banner.
func (c Case) login(ctx context.Context) Judgement {
	return c.refusals("stolen login refused (535)", "盗まれたパスワードでの認証が断られる (535)", c.Attempts.Login, func(client traffic.Client) (string, bool) {
		answer, err := c.unlocked(client, func(client traffic.Client) (string, error) { return mailFrom(ctx, c.Config.Address(), client) })
		return told(answer, err), code(err) == 535 || errors.Is(err, traffic.ErrTurnedAway) && c.isDenied(client)
	})
}

func (c Case) senders(ctx context.Context) Judgement {
	return c.relaying(ctx, "abused sender refused", "悪用された差出人での中継が断られる", c.Attempts.Senders)
}

func (c Case) others(ctx context.Context) Judgement {
	return c.relaying(ctx, "other existing senders refused without a login", "ほかの実在の差出人での、認証なしの中継が断られる", c.Attempts.Others)
}

// relaying wants a refusal before or at the first recipient, who is outside.
func (c Case) relaying(ctx context.Context, name, ja string, clients []traffic.Client) Judgement {
	return c.refusals(name, ja, clients, func(client traffic.Client) (string, bool) {
		answer, err := c.unlocked(client, func(client traffic.Client) (string, error) { return begun(ctx, c.Config.Address(), client) })
		return client.Sender + ": " + told(answer, err), code(err) != 0 || errors.Is(err, traffic.ErrTurnedAway)
	})
}

// unlocked tries from the client's address, and from others where the server has locked that one out after too many failures: what has to
// be refused is the attempt, wherever it comes from.
func (c Case) unlocked(client traffic.Client, try func(traffic.Client) (string, error)) (answer string, err error) {
	for n := 0; ; n++ {
		answer, err = try(client)
		if !errors.Is(err, traffic.ErrTurnedAway) || c.isDenied(client) || n == 50 {
			return answer, err
		}
		client.Peer = netip.AddrFrom4([4]byte{198, 51, 100, byte(200 + n)}) // nobody else's in any scenario
	}
}

func (c Case) isDenied(client traffic.Client) bool {
	return slices.ContainsFunc(c.Denied, func(d traffic.Client) bool { return d.Peer == client.Peer })
}

// refusals counts the clients that are refused and lists the others.
func (c Case) refusals(name, ja string, clients []traffic.Client, try func(traffic.Client) (answer string, refused bool)) Judgement {
	j := Judgement{Name: name, NameJA: ja, Want: fmt.Sprintf("%d of %d", len(clients), len(clients))}
	n := 0
	for _, client := range clients {
		answer, refused := try(client)
		if refused {
			n++
		} else {
			j.Items = append(j.Items, client.Peer.String()+": "+answer)
		}
	}
	j.Value = fmt.Sprintf("%d of %d", n, len(clients))
	j.OK = n > 0 && n == len(clients)
	return j
}

// witnesses are the control: without them a receiver that refuses everybody would look good.
func (c Case) witnesses(ctx context.Context) Judgement {
	j := Judgement{Name: "somebody else is still accepted", NameJA: "ほかの人からのメールは受け付ける", Want: "accepted", Value: "accepted", OK: true}
	if len(c.Witnesses) == 0 {
		j.Value, j.OK = "nobody tried", false
	}
	for _, w := range c.Witnesses {
		if _, err := begun(ctx, c.Config.Address(), w); err != nil {
			j.Items = append(j.Items, fmt.Sprintf("%s as %s: %v", w.Peer, w.Sender, err))
			j.Value, j.OK = err.Error(), false
		}
	}
	return j
}

// owner looks whether the owner of the abused account still gets mail from outside.
func (c Case) owner(ctx context.Context) Judgement {
	j := Judgement{Name: "the owner still receives mail", NameJA: "本人あてのメールは届く", Want: "accepted", Value: "accepted", OK: true}
	outside := traffic.Client{Peer: c.Outside, Name: "mx.example.com", To: [][]string{{c.Abused + "@" + c.Own[0]}}}
	if _, err := begun(ctx, c.Config.Address(), outside); err != nil {
		j.Value, j.OK = err.Error(), false
	}
	return j
}

// mailFrom returns the answer to MAIL FROM, "" if it does not come so far.
func mailFrom(ctx context.Context, address string, client traffic.Client) (string, error) {
	conn, err := hello(ctx, address, client)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	return conn.Command("MAIL FROM:<%s>", client.Sender)
}

// begun begins a message up to its first recipient, returns the last answer, and gives the message up.
func begun(ctx context.Context, address string, client traffic.Client) (string, error) {
	conn, err := hello(ctx, address, client)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	if answer, err := conn.Command("MAIL FROM:<%s>", client.Sender); err != nil {
		return answer, err
	}
	answer, err := conn.Command("RCPT TO:<%s>", client.To[0][0])
	if err != nil {
		return answer, err
	}
	return answer, conn.Reset()
}

func hello(ctx context.Context, address string, client traffic.Client) (*traffic.Conn, error) {
	conn, err := traffic.Dial(ctx, address, client.Peer)
	if err != nil {
		return nil, err
	}
	if err := conn.Hello(client); err != nil {
		conn.Close()
		return nil, err
	}
	return conn, nil
}

// code is that of a refusal over SMTP, 0 if err is none.
func code(err error) int {
	var smtp *textproto.Error
	if errors.As(err, &smtp) {
		return smtp.Code
	}
	return 0
}

func told(answer string, err error) string {
	if answer == "" && err != nil {
		return err.Error()
	}
	return answer
}
