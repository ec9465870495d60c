package store

import (
	"context"

	"refunddesk/internal/desk"
	"refunddesk/internal/money"
	"refunddesk/internal/notify"
)

// Notice implements activities.Notices: what a message is made of, read when it is sent.
func (s *Store) Notice(ctx context.Context, id string) (notify.Notice, error) {
	var row struct {
		ID, RefundID, Event, State, Name, Email, Locale, PackageName, Currency, Outcome string
		QuoteAmount                                                                     int64
		Amount                                                                          *int64
	}
	found, err := one(s.read(ctx), fields{
		&row.ID, &row.RefundID, &row.Event, &row.State, &row.Name, &row.Email, &row.Locale, &row.PackageName,
		&row.Currency, &row.Outcome, &row.QuoteAmount, &row.Amount,
	}, `SELECT n.id, n.refund_id, n.event, n.state, a.name, a.email, a.locale, p.name, r.currency, r.outcome, r.quote_amount, r.amount
		FROM notices n JOIN refunds r ON r.id = n.refund_id JOIN accounts a ON a.id = r.account_id JOIN packages p ON p.id = r.package_id
		WHERE n.id = ?`, id)
	if err != nil {
		return notify.Notice{}, classify(err)
	}
	if !found {
		return notify.Notice{}, desk.Missing("notice", id)
	}
	amount := row.QuoteAmount
	if row.Amount != nil {
		amount = *row.Amount
	}
	n := notify.Notice{
		ID: row.ID, RefundID: row.RefundID, Event: notify.Event(row.Event), State: notify.State(row.State),
		Name: row.Name, Email: row.Email, Locale: row.Locale, PackageName: row.PackageName,
		Amount: money.Of(amount, row.Currency).Format(row.Locale),
	}
	if n.Event == notify.Rejected {
		n.Reason = row.Outcome
	}
	return n, nil
}

// MarkNotice implements activities.Notices. A notice that was sent stays so.
func (s *Store) MarkNotice(ctx context.Context, id string, state notify.State) error {
	return classify(s.read(ctx).Exec("UPDATE notices SET state = ?, updated_at = ? WHERE id = ? AND state <> 'sent'", string(state), s.now(), id).Error)
}
