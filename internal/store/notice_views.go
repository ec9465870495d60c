package store

import (
	"context"
	"time"

	"gorm.io/gorm"

	"refunddesk/internal/audit"
	"refunddesk/internal/desk"
	"refunddesk/internal/identity"
	"refunddesk/internal/notify"
)

// noticesQuery reads what staff may know of messages to customers.
const noticesQuery = `SELECT n.id, coalesce(n.refund_id, CASE WHEN t.kind = 'refund' THEN t.refund_id END) AS refund_id, n.ticket_id, n.event, n.state,
       n.created_at, n.updated_at
  FROM notices n LEFT JOIN tickets t ON t.id = n.ticket_id`

type noticeRow struct {
	ID                   string
	RefundID, TicketID   nullable
	Event, State         string
	CreatedAt, UpdatedAt time.Time
}

func (r noticeRow) domain() desk.NoticeView {
	return desk.NoticeView{
		ID: r.ID, RefundID: string(r.RefundID), TicketID: string(r.TicketID), Event: r.Event, State: r.State,
		CreatedAt: r.CreatedAt.UTC(), UpdatedAt: r.UpdatedAt.UTC(),
	}
}

// RefundNotices implements desk.SearchRecords: of the refund, and of what was said on its
// case and on the questions about it.
func (s *Store) RefundNotices(ctx context.Context, refundID string) ([]desk.NoticeView, error) {
	var rows []noticeRow
	err := s.read(ctx).Raw(`SELECT * FROM (`+noticesQuery+` WHERE n.refund_id = ? AND n.message_id IS NULL
		UNION ALL
		`+noticesQuery+` WHERE t.refund_id = ? AND n.message_id IS NOT NULL) told ORDER BY created_at, id`, refundID, refundID).Scan(&rows).Error
	if err != nil {
		return nil, classify(err)
	}
	out := make([]desk.NoticeView, len(rows))
	for i, r := range rows {
		out[i] = r.domain()
	}
	return out, nil
}

// FailedNotices implements desk.SearchRecords.
func (s *Store) FailedNotices(ctx context.Context, p desk.Paging) (desk.Page[desk.NoticeView], error) {
	var where conditions
	where.add("n.state = 'dead'")
	if p.Cursor != "" {
		c, err := parseCursor(p.Cursor)
		if err != nil {
			return desk.Page[desk.NoticeView]{}, err
		}
		where.add("(n.created_at, n.id) < (?, ?)", c.At.UTC(), c.ID)
	}
	limit := limitOf(p)
	var rows []noticeRow
	err := s.read(ctx).Raw(noticesQuery+where.sql()+" ORDER BY n.created_at DESC, n.id DESC LIMIT ?", append(where.args, limit+1)...).Scan(&rows).Error
	if err != nil {
		return desk.Page[desk.NoticeView]{}, classify(err)
	}
	return pageOf(rows, limit, noticeRow.domain, func(r noticeRow) cursor { return cursor{At: r.CreatedAt.UTC(), ID: r.ID} }), nil
}

// RetryNotice implements desk.SearchRecords. Of those that retry at once, one does.
func (s *Store) RetryNotice(ctx context.Context, by identity.Actor, id string) (desk.NoticeView, []desk.Intent, error) {
	var view desk.NoticeView
	var intents []desk.Intent
	err := s.write(ctx, func(tx *gorm.DB) error {
		now := s.now()
		res := tx.Exec("UPDATE notices SET state = ?, updated_at = ? WHERE id = ? AND state = ?", string(notify.Pending), now, id, string(notify.Dead))
		if res.Error != nil {
			return res.Error
		}
		var row noticeRow
		if err := tx.Raw(noticesQuery+" WHERE n.id = ?", id).Scan(&row).Error; err != nil {
			return err
		}
		switch {
		case row.ID == "":
			return desk.Missing("notice", id)
		case res.RowsAffected == 0:
			return desk.ErrNoticeNotFailed
		}
		view = row.domain()
		intent := desk.Intent{ID: newID("intent"), Kind: desk.IntentNotice, NoticeID: id}
		intents = []desk.Intent{intent}
		return oneByOne(tx, []*statement{
			insert("engine_intents", "id kind notice_id created_at", intent.ID, string(intent.Kind), id, now),
			entriesOf(retriedEntry(ctx, by, view)),
		}, nil)
	})
	if err != nil {
		return desk.NoticeView{}, nil, err
	}
	return view, intents, nil
}

// retriedEntry is on the record of what the message is about; its reason is which one it was.
func retriedEntry(ctx context.Context, by identity.Actor, v desk.NoticeView) audit.Entry {
	e := audit.Entry{
		Actor: by.Subject, Role: by.MainRole(), Action: audit.NoticeRetried, Object: audit.ObjectRefund, ObjectID: v.RefundID, RefundID: v.RefundID,
		ReasonCode: v.Event, RequestID: audit.RequestOf(ctx),
	}
	if v.RefundID == "" {
		e.Object, e.ObjectID = audit.ObjectTicket, v.TicketID
	}
	return e
}
