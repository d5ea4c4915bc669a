package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"aforro/pkg/audit"
	"aforro/pkg/postgres"
)

func auditCommand() *cobra.Command {
	var repair, asJSON bool
	cmd := &cobra.Command{
		Use:   "audit",
		Short: "Check that orders, stock, ledger and reservations agree",
		Long: `Check in PostgreSQL, in one snapshot, that orders, stock, the ledger of stock and
reservations agree: every stock line is what its movements sum to, every order
took what its lines say once, what is held is what live reservations hold, no
order waits. Orders may be placed meanwhile. The exit code is 1 when anything is
off; the report names the first ` + fmt.Sprint(audit.MostNamed) + ` findings of each check and counts all.

--repair puts right what can be derived, says what it did, and audits again.`,
		Example: "  aforro audit\n  aforro audit --repair\n  aforro audit --json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := settings(cmd, postgresURL)
			if err != nil {
				return err
			}
			a := newApp(c, logger(c))
			defer a.closeAll()
			db, err := a.database(cmd.Context(), postgres.Options{ApplicationName: "aforro-audit", MaxConns: 2})
			if err != nil {
				return err
			}
			show := printAudit
			if asJSON {
				show = printAuditJSON
			}
			return runAudit(cmd.Context(), db, repair, func(o auditOutcome) error { return show(cmd.OutOrStdout(), o) })
		},
	}
	cmd.Flags().BoolVar(&repair, "repair", false, "put right what can be derived, then audit again")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object")
	return cmd
}

// auditOutcome is all that a run of the command came to.
type auditOutcome struct {
	// Clean is the verdict, after a repair the one after it.
	Clean bool `json:"clean"`
	audit.Report
	// Before is what was found before a repair.
	Before  *audit.Report  `json:"before,omitempty"`
	Repairs []audit.Repair `json:"repairs,omitempty"`
}

// runAudit audits, repairs when that is wanted and needed, and shows the
// outcome. It returns an error when anything is off in the end.
func runAudit(ctx context.Context, db *postgres.DB, repair bool, show func(auditOutcome) error) error {
	report, err := db.Audit(ctx)
	if err != nil {
		return err
	}
	o := auditOutcome{Report: report}
	var failed error
	if repair && report.Found() > 0 {
		o.Before = &report
		if o.Repairs, failed = db.RepairAudited(ctx); failed != nil {
			failed = fmt.Errorf("the repair did not end: %w", failed)
		}
		if o.Report, err = db.Audit(ctx); err != nil {
			return errors.Join(failed, err)
		}
	}
	o.Clean = o.Found() == 0
	if err := show(o); err != nil {
		return errors.Join(failed, err)
	}
	if !o.Clean {
		return errors.Join(failed, errors.New("the audit is not clean: "+summary(o.Report)))
	}
	return failed
}

func printAuditJSON(out io.Writer, o auditOutcome) error {
	enc := json.NewEncoder(out)
	enc.SetIndent("", "  ")
	return enc.Encode(o)
}
