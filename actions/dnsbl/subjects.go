package dnsbl

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"hikeshi/actions/dnsbl/survey"
	"hikeshi/actions/dnsbl/table"
	"hikeshi/runbook"
)

// MaxSubjects bounds how much is looked up in one run.
const MaxSubjects = 256

// subjects fills in what is looked up and returns the addresses whose names are looked at.
func (e Env) subjects(ctx context.Context, given []string, r *Report) ([]netip.Addr, error) {
	if len(given) > 0 {
		for _, s := range given {
			if err := r.add(s); err != nil {
				return nil, err
			}
		}
	} else if err := e.ownSubjects(ctx, r); err != nil {
		return nil, err
	}
	if n := len(r.Subjects); n > MaxSubjects {
		r.Subjects = r.Subjects[:MaxSubjects]
		r.leave(runbook.Warn, runbook.Tf("not looked up: %d more, since at most %d are looked up at once", "未照会: ほか %d 件(一度に照会できるのは %d 件まで)", n-MaxSubjects, MaxSubjects))
	}
	var addrs []netip.Addr
	for _, s := range r.Subjects {
		if s.Addr.IsValid() {
			addrs = append(addrs, s.Addr)
		}
	}
	return addrs, nil
}

// CheckSubjects says whether all are addresses or domains, as Request.Subjects wants them, and whether anything is left to be looked up
// of them. The error wraps runbook.ErrInput.
func (e Env) CheckSubjects(all []string) error {
	var r Report
	for _, s := range all {
		if err := r.add(s); err != nil {
			return err
		}
	}
	if len(all) > 0 && len(r.Subjects) == 0 {
		return fmt.Errorf("%w: %s: no address that anybody outside can see, so no list can list it", runbook.ErrInput, survey.Clean([]string{strings.Join(all, ", ")}))
	}
	return nil
}

// ownSubjects are the outgoing addresses, the HELO name and the hosted domains.
func (e Env) ownSubjects(ctx context.Context, r *Report) error {
	var addrs []netip.Addr
	if e.Outgoing != nil {
		var err error
		if addrs, err = e.Outgoing(ctx); err != nil {
			r.leave(runbook.Warn, runbook.Tf("the outgoing addresses cannot be read: %s", "送信元アドレスを取得できない: %s", survey.Clean([]string{err.Error()})))
		}
	}
	for _, a := range addrs {
		if err := r.add(a.WithZone("").String()); err != nil {
			return err
		}
	}
	if len(r.Subjects) == 0 {
		r.leave(runbook.Warn, runbook.T("no public outgoing address is known: name it (own.addresses in the configuration, or as an argument)",
			"送信元のグローバルアドレスが分からない。設定の own.addresses か引数で指定する"))
	}
	for _, d := range append([]string{e.Hostname}, e.Domains...) {
		if d == "" {
			continue
		}
		if err := r.add(d); err != nil {
			r.leave(runbook.Warn, runbook.Tf("not looked up: %s is no domain", "未照会: %s はドメイン名ではない", survey.Clean([]string{d})))
		}
	}
	return nil
}

func (r *Report) leave(level runbook.Level, text runbook.Text) {
	r.Left = append(r.Left, runbook.Finding{Level: level, Text: text})
}

// add adds a subject once. An address that nobody outside can see is left out, and that is told.
func (r *Report) add(s string) error {
	if a, err := netip.ParseAddr(strings.Trim(s, "[]")); err == nil {
		if a = a.Unmap().WithZone(""); !public(a) {
			r.leave(runbook.Info, runbook.Tf("not looked up: %s is no public address", "未照会: %s はグローバルアドレスではない", a))
			return nil
		}
		r.once(survey.Subject{Addr: a})
		return nil
	}
	name := strings.ToLower(strings.TrimSuffix(s, "."))
	switch {
	case numeric(name):
		return fmt.Errorf("%w: %q is no address: four numbers from 0 to 255 without leading zeros and without a dot at the end are one", runbook.ErrInput, survey.Clean([]string{s}))
	case !table.IsName(name) || !strings.Contains(name, "."):
		return fmt.Errorf("%w: %q is neither an address nor a domain (other scripts as xn--)", runbook.ErrInput, survey.Clean([]string{s}))
	}
	r.once(survey.Subject{Name: name})
	return nil
}

// numeric says whether a name is meant as an address: no top-level domain begins with a digit (RFC 3696 section 2 has them alphabetic), so
// what ends in 256 or 2O is an address with a slip in it. Taken for a domain it would be reported as not listed.
func numeric(name string) bool {
	last := name[strings.LastIndexByte(name, '.')+1:]
	return last != "" && last[0] >= '0' && last[0] <= '9'
}

func (r *Report) once(s survey.Subject) {
	if !slices.Contains(r.Subjects, s) {
		r.Subjects = append(r.Subjects, s)
	}
}

var shared = netip.MustParsePrefix("100.64.0.0/10") // between a provider and its customers (RFC 6598)

func public(a netip.Addr) bool {
	return a.IsGlobalUnicast() && !a.IsPrivate() && !shared.Contains(a)
}
