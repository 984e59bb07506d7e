package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"hikeshi/runbook"
	"hikeshi/runbook/book"
	"hikeshi/templates"
)

type runbooksDocument struct {
	Version  int           `json:"hikeshi"`
	Kind     string        `json:"kind"`
	Runbooks []runbookInfo `json:"runbooks"`
}

type runbookInfo struct {
	Name   string     `json:"name"`
	Title  string     `json:"title"`
	About  string     `json:"about,omitempty"`
	Inputs []inputRow `json:"inputs,omitempty"`
	Steps  []stepRow  `json:"steps,omitempty"`
}

type inputRow struct {
	Name    string   `json:"name"`
	Type    string   `json:"type"`
	Choices []string `json:"choices,omitempty"`
	Default any      `json:"default"`
	Title   string   `json:"title"`
}

type stepRow struct {
	ID     string `json:"id"`
	Phase  string `json:"phase"`
	Title  string `json:"title"`
	Uses   string `json:"uses,omitempty"`
	Manual bool   `json:"manual"`
	Gate   bool   `json:"gate"`
}

func (a *app) runbooksVerb() *cobra.Command {
	return &cobra.Command{
		Use: "runbooks [NAME]", Short: "list the runbooks, or print one as a checklist", Args: cobra.MaximumNArgs(1),
		Example: "  hikeshi runbooks\n  hikeshi runbooks mail-abuse --lang ja\n  hikeshi runbooks ./our-runbook.yaml",
		RunE: func(_ *cobra.Command, args []string) error {
			if err := a.readLang(); err != nil {
				return err
			}
			if len(args) == 1 {
				return a.printRunbook(args[0])
			}
			doc := runbooksDocument{Version: 1, Kind: "runbooks"}
			for _, name := range templates.Runbooks() {
				info, _, err := a.runbookInfo(name)
				if err != nil {
					return err
				}
				info.Inputs, info.Steps = nil, nil
				doc.Runbooks = append(doc.Runbooks, info)
			}
			if a.isJSON() {
				return a.json(doc)
			}
			for _, r := range doc.Runbooks {
				fmt.Fprintf(a.stdout, "%-16s %s\n", r.Name, r.Title)
			}
			return nil
		},
		ValidArgsFunction: a.completeRunbooks,
	}
}

// readLang learns the configured language, for verbs that need nothing else of the configuration.
func (a *app) readLang() error {
	cfg, err := readConfig(a.flags.config)
	a.configured = cfg.Lang
	return err
}

func (a *app) runbookInfo(name string) (runbookInfo, string, error) {
	data, file, err := bookSource(name)
	if err != nil {
		return runbookInfo{}, "", err
	}
	b, err := book.Load(file, data, catalogue())
	if err != nil {
		return runbookInfo{}, "", usagef("`hikeshi lint "+file+"` shows the mistakes again", "%w", err)
	}
	lang := a.lang()
	info := runbookInfo{Name: b.Name, Title: b.Title.In(lang), About: b.About.In(lang)}
	for _, in := range b.Inputs {
		info.Inputs = append(info.Inputs, inputRow{in.Name, string(in.Type), in.Choices, in.Default, in.Title.In(lang)})
	}
	for _, s := range b.Steps {
		info.Steps = append(info.Steps, stepRow{s.ID, string(s.Phase), s.Title.In(lang), s.Uses, s.Manual != nil, s.Gate != nil})
	}
	return info, book.Checklist(b, lang), nil
}

func (a *app) printRunbook(name string) error {
	info, text, err := a.runbookInfo(name)
	if err != nil {
		return err
	}
	if a.isJSON() {
		return a.json(struct {
			Version int    `json:"hikeshi"`
			Kind    string `json:"kind"`
			runbookInfo
		}{1, "runbook", info})
	}
	fmt.Fprint(a.stdout, clean(text))
	return nil
}

type lintFilesDocument struct {
	Version  int          `json:"hikeshi"`
	Kind     string       `json:"kind"`
	Files    []string     `json:"files"`
	Mistakes []mistakeRow `json:"mistakes"`
}

type mistakeRow struct {
	File    string `json:"file"`
	Line    int    `json:"line"` // 0: the file as a whole
	Column  int    `json:"column"`
	Text    string `json:"text"`
	Excerpt string `json:"excerpt"`
}

func (a *app) lintVerb() *cobra.Command {
	return &cobra.Command{
		Use: "lint FILE...", Short: "check runbook files: all mistakes, with file:line", Args: cobra.MinimumNArgs(1),
		Long:    "Exit codes: 0 no mistakes, 2 mistakes. `hikeshi help runbook-schema` prints a JSON\nSchema for editors.",
		Example: "  hikeshi lint ./our-runbook.yaml",
		RunE: func(_ *cobra.Command, args []string) error {
			if err := a.readLang(); err != nil {
				return err
			}
			return a.lint(args)
		},
	}
}

func (a *app) lint(files []string) error {
	doc := lintFilesDocument{Version: 1, Kind: "lint", Files: files, Mistakes: []mistakeRow{}}
	kinds := catalogue()
	for _, name := range files {
		data, file, err := bookSource(name)
		if err == nil {
			_, err = book.Load(file, data, kinds)
		}
		var m *book.Mistakes
		if errors.As(err, &m) {
			for _, one := range m.List {
				doc.Mistakes = append(doc.Mistakes, mistakeRow{file, one.Line, one.Column, one.Text, one.Excerpt})
			}
		} else if err != nil {
			doc.Mistakes = append(doc.Mistakes, mistakeRow{File: file, Text: a.translated(err.Error())})
		}
	}
	if a.isJSON() {
		if err := a.json(doc); err != nil {
			return err
		}
	} else {
		for _, m := range doc.Mistakes {
			s := a.screenOn(a.stdout)
			at := line(m.File)
			if m.Line > 0 {
				at = fmt.Sprintf("%s:%d", at, m.Line)
			}
			s.hang(4, at+": "+line(m.Text))
			if m.Excerpt != "" {
				s.hang(4, "    "+line(m.Excerpt))
			}
		}
	}
	if n := len(doc.Mistakes); n > 0 {
		return failf(exitUsage, "", "%s in %s", runbook.Count(int64(n), "mistake"), runbook.Count(int64(len(files)), "file"))
	}
	if !a.isJSON() {
		fmt.Fprintf(a.stdout, a.word("no mistakes in %[2]s\n", "%[1]d 件のファイルに誤りはない\n"), len(files), runbook.Count(int64(len(files)), "file"))
	}
	return nil
}
