package made

import (
	"bytes"
	"testing"
	"time"
)

// A log has about the size that was asked for, and the same seed makes the same log.
func TestSize(t *testing.T) {
	for _, o := range []Options{{Size: 4 << 20}, {Size: 4 << 20, Spam: 500}} {
		o.Until = time.Date(2026, 11, 25, 3, 0, 0, 0, time.UTC)
		var one, two bytes.Buffer
		truth, err := Write(&one, 1, o)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Write(&two, 1, o); err != nil || !bytes.Equal(one.Bytes(), two.Bytes()) {
			t.Errorf("%v: two logs of one seed differ", err)
		}
		if n := int64(one.Len()); n < o.Size || n > o.Size*5/4 {
			t.Errorf("%d bytes, want %d", n, o.Size)
		}
		if truth.Spam != int64(o.Spam) || truth.Lines != int64(bytes.Count(one.Bytes(), []byte{'\n'})) || truth.Rejected == 0 || truth.Deferred == 0 {
			t.Errorf("%+v", *truth)
		}
	}
}
