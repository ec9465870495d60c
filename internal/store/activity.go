package store

import (
	"context"
	"time"

	"refunddesk/internal/desk"
	"refunddesk/internal/money"
	"refunddesk/internal/refund"
)

// mostActivity is how many purchases and refunds an account's activity has: the newest.
const mostActivity = 1000

// Activity implements desk.SearchRecords.
func (s *Store) Activity(ctx context.Context, accountID string, since time.Time) (desk.Activity, error) {
	a := desk.Activity{Since: since.UTC()}
	var bought []packageRow
	err := s.read(ctx).Raw(`SELECT * FROM (SELECT * FROM packages WHERE account_id = ? AND purchased_at >= ? ORDER BY purchased_at DESC, id DESC LIMIT ?) newest
		ORDER BY purchased_at, id`, accountID, a.Since, mostActivity).Scan(&bought).Error
	if err != nil {
		return desk.Activity{}, classify(err)
	}
	for _, p := range bought {
		a.Purchases = append(a.Purchases, desk.ActivityPurchase{PackageID: p.ID, Name: p.Name, Paid: money.Of(p.Paid, p.Currency), At: p.PurchasedAt.UTC()})
	}
	if a.Usage, err = s.usageByDay(ctx, accountID, a.Since); err != nil {
		return desk.Activity{}, classify(err)
	}
	var asked []refundRow
	err = s.read(ctx).Raw(`SELECT * FROM (SELECT * FROM refunds WHERE account_id = ? AND created_at >= ? ORDER BY id DESC LIMIT ?) newest
		ORDER BY created_at, id`, accountID, a.Since, mostActivity).Scan(&asked).Error
	if err != nil {
		return desk.Activity{}, classify(err)
	}
	a.Refunds = make([]refund.Refund, len(asked))
	for i, r := range asked {
		a.Refunds[i] = r.domain()
	}
	return a, nil
}

// dayColumn is the UTC day of a column as text: times are kept in UTC.
func (s *Store) dayColumn(column string) string {
	if s.dialect == Postgres {
		return "to_char(" + column + " AT TIME ZONE 'UTC', 'YYYY-MM-DD')"
	}
	return "substr(" + column + ", 1, 10)"
}

func (s *Store) usageByDay(ctx context.Context, accountID string, since time.Time) ([]desk.ActivityUsage, error) {
	day := s.dayColumn("u.occurred_at")
	var rows []struct {
		Day      string
		Currency string
		Cost     int64
	}
	err := s.read(ctx).Raw(`SELECT `+day+` AS day, p.currency, CAST(sum(u.cost) AS bigint) AS cost
		  FROM packages p JOIN usage_records u ON u.package_id = p.id
		 WHERE p.account_id = ? AND u.occurred_at >= ?
		 GROUP BY `+day+`, p.currency
		 ORDER BY 1, 2`, accountID, since).Scan(&rows).Error
	if err != nil {
		return nil, err
	}
	out := make([]desk.ActivityUsage, len(rows))
	for i, r := range rows {
		at, err := time.Parse(time.DateOnly, r.Day)
		if err != nil {
			return nil, err
		}
		out[i] = desk.ActivityUsage{Day: at, Cost: money.Of(r.Cost, r.Currency)}
	}
	return out, nil
}
