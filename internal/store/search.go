package store

import (
	"context"
	"strconv"
	"strings"

	"gorm.io/gorm"

	"refunddesk/internal/audit"
	"refunddesk/internal/desk"
	"refunddesk/internal/identity"
	"refunddesk/internal/ledger"
	"refunddesk/internal/policy"
	"refunddesk/internal/refund"
	"refunddesk/internal/review"
)

// SearchRefunds implements desk.SearchRecords. Each criterion has an index of its own, and
// the order has one for what is found often: PostgreSQL chooses.
func (s *Store) SearchRefunds(ctx context.Context, q desk.RefundSearch) (desk.Page[refund.Refund], error) {
	where, found, err := s.searched(ctx, q)
	if err != nil {
		return desk.Page[refund.Refund]{}, classify(err)
	}
	if q.Cursor != "" {
		c, err := parseCursor(q.Cursor)
		if err != nil {
			return desk.Page[refund.Refund]{}, err
		}
		where.add("(created_at, id) < (?, ?)", c.At.UTC(), c.ID)
	}
	if !found {
		return desk.Page[refund.Refund]{Items: []refund.Refund{}}, nil
	}
	limit := limitOf(q.Paging)
	var rows []refundRow
	err = s.read(ctx).Raw("SELECT * FROM refunds"+where.sql()+" ORDER BY created_at DESC, id DESC LIMIT ?", append(where.args, limit+1)...).Scan(&rows).Error
	if err != nil {
		return desk.Page[refund.Refund]{}, classify(err)
	}
	return pageOf(rows, limit, refundRow.domain, func(r refundRow) cursor { return cursor{At: r.CreatedAt.UTC(), ID: r.ID} }), nil
}

// searched are the conditions of a search; found is false when nothing can meet them.
func (s *Store) searched(ctx context.Context, q desk.RefundSearch) (where conditions, found bool, err error) {
	if q.Text != "" {
		if found, err = anyID(s.read(ctx), q.Text, &where); err != nil || !found {
			return where, false, err
		}
	}
	if q.WorkflowID != "" {
		id, known, err := refundOfWorkflow(s.read(ctx), q.WorkflowID)
		if err != nil || !known {
			return where, false, err
		}
		where.add("id = ?", id)
	}
	where.equal("id", q.RefundID)
	where.equal("account_id", q.AccountID)
	if q.ExceptAccount != "" {
		where.add("account_id <> ?", q.ExceptAccount)
	}
	where.equal("state", string(q.State))
	where.equal("verdict", q.Verdict)
	if q.Verdict != "" && q.Verdict != string(policy.Approve) {
		where.add("verdict NOT IN ('', 'approve')") // in the words of the index of these few
	}
	if q.Rule != "" {
		where.add("id IN (SELECT m.refund_id FROM screening_matches m WHERE m.rule = ?)", q.Rule)
	}
	switch q.Actor {
	case "":
	case identity.Desk.Subject: // did something to nearly all of them
		where.add("EXISTS (SELECT 1 FROM audit_entries e WHERE e.refund_id = refunds.id AND e.refund_id <> '' AND e.actor = ?)", q.Actor)
	default:
		where.add("id IN (SELECT e.refund_id FROM audit_entries e WHERE e.actor = ? AND e.refund_id <> '' AND e.role <> 'system')", q.Actor)
	}
	where.equal("currency", q.Currency)
	if q.AmountFrom != nil {
		where.add(worth+" >= ?", *q.AmountFrom)
	}
	if q.AmountTo != nil {
		where.add(worth+" <= ?", *q.AmountTo)
	}
	if q.From != nil {
		where.add("created_at >= ?", q.From.UTC())
	}
	if q.To != nil {
		where.add("created_at < ?", q.To.UTC())
	}
	return where, true, nil
}

// Acts implements desk.SearchRecords, in the words of the index of what belongs to no refund.
func (s *Store) Acts(ctx context.Context, q desk.ActSearch) (desk.Page[audit.Entry], error) {
	var where conditions
	where.add("actor = ? AND refund_id = ''", q.Actor)
	if q.From != nil {
		where.add("at >= ?", q.From.UTC())
	}
	if q.To != nil {
		where.add("at < ?", q.To.UTC())
	}
	if q.Cursor != "" {
		c, err := parseCursor(q.Cursor)
		if err != nil {
			return desk.Page[audit.Entry]{}, err
		}
		before, err := strconv.ParseInt(c.ID, 10, 64)
		if err != nil {
			return desk.Page[audit.Entry]{}, errCursor()
		}
		where.add("seq < ?", before)
	}
	limit := limitOf(q.Paging)
	var rows []auditReadRow
	err := s.read(ctx).Raw("SELECT * FROM audit_entries"+where.sql()+" ORDER BY seq DESC LIMIT ?", append(where.args, limit+1)...).Scan(&rows).Error
	if err != nil {
		return desk.Page[audit.Entry]{}, classify(err)
	}
	return pageOf(rows, limit, auditReadRow.domain, func(r auditReadRow) cursor { return cursor{ID: strconv.FormatInt(r.Seq, 10)} }), nil
}

// anyID adds what the id can be: of a refund, its account, package or ticket, or a workflow.
// What it is is looked up first, so that the search itself has one criterion and its index.
func anyID(tx *gorm.DB, id string, where *conditions) (found bool, err error) {
	if strings.Contains(id, "/") {
		of, known, err := refundOfWorkflow(tx, id)
		where.add("id = ?", of)
		return known, err
	}
	var isRefund, isAccount, isPackage bool
	var ofTicket string
	_, err = one(tx, fields{&isRefund, &isAccount, &isPackage, &ofTicket}, `SELECT
		EXISTS (SELECT 1 FROM refunds WHERE id = ?), EXISTS (SELECT 1 FROM accounts WHERE id = ?), EXISTS (SELECT 1 FROM packages WHERE id = ?),
		coalesce((SELECT refund_id FROM tickets WHERE id = ?), '')`, id, id, id, id)
	if err != nil {
		return false, err
	}
	var either []string
	var args []any
	for _, is := range []struct {
		so        bool
		condition string
		id        string
	}{
		{isRefund, "id = ?", id},
		{isAccount, "account_id = ?", id},
		{isPackage, "package_id = ?", id},
		{ofTicket != "", "id = ?", ofTicket},
	} {
		if is.so {
			either, args = append(either, is.condition), append(args, is.id)
		}
	}
	if len(either) == 0 {
		return false, nil
	}
	where.add("("+strings.Join(either, " OR ")+")", args...)
	return true, nil
}

// refundOfWorkflow is the refund whose workflow has the id, or the one that a question's
// workflow is about; false when there is none.
func refundOfWorkflow(tx *gorm.DB, workflowID string) (id string, known bool, err error) {
	if id, ok := strings.CutPrefix(workflowID, refund.WorkflowID("")); ok {
		return id, id != "", nil
	}
	ticket, ok := strings.CutPrefix(workflowID, review.QuestionWorkflowID(""))
	if !ok {
		return "", false, nil
	}
	_, err = one(tx, fields{&id}, "SELECT coalesce(refund_id, '') FROM tickets WHERE id = ?", ticket)
	return id, id != "", err
}

// RefundJournals implements desk.SearchRecords: the credit, and what reversed it.
func (s *Store) RefundJournals(ctx context.Context, refundID string) ([]ledger.Journal, error) {
	var rows []journalRow
	err := s.read(ctx).Raw(`SELECT * FROM journals WHERE operation = 'refund' AND operation_id = ?
		UNION ALL
		SELECT u.* FROM journals u JOIN journals j ON j.id = u.reverses WHERE j.operation = 'refund' AND j.operation_id = ?
		ORDER BY created_at, id`, refundID, refundID).Scan(&rows).Error
	if err != nil {
		return nil, classify(err)
	}
	out := make([]ledger.Journal, len(rows))
	for i, r := range rows {
		out[i] = r.domain()
	}
	return out, s.fillPostings(ctx, out)
}

// RefundMark implements desk.SearchRecords.
func (s *Store) RefundMark(ctx context.Context, refundID string, inside bool) (string, error) {
	var mark string
	found, err := one(s.read(ctx), fields{&mark}, markQuery[inside], refundID)
	if err == nil && !found {
		err = desk.Missing("refund", refundID)
	}
	return mark, classify(err)
}

// markQuery is of what staff see, or else of what its customer sees: that somebody voted,
// or wrote for staff only, he does not learn from when his page changes.
var markQuery = map[bool]string{
	true: `SELECT CAST(r.version AS text) || ' ' ||
       (SELECT count(*) FROM tickets t JOIN messages m ON m.ticket_id = t.id WHERE t.refund_id = r.id) || ' ' ||
       coalesce((SELECT CAST(max(t.updated_at) AS text) FROM tickets t WHERE t.refund_id = r.id), '') || ' ' ||
       (SELECT count(*) FROM decisions d WHERE d.refund_id = r.id)
  FROM refunds r WHERE r.id = ?`,
	false: `SELECT r.state || ' ' || r.hold_causes || ' ' ||
       (SELECT count(*) FROM tickets t JOIN messages m ON m.ticket_id = t.id WHERE t.refund_id = r.id AND m.visibility = 'public') || ' ' ||
       coalesce((SELECT CAST(max(t.answer_by) AS text) FROM tickets t WHERE t.refund_id = r.id), '')
  FROM refunds r WHERE r.id = ?`,
}
