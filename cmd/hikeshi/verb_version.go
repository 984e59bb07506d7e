package main

import (
	"fmt"
	"runtime"

	"github.com/spf13/cobra"
)

type versionDocument struct {
	Format  int    `json:"hikeshi"`
	Kind    string `json:"kind"`
	Version string `json:"version"`
	Go      string `json:"go"`
	OS      string `json:"os"`
	Arch    string `json:"arch"`
}

func (a *app) versionVerb() *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "version of this binary", Args: cobra.NoArgs, Example: "  hikeshi version --output json",
		RunE: func(*cobra.Command, []string) error {
			if a.isJSON() {
				return a.json(versionDocument{1, "version", version(), runtime.Version(), runtime.GOOS, runtime.GOARCH})
			}
			fmt.Fprintf(a.stdout, "hikeshi %s (%s %s/%s)\n", version(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
			return nil
		},
	}
}

// verbs are all verbs, in the order in which they are needed.
func (a *app) verbs() []*cobra.Command {
	return []*cobra.Command{
		a.statusVerb(), a.doctorVerb(), a.planVerb(), a.runVerb(), a.resumeVerb(), a.undoVerb(),
		a.serviceVerb(), a.spoolVerb(), a.relayVerb(), a.logsVerb(), a.dnsblVerb(), a.smtpVerb(), a.traceVerb(), a.delistVerb(), a.accountVerb(),
		a.incidentsVerb(), a.showVerb(), a.verifyVerb(), a.laterVerb(), a.sayVerb(), a.noticeVerb(), a.noteVerb(), a.attachVerb(), a.reportVerb(),
		a.runbooksVerb(), a.lintVerb(), a.rehearseVerb(), a.versionVerb(), a.labVerb(),
	}
}
