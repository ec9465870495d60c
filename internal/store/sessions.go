package store

import (
	"context"
	"database/sql/driver"
	"log/slog"
	"time"

	"gorm.io/gorm"

	"refunddesk/internal/identity"
	"refunddesk/internal/session"
)

// Sessions of the console are not part of the record. Nothing here writes an audit entry:
// what somebody does in a session does, under his name.

const (
	// touchEvery is how old the time that a session was last seen may grow before it is
	// written again: a page of many requests writes once.
	touchEvery = time.Minute
	// viewerStays is when a mark of who looked at a case is forgotten.
	viewerStays = 24 * time.Hour
	// sweptAtOnce is how many rows of a table one statement sweeps away.
	sweptAtOnce = 200
)

// tokenKey is a hash as an argument. It says itself what it is: of plain bytes GORM makes a list.
type tokenKey session.Hash

// Value implements driver.Valuer.
func (k tokenKey) Value() (driver.Value, error) { return k[:], nil }

// OpenSession keeps a session under the hash of its token until n.ExpiresAt. It was opened
// and last seen now, whatever n says. It also sweeps away some of what is over.
func (s *Store) OpenSession(ctx context.Context, h session.Hash, n session.Session) error {
	now := s.now()
	err := s.write(ctx, func(tx *gorm.DB) error {
		row := insert("sessions", "id_hash subject roles account_id name locale logout_hint created_at seen_at expires_at",
			tokenKey(h), n.Subject, joinList(n.Roles), n.AccountID, n.Name, n.Locale, n.LogoutHint, now, now, micros(n.ExpiresAt))
		return tx.Exec(row.sql, row.args...).Error
	})
	if err != nil {
		return err
	}
	// Nobody is kept out because others' sessions could not be cleared away.
	for _, over := range overBy(now) {
		if _, err := s.sweep(ctx, over); err != nil {
			slog.WarnContext(ctx, "what is over of the console was not swept", "table", over.table, "cause", kindOf(err))
		}
	}
	return nil
}

// Session gives the session and remembers that it was seen, at most once a minute (more often
// when idle is short). Errors: session.ErrNone when there is none, its absolute limit is past
// or nobody used it for as long as idle; what is over is deleted.
func (s *Store) Session(ctx context.Context, h session.Hash, idle time.Duration) (session.Session, error) {
	got, err := s.PeekSession(ctx, h, idle)
	if err != nil {
		return session.Session{}, err
	}
	now := s.now()
	if now.Sub(got.SeenAt) >= min(touchEvery, idle/4) {
		if err := s.change(ctx, "UPDATE sessions SET seen_at = ? WHERE id_hash = ? AND seen_at < ?", now, tokenKey(h), now); err != nil {
			return session.Session{}, err
		}
		got.SeenAt = now
	}
	return got, nil
}

// PeekSession is Session for what a page asks for by itself: somebody who has one open and
// went away is not seen by that.
func (s *Store) PeekSession(ctx context.Context, h session.Hash, idle time.Duration) (session.Session, error) {
	var got session.Session
	var roles string
	found, err := one(s.read(ctx), fields{
		&got.Subject, &roles, &got.AccountID, &got.Name, &got.Locale, &got.LogoutHint, &got.CreatedAt, &got.SeenAt, &got.ExpiresAt,
	}, "SELECT subject, roles, account_id, name, locale, logout_hint, created_at, seen_at, expires_at FROM sessions WHERE id_hash = ?", tokenKey(h))
	if err != nil {
		return session.Session{}, classify(err)
	}
	if !found {
		return session.Session{}, session.ErrNone
	}
	got.Roles = splitList[identity.Role](roles)
	got.CreatedAt, got.SeenAt, got.ExpiresAt = got.CreatedAt.UTC(), got.SeenAt.UTC(), got.ExpiresAt.UTC()
	now := s.now()
	if !now.Before(got.ExpiresAt) || now.Sub(got.SeenAt) >= idle {
		// As it is now: somebody may have used it since it was read.
		err := s.change(ctx, "DELETE FROM sessions WHERE id_hash = ? AND (expires_at <= ? OR seen_at <= ?)", tokenKey(h), now, now.Add(-idle))
		if err != nil {
			return session.Session{}, err
		}
		return session.Session{}, session.ErrNone
	}
	return got, nil
}

// EndSession ends a session at once; one that there is not has ended.
func (s *Store) EndSession(ctx context.Context, h session.Hash) error {
	return s.change(ctx, "DELETE FROM sessions WHERE id_hash = ?", tokenKey(h))
}

// SweepSessions deletes all sessions that are over, by their limit or for not having been
// used for as long as idle, and old marks of who looked.
func (s *Store) SweepSessions(ctx context.Context, idle time.Duration) error {
	now := s.now()
	for _, o := range append(overBy(now), over{"sessions", "id_hash", "seen_at", now.Add(-idle)}) {
		for more := true; more; {
			swept, err := s.sweep(ctx, o)
			if err != nil {
				return err
			}
			more = swept == sweptAtOnce
		}
	}
	return nil
}

// Look remembers that somebody has the case open, and gives the others who had it open
// within the time, by subject.
func (s *Store) Look(ctx context.Context, ticketID, subject string, within time.Duration) ([]string, error) {
	now := s.now()
	err := s.change(ctx, `INSERT INTO viewers (ticket_id, subject, seen_at) VALUES (?, ?, ?)
		ON CONFLICT (ticket_id, subject) DO UPDATE SET seen_at = excluded.seen_at`, ticketID, subject, now)
	if err != nil {
		return nil, err
	}
	var others []string
	err = s.read(ctx).Raw("SELECT subject FROM viewers WHERE ticket_id = ? AND subject <> ? AND seen_at > ? ORDER BY subject",
		ticketID, subject, now.Add(-within)).Scan(&others).Error
	return others, classify(err)
}

// over says which rows of a table are: those whose time is not later than till.
type over struct {
	table, key, column string // constants of ours
	till               time.Time
}

// overBy is what is over whoever asks.
func overBy(now time.Time) []over {
	return []over{
		{"sessions", "id_hash", "expires_at", now},
		{"viewers", "ticket_id, subject", "seen_at", now.Add(-viewerStays)},
	}
}

// sweep deletes some of what is over and says how many rows it were.
func (s *Store) sweep(ctx context.Context, o over) (swept int64, err error) {
	err = s.write(ctx, func(tx *gorm.DB) error {
		gone := tx.Exec("DELETE FROM "+o.table+" WHERE ("+o.key+") IN (SELECT "+o.key+" FROM "+o.table+" WHERE "+o.column+" <= ? LIMIT ?)", o.till, sweptAtOnce)
		swept = gone.RowsAffected
		return gone.Error
	})
	return swept, err
}

// change runs one statement.
func (s *Store) change(ctx context.Context, sql string, args ...any) error {
	return s.write(ctx, func(tx *gorm.DB) error { return tx.Exec(sql, args...).Error })
}

// micros is a time as the databases keep it.
func micros(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }
