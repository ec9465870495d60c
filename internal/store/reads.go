package store

import (
	"context"

	"gorm.io/gorm"

	"refunddesk/internal/audit"
	"refunddesk/internal/desk"
	"refunddesk/internal/refund"
	"refunddesk/internal/review"
)

func refundOf(tx *gorm.DB, id string) (refund.Refund, error) {
	var row refundRow
	if err := tx.Raw("SELECT * FROM refunds WHERE id = ?", id).Scan(&row).Error; err != nil {
		return refund.Refund{}, err
	}
	if row.ID == "" {
		return refund.Refund{}, notFound("refund", id)
	}
	return row.domain(), nil
}

// Refund implements desk.Records.
func (s *Store) Refund(ctx context.Context, id string) (refund.Refund, error) {
	r, err := refundOf(s.read(ctx), id)
	return r, classify(err)
}

// Refunds implements desk.Records: newest first.
func (s *Store) Refunds(ctx context.Context, f desk.RefundFilter) (desk.Page[refund.Refund], error) {
	var where conditions
	where.equal("account_id", f.AccountID)
	where.equal("package_id", f.PackageID)
	where.equal("state", string(f.State))
	if f.Cursor != "" {
		c, err := parseCursor(f.Cursor)
		if err != nil {
			return desk.Page[refund.Refund]{}, err
		}
		where.add("id < ?", c.ID)
	}
	limit := limitOf(f.Paging)
	var rows []refundRow
	if err := s.read(ctx).Raw("SELECT * FROM refunds"+where.sql()+" ORDER BY id DESC LIMIT ?", append(where.args, limit+1)...).Scan(&rows).Error; err != nil {
		return desk.Page[refund.Refund]{}, classify(err)
	}
	return pageOf(rows, limit, refundRow.domain, func(r refundRow) cursor { return cursor{ID: r.ID} }), nil
}

// Entries implements desk.Records: the audit entries of a refund, oldest first.
func (s *Store) Entries(ctx context.Context, refundID string) ([]audit.Entry, error) {
	var rows []auditReadRow
	if err := s.read(ctx).Raw("SELECT * FROM audit_entries WHERE refund_id = ? AND refund_id <> '' ORDER BY seq", refundID).Scan(&rows).Error; err != nil {
		return nil, classify(err)
	}
	out := make([]audit.Entry, len(rows))
	for i, r := range rows {
		out[i] = r.domain()
	}
	return out, nil
}

// Decisions implements desk.Records: oldest first.
func (s *Store) Decisions(ctx context.Context, refundID string) ([]review.Decision, error) {
	d, err := decisionsOf(s.read(ctx), refundID, "")
	return d, classify(err)
}

// Case implements desk.Records.
func (s *Store) Case(ctx context.Context, ticketID string) (desk.CaseView, error) {
	db := s.read(ctx)
	var row ticketRow
	if err := db.Raw("SELECT * FROM tickets WHERE id = ?", ticketID).Scan(&row).Error; err != nil {
		return desk.CaseView{}, classify(err)
	}
	if row.ID == "" {
		return desk.CaseView{}, notFound("ticket", ticketID)
	}
	var l locked
	if err := db.Raw(lockedQuery, row.RefundID).Scan(&l).Error; err != nil {
		return desk.CaseView{}, classify(err)
	}
	decisions, err := decisionsOf(db, row.RefundID, row.ID)
	if err != nil {
		return desk.CaseView{}, classify(err)
	}
	r := l.Refund.domain()
	return desk.CaseView{Ticket: row.domain(), Refund: r, Case: caseOf(r, l.Package.domain(l.Balance), decisions)}, nil
}

// Tickets implements desk.Records: what is due first comes first, or the newest.
func (s *Store) Tickets(ctx context.Context, f desk.TicketFilter) (desk.Page[review.Ticket], error) {
	var where conditions
	where.equal("account_id", f.AccountID)
	where.equal("refund_id", f.RefundID)
	where.equal("queue", f.Queue)
	where.equal("state", string(f.State))
	where.equal("assignee", f.Assignee)
	order, after := "due_at, id", "(due_at, id) > (?, ?)"
	if f.Newest {
		order, after = "id DESC", "id < ?"
	}
	if f.Cursor != "" {
		c, err := parseCursor(f.Cursor)
		if err != nil {
			return desk.Page[review.Ticket]{}, err
		}
		if f.Newest {
			where.add(after, c.ID)
		} else {
			where.add(after, c.At, c.ID)
		}
	}
	limit := limitOf(f.Paging)
	var rows []ticketRow
	if err := s.read(ctx).Raw("SELECT * FROM tickets"+where.sql()+" ORDER BY "+order+" LIMIT ?", append(where.args, limit+1)...).Scan(&rows).Error; err != nil {
		return desk.Page[review.Ticket]{}, classify(err)
	}
	return pageOf(rows, limit, ticketRow.domain, func(r ticketRow) cursor { return cursor{At: r.DueAt.UTC(), ID: r.ID} }), nil
}

// Refuse implements desk.Records: a refused attempt is on the record too.
func (s *Store) Refuse(ctx context.Context, e audit.Entry) error {
	if e.RequestID == "" {
		e.RequestID = audit.RequestOf(ctx)
	}
	return classify(writeEntries(s.read(ctx), e))
}
