package journal

import (
	"errors"
	"fmt"
	"time"

	"hikeshi/runbook"
	"hikeshi/runbook/journal/chain"
	"hikeshi/runbook/journal/systemlog"
)

// tell sends r to the system log.
func (j *Journal) tell(r runbook.Record) error {
	if j.store.System == nil {
		return errors.New("there is no system log")
	}
	if errors.Is(j.mute, systemlog.ErrSilent) {
		return j.mute // a stop must not wait for each of its records
	}
	text, err := chain.Encode(r)
	if err != nil {
		return err
	}
	return j.store.System.Log(fmt.Sprintf("incident %s, not recorded on disk: %s", j.id, text))
}

// Unrecorded says how many records are in memory only, and which in words; 0 when all is on disk.
func (j *Journal) Unrecorded() (int, runbook.Text) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.unrecorded()
}

func (j *Journal) unrecorded() (int, runbook.Text) {
	n := len(j.late)
	if n == 0 {
		return 0, runbook.Text{}
	}
	from, to := j.late[0].Format(time.RFC3339), j.late[n-1].Format(time.RFC3339)
	where := runbook.T("they were sent to the system log (journalctl -t hikeshi)", "システムログへ送った (journalctl -t hikeshi)")
	if j.mute != nil {
		where = runbook.Tf("the system log did not take all of them either: %v", "システムログにも一部送れなかった: %v", j.mute)
	}
	return n, runbook.Tf("%[1]d records from %[2]s to %[3]s could not be written to disk at once: %[4]v; %[5]s",
		"%[2]s から %[3]s までの %[1]d 件の記録をその時点でディスクに書き込めなかった: %[4]v。%[6]s", n, from, to, j.cause, where.EN, where.JA)
}
