package judge

import (
	"context"
	"errors"
	"net/textproto"
	"strings"

	"hikeshi/spool/lab/traffic"
)

// attempt tries to begin a message as the client would, and without a login if that is refused. It is refused only if the receiver
// refuses the address itself.
func attempt(ctx context.Context, address string, client traffic.Client) (answer string, refused bool) {
	answer, err := mailFrom(ctx, address, client)
	var smtp *textproto.Error
	if errors.As(err, &smtp) && smtp.Code == 535 {
		client.Login = ""
		answer, err = mailFrom(ctx, address, client)
	}
	if err != nil && answer == "" {
		return err.Error(), false
	}
	return answer, strings.HasPrefix(answer, "550 5.1.7") && strings.Contains(answer, "valid IP or Domain")
}

// mailFrom returns the answer to MAIL FROM, "" if it does not come so far.
func mailFrom(ctx context.Context, address string, client traffic.Client) (string, error) {
	conn, err := traffic.Dial(ctx, address, client.Peer)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	if err := conn.Hello(client.Name, client.Login, client.Password); err != nil {
		return "", err
	}
	return conn.Command("MAIL FROM:<%s>", client.Sender)
}

// accepted begins a message up to its first recipient and gives it up.
func accepted(ctx context.Context, address string, client traffic.Client) error {
	conn, err := traffic.Dial(ctx, address, client.Peer)
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := conn.Hello(client.Name, client.Login, client.Password); err != nil {
		return err
	}
	if _, err := conn.Command("MAIL FROM:<%s>", client.Sender); err != nil {
		return err
	}
	if _, err := conn.Command("RCPT TO:<%s>", client.To[0][0]); err != nil {
		return err
	}
	return conn.Reset()
}
