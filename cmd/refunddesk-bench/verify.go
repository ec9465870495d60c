package main

import (
	"context"
	"errors"
	"fmt"
)

// verify looks at the records with its own eyes, by SQL, and returns an error that names
// everything that is wrong: a figure of a program that pays twice is worth nothing.
func (b *bench) verify(ctx context.Context) error {
	var wrong []error
	if n := b.acknowledgements(); b.mailbox.count() != n {
		wrong = append(wrong, fmt.Errorf("%d refunds were filed, and %d different mails came", n, b.mailbox.count()))
	}
	if n, err := b.baseline.running(ctx); err != nil {
		return err
	} else if n > 0 {
		wrong = append(wrong, fmt.Errorf("%d workflows are still running", n))
	}
	for _, check := range checks {
		var found int
		var args []any
		if check.filed {
			args = append(args, b.filed)
		}
		if err := b.admin.QueryRow(ctx, check.query, args...).Scan(&found); err != nil {
			return fmt.Errorf("%s: %w", check.wrong, err)
		}
		if found > 0 {
			wrong = append(wrong, fmt.Errorf("%d %s", found, check.wrong))
		}
	}
	return errors.Join(wrong...)
}

// checks count what must not be; filed says that the query takes the acknowledged refunds.
var checks = []struct {
	wrong string
	query string
	filed bool
}{
	{"acknowledged refunds are not credited", `
		SELECT count(*) FROM unnest($1::text[]) AS filed (id) LEFT JOIN refunds r USING (id) WHERE r.state IS DISTINCT FROM 'credited'`, true},
	{"refunds were not asked for", `
		SELECT count(*) FROM refunds WHERE id <> ALL ($1)`, true},
	{"refunds have not exactly one credit", `
		SELECT count(*) FROM refunds r WHERE (SELECT count(*) FROM journals j WHERE j.operation = 'refund' AND j.operation_id = r.id) <> 1`, false},
	{"packages were credited more than once", `
		SELECT count(*) FROM (SELECT package_id FROM journals WHERE operation = 'refund' GROUP BY package_id HAVING count(*) > 1) twice`, false},
	{"journals do not sum to zero", `
		SELECT count(*) FROM (SELECT journal_id FROM postings GROUP BY journal_id HAVING sum(micros) <> 0) unbalanced`, false},
	{"accounts of the ledger have another balance than their postings", `
		SELECT count(*) FROM ledger_accounts a
		 WHERE a.balance IS NOT NULL AND a.balance <> (SELECT coalesce(sum(micros), 0) FROM postings p WHERE p.ledger_account = a.id)`, false},
	{"customers have another balance than their credited refunds", `
		SELECT count(*) FROM ledger_accounts a
		  LEFT JOIN (SELECT account_id, currency, sum(amount) AS credited FROM refunds WHERE state = 'credited' GROUP BY 1, 2) r
		    ON a.id = 'customer/' || r.account_id || '/' || r.currency
		 WHERE a.id LIKE 'customer/%' AND a.balance <> coalesce(r.credited, 0)`, false},
	{"refunded packages have something left", `
		SELECT count(*) FROM packages p JOIN ledger_accounts a ON a.id = 'package/' || p.id
		 WHERE (p.status = 'refunded') <> (a.balance = 0) OR p.status = 'frozen'`, false},
	{"refunds have not exactly one notice that was sent", `
		SELECT count(*) FROM refunds r WHERE (SELECT count(*) FROM notices n WHERE n.refund_id = r.id AND n.state = 'sent') <> 1`, false},
	{"refunds lack an audit entry", `
		SELECT count(*) FROM refunds r WHERE (SELECT count(*) FROM audit_entries a WHERE a.refund_id = r.id AND a.object = 'refund') <> r.version`, false},
}
