package main

import (
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// A rule says what the packages below a path may import of ours and of others. The first rule that fits decides.
type rule struct {
	path   string
	why    string
	ours   []string // paths below hikeshi/; with /... what lies below too; "." is the rule's own rooms
	others []string // module path prefixes
}

const (
	yamlLib = "go.yaml.in/yaml/v4"
	exprLib = "github.com/expr-lang/expr"
	width8  = "github.com/mattn/go-runewidth"
)

var rules = []rule{
	{"templates", "words and tables: it knows nothing", nil, nil},
	{"runbook/strictyaml", "the one wrapper of the YAML library", []string{"runbook/nearest"}, []string{yamlLib}},
	{"runbook/expression", "the one wrapper of the expression library", []string{"runbook/nearest"}, []string{exprLib}},
	{"runbook/nearest", "a leaf: the word that was meant", nil, nil},
	{"runbook/book", "reads runbooks", []string{"runbook", "runbook/strictyaml", "runbook/expression", "runbook/nearest", "."}, []string{width8}},
	{"runbook/engine", "knows nothing of mail, services, DNS or terminals", []string{"runbook", "runbook/expression", "."}, nil},
	{"runbook/journal", "writes through the one package that writes", []string{"runbook", "spool/disk", "."}, nil},
	{"runbook/report", "tells from the journal alone, never asks the system", []string{"runbook", "."}, []string{width8}},
	{"runbook", "the vocabulary of procedures", []string{"runbook/expression"}, nil},
	{"spool/disk", "a leaf: everything that is written goes through it", []string{"."}, nil},
	{"spool/lab/names", "the lab's DNS: the one other room that speaks it", nil, []string{"github.com/miekg/dns"}},
	{"spool/lab", "a stand-in server with its own world; never actions, runbook or cmd", []string{"spool", "spool/disk", "spool/scan", "spool/epms/...", "."}, nil},
	{"spool/epms", "one server; never another one", []string{"spool", "spool/disk", "."}, nil},
	{"spool/postfix", "one server; never another one", []string{"spool", "spool/disk", "."}, nil},
	{"spool/lines", "reads log files, for every server", []string{"spool/disk", "."}, []string{"github.com/klauspost/compress"}},
	{"spool/scan", "fast scan, for every server", []string{"spool", "spool/disk", "."}, nil},
	{"spool/aside", "safe moves, for every server", []string{"spool", "spool/disk", "spool/scan", "."}, nil},
	{"spool", "the vocabulary of mail servers", nil, nil},
	{"actions/service", "the only package that speaks D-Bus", []string{"runbook", "spool", "spool/disk", "."}, []string{"github.com/coreos/go-systemd/v22", "github.com/godbus/dbus/v5"}},
	{"actions/queue", "a deed: never another action, cmd or templates", []string{"runbook", "spool", "spool/disk", "spool/scan/...", "spool/aside/...", "."}, nil},
	{"actions/edit", "no deed: how an action changes one file, for those that do", []string{"runbook", "spool/disk"}, []string{"github.com/aymanbagabas/go-udiff"}},
	{"actions/relay", "a deed: never another action, cmd or templates", []string{"runbook", "spool", "spool/disk", "actions/edit", "."}, nil},
	{"actions/settings", "a deed: never another action, cmd or templates", []string{"runbook", "spool", "spool/disk", "actions/edit", "."}, nil},
	{"actions/account", "a deed: never another action, cmd or templates", []string{"runbook", "runbook/nearest", "spool", "spool/disk", "."}, nil},
	{"actions/evidence", "a deed: never another action, cmd or templates", []string{"runbook", "spool", "spool/disk", "spool/machine", "spool/scan/...", "spool/aside", "."}, nil},
	{"actions/logs", "a deed: never another action, cmd or templates", []string{"runbook", "spool", "spool/lines", "."}, []string{"github.com/axiomhq/hyperloglog"}},
	{"actions/dnsbl", "the only package that speaks DNS", []string{"runbook", "runbook/strictyaml", "spool", "."}, []string{"github.com/miekg/dns"}},
	{"actions/smtpcheck", "the only package that speaks SMTP to others; never another action, cmd or templates", []string{"runbook", "runbook/strictyaml", "spool", "."}, nil},
	{"actions/delist", "writes letters, never sends one; never another action, cmd or templates", []string{"runbook", "runbook/strictyaml", "."}, nil},
	{"actions/trace", "a deed: never another action, cmd or templates; the log is asked through a function", []string{"runbook", "spool", "."}, nil},
	{"actions", "the catalogue", []string{"actions/...", "runbook", "spool", "spool/disk"}, nil},
	{"cmd", "terminal and wiring: imports everything, imported by nobody", []string{"actions/...", "runbook/...", "spool/...", "templates", "."},
		[]string{"github.com/spf13", "github.com/AlecAivazis/survey/v2", width8, yamlLib}},
}

type listed struct {
	ImportPath string
	Doc        string
	Dir        string
	GoFiles    []string
	Imports    []string
}

// packages lists the packages of the module.
func packages(t *testing.T) []listed {
	t.Helper()
	cmd := exec.Command("go", "list", "-json=ImportPath,Doc,Dir,GoFiles,Imports", "hikeshi/...")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var all []listed
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p listed
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}

func TestImportRules(t *testing.T) {
	for _, p := range packages(t) {
		path := strings.TrimPrefix(p.ImportPath, "hikeshi/")
		i := slices.IndexFunc(rules, func(r rule) bool { return below(path, r.path) })
		if i < 0 {
			t.Errorf("%s: no rule for this package: which room is it in?", path)
			continue
		}
		for _, imp := range p.Imports {
			if why := rules[i].forbids(path, imp); why != "" {
				t.Errorf("%s imports %s: %s (%s)", path, imp, why, rules[i].why)
			}
		}
	}
}

func (r rule) forbids(path, imp string) string {
	ours, isOurs := strings.CutPrefix(imp, "hikeshi/")
	if !isOurs {
		first, _, _ := strings.Cut(imp, "/")
		if !strings.Contains(first, ".") || strings.HasPrefix(imp, "golang.org/x/") {
			return ""
		}
		if slices.ContainsFunc(r.others, func(o string) bool { return below(imp, o) }) {
			return ""
		}
		return "a library that belongs behind another room"
	}
	for _, o := range r.ours {
		switch {
		case o == "." && below(ours, r.path):
			return ""
		case ours == o:
			return ""
		case strings.HasSuffix(o, "/...") && below(ours, strings.TrimSuffix(o, "/...")):
			return ""
		}
	}
	return "not a room it may enter"
}

func below(path, parent string) bool { return path == parent || strings.HasPrefix(path, parent+"/") }

// TestDocs: every package and every exported name says what a caller needs to know.
func TestDocs(t *testing.T) {
	for _, p := range packages(t) {
		if p.Doc == "" {
			t.Errorf("%s: the package has no comment", p.ImportPath)
		}
		for _, file := range p.GoFiles {
			f, err := parser.ParseFile(token.NewFileSet(), filepath.Join(p.Dir, file), nil, parser.ParseComments)
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range f.Decls {
				for _, name := range undocumented(d) {
					t.Errorf("%s/%s: %s has no comment", p.ImportPath, file, name)
				}
			}
		}
	}
}

// undocumented returns the exported names of d without a comment of their own or of their group.
func undocumented(d ast.Decl) []string {
	var names []string
	switch d := d.(type) {
	case *ast.FuncDecl:
		if d.Doc == nil && d.Name.IsExported() && (d.Recv == nil || exportedReceiver(d.Recv)) && !wellKnown(d.Name.Name) {
			names = append(names, d.Name.Name)
		}
	case *ast.GenDecl:
		for _, s := range d.Specs {
			switch s := s.(type) {
			case *ast.TypeSpec:
				if s.Name.IsExported() && d.Doc == nil && s.Doc == nil {
					names = append(names, s.Name.Name)
				}
			case *ast.ValueSpec:
				if s.Names[0].IsExported() && d.Doc == nil && s.Doc == nil && s.Comment == nil {
					names = append(names, s.Names[0].Name)
				}
			}
		}
	}
	return names
}

// wellKnown are methods whose interface says everything.
func wellKnown(name string) bool {
	return slices.Contains([]string{"Error", "Unwrap", "String", "Plan", "Apply", "Verify", "Undo", "Len", "Less", "Swap", "Evidence", "Backup", "Progress"}, name)
}

func exportedReceiver(l *ast.FieldList) bool {
	typ := l.List[0].Type
	if star, ok := typ.(*ast.StarExpr); ok {
		typ = star.X
	}
	id, ok := typ.(*ast.Ident)
	return ok && id.IsExported()
}

// TestTopLevel: the rooms are fixed.
func TestTopLevel(t *testing.T) {
	entries, err := filepath.Glob("../../*")
	if err != nil {
		t.Fatal(err)
	}
	rooms := []string{"cmd", "runbook", "actions", "spool", "templates"}
	for _, e := range entries {
		if fi, err := os.Stat(e); err != nil || !fi.IsDir() {
			continue
		}
		if name := filepath.Base(e); !strings.HasPrefix(name, ".") && !slices.Contains(rooms, name) {
			t.Errorf("%s is not one of the rooms of the house", name)
		}
	}
}
