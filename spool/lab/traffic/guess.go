package traffic

import (
	"context"
	"errors"
)

// guess tries passwords, each in a session of its own, until all were refused. Where nobody listens it tries again; a thief who is
// turned away has to do without.
func (t *Traffic) guess(ctx context.Context, thief Thief) {
	if len(thief.Guesses) == 0 {
		return
	}
	defer t.keys.Done()
	for _, password := range thief.Guesses {
		client := thief.Client
		client.Password = password
		c, err := t.connect(ctx, client)
		for errors.Is(err, ErrNoConnection) && !errors.Is(err, ErrTurnedAway) && ctx.Err() == nil {
			t.unheard.Add(1)
			pause(ctx, thief.Every)
			c, err = t.connect(ctx, client)
		}
		switch {
		case err == nil:
			c.Close()
			return // it was the right one
		case errors.Is(err, ErrTurnedAway), ctx.Err() != nil:
			return
		}
		t.guessed.Add(1)
	}
}
