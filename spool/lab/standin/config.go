package standin

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"hikeshi/spool/lab/standin/holes"
)

// Config is what a daemon is told when it starts. Everything else stands in the settings of the server.
type Config struct {
	Root       string         `json:"root"`        // folder of the lab, absolute; all paths lie below it
	Computer   string         `json:"computer"`    // name in the log folders; "" for the first label of the host name
	Rate       float64        `json:"rate"`        // messages that the delivery handles in a second
	Scan       time.Duration  `json:"scan"`        // pause between two looks at the queue
	RetryAfter time.Duration  `json:"retry_after"` // from one try to the next
	Refuses    map[string]int `json:"refuses"`     // how often a domain refuses for the time being before it takes a message
	Rejects    []string       `json:"rejects"`     // domains that take nothing

	// Answers is what a domain of Refuses (4xx) or Rejects (5xx) says; without, a few words that blame nobody.
	Answers map[string]string `json:"answers"`

	Holes holes.Set `json:"holes"` // beyond what its files open
}

// Spool is a path below the spool root.
func (c Config) Spool(elem ...string) string { return c.path("var/spool/epms", elem) }

// Program is a path below the program folder.
func (c Config) Program(elem ...string) string { return c.path("usr/local/mta/bin", elem) }

// Lab is a path below the folder that belongs to the lab and to no real server.
func (c Config) Lab(elem ...string) string { return c.path("lab", elem) }

// File is where the configuration lies.
func (c Config) File() string { return c.Lab("standin.json") }

// Address is the file that holds the address the receiver listens on; without it the receiver does not listen.
func (c Config) Address() string { return c.Lab("smtp.addr") }

// Resolver is the file that holds the address of the lab's DNS server.
func (c Config) Resolver() string { return c.Lab("dns.addr") }

// Sink is the file with what has left.
func (c Config) Sink() string { return c.Lab("sink.jsonl") }

func (c Config) path(base string, elem []string) string {
	return filepath.Join(append([]string{c.Root, base}, elem...)...)
}

// Load reads a configuration that Save wrote. It refuses one that names another folder than the one it lies in, so that a daemon
// can never be pointed at a real server.
func Load(path string) (Config, error) {
	var c Config
	data, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(data, &c)
	}
	if err == nil && (!filepath.IsAbs(c.Root) || filepath.Clean(c.Root) == "/" || c.File() != path) {
		err = fmt.Errorf("%s is not the configuration of the lab in %q", path, c.Root)
	}
	if err == nil && c.Rate <= 0 {
		err = fmt.Errorf("rate %v is not above 0", c.Rate)
	}
	if err != nil {
		return c, fmt.Errorf("reading configuration of the stand-in: %w", err)
	}
	return c, nil
}

// Save writes the configuration to File.
func (c Config) Save() error {
	data, err := json.MarshalIndent(c, "", "  ")
	if err == nil {
		err = os.WriteFile(c.File(), append(data, '\n'), 0o600)
	}
	if err != nil {
		return fmt.Errorf("writing configuration of the stand-in: %w", err)
	}
	return nil
}
