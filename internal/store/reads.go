package store

import (
	"context"
	"strings"
	"time"

	"gorm.io/gorm"

	"refunddesk/internal/audit"
	"refunddesk/internal/desk"
	"refunddesk/internal/refund"
	"refunddesk/internal/review"
)

var refundQuery = "SELECT " + strings.Join(columnsOf(refundColumns), ", ") + " FROM refunds"

// worth is refund.Refund.Worth, in the words of its index.
const worth = "coalesce(amount, approved, quote_amount)"

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
	where.among("package_id", f.PackageIDs)
	where.equal("appeal_of", f.AppealOf)
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
	return s.entries(ctx, "refund_id = ? AND refund_id <> ''", refundID)
}

// Moves implements desk.Records: those of them that took it from one state to another.
func (s *Store) Moves(ctx context.Context, refundID string) ([]audit.Entry, error) {
	return s.entries(ctx, "refund_id = ? AND refund_id <> '' AND object = 'refund' AND new_state <> '' AND new_state <> old_state", refundID)
}

func (s *Store) entries(ctx context.Context, where, refundID string) ([]audit.Entry, error) {
	var rows []auditReadRow
	if err := s.read(ctx).Raw("SELECT * FROM audit_entries WHERE "+where+" ORDER BY seq", refundID).Scan(&rows).Error; err != nil {
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
	views, err := casesOf(s.read(ctx), []ticketRow{row})
	if err != nil {
		return desk.CaseView{}, classify(err)
	}
	view := views[0]
	if view.Ticket.Kind == review.KindRefund {
		err = withParties(s.read(ctx), &view.Case, view.Refund.AppealOf)
	}
	return view, classify(err)
}

// withParties adds those who may not decide on the case.
func withParties(tx *gorm.DB, c *review.Case, appealOf string) (err error) {
	if c.Linked, c.FiledBy, err = linkedOf(tx, c.AccountID, c.RequestedBy); err != nil {
		return err
	}
	c.Barred, err = barredOf(tx, appealOf)
	return err
}

// casesOf reads what the tickets are about, in two queries for all of them.
func casesOf(tx *gorm.DB, tickets []ticketRow) ([]desk.CaseView, error) {
	var refundIDs, ticketIDs []string
	for _, t := range tickets {
		if t.RefundID != "" {
			refundIDs, ticketIDs = append(refundIDs, string(t.RefundID)), append(ticketIDs, t.ID)
		}
	}
	var subjects []locked
	var votes []decisionRow
	if len(refundIDs) > 0 {
		if err := tx.Raw(lockedQuery+" WHERE r.id IN ?", refundIDs).Scan(&subjects).Error; err != nil {
			return nil, err
		}
		if err := tx.Raw("SELECT * FROM decisions WHERE ticket_id IN ? ORDER BY created_at, id", ticketIDs).Scan(&votes).Error; err != nil {
			return nil, err
		}
	}
	byRefund, byTicket := map[string]locked{}, map[string][]review.Decision{}
	for _, l := range subjects {
		byRefund[l.Refund.ID] = l
	}
	for _, v := range votes {
		byTicket[v.TicketID] = append(byTicket[v.TicketID], v.domain())
	}
	out := make([]desk.CaseView, len(tickets))
	for i, row := range tickets {
		out[i].Ticket = row.domain()
		l, found := byRefund[string(row.RefundID)]
		if !found {
			continue
		}
		out[i].Refund = l.Refund.domain()
		if out[i].Ticket.Kind == review.KindRefund {
			out[i].Case = caseOf(out[i].Refund, l.Package.domain(l.Balance), byTicket[row.ID])
			out[i].Case.Quorum = out[i].Ticket.Quorum
		}
	}
	return out, nil
}

// stoppedClock is how the JSON of a review.Clock that stands still ends. A ticket from before
// there were clocks has none that could stand still.
const stoppedClock = `%"since":"0001-01-01T00:00:00Z"}`

// ticketOrder is an order of tickets with the condition for what comes after a key of it.
type ticketOrder struct {
	by    string
	after func(*conditions, cursor)
}

var ticketOrders = map[desk.TicketSort]ticketOrder{
	desk.SortDue:    {"due_at, id", func(w *conditions, c cursor) { w.add("(due_at, id) > (?, ?)", c.At, c.ID) }},
	desk.SortNewest: {"id DESC", func(w *conditions, c cursor) { w.add("id < ?", c.ID) }},
	desk.SortPriority: {"priority DESC, due_at, id", func(w *conditions, c cursor) {
		w.add("priority <= ?", c.Priority) // where an index begins
		w.add("(priority < ? OR (due_at, id) > (?, ?))", c.Priority, c.At, c.ID)
	}},
}

// backwards are the same orders from their ends.
var backwards = map[desk.TicketSort]ticketOrder{
	desk.SortDue:    {"due_at DESC, id DESC", func(w *conditions, c cursor) { w.add("(due_at, id) < (?, ?)", c.At, c.ID) }},
	desk.SortNewest: {"id", func(w *conditions, c cursor) { w.add("id > ?", c.ID) }},
	desk.SortPriority: {"priority, due_at DESC, id DESC", func(w *conditions, c cursor) {
		w.add("priority >= ?", c.Priority)
		w.add("(priority > ? OR (due_at, id) < (?, ?))", c.Priority, c.At, c.ID)
	}},
}

// orderOf is how the filter wants tickets listed.
func orderOf(f desk.TicketFilter) ticketOrder {
	orders := ticketOrders
	if f.Backwards {
		orders = backwards
	}
	if order, known := orders[f.Sort]; known {
		return order
	}
	return orders[desk.SortDue]
}

// placeOf is the key of a ticket in every order.
func placeOf(priority int, due time.Time, id string) cursor {
	return cursor{Priority: int32(priority), At: due.UTC(), ID: id} //nolint:gosec // the column is of 32 bits
}

// Tickets implements desk.Records: by what is due first unless another order is asked for.
func (s *Store) Tickets(ctx context.Context, f desk.TicketFilter) (desk.Page[desk.CaseView], error) {
	order, where := orderOf(f), ticketConditions(f, s.now())
	if t := f.From; t != nil {
		order.after(&where, placeOf(t.Priority, t.DueAt, t.ID))
	}
	if f.Cursor != "" {
		c, err := parseCursor(f.Cursor)
		if err != nil {
			return desk.Page[desk.CaseView]{}, err
		}
		order.after(&where, c)
	}
	limit := limitOf(f.Paging)
	var rows []ticketRow
	if err := s.read(ctx).Raw("SELECT * FROM tickets"+where.sql()+" ORDER BY "+order.by+" LIMIT ?", append(where.args, limit+1)...).Scan(&rows).Error; err != nil {
		return desk.Page[desk.CaseView]{}, classify(err)
	}
	page := pageOf(rows, limit, func(r ticketRow) ticketRow { return r }, func(r ticketRow) cursor { return placeOf(r.Priority, r.DueAt, r.ID) })
	views, err := casesOf(s.read(ctx), page.Items)
	return desk.Page[desk.CaseView]{Items: views, Next: page.Next}, classify(err)
}

func ticketConditions(f desk.TicketFilter, now time.Time) conditions {
	var where conditions
	where.equal("account_id", f.AccountID)
	if f.ExceptAccount != "" {
		where.add("account_id <> ?", f.ExceptAccount)
	}
	where.equal("refund_id", f.RefundID)
	where.equal("kind", string(f.Kind))
	where.equal("queue", f.Queue)
	where.equal("state", string(f.State))
	where.equal("assignee", f.Assignee)
	where.whether(f.Unassigned, "assignee = ''")
	where.whether(f.Waiting, "answer_by IS NOT NULL")
	const runsOut = "state = 'open' AND due_at < ? AND answer_by IS NULL AND clock NOT LIKE ?"
	where.whether(f.Overdue, runsOut, now, stoppedClock)
	if f.DueBefore != nil {
		where.add(runsOut, *f.DueBefore, stoppedClock)
	}
	where.whether(f.Snoozed, "snoozed_until IS NOT NULL AND snoozed_until > ?", now)
	if f.Rule != "" {
		where.add("EXISTS (SELECT 1 FROM screening_matches m WHERE m.refund_id = tickets.refund_id AND m.rule = ?)", f.Rule)
	}
	return where
}

// whether adds the part or its contrary; nothing when it does not matter.
func (c *conditions) whether(wanted *bool, part string, args ...any) {
	switch {
	case wanted == nil:
	case *wanted:
		c.add(part, args...)
	default:
		c.add("NOT ("+part+")", args...)
	}
}

// Refuse implements desk.Records: a refused attempt is on the record too.
func (s *Store) Refuse(ctx context.Context, e audit.Entry) error {
	if e.RequestID == "" {
		e.RequestID = audit.RequestOf(ctx)
	}
	return classify(writeEntries(s.read(ctx), e))
}
