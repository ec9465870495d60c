package store

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"gorm.io/gorm"

	"refunddesk/internal/audit"
	"refunddesk/internal/desk"
	"refunddesk/internal/policy"
	"refunddesk/internal/refund"
)

// The windows that facts look back over: what is younger than that is in them.
const (
	day        = 24 * time.Hour
	window24h  = day
	window72h  = 3 * day
	window14d  = 14 * day
	window30d  = 30 * day
	window90d  = 90 * day
	window365d = 365 * day
)

// historyLimit is how long the query over an account's history may take unless the options say
// otherwise; a step has longer.
const historyLimit = time.Second

// historyFacts are the facts that the query over the account's history gives, as policies
// call them or what they are worked out from: all of them are unknown when it fails.
var historyFacts = []string{
	"refunds_24h", "refunds_30d", "refunds_365d", "refunded_24h", "refunded_30d", "refunded_365d",
	"purchases_90d", "purchased_90d", "returned_of_90d", "usage_24h", "usage_14d",
	"rebuy_cycles_30d", "rejections", "linked_rejected",
}

// subjectQuery reads what is being judged, and which policy is in force.
const subjectQuery = `SELECT r.reason_code, r.appeal_of, p.product, p.currency, p.paid, p.face, l.balance, p.dispute, p.purchased_at,
       a.standing, a.registered_at, a.contact_changed_at,
       coalesce((SELECT CAST(version AS text) FROM policy_activations ORDER BY n DESC LIMIT 1), '') AS in_force
  FROM refunds r
  JOIN packages p ON p.id = r.package_id
  JOIN accounts a ON a.id = r.account_id
  JOIN ledger_accounts l ON l.id = 'package/' || p.id
 WHERE r.id = ?`

// subject is a row of subjectQuery.
type subject struct {
	reason, appealOf  string
	pkg               refund.Package
	standing, dispute string
	registeredAt      time.Time
	contactChangedAt  *time.Time
	inForce           string
}

func (s *subject) fields() fields {
	return fields{
		&s.reason, &s.appealOf, &s.pkg.Product, &s.pkg.Currency, &s.pkg.Paid, &s.pkg.Face, &s.pkg.Remaining, &s.dispute, &s.pkg.PurchasedAt,
		&s.standing, &s.registeredAt, &s.contactChangedAt, &s.inForce,
	}
}

// tell fills in the facts that the subject itself knows.
func (s *subject) tell(f *policy.Facts, now time.Time) {
	f.At, f.Amount, f.Product, f.Reason = now, s.pkg.Quote().Amount, s.pkg.Product, s.reason
	f.Standing, f.Dispute, f.Appeal = refund.Standing(s.standing), refund.Dispute(s.dispute), s.appealOf != ""
	f.AccountAge, f.PurchaseAge = now.Sub(s.registeredAt), now.Sub(s.pkg.PurchasedAt)
	f.Face, f.Consumed = s.pkg.Face, s.pkg.Face-s.pkg.Remaining
	// Nobody changed a contact by being created.
	f.ContactChanged72h = s.contactChangedAt != nil && s.contactChangedAt.After(now.Add(-window72h))
}

// historyQuery sums up what the account did, in one statement that finds the account by
// the refund. Counted are the refund itself, however old, and all open and credited ones
// but those that the provider was the cause of; so requests filed at once see each other.
// Counts are of refunds in any currency, sums of those in the request's own. Purchases are
// the packages in its currency: the money and the count are then of the same packages.
//
// A cycle is a refund of the product after which, and before the next one, the product was
// bought again: in the order of time a purchase comes next.
var historyQuery = `WITH subject AS (
	SELECT r.id, r.account_id, r.package_id, r.currency, r.created_at, p.product
	  FROM refunds r JOIN packages p ON p.id = r.package_id
	 WHERE r.id = ?
), counted AS (
	SELECT r.id, r.created_at, p.purchased_at, r.id = s.id AS itself, p.product = s.product AS same_product,
	       CASE WHEN r.currency = s.currency THEN ` + worth + ` ELSE 0 END AS value
	  FROM subject s
	  JOIN refunds r ON r.account_id = s.account_id
	  JOIN packages p ON p.id = r.package_id
	 WHERE (r.created_at > ? OR r.id = s.id) AND r.state NOT IN ('rejected', 'withdrawn') AND NOT r.provider_fault
), refunded AS (
	SELECT count(*) FILTER (WHERE itself OR created_at > ?) AS n_24h,
	       count(*) FILTER (WHERE itself OR created_at > ?) AS n_30d,
	       count(*) AS n_365d,
	       coalesce(sum(value) FILTER (WHERE itself OR created_at > ?), 0) AS sum_24h,
	       coalesce(sum(value) FILTER (WHERE itself OR created_at > ?), 0) AS sum_30d,
	       coalesce(sum(value), 0) AS sum_365d,
	       coalesce(sum(value) FILTER (WHERE purchased_at > ?), 0) AS returned_of_90d
	  FROM counted
), purchased AS (
	SELECT count(*) AS n, coalesce(sum(p.paid), 0) AS paid
	  FROM subject s JOIN packages p ON p.account_id = s.account_id AND p.currency = s.currency
	 WHERE p.purchased_at > ?
), used AS (
	SELECT coalesce(sum(u.cost) FILTER (WHERE u.occurred_at > ?), 0) AS in_24h, coalesce(sum(u.cost), 0) AS in_14d
	  FROM subject s JOIN usage_records u ON u.package_id = s.package_id
	 WHERE u.occurred_at > ?
), events AS (
	SELECT created_at AS at, 1 AS refund, id FROM counted WHERE same_product AND (itself OR created_at > ?)
	UNION ALL
	SELECT p.purchased_at, 0, p.id
	  FROM subject s JOIN packages p ON p.account_id = s.account_id AND p.product = s.product
	 WHERE p.purchased_at > ? OR p.purchased_at > s.created_at
)
SELECT n_24h, n_30d, n_365d, CAST(sum_24h AS bigint), CAST(sum_30d AS bigint), CAST(sum_365d AS bigint),
       purchased.n, CAST(purchased.paid AS bigint), CAST(returned_of_90d AS bigint), CAST(in_24h AS bigint), CAST(in_14d AS bigint),
       (SELECT count(*) FROM (SELECT refund, lead(refund) OVER (ORDER BY at, refund, id) AS next FROM events) e WHERE refund = 1 AND next = 0),
       (SELECT count(*) FROM subject s JOIN refunds r ON r.account_id = s.account_id WHERE ` + rejectedRefund + `),
       (SELECT count(*) FROM (SELECT DISTINCT id, standing FROM (` + sharing("(SELECT account_id FROM subject)") + `) every_way) linked
         WHERE standing = 'terminated' OR EXISTS (SELECT 1 FROM refunds r WHERE r.account_id = linked.id AND ` + rejectedRefund + `))
  FROM refunded, purchased, used`

func historyArgs(refundID string, now time.Time) []any {
	ago := func(d time.Duration) time.Time { return now.Add(-d) }
	return []any{
		refundID, ago(window365d),
		ago(window24h), ago(window30d), ago(window24h), ago(window30d), ago(window90d),
		ago(window90d), ago(window24h), ago(window14d), ago(window30d), ago(window30d),
	}
}

func historyInto(f *policy.Facts) fields {
	return fields{
		&f.Refunds24h, &f.Refunds30d, &f.Refunds365d, &f.Refunded24h, &f.Refunded30d, &f.Refunded365d,
		&f.Purchases90d, &f.Purchased90d, &f.ReturnedOf90d, &f.Usage24h, &f.Usage14d,
		&f.RebuyCycles30d, &f.Rejections, &f.LinkedRejected,
	}
}

// Facts implements activities.Refunds: what the policy judges on, in two queries. When the
// one over the account's history fails or takes too long, its facts are unknown.
func (s *Store) Facts(ctx context.Context, refundID string) (policy.Facts, string, error) {
	now := s.now()
	var facts policy.Facts
	var judged subject
	about := question{statement: statement{sql: subjectQuery, args: []any{refundID}}, into: judged.fields()}
	history := question{statement: statement{sql: historyQuery, args: historyArgs(refundID, now)}, into: historyInto(&facts)}
	failed, err := s.readFacts(ctx, &about, &history)
	switch {
	case ctx.Err() != nil:
		return policy.Facts{}, "", classify(ctx.Err())
	case err != nil:
		return policy.Facts{}, "", classify(err)
	case !about.found:
		return policy.Facts{}, "", desk.Missing(audit.ObjectRefund, refundID)
	case failed != nil:
		slog.WarnContext(ctx, "facts are unknown", "refund", refundID, "cause", kindOf(failed))
		facts = policy.Facts{Unknown: slices.Clone(historyFacts)}
	}
	judged.tell(&facts, now)
	return facts, judged.inForce, nil
}

// readFacts asks both questions. failed is why the second has no answer; err that the first
// has none.
func (s *Store) readFacts(ctx context.Context, about, history *question) (failed, err error) {
	if s.dialect == Postgres {
		// A statement that cannot even be prepared takes the other one with it.
		if failed, err = s.readFactsAtOnce(ctx, about, history); err == nil || away(err) || lostRace(err) {
			return failed, err
		}
	}
	err = s.read(ctx).Connection(func(session *gorm.DB) error {
		if about.found, err = one(session, about.into, about.sql, about.args...); err != nil || !about.found {
			return err
		}
		limited, cancel := context.WithTimeout(ctx, s.history)
		defer cancel()
		_, failed = one(session.WithContext(limited), history.into, history.sql, history.args...)
		return nil
	})
	return failed, err
}

// readFactsAtOnce asks both questions in one round trip.
func (s *Store) readFactsAtOnce(ctx context.Context, about, history *question) (failed, err error) {
	pool, err := s.db.DB()
	if err != nil {
		return nil, err
	}
	conn, err := pool.Conn(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	err = conn.Raw(func(driver any) error {
		batch := &pgx.Batch{}
		batch.Queue(numbered(about.sql), about.args...)
		// What travels together is one transaction, and the limit holds until its end.
		batch.Queue("SELECT set_config('statement_timeout', $1, true)", strconv.FormatInt(s.history.Milliseconds(), 10))
		batch.Queue(numbered(history.sql), history.args...)
		results := driver.(*stdlib.Conn).Conn().SendBatch(ctx, batch)
		defer func() { _ = results.Close() }() // says again what went wrong
		err := results.QueryRow().Scan(about.into...)
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		if about.found = err == nil; err != nil {
			return err
		}
		if _, err := results.Exec(); err != nil {
			return err
		}
		failed = results.QueryRow().Scan(history.into...)
		if failed != nil && !timedOut(failed) && (away(failed) || lostRace(failed)) {
			return failed
		}
		return nil
	})
	return failed, err
}

// timedOut reports whether PostgreSQL gave a statement up, as it was told to.
func timedOut(err error) bool {
	const queryCanceled = "57014"
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.Code == queryCanceled
}
