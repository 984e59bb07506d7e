package nearest

import "testing"

func TestName(t *testing.T) {
	names := []string{"title", "timeout", "retries", "on_error", "id"}
	for _, c := range []struct{ word, want string }{
		{"tilte", "title"},      // swapped
		{"titel", "title"},      // swapped
		{"timout", "timeout"},   // left out
		{"retriess", "retries"}, // added
		{"on-error", "on_error"},
		{"di", "id"},
		{"cost", ""},
		{"", ""},
		{"x", ""},
		{string(make([]byte, 100)), ""},
	} {
		if got := Name(c.word, names); got != c.want {
			t.Errorf("Name(%q) = %q, want %q", c.word, got, c.want)
		}
	}
}

func TestNameTakesTheNearest(t *testing.T) {
	if got := Name("strat", []string{"start", "stat", "strategy"}); got != "start" {
		t.Errorf("got %q", got)
	}
	if got := Name("stap", []string{"step", "stop"}); got != "step" {
		t.Errorf("of two equally near names the first is taken: got %q", got)
	}
}

func TestHint(t *testing.T) {
	if got := Hint("sources_", []string{"sources"}); got != `; did you mean "sources"?` {
		t.Errorf("got %q", got)
	}
	if got := Hint("elephant", []string{"sources"}); got != "" {
		t.Errorf("got %q", got)
	}
}
