package store

import (
	"context"
	"strings"

	"gorm.io/gorm"

	"refunddesk/internal/audit"
	"refunddesk/internal/desk"
	"refunddesk/internal/refund"
	"refunddesk/internal/review"
)

var refundQuery = "SELECT " + strings.Join(columnsOf(refundColumns), ", ") + " FROM refunds"

func refundOf(tx *gorm.DB, id string) (refund.Refund, error) {
	var row refundRow
	found, err := one(tx, row.fields(), refundQuery+" WHERE id = ?", id)
	if err != nil {
		return refund.Refund{}, err
	}
	if !found {
		return refund.Refund{}, desk.Missing(audit.ObjectRefund, id)
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
	var row ticketRow
	if err := s.read(ctx).Raw("SELECT * FROM tickets WHERE id = ?", ticketID).Scan(&row).Error; err != nil {
		return desk.CaseView{}, classify(err)
	}
	if row.ID == "" {
		return desk.CaseView{}, desk.Missing(audit.ObjectTicket, ticketID)
	}
	views, err := s.casesOf(ctx, []ticketRow{row})
	if err != nil {
		return desk.CaseView{}, err
	}
	return views[0], nil
}

// casesOf reads what the decisions of the tickets are about, in two queries for all of them.
func (s *Store) casesOf(ctx context.Context, tickets []ticketRow) ([]desk.CaseView, error) {
	refundIDs, ticketIDs := make([]string, len(tickets)), make([]string, len(tickets))
	for i, t := range tickets {
		refundIDs[i], ticketIDs[i] = t.RefundID, t.ID
	}
	var subjects []locked
	if err := s.read(ctx).Raw(lockedQuery+" WHERE r.id IN ?", refundIDs).Scan(&subjects).Error; err != nil {
		return nil, classify(err)
	}
	var votes []decisionRow
	if err := s.read(ctx).Raw("SELECT * FROM decisions WHERE ticket_id IN ? ORDER BY created_at, id", ticketIDs).Scan(&votes).Error; err != nil {
		return nil, classify(err)
	}
	byRefund, byTicket := map[string]locked{}, map[string][]review.Decision{}
	for _, l := range subjects {
		byRefund[l.Refund.ID] = l
	}
	for _, v := range votes {
		byTicket[v.TicketID] = append(byTicket[v.TicketID], v.domain())
	}
	out := make([]desk.CaseView, len(tickets))
	for i, t := range tickets {
		l := byRefund[t.RefundID]
		r := l.Refund.domain()
		out[i] = desk.CaseView{Ticket: t.domain(), Refund: r, Case: caseOf(r, l.Package.domain(l.Balance), byTicket[t.ID])}
	}
	return out, nil
}

// Tickets implements desk.Records: what is due first comes first, or the newest.
func (s *Store) Tickets(ctx context.Context, f desk.TicketFilter) (desk.Page[desk.CaseView], error) {
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
			return desk.Page[desk.CaseView]{}, err
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
		return desk.Page[desk.CaseView]{}, classify(err)
	}
	page := pageOf(rows, limit, func(r ticketRow) ticketRow { return r }, func(r ticketRow) cursor { return cursor{At: r.DueAt.UTC(), ID: r.ID} })
	views, err := s.casesOf(ctx, page.Items)
	return desk.Page[desk.CaseView]{Items: views, Next: page.Next}, err
}

// Refuse implements desk.Records: a refused attempt is on the record too.
func (s *Store) Refuse(ctx context.Context, e audit.Entry) error {
	if e.RequestID == "" {
		e.RequestID = audit.RequestOf(ctx)
	}
	return classify(writeEntries(s.read(ctx), e))
}
