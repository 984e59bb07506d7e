package guard

import (
	"fmt"
	"time"

	"hikeshi/runbook"
)

// DefaultReview is after how long a denial is to be looked at again.
const DefaultReview = 30 * 24 * time.Hour

// Asked reads what a denial is asked for: its targets, and after how long it is to be looked at again. The error wraps runbook.ErrInput.
func Asked(in runbook.Input) (targets []string, review time.Duration, err error) {
	var p struct {
		Targets []string `json:"targets"`
		Review  string   `json:"review"`
	}
	if err := in.Decode(&p); err != nil {
		return nil, 0, err
	}
	review = DefaultReview
	if p.Review != "" {
		if review, err = time.ParseDuration(p.Review); err != nil {
			return nil, 0, fmt.Errorf("%w: parameter review: %w (units: s, m, h; no days)", runbook.ErrInput, err)
		}
	}
	return p.Targets, review, nil
}
