package store

import (
	"context"
	"time"

	"gorm.io/gorm"

	"refunddesk/internal/audit"
	"refunddesk/internal/desk"
	"refunddesk/internal/identity"
	"refunddesk/internal/money"
	"refunddesk/internal/refund"
)

// pauseGate is PostgreSQL's advisory lock between crediting and the pause switch; 00004 takes
// the same. Whoever credits holds it together with all others who do until he has committed,
// whoever begins or ends a pause holds it alone: a credit sees the pause, or the pause returns
// after the credit.
const pauseGate int64 = 7_239_004

// heedPauses goes before the look at what is in the way of a credit, in a statement of its
// own: a statement sees what was committed when it began.
func (s *Store) heedPauses() []*statement {
	if s.dialect == Postgres {
		return []*statement{stmt("SELECT pg_advisory_xact_lock_shared(?)", pauseGate)}
	}
	return nil
}

// stopCredits waits for the credits that are on their way, and has others wait.
func (s *Store) stopCredits(tx *gorm.DB) error {
	if s.dialect == Postgres {
		return tx.Exec("SELECT pg_advisory_xact_lock(?)", pauseGate).Error
	}
	return nil
}

// Pause implements desk.PauseRecords; the same of the same person again is the one that is in
// force. Errors: not-found for an account that is none,
// invalid-value naming scope, target, reason or expires_at.
func (s *Store) Pause(ctx context.Context, by identity.Actor, p desk.Pause) (desk.Pause, error) {
	err := s.write(ctx, func(tx *gorm.DB) error {
		if err := s.stopCredits(tx); err != nil {
			return err
		}
		now := s.now()
		if err := desk.ValidatePause(p, now); err != nil {
			return err
		}
		if err := checkScope(tx, p.Scope, p.Target); err != nil {
			return err
		}
		p.By, p.ExpiresAt = by.Subject, p.ExpiresAt.UTC().Truncate(time.Microsecond)
		// Whoever asks for the same again has pressed a button twice: two pauses would have to be ended.
		var same []pauseRow
		if err := tx.Raw("SELECT * FROM pauses WHERE ended_at IS NULL AND scope = ? AND target = ? AND reason = ? AND by = ? AND expires_at = ?",
			string(p.Scope), p.Target, p.Reason, p.By, p.ExpiresAt).Scan(&same).Error; err != nil {
			return err
		}
		if len(same) > 0 {
			p = same[0].domain()
			return nil
		}
		p.ID, p.CreatedAt, p.EndedAt, p.EndedBy = newID("pause"), now, nil, ""
		row := pauseRow{
			ID: p.ID, Scope: string(p.Scope), Target: p.Target, Reason: p.Reason, By: p.By, ExpiresAt: p.ExpiresAt, CreatedAt: p.CreatedAt,
		}
		return oneByOne(tx, []*statement{
			insert("pauses", "id scope target reason by expires_at created_at", row.ID, row.Scope, row.Target, row.Reason, row.By, row.ExpiresAt, row.CreatedAt),
			entriesOf(pauseEntry(ctx, by, audit.PauseBegun, p)),
		}, nil)
	})
	if err != nil {
		return desk.Pause{}, err
	}
	return p, nil
}

// checkScope returns the fault of a scope that there is not.
func checkScope(tx *gorm.DB, scope desk.PauseScope, target string) error {
	if err := desk.ValidateScope(scope, target); err != nil || scope != desk.PauseAccount {
		return err
	}
	var found []string
	if err := tx.Raw("SELECT id FROM accounts WHERE id = ?", target).Scan(&found).Error; err != nil {
		return err
	}
	if len(found) == 0 {
		return desk.Missing(audit.ObjectAccount, target)
	}
	return nil
}

// pauseEntry is the audit entry of a change of a pause. Its reason is free text and stays with it.
func pauseEntry(ctx context.Context, by identity.Actor, action audit.Action, p desk.Pause) audit.Entry {
	e := audit.Entry{
		Actor: by.Subject, Role: by.MainRole(), Action: action, Object: audit.ObjectPause, ObjectID: p.ID, ObjectVersion: 1,
		NewState: "in-force", ReasonCode: string(p.Scope), RequestID: audit.RequestOf(ctx),
	}
	if action == audit.PauseEnded {
		e.ObjectVersion, e.OldState, e.NewState = 2, "in-force", "ended"
	}
	return e
}

// EndPause implements desk.PauseRecords: the refunds that it held hear of it. A pause that is
// over already stays as it is.
func (s *Store) EndPause(ctx context.Context, by identity.Actor, id string) (desk.Pause, []desk.Intent, error) {
	var out desk.Pause
	var intents []desk.Intent
	err := s.write(ctx, func(tx *gorm.DB) error {
		intents = nil
		// What a credit that is on its way puts on hold for this pause has to hear of its end.
		if err := s.stopCredits(tx); err != nil {
			return err
		}
		var row pauseRow
		if err := tx.Raw("SELECT * FROM pauses WHERE id = ?"+s.lock("FOR NO KEY UPDATE"), id).Scan(&row).Error; err != nil {
			return err
		}
		if row.ID == "" {
			return desk.Missing(audit.ObjectPause, id)
		}
		now := s.now()
		if out = row.domain(); !out.InForce(now) {
			return nil
		}
		out.EndedAt, out.EndedBy = &now, by.Subject
		err := oneByOne(tx, []*statement{
			stmt("UPDATE pauses SET ended_at = ?, ended_by = ? WHERE id = ?", now, by.Subject, id),
			entriesOf(pauseEntry(ctx, by, audit.PauseEnded, out)),
		}, nil)
		if err != nil {
			return err
		}
		intents, err = s.tellHeld(tx, out, now)
		return err
	})
	if err != nil {
		return desk.Pause{}, nil, err
	}
	return out, intents, nil
}

// intentsAtOnce is how many intents one statement writes.
const intentsAtOnce = 500

// tellHeld leaves word for every refund that a pause of this scope may hold.
func (s *Store) tellHeld(tx *gorm.DB, p desk.Pause, now time.Time) ([]desk.Intent, error) {
	where, args := scopeOf(p.Scope, p.Target)
	var ids []string
	err := tx.Raw("SELECT r.id FROM refunds r JOIN packages p ON p.id = r.package_id WHERE r.state = 'on_hold' AND r.held_from = 'crediting' AND "+where+" ORDER BY r.id", args...).Scan(&ids).Error
	if err != nil {
		return nil, err
	}
	intents := make([]desk.Intent, len(ids))
	var values []any
	for i, id := range ids {
		intents[i] = desk.Intent{ID: newID("intent"), Kind: desk.IntentPause, RefundID: id}
		values = append(values, intents[i].ID, string(desk.IntentPause), id, now)
	}
	const each = 4
	for from := 0; from < len(values); from += each * intentsAtOnce {
		written := insert("engine_intents", "id kind refund_id created_at", values[from:min(len(values), from+each*intentsAtOnce)]...)
		if err := tx.Exec(written.sql, written.args...).Error; err != nil {
			return nil, err
		}
	}
	return intents, nil
}

// scopeOf is the condition of the refunds r with packages p that a pause concerns.
func scopeOf(scope desk.PauseScope, target string) (string, []any) {
	switch scope {
	case desk.PauseAccount:
		return "r.account_id = ?", []any{target}
	case desk.PauseProduct:
		return "p.product = ?", []any{target}
	case desk.PauseAll:
	}
	return "1 = 1", nil
}

// Pauses implements desk.PauseRecords.
func (s *Store) Pauses(ctx context.Context, inForce bool, p desk.Paging) (desk.Page[desk.Pause], error) {
	var where conditions
	if inForce {
		where.add("ended_at IS NULL AND expires_at > ?", s.now())
	}
	if p.Cursor != "" {
		c, err := parseCursor(p.Cursor)
		if err != nil {
			return desk.Page[desk.Pause]{}, err
		}
		where.add("id < ?", c.ID) // ids grow with time
	}
	limit := limitOf(p)
	var rows []pauseRow
	if err := s.read(ctx).Raw("SELECT * FROM pauses"+where.sql()+" ORDER BY id DESC LIMIT ?", append(where.args, limit+1)...).Scan(&rows).Error; err != nil {
		return desk.Page[desk.Pause]{}, classify(err)
	}
	return pageOf(rows, limit, pauseRow.domain, func(r pauseRow) cursor { return cursor{ID: r.ID} }), nil
}

// PauseEffect implements desk.PauseRecords: open refunds by state, and how many of them are
// to be credited now. Errors: not-found for an account that is none, invalid-value.
func (s *Store) PauseEffect(ctx context.Context, scope desk.PauseScope, target string) (desk.PauseEffect, error) {
	if err := checkScope(s.read(ctx), scope, target); err != nil {
		return desk.PauseEffect{}, classify(err)
	}
	where, args := scopeOf(scope, target)
	var rows []struct {
		State, Currency string
		Count, Micros   int64
	}
	err := s.read(ctx).Raw(`SELECT r.state, r.currency, count(*) AS count, CAST(sum(coalesce(r.approved, r.quote_amount)) AS bigint) AS micros
		FROM refunds r JOIN packages p ON p.id = r.package_id
		WHERE r.state IN ('submitted', 'screening', 'in_review', 'awaiting_customer', 'on_hold', 'crediting', 'needs_attention') AND `+where+`
		GROUP BY r.state, r.currency ORDER BY r.state, r.currency`, args...).Scan(&rows).Error
	if err != nil {
		return desk.PauseEffect{}, classify(err)
	}
	byState := map[refund.State]*desk.StateCount{}
	for _, r := range rows {
		state := refund.State(r.State)
		if byState[state] == nil {
			byState[state] = &desk.StateCount{State: state}
		}
		byState[state].Count += r.Count
		byState[state].Money = append(byState[state].Money, money.Of(r.Micros, r.Currency))
	}
	var out desk.PauseEffect
	for _, state := range refund.States { // in the order a refund goes through them
		if c := byState[state]; c != nil {
			out.States = append(out.States, *c)
		}
	}
	if c := byState[refund.Crediting]; c != nil {
		out.Held = c.Count
	}
	return out, nil
}
