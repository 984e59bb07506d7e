package lab

import (
	"encoding/base64"
	"os"
	"strings"
)

// edit changes a file as an administrator does.
func (n *night) edit(path string, change func(text string) string) {
	n.Helper()
	data, err := os.ReadFile(path)
	n.must(err)
	n.must(os.WriteFile(path, []byte(change(string(data))), 0o600))
}

// account changes the fields of an account in its line.
func (n *night) account(name string, change func(fields []string)) {
	n.Helper()
	n.edit(n.config.Spool("db/example.jp.idx"), func(text string) string {
		var out strings.Builder
		for line := range strings.Lines(text) {
			record, err := base64.StdEncoding.DecodeString(strings.TrimSuffix(line, "\n"))
			n.must(err)
			if fields := strings.Split(string(record), "\t"); fields[0] == name {
				change(fields)
				line = base64.StdEncoding.EncodeToString([]byte(strings.Join(fields, "\t"))) + "\n"
			}
			out.WriteString(line)
		}
		return out.String()
	})
}

// lock replaces both passwords of an account.
func (n *night) lock(name string) {
	n.Helper()
	n.account(name, func(fields []string) { fields[1] = "nobody knows this" })
	n.edit(n.config.Spool("inbox", name, "apop.dat"), func(string) string { return "nor this\n" })
}

func (n *night) rename(name, to string) {
	n.Helper()
	n.account(name, func(fields []string) { fields[0] = to })
	n.must(os.Rename(n.config.Spool("inbox", name), n.config.Spool("inbox", to)))
}

func (n *night) set(key, value string) {
	n.Helper()
	n.must(os.WriteFile(n.config.Spool("reg/epost/ims", key), []byte(value+"\n"), 0o600))
}

func (n *night) relay(change func(text string) string) {
	n.Helper()
	n.edit(n.config.Program("effect.dat"), change)
}

// denyFirst puts a line for each source directly below the two shipped ones, so that no line above decides.
func (n *night) denyFirst() {
	n.Helper()
	const shipped = "#<> default\n#blank false\n"
	n.relay(func(text string) string {
		rest, ok := strings.CutPrefix(text, shipped)
		if !ok {
			n.Fatalf("effect.dat begins otherwise: %q", text)
		}
		lines := shipped
		for _, s := range n.Scenario.Sources {
			lines += s.String() + " false\n"
		}
		return lines + rest
	})
}
