package postgres_test

import (
	"maps"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
)

// Every rule of the schema is held by an attack: with the rule taken away, the attack gets
// through or is stopped by something else. A rule that is added without an attack, and an
// attack that something else stops, fail here.
func TestEveryRuleIsHeldByAnAttack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	conn := w.conns[owner]
	byRule := w.attacksByRule()
	for _, r := range w.rules() {
		t.Run(r.name, func(t *testing.T) {
			tx, err := conn.Begin(w.Ctx)
			require.NoError(t, err)
			defer func() { require.NoError(t, tx.Rollback(w.Ctx)) }()
			_, err = tx.Exec(w.Ctx, r.remove)
			require.NoError(t, err)
			// The attacks on a constraint name it; those on a trigger are found by trying.
			candidates := byRule[r.constraint]
			if r.constraint == "" {
				for _, rule := range slices.Sorted(maps.Keys(byRule)) {
					candidates = append(candidates, byRule[rule]...)
				}
			}
			require.NotEmpty(t, candidates, "no attack names the rule")
			for _, a := range candidates {
				if ruleOf(tryInside(w, tx, a)) != a.rule {
					return
				}
			}
			t.Error("no attack needs it to be stopped")
		})
	}
}

// prepared is an attack with its statements worked out: a table that a rule was taken from
// cannot be read beside.
type prepared struct {
	attack
	statements []statement
}

// attacksByRule leaves out those that fail for want of a right: no rule is behind them.
func (w *world) attacksByRule() map[string][]prepared {
	byRule := map[string][]prepared{}
	for _, list := range attacks() {
		for _, a := range list {
			if a.rule != forbidden {
				byRule[a.rule] = append(byRule[a.rule], prepared{a, a.do(w)})
			}
		}
	}
	return byRule
}

// tryInside runs an attack inside the transaction and takes it back.
func tryInside(w *world, tx pgx.Tx, a prepared) error {
	save, err := tx.Begin(w.Ctx)
	require.NoError(w.T, err)
	defer func() { require.NoError(w.T, save.Rollback(w.Ctx)) }()
	statements := append(slices.Clone(a.statements), run("SET CONSTRAINTS ALL IMMEDIATE"))
	if a.as != owner {
		statements = append([]statement{run("SET LOCAL ROLE " + application)}, statements...)
	}
	for _, s := range statements {
		if _, err := save.Exec(w.Ctx, s.sql, s.args...); err != nil {
			return err
		}
	}
	return nil
}

type rule struct {
	name       string
	remove     string // the statement that takes it away
	constraint string // as errors name it; empty for a trigger
}

// rules lists the schema's triggers, checks and unique indexes (but primary keys).
func (w *world) rules() []rule {
	const all = `
		SELECT 'trigger ' || relname || '.' || tgname, format('DROP TRIGGER %I ON %I', tgname, relname), ''
		  FROM pg_trigger t JOIN pg_class c ON c.oid = tgrelid WHERE NOT tgisinternal
		UNION ALL
		SELECT 'constraint ' || conname, format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname), conname
		  FROM pg_constraint WHERE contype IN ('c', 'u') AND connamespace = 'public'::regnamespace
		UNION ALL
		SELECT 'index ' || i.indexrelid::regclass, format('DROP INDEX %s', i.indexrelid::regclass), i.indexrelid::regclass::text
		  FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
		 WHERE i.indisunique AND c.relnamespace = 'public'::regnamespace
		   AND NOT EXISTS (SELECT 1 FROM pg_constraint k WHERE k.conindid = i.indexrelid)
		ORDER BY 1`
	rows, err := w.conns[owner].Query(w.Ctx, all)
	require.NoError(w.T, err)
	defer rows.Close()
	var out []rule
	for rows.Next() {
		var r rule
		require.NoError(w.T, rows.Scan(&r.name, &r.remove, &r.constraint))
		if held := heldOtherwise[r.name]; held == "" {
			out = append(out, r)
		}
	}
	require.NoError(w.T, rows.Err())
	require.Greater(w.T, len(out), 40)
	return out
}

// heldOtherwise are rules that no attack can need, and why.
var heldOtherwise = map[string]string{
	"trigger journals.no_truncate":     "postings refer to journals and cannot be truncated either",
	"trigger policies.no_truncate":     "activations refer to policies and cannot be truncated either",
	"constraint audit_entries_seq_key": "the sequence makes the numbers, and nobody may give one",
}
