package storetest

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"refunddesk/internal/fault"
	"refunddesk/internal/identity"
	"refunddesk/internal/session"
)

// sessionTests are of those who use the console.
var sessionTests = map[string]func(*testing.T, Opener){
	"a session as it was opened":            sessionsOpen,
	"a session's limits":                    sessionLimits,
	"a session is seen once a minute":       sessionsSeen,
	"a session is not seen by a peek":       sessionsPeeked,
	"a session ends at once":                sessionsEnd,
	"tokens are not in the database":        sessionsHashed,
	"what is over of the console is swept":  sessionsSwept,
	"who looks at a case":                   looks,
	"sessions are no part of the audit log": sessionsUnaudited,
}

// limits of the tests.
var limits = session.Limits{Idle: 2 * time.Hour, Absolute: 12 * time.Hour}

// signedIn opens a session and gives its hash.
func (b *Bundle) signedIn(subject string) session.Hash {
	b.T.Helper()
	_, h := session.NewToken()
	require.NoError(b.T, b.OpenSession(b.Ctx, h, session.Session{
		Subject: subject, Roles: []identity.Role{identity.Reviewer}, ExpiresAt: b.Clock.Now().Add(limits.Absolute),
	}))
	return h
}

// isOver expects that there is no such session.
func (b *Bundle) isOver(h session.Hash, why string) {
	b.T.Helper()
	_, err := b.Session(b.Ctx, h, limits.Idle)
	require.ErrorIs(b.T, err, session.ErrNone, why)
	assert.Equal(b.T, fault.NotFound, fault.From(err).Kind)
}

// lasts expects that the session goes on.
func (b *Bundle) lasts(h session.Hash, why string) session.Session {
	b.T.Helper()
	s, err := b.Session(b.Ctx, h, limits.Idle)
	require.NoError(b.T, err, why)
	return s
}

// What a page asks for by itself does not keep its session alive.
func sessionsPeeked(t *testing.T, open Opener) {
	b := New(t, open)
	h := b.signedIn("rita")
	for range 3 {
		b.Clock.Add(30 * time.Minute)
		_, err := b.PeekSession(b.Ctx, h, limits.Idle)
		require.NoError(t, err)
	}
	b.Clock.Add(30 * time.Minute)
	_, err := b.PeekSession(b.Ctx, h, limits.Idle)
	require.ErrorIs(t, err, session.ErrNone)
	b.isOver(h, "nobody used it")
	assert.Zero(t, b.rowsOf("sessions"))
}

// rowsOf counts the rows of a table.
func (b *Bundle) rowsOf(table string) (n int) {
	b.T.Helper()
	pool, err := b.SQL()
	require.NoError(b.T, err)
	require.NoError(b.T, pool.QueryRowContext(b.Ctx, "SELECT count(*) FROM "+table).Scan(&n))
	return n
}

func sessionsOpen(t *testing.T, open Opener) {
	b := New(t, open)
	now := b.Clock.Now()
	for name, s := range map[string]session.Session{
		"of staff": {
			Subject: "sam", Roles: []identity.Role{identity.Senior, identity.Auditor}, AccountID: "acct", Name: "Sam 三木", Locale: "zh-Hans",
			LogoutHint: "eyJhbGciOi.e30.x", ExpiresAt: now.Add(limits.Absolute),
		},
		"of somebody who may nothing": {Subject: "nobody", ExpiresAt: now.Add(limits.Absolute)},
	} {
		_, h := session.NewToken()
		require.NoError(t, b.OpenSession(b.Ctx, h, s), name)
		s.CreatedAt, s.SeenAt = now, now
		assert.Equal(t, s, b.lasts(h, name), name)
	}
	_, unknown := session.NewToken()
	b.isOver(unknown, "nobody opened it")
}

func sessionLimits(t *testing.T, open Opener) {
	b := New(t, open)
	used, unused := b.signedIn("rita"), b.signedIn("ron")
	for range 5 { // it lasts for as long as it is used
		b.Clock.Add(limits.Idle - time.Microsecond)
		b.lasts(used, "used")
	}
	b.isOver(unused, "idle")
	b.Clock.Add(limits.Idle)
	b.isOver(used, "idle to the microsecond")
	assert.Zero(t, b.rowsOf("sessions"), "what is over is gone")

	busy := b.signedIn("rita")
	for range 6 {
		b.lasts(busy, "busy")
		b.Clock.Add(limits.Absolute/6 - time.Microsecond)
	}
	b.lasts(busy, "busy to its limit")
	b.Clock.Add(6 * time.Microsecond)
	b.isOver(busy, "however busy he is")
	assert.Zero(t, b.rowsOf("sessions"))

	short := b.signedIn("rita")
	for range 20 { // shorter than what is seen only once a minute
		b.Clock.Add(10 * time.Second)
		_, err := b.Session(b.Ctx, short, 20*time.Second)
		require.NoError(t, err)
	}
	b.Clock.Add(20 * time.Second)
	_, err := b.Session(b.Ctx, short, 20*time.Second)
	require.ErrorIs(t, err, session.ErrNone)
}

func sessionsSeen(t *testing.T, open Opener) {
	b := New(t, open)
	h := b.signedIn("rita")
	opened := b.Clock.Now()
	b.Clock.Add(time.Minute - time.Microsecond)
	assert.Equal(t, opened, b.lasts(h, "").SeenAt, "nothing is written for every request")
	b.Clock.Add(time.Microsecond)
	assert.Equal(t, opened.Add(time.Minute), b.lasts(h, "").SeenAt)
	b.Clock.Add(30 * time.Second)
	assert.Equal(t, opened.Add(time.Minute), b.lasts(h, "").SeenAt, "and it was written")
}

func sessionsEnd(t *testing.T, open Opener) {
	b := New(t, open)
	one, other, others := b.signedIn("rita"), b.signedIn("rita"), b.signedIn("ron")
	require.NoError(t, b.EndSession(b.Ctx, one))
	b.isOver(one, "ended")
	require.NoError(t, b.EndSession(b.Ctx, one), "once more")
	b.lasts(other, "of the same person elsewhere")
	b.lasts(others, "of somebody else")
}

// sessionsHashed looks at every value that is kept.
func sessionsHashed(t *testing.T, open Opener) {
	b := New(t, open)
	token, h := session.NewToken()
	require.NoError(t, b.OpenSession(b.Ctx, h, session.Session{Subject: "rita", ExpiresAt: b.Clock.Now().Add(time.Hour)}))
	pool, err := b.SQL()
	require.NoError(t, err)
	rows, err := pool.QueryContext(b.Ctx, "SELECT * FROM sessions")
	require.NoError(t, err)
	columns, err := rows.Columns()
	require.NoError(t, err)
	values := make([]any, len(columns))
	into := make([]any, len(columns))
	for i := range values {
		into[i] = &values[i]
	}
	require.True(t, rows.Next())
	require.NoError(t, rows.Scan(into...))
	require.NoError(t, rows.Close())
	assert.Equal(t, h[:], values[0])
	for i, v := range values {
		assert.False(t, bytes.Contains(fmt.Appendf(nil, "%s", v), []byte(token)), columns[i])
	}
	// Whoever read the hash cannot show it instead of the token.
	b.isOver(session.HashOf(string(h[:])), "the hash of the hash")
}

func sessionsSwept(t *testing.T, open Opener) {
	b := New(t, open)
	for range 3 {
		b.signedIn("rita")
	}
	_, err := b.Look(b.Ctx, "ticket_1", "rita", time.Minute)
	require.NoError(t, err)

	b.Clock.Add(limits.Idle - time.Microsecond)
	require.NoError(t, b.SweepSessions(b.Ctx, limits.Idle))
	assert.Equal(t, 3, b.rowsOf("sessions"))
	assert.Equal(t, 1, b.rowsOf("viewers"))
	used := b.signedIn("ron")
	b.Clock.Add(time.Microsecond)
	require.NoError(t, b.SweepSessions(b.Ctx, limits.Idle))
	assert.Equal(t, 1, b.rowsOf("sessions"), "the idle ones are gone")
	b.lasts(used, "")

	b.Clock.Add(24 * time.Hour)
	fresh := b.signedIn("sam")
	assert.Equal(t, 1, b.rowsOf("sessions"), "whoever signs in sweeps")
	assert.Zero(t, b.rowsOf("viewers"))
	b.lasts(fresh, "")

	for n := range 450 { // more than one statement takes
		_, err := b.Look(b.Ctx, fmt.Sprint(n), "rita", time.Minute)
		require.NoError(t, err)
	}
	b.Clock.Add(24 * time.Hour)
	b.signedIn("sam")
	assert.Equal(t, 250, b.rowsOf("viewers"), "nobody who signs in waits for all of it")
	require.NoError(t, b.SweepSessions(b.Ctx, limits.Idle))
	assert.Zero(t, b.rowsOf("viewers"))
}

func looks(t *testing.T, open Opener) {
	b := New(t, open)
	look := func(ticket, subject string) []string {
		others, err := b.Look(b.Ctx, ticket, subject, 30*time.Second)
		require.NoError(t, err)
		return others
	}
	assert.Empty(t, look("ticket_1", "rita"), "nobody looks at himself")
	assert.Empty(t, look("ticket_2", "ron"), "at another case")
	b.Clock.Add(20 * time.Second)
	assert.Equal(t, []string{"rita"}, look("ticket_1", "sam"))
	assert.Equal(t, []string{"sam"}, look("ticket_1", "rita"))
	assert.Equal(t, []string{"rita", "sam"}, look("ticket_1", "ron"))
	b.Clock.Add(29 * time.Second)
	assert.Equal(t, []string{"ron", "sam"}, look("ticket_1", "rita"))
	b.Clock.Add(time.Second)
	assert.Equal(t, []string{"rita"}, look("ticket_1", "sam"), "who was not seen for that long does not look any more")
}

func sessionsUnaudited(t *testing.T, open Opener) {
	b := New(t, open)
	before := b.rowsOf("audit_entries")
	h := b.signedIn("rita")
	b.lasts(h, "")
	_, err := b.Look(b.Ctx, "ticket_1", "rita", time.Minute)
	require.NoError(t, err)
	require.NoError(t, b.EndSession(b.Ctx, h))
	assert.Equal(t, before, b.rowsOf("audit_entries"))
}
