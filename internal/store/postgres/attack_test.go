package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"

	"refunddesk/internal/desk"
	"refunddesk/internal/money"
	"refunddesk/internal/refund"
	"refunddesk/internal/review"
	"refunddesk/internal/store"
	"refunddesk/internal/store/postgres"
	"refunddesk/internal/store/storetest"
)

// The tests of refusals play a program that holds the application's role and has gone bad:
// raw SQL, no store in between. Each attack is one transaction that is honest but for one
// thing, and names the rule that must stop it. The honest twins must pass, so that no
// attack is refused for a slip of its own.

// statement is one statement of an attack.
type statement struct {
	sql  string
	args []any
}

func run(sql string, args ...any) statement { return statement{sql, args} }

// attack is a transaction that PostgreSQL must refuse.
type attack struct {
	name string
	// rule is the constraint, index or refuse() message that stops it, or forbidden.
	rule string
	as   string // the role; application when empty
	do   func(w *world) []statement
}

// Roles that attacks run under.
const (
	application = postgres.AppRole
	readers     = "app_ro"
	owner       = "owner" // the migrating role: some rules protect the record from an administrator's slip
)

// forbidden is the rule of what a role has no right to.
const forbidden = "permission"

// world is a database with a refund in every state, brought there by the store itself.
type world struct {
	*storetest.Bundle
	url     string
	refunds map[refund.State]refund.Refund
	conns   map[string]*pgx.Conn
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{url: database(t), conns: map[string]*pgx.Conn{}}
	w.Bundle = storetest.New(t, func(t *testing.T, o store.Options) *store.Store {
		s, err := postgres.Open(postgres.Config{URL: w.url, Role: application, MaxConnections: 2, Options: o})
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, s.Close()) })
		return s
	})
	w.Account("other")
	for _, id := range []string{"p-other", "p-other-free"} {
		_, err := w.CreatePackage(w.Ctx, storetest.Integrator, refund.Package{
			ID: id, AccountID: "other", Product: refund.GlobalSMS, Name: "Global SMS", Currency: "CNY", Paid: 100 * money.Scale, Face: 100 * money.Scale,
		})
		require.NoError(t, err)
	}
	_, err := w.File(w.Ctx, storetest.Customer("other"), desk.Filing{PackageID: "p-other", ReasonCode: refund.OtherReason, IdempotencyKey: "k"})
	require.NoError(t, err)
	w.Buy("p-free", 100, 100)
	w.refunds = w.EveryState()
	for _, role := range []string{application, readers, owner} {
		w.conns[role] = w.connect(role)
	}
	return w
}

// connect opens a connection under the role.
func (w *world) connect(role string) *pgx.Conn {
	conn, err := pgx.Connect(w.Ctx, w.url)
	require.NoError(w.T, err)
	w.T.Cleanup(func() { _ = conn.Close(context.WithoutCancel(w.Ctx)) })
	if role != owner {
		_, err = conn.Exec(w.Ctx, "SET ROLE "+role)
		require.NoError(w.T, err)
	}
	return conn
}

// ticket is the open ticket of the refund in the state.
func (w *world) ticket(state refund.State) string {
	page, err := w.Tickets(w.Ctx, desk.TicketFilter{RefundID: w.refunds[state].ID, State: review.Open})
	require.NoError(w.T, err)
	require.Len(w.T, page.Items, 1)
	return page.Items[0].Ticket.ID
}

// attempt runs the statements in one transaction, with every check that a commit makes.
// Nothing is kept unless keep is set.
func attempt(ctx context.Context, conn *pgx.Conn, keep bool, statements []statement) error {
	tx, err := conn.Begin(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback(ctx) }()
	for _, s := range statements {
		if _, err := tx.Exec(ctx, s.sql, s.args...); err != nil {
			return err
		}
	}
	if keep {
		return tx.Commit(ctx)
	}
	_, err = tx.Exec(ctx, "SET CONSTRAINTS ALL IMMEDIATE")
	return err
}

// ruleOf names what refused: forbidden, a constraint, or the message of refuse().
func ruleOf(err error) string {
	var pg *pgconn.PgError
	switch {
	case err == nil:
		return ""
	case !errors.As(err, &pg):
		return err.Error()
	case pg.Code == "42501":
		return forbidden
	case pg.ConstraintName != "":
		return pg.ConstraintName
	case pg.Code == "23514":
		return pg.Message
	}
	return fmt.Sprintf("%s (%s)", pg.Message, pg.Code) // a slip of the attack itself
}

// attacks are all of them, by subject.
func attacks() map[string][]attack {
	return map[string][]attack{
		"journals":  journalAttacks(),
		"credits":   creditAttacks(),
		"refunds":   refundAttacks(),
		"approvals": approvalAttacks(),
		"records":   recordAttacks(),
		"disguises": disguiseAttacks(),
		"malformed": malformedAttacks(),
		"reviews":   reviewAttacks(),
		"pauses":    pauseAttacks(),
		"sessions":  sessionAttacks(),
	}
}

func TestPostgreSQLRefuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	before := w.fingerprint()
	for subject, list := range attacks() {
		for _, a := range list {
			t.Run(subject+"/"+a.name, func(t *testing.T) {
				err := attempt(w.Ctx, a.conn(w), true, a.do(w))
				require.Equal(t, a.rule, ruleOf(err), "%v", err)
			})
		}
	}
	require.Equal(t, before, w.fingerprint(), "a refused attack leaves nothing behind")
}

func (a attack) conn(w *world) *pgx.Conn {
	if a.as == "" {
		return w.conns[application]
	}
	return w.conns[a.as]
}

// The honest twins of the attacks pass.
func TestPostgreSQLAccepts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	honest := map[string][]statement{
		"a credit":               w.credit(nil),
		"a purchase":             w.purchase(nil),
		"usage":                  w.usage(nil),
		"a filing":               w.filing(nil),
		"two approvals":          w.approval(storetest.Reviewer.Subject, storetest.Senior.Subject),
		"undoing usage":          w.reversal("usage", "u-crediting", nil),
		"a change of state":      w.change(w.refunds[refund.InReview], refund.AwaitingCustomer, nil),
		"back from a hold":       w.change(w.refunds[refund.OnHold], refund.InReview, nil),
		"more people for a case": {run("UPDATE tickets SET approvals = 3, queue = 'senior' WHERE id = $1", w.ticket(refund.InReview))},
		"standing by an admin":   {run("UPDATE accounts SET standing = 'suspended' WHERE id = 'other'")},
		"a lock on a balance":    {run("SELECT 1 FROM ledger_accounts WHERE id = 'package/p-free' FOR NO KEY UPDATE")},
		"two, one of them senior": append([]statement{run("UPDATE tickets SET seniors = 1 WHERE id = $1", w.ticket(refund.InReview))},
			w.approval(storetest.Reviewer.Subject, storetest.Senior.Subject)...),
		"a screening":              w.change(w.refunds[refund.Screening], refund.Crediting, map[string]any{"verdict": "approve"}),
		"an appeal":                w.appealInReview("ron"),
		"a question":               w.question(nil),
		"a question about nothing": w.question(map[string]any{"refund_id": nil, "package_id": nil}),
		"a message":                {w.message(nil)},
		"a vote by one of another account": {
			run("UPDATE accounts SET email = 'somebody@example.com' WHERE id = 'other'"), w.vote(refund.InReview, "ron", "other", "approve"),
		},
		"a vote by one whose phone is as empty as the customer's": {
			run("UPDATE accounts SET email = id || '@example.com', phone = '-' WHERE id IN ('acct', 'other')"), w.vote(refund.InReview, "ron", "other", "approve"),
		},
		"a session and a look": {
			w.session(nil), run("UPDATE sessions SET seen_at = now()"), run("DELETE FROM sessions"),
			run(look), run(look), run("DELETE FROM viewers"),
		},
		"a credit past a pause of another": w.credit(func(c *credit) {
			c.earlier = []statement{w.pause(map[string]any{"scope": "account", "target": "other"})}
		}),
		"a credit after a pause ended": w.credit(func(c *credit) { c.earlier = []statement{w.pause(nil), run(endPause)} }),
		"a credit after a pause expired": w.credit(func(c *credit) {
			c.earlier = []statement{w.pause(map[string]any{"expires_at": w.Clock.Now().Add(time.Hour)})}
		}),
		"a policy":                {run("INSERT INTO policies (source, digest, created_by, created_at) VALUES ('x', 'x', 'ada', now())")},
		"a policy in force again": {run("INSERT INTO policy_activations (version, by, at) VALUES (1, 'ada', now())")},
		"a saved reply, changed and gone": {
			run("INSERT INTO saved_replies (id, title, body_en, body_zh, updated_by, updated_at) VALUES ('r', 't', 'a', 'b', 'sam', now())"),
			run("UPDATE saved_replies SET title = 'u', version = version + 1 WHERE id = 'r'"), run("DELETE FROM saved_replies WHERE id = 'r'"),
		},
		"an empty ledger account": {run("INSERT INTO ledger_accounts (id, currency) VALUES ('customer/other/EUR', 'EUR')")},
	}
	for _, name := range slices.Sorted(maps.Keys(honest)) {
		t.Run(name, func(t *testing.T) {
			require.NoError(t, attempt(w.Ctx, w.conns[application], false, honest[name]))
		})
	}
}

// fingerprint is what all tables hold.
func (w *world) fingerprint() map[string]string {
	out := map[string]string{}
	for _, table := range tables {
		var digest string
		require.NoError(w.T, w.conns[owner].QueryRow(w.Ctx, "SELECT coalesce(md5(string_agg(t::text, E'\\n' ORDER BY t::text)), '') FROM "+table+" t").Scan(&digest))
		out[table] = digest
	}
	return out
}

// tables are all that the migrations make.
var tables = []string{
	"accounts", "packages", "refund_transitions", "refunds", "idempotency_keys", "tickets", "decisions", "notes",
	"ledger_accounts", "journals", "postings", "usage_records", "audit_entries", "engine_intents", "notices",
	"policies", "policy_activations", "screenings", "screening_matches", "messages", "saved_replies", "pauses",
	"sessions", "viewers",
}

// passing are the tables whose rows go again: what of a saved reply was sent is a message, and
// of the console nothing is part of the record.
var passing = []string{"saved_replies", "sessions", "viewers"}
