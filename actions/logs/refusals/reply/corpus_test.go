package reply

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// answer finds the replies in a bounce: behind the words that programmes put before them, or at the beginning of a line.
var answer = regexp.MustCompile(`(?im)(?:^\s*|smtp;\s*|said:\s*|<<<\s*|:\s)\(?([45]\d\d[ -][^\r\n]+(?:\r?\n[ \t]+[^\r\n]+|\r?\n(?:<<< )?[45]\d\d[ -][^\r\n]+)*)`)

// TestBounces judges the replies in real bounces. Which of them speak of a block was decided by reading all of them, and is written
// down as a word of each, see judged.
func TestBounces(t *testing.T) {
	files, err := filepath.Glob("../../../../../shared/corpora/bounces/*/*.eml")
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		if strings.Contains(os.Getenv("HIKESHI_REQUIRE"), "shared") {
			t.Fatal("HIKESHI_REQUIRE asks for shared: there are no bounces in ../shared")
		}
		t.Skip("there are no bounces in ../shared")
	}
	seen := map[string]Reply{}
	for _, path := range files {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range answer.FindAllStringSubmatch(strings.ReplaceAll(string(text), "\r", "\n"), -1) {
			if r := Read([]byte(one(m[1])), nil); r.Code != 0 {
				seen[r.Normal] = r
			}
		}
	}
	var blocking []string
	found := map[string]bool{}
	for _, r := range seen {
		if !r.Blocking {
			continue
		}
		blocking = append(blocking, r.Example)
		i := slices.IndexFunc(judged, func(w string) bool { return strings.Contains(strings.ToLower(r.Example), w) })
		if i < 0 {
			t.Errorf("called a block, and nobody has judged it: %s", r.Example)
			continue
		}
		found[judged[i]] = true
	}
	for _, w := range judged {
		if !found[w] {
			t.Errorf("no reply with %q is called a block", w)
		}
	}
	slices.Sort(blocking)
	t.Logf("%d different replies in %d bounces, %d of them speak of a block:\n%s", len(seen), len(files), len(blocking), strings.Join(blocking, "\n"))
	if len(seen) < 150 {
		t.Errorf("only %d replies were found", len(seen))
	}
}

// one cuts off what follows a reply: lines that begin with another code.
func one(text string) string {
	lines := strings.Split(text, "\n")
	for i, l := range lines {
		if code := strings.TrimPrefix(l, "<<< "); i > 0 && answer.MatchString(code) && !strings.HasPrefix(code, text[:3]) {
			return strings.Join(lines[:i], "\n")
		}
	}
	return text
}

// judged are the words by which the replies of the corpus that speak of a block were recognised by reading.
var judged = []string{"tss04", "policy violation", "policy reasons", "security policies", "access denied", "blacklisted", "ube", "block list", "blocked by", "spamhaus", "spam", "network not allowed", "4.7.650"}
