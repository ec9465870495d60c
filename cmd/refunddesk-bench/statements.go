package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// statement is what one statement of the records cost, for each refund.
type statement struct {
	Query string  `json:"query"`
	Calls float64 `json:"calls_each"`
	Ms    float64 `json:"ms_each"` // in PostgreSQL, triggers included, waiting for the disk not
	Rows  float64 `json:"rows_each"`
}

// countStatements starts counting anew.
func (b *bench) countStatements(ctx context.Context) error {
	_, err := b.admin.Exec(ctx, "CREATE EXTENSION IF NOT EXISTS pg_stat_statements; SELECT pg_stat_statements_reset()")
	if err != nil {
		return fmt.Errorf("--statements needs PostgreSQL's pg_stat_statements: %w", err)
	}
	return nil
}

// statements gives what was counted since, for each of so many refunds, the dearest first.
func (b *bench) statements(ctx context.Context, refunds int) ([]statement, error) {
	rows, err := b.admin.Query(ctx, `
		SELECT s.query, s.calls, s.total_exec_time + s.total_plan_time, s.rows
		  FROM pg_stat_statements s JOIN pg_database d ON d.oid = s.dbid
		 WHERE d.datname = current_database() AND s.query NOT ILIKE '%pg_stat_statements%'
		 ORDER BY 3 DESC LIMIT $1`, b.flags.Statements)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []statement
	for rows.Next() {
		var s statement
		if err := rows.Scan(&s.Query, &s.Calls, &s.Ms, &s.Rows); err != nil {
			return nil, err
		}
		each := float64(refunds)
		s.Calls, s.Ms, s.Rows = s.Calls/each, s.Ms/each, s.Rows/each
		out = append(out, s)
	}
	return out, rows.Err()
}

func printStatements(out io.Writer, all []statement) {
	if len(all) == 0 {
		return
	}
	const most = 130
	w := tabwriter.NewWriter(out, 0, 0, 3, ' ', 0)
	fmt.Fprintln(w, "\ncalls/refund\tms/refund\tstatement")
	calls, ms := 0.0, 0.0
	for _, s := range all {
		query := []rune(strings.Join(strings.Fields(s.Query), " "))
		fmt.Fprintf(w, "%.2f\t%.3f\t%s\n", s.Calls, s.Ms, string(query[:min(len(query), most)]))
		calls, ms = calls+s.Calls, ms+s.Ms
	}
	fmt.Fprintf(w, "%.2f\t%.3f\ttogether\n", calls, ms)
	_ = w.Flush() // likewise
}
