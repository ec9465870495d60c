package store

import (
	"context"
	"time"

	"refunddesk/internal/desk"
)

// Undelivered gives the intents that nobody has delivered for olderThan, oldest first.
func (s *Store) Undelivered(ctx context.Context, olderThan time.Duration, limit int) ([]desk.Intent, error) {
	var rows []struct {
		ID, Kind                     string
		RefundID, TicketID, NoticeID nullable
	}
	err := s.read(ctx).Raw("SELECT id, kind, refund_id, ticket_id, notice_id FROM engine_intents WHERE delivered_at IS NULL AND created_at <= ? ORDER BY created_at, id LIMIT ?",
		s.now().Add(-olderThan), limit).Scan(&rows).Error
	if err != nil {
		return nil, classify(err)
	}
	out := make([]desk.Intent, len(rows))
	for i, r := range rows {
		out[i] = desk.Intent{
			ID: r.ID, Kind: desk.IntentKind(r.Kind), RefundID: string(r.RefundID), TicketID: string(r.TicketID), NoticeID: string(r.NoticeID),
		}
	}
	return out, nil
}

// Delivered remembers that the engine has heard of the intents.
func (s *Store) Delivered(ctx context.Context, ids ...string) error {
	if len(ids) == 0 {
		return nil
	}
	return classify(s.read(ctx).Exec("UPDATE engine_intents SET delivered_at = ? WHERE id IN ? AND delivered_at IS NULL", s.now(), ids).Error)
}

// StartInput is what the workflow of a refund is started with.
func (s *Store) StartInput(ctx context.Context, refundID string) (desk.StartInput, error) {
	r, err := s.Refund(ctx, refundID)
	return desk.StartInput{AccountID: r.AccountID, PackageID: r.PackageID, RequestedBy: r.RequestedBy, Final: r.State.Final()}, err
}
