package main

import (
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"time"

	"hikeshi/runbook/strictyaml"
)

// defaultConfig is read when --config names no other file; it may be missing.
const defaultConfig = "/etc/hikeshi/config.yaml"

// config is the configuration file. Every key is optional, an unknown key is an error.
type config struct {
	Lang     string         `yaml:"lang"`
	Server   string         `yaml:"server"`
	Own      ownConfig      `yaml:"own"`
	Services servicesConfig `yaml:"services"`
	EPMS     struct {
		Spool   string `yaml:"spool"`
		Program string `yaml:"program"`
		Mailbox string `yaml:"mailbox"`
	} `yaml:"epms"`
	Thresholds struct {
		Messages        int64         `yaml:"messages"`
		Oldest          time.Duration `yaml:"oldest"`
		GrowthPerMinute float64       `yaml:"growth_per_minute"`
		MoveLimit       int           `yaml:"move_limit"`
	} `yaml:"thresholds"`
	Protect struct {
		Addresses []string `yaml:"addresses"`
		Domains   []string `yaml:"domains"`
		Accounts  []string `yaml:"accounts"`
		PrefixV4  int      `yaml:"prefix_v4"`
		PrefixV6  int      `yaml:"prefix_v6"`
	} `yaml:"protect"`
	Logs struct {
		ExemptAccounts []string `yaml:"exempt_accounts"`
		ExemptSources  []string `yaml:"exempt_sources"`
	} `yaml:"logs"`
	DNS struct {
		Resolvers []string `yaml:"resolvers"`
		Lists     string   `yaml:"lists"`
	} `yaml:"dns"`
	Account struct {
		Backend string `yaml:"backend"`
		Prefix  string `yaml:"prefix"`
		Command struct {
			Rename []string `yaml:"rename"`
		} `yaml:"command"`
	} `yaml:"account"`
	Contact contactConfig `yaml:"contact"`
	SMTP    smtpConfig    `yaml:"smtp"`

	own    []netip.Prefix // parsed
	shield []netip.Prefix
	exempt []netip.Prefix
}

type ownConfig struct {
	Addresses []string `yaml:"addresses"`
	Domains   []string `yaml:"domains"`
	Hostname  string   `yaml:"hostname"`
}

type servicesConfig struct {
	Manager string   `yaml:"manager"`
	Units   []string `yaml:"units"`
	Command struct {
		Start  []string `yaml:"start"`
		Stop   []string `yaml:"stop"`
		Status []string `yaml:"status"`
	} `yaml:"command"`
}

// defaults are the values where the file says nothing.
func defaults() config {
	var c config
	c.Services.Manager = "systemd"
	c.EPMS.Spool = "/var/spool/epms"
	c.EPMS.Program = "/usr/local/mta/bin"
	c.EPMS.Mailbox = "/var/spool/epms/inbox"
	c.Thresholds.Messages, c.Thresholds.Oldest = 500, 2*time.Hour
	c.Thresholds.GrowthPerMinute, c.Thresholds.MoveLimit = 60, 2000
	c.Protect.Accounts = []string{"postmaster", "root", "abuse"}
	c.Protect.PrefixV4, c.Protect.PrefixV6 = 24, 48
	c.Account.Backend = "auto"
	c.SMTP.Targets = "/etc/hikeshi/targets.yaml"
	return c
}

// readConfig reads the configuration. A default file that is missing is fine, a named one is not.
func readConfig(name string) (config, error) {
	c := defaults()
	file := name
	if file == "" {
		file = defaultConfig
	}
	f, err := os.Open(file)
	if errors.Is(err, fs.ErrNotExist) && name == "" {
		return c, c.parse(defaultConfig)
	}
	if err != nil {
		return c, usagef("--config FILE names the file; the keys are listed by `hikeshi help config`", "reading the configuration: %w", err)
	}
	defer f.Close()
	data, err := strictyaml.ReadAll(f)
	if err != nil {
		return c, usagef("--config FILE names the file; the keys are listed by `hikeshi help config`", "reading the configuration: %w", err)
	}
	if err := strictyaml.Decode(file, data, &c); err != nil {
		return c, usagef("the keys are listed by `hikeshi help config`", "reading the configuration: %w", err)
	}
	return c, c.parse(file)
}

// parse checks what YAML cannot: durations, addresses, words.
func (c *config) parse(file string) (err error) {
	bad := func(key, value, want string) error {
		return usagef("the keys are listed by `hikeshi help config`", "reading %s: %s: %q is not %s", file, key, value, want)
	}
	if c.own, err = prefixes(c.Own.Addresses); err != nil {
		return bad("own.addresses", err.Error(), "an address or a network")
	}
	if c.shield, err = prefixes(c.Protect.Addresses); err != nil {
		return bad("protect.addresses", err.Error(), "an address or a network")
	}
	if c.exempt, err = prefixes(c.Logs.ExemptSources); err != nil {
		return bad("logs.exempt_sources", err.Error(), "an address or a network")
	}
	switch c.Services.Manager {
	case "systemd", "command", "none":
	default:
		return bad("services.manager", c.Services.Manager, "systemd, command or none")
	}
	switch c.Account.Backend {
	case "", "auto", "idx", "manual":
	case "command":
		if len(c.Account.Command.Rename) == 0 {
			return usagef("see `hikeshi help config`", "reading %s: account.backend is command, so account.command needs rename", file)
		}
	default:
		return bad("account.backend", c.Account.Backend, "auto, idx, command or manual")
	}
	if err := c.Contact.check(bad); err != nil {
		return err
	}
	if err := c.SMTP.check(bad); err != nil {
		return err
	}
	switch c.Lang {
	case "", "en", "ja":
	default:
		return bad("lang", c.Lang, "en or ja")
	}
	if c.Services.Manager == "command" && (len(c.Services.Command.Start) == 0 || len(c.Services.Command.Stop) == 0 || len(c.Services.Command.Status) == 0) {
		return usagef("see `hikeshi help config`", "reading %s: services.manager is command, so services.command needs start, stop and status", file)
	}
	return nil
}

// prefixes reads addresses and networks; the error is the text that is neither.
func prefixes(list []string) ([]netip.Prefix, error) {
	var all []netip.Prefix
	for _, s := range list {
		if a, err := netip.ParseAddr(s); err == nil {
			all = append(all, netip.PrefixFrom(a.Unmap(), a.Unmap().BitLen()))
		} else if p, err := netip.ParsePrefix(s); err == nil {
			all = append(all, p.Masked())
		} else {
			return nil, fmt.Errorf("%s", s)
		}
	}
	return all, nil
}
