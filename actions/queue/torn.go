package queue

import (
	"context"

	"hikeshi/actions/queue/words"
	"hikeshi/runbook"
	"hikeshi/spool"
	"hikeshi/spool/aside/transfer"
	"hikeshi/spool/scan"
)

// halves are the bodies and the envelopes of some folders. The two of a message differ in the extension alone: of a message to several
// recipients some pairs can be on one side and some on the other.
type halves struct{ bodies, envelopes scan.Set }

func (h *halves) add(ctx context.Context, queue spool.Queue, f spool.Folder) error {
	return scan.Names(ctx, queue, f, func(file string, part spool.Part) {
		switch part {
		case spool.Body:
			h.bodies.Add(transfer.Stem(file))
		case spool.Envelope:
			h.envelopes.Add(transfer.Stem(file))
		}
	})
}

// torn finds halves of messages in the queue whose other half is set aside. The delivery service would delete them when it starts.
func (k *check) torn(ctx context.Context) error {
	queue, ok := k.env.Server.(spool.Queue)
	if !ok || len(k.asides) == 0 {
		return nil
	}
	var out, live halves
	for _, s := range k.asides {
		for _, f := range s.Folders {
			if err := out.add(ctx, queue, spool.Folder{Name: f.Of.Name, Path: f.Path, Tree: f.Of.Tree}); err != nil {
				return err
			}
		}
	}
	for _, f := range k.set {
		if err := live.add(ctx, queue, f); err != nil {
			return err
		}
	}
	for _, f := range k.set {
		var torn scan.Set
		err := scan.Names(ctx, queue, f, func(file string, part spool.Part) {
			s := transfer.Stem(file)
			if part == spool.Body && !live.envelopes.Has(s) && out.envelopes.Has(s) || part == spool.Envelope && !live.bodies.Has(s) && out.bodies.Has(s) {
				torn.Add(s)
			}
		})
		if err != nil {
			return err
		}
		if torn.Len() > 0 {
			k.half(f.Name)
			k.find(runbook.Bad, f.Path, runbook.Tf("%s: %s messages have parts here and parts that are set aside", "%s: 一部だけが退避されたメールが %s 通", f.Name, words.Number(torn.Len())))
		}
	}
	return nil
}
