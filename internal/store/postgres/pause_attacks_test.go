package postgres_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"refunddesk/internal/desk"
	"refunddesk/internal/refund"
	"refunddesk/internal/store/storetest"
)

// pause stops crediting for a day of the database's clock.
func (w *world) pause(change map[string]any) statement {
	row := map[string]any{
		"id": "pause_new", "scope": "all", "target": "", "reason": "odd", "by": "ada",
		"expires_at": time.Now().Add(24 * time.Hour), "created_at": w.Clock.Now(),
	}
	for column, value := range change {
		row[column] = value
	}
	return insert("pauses", row)
}

const endPause = "UPDATE pauses SET ended_at = now(), ended_by = 'ada' WHERE id = 'pause_new'"

// pauseAttacks credit past a pause, or take one away.
func pauseAttacks() []attack {
	past := func(name string, change map[string]any) attack {
		return attack{name: "credited past a pause of " + name, rule: "credit-paused", do: func(w *world) []statement {
			return w.credit(func(c *credit) { c.earlier = []statement{w.pause(change)} })
		}}
	}
	begun := func(name, rule string, change map[string]any) attack {
		return attack{name: name, rule: rule, do: func(w *world) []statement { return []statement{w.pause(change)} }}
	}
	then := func(name, rule, as string, sql ...string) attack {
		return attack{name: name, rule: rule, as: as, do: func(w *world) []statement {
			out := []statement{w.pause(nil)}
			for _, s := range sql {
				out = append(out, run(s))
			}
			return out
		}}
	}
	return []attack{
		past("everything", nil),
		past("the account", map[string]any{"scope": "account", "target": "acct"}),
		past("the product", map[string]any{"scope": "product", "target": refund.GlobalSMS}),
		begun("a pause of nobody", "pause-target", map[string]any{"scope": "account", "target": "nobody"}),
		begun("a pause of another scope", "pauses_scope_check", map[string]any{"scope": "team", "target": "x"}),
		begun("a pause for no reason", "pauses_reason_check", map[string]any{"reason": ""}),
		begun("a pause of all of one", "pauses_check", map[string]any{"target": "acct"}),
		begun("a pause that is over when it begins", "pauses_check1", map[string]any{"expires_at": storetestStart, "created_at": storetestStart}),
		begun("a pause that begins as ended", forbidden, map[string]any{"ended_by": "ada"}),
		{name: "a pause that the owner begins as ended", rule: "pause-fixed", as: owner, do: func(w *world) []statement {
			return []statement{w.pause(map[string]any{"ended_at": storetestStart})}
		}},
		then("a pause edited", forbidden, "", "UPDATE pauses SET expires_at = now()"),
		then("a pause edited by the owner", "pause-fixed", owner, "UPDATE pauses SET expires_at = now(), ended_at = now(), ended_by = 'ada'"),
		then("a pause ended twice", "pause-fixed", "", endPause, endPause),
		then("a pause taken up again", "pause-fixed", "", endPause, "UPDATE pauses SET ended_at = NULL, ended_by = '' WHERE id = 'pause_new'"),
		then("a pause ended by nobody", "pause-fixed", "", "UPDATE pauses SET ended_at = now() WHERE id = 'pause_new'"),
		then("a pause deleted by the owner", "append-only", owner, "DELETE FROM pauses"),
		then("pauses truncated by the owner", "append-only", owner, "TRUNCATE pauses"),
		{name: "a pause hidden behind a temporary table", rule: "credit-paused", do: func(w *world) []statement {
			return append([]statement{w.pause(nil), run("CREATE TEMP TABLE pauses ON COMMIT DROP AS SELECT * FROM public.pauses WHERE false")}, inPublic(w.credit(nil))...)
		}},
	}
}

var storetestStart = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// Once a pause has returned nothing of its scope is credited: a credit that is on its way is
// waited for, and one that comes after it sees the pause.
func TestAPauseWaitsForTheCreditThatIsOnItsWay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	payment, err := w.conns[application].Begin(w.Ctx)
	require.NoError(t, err)
	for _, s := range append(w.credit(nil), run("SET CONSTRAINTS ALL IMMEDIATE")) {
		_, err := payment.Exec(w.Ctx, s.sql, s.args...)
		require.NoError(t, err)
	}
	paused := make(chan error, 1)
	go func() {
		_, err := w.Pause(w.Ctx, storetest.Admin, desk.Pause{Scope: desk.PauseAll, Reason: "odd", ExpiresAt: w.Clock.Now().Add(time.Hour)})
		paused <- err
	}()
	watcher := w.connect(owner)
	require.Eventually(t, func() bool {
		var waiting int
		err := watcher.QueryRow(w.Ctx, `SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
			AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`).Scan(&waiting)
		return err == nil && waiting == 1
	}, 10*time.Second, 5*time.Millisecond)
	require.Empty(t, paused, "the pause waits")
	require.NoError(t, payment.Commit(w.Ctx))
	require.NoError(t, <-paused)
	w.Step(w.refunds[refund.NeedsAttention].ID, refund.VerbRetry, refund.Crediting)
	w.Step(w.refunds[refund.NeedsAttention].ID, refund.VerbCredit, refund.OnHold)
}

// The end of a pause is heard by the refund that a credit on its way puts on hold for it.
func TestTheEndOfAPauseMissesNobody(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p, err := w.Pause(w.Ctx, storetest.Admin, desk.Pause{Scope: desk.PauseAll, Reason: "odd", ExpiresAt: w.Clock.Now().Add(time.Hour)})
	require.NoError(t, err)
	r := w.refunds[refund.Crediting]
	// The package is locked: the credit has looked at the pauses' gate and waits.
	other, err := w.conns[owner].Begin(w.Ctx)
	require.NoError(t, err)
	_, err = other.Exec(w.Ctx, "SELECT 1 FROM packages WHERE id = $1 FOR UPDATE", r.PackageID)
	require.NoError(t, err)
	held := make(chan refund.Step, 1)
	go func() {
		step, err := w.Credit(w.Ctx, refund.Op{RefundID: r.ID, Verb: refund.VerbCredit, Turn: 900})
		if err != nil {
			step.Refused = err.Error()
		}
		held <- step
	}()
	watcher := w.connect(owner)
	waiting := func(n int) {
		require.Eventually(t, func() bool {
			var waiting int
			err := watcher.QueryRow(w.Ctx, "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'").Scan(&waiting)
			return err == nil && waiting == n
		}, 10*time.Second, 5*time.Millisecond)
	}
	waiting(1)
	told := make(chan []desk.Intent, 1)
	go func() {
		_, intents, err := w.EndPause(w.Ctx, storetest.Admin, p.ID)
		if err != nil {
			intents = nil
		}
		told <- intents
	}()
	waiting(2)
	require.NoError(t, other.Commit(w.Ctx))
	require.Equal(t, refund.OnHold, (<-held).State)
	intents := <-told
	require.Len(t, intents, 1)
	require.Equal(t, r.ID, intents[0].RefundID)
	w.Step(r.ID, refund.VerbReassess, refund.Crediting)
}
