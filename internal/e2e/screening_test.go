package e2e

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"refunddesk/api/client"
)

// What was judged is kept with the policy that judged it, and judging it again says the same.
func TestAScreeningCanBeExplained(t *testing.T) {
	onBoth(t, func(t *testing.T, p *Program) {
		c := newCustomer(t, p, client.LocaleZhHans)
		flagged, clean := inReview(c), c.file(c.buys("1"), "1", "wait=10").ok()
		for id, verdict := range map[string]client.Verdict{flagged: client.VerdictReview, clean.ID: client.VerdictApprove} {
			s := call[client.Screening](p.as(t, "auditor"), http.MethodGet, "/v1/refunds/"+id+"/screening", nil).ok()
			require.Equal(t, verdict, s.Verdict)
			require.NotEmpty(t, s.PolicyDigest)
			require.NotNil(t, s.Replayed)
			require.Equal(t, client.Replayed{Same: true, Verdict: verdict}, *s.Replayed)
		}
		call[client.Screening](c.person, http.MethodGet, "/v1/refunds/"+flagged+"/screening", nil).refused(http.StatusForbidden, "forbidden")
		told := c.refund(flagged).ok()
		require.Equal(t, "您的账户较新，此金额的退款需要人工审核。", *told.Explanation, "the customer's words, in his language")
	})
}

// The rules that look at what else an account did see parallel filings too.
func TestTheFourthInAMonthIsLookedAt(t *testing.T) {
	onBoth(t, func(t *testing.T, p *Program) {
		c := oldCustomer(t, p)
		packages := make([]string, 4)
		longAgo := time.Now().AddDate(0, -8, 0)
		for i := range packages {
			packages[i] = "pkg_" + unique()
			p.as(t, "integrator").buy(client.NewPackage{ID: &packages[i], AccountID: c.account, Name: "Global SMS", Price: usd("10"), PurchasedAt: &longAgo}).ok()
		}
		states := map[client.RefundState]int{}
		for i, pkg := range packages {
			states[c.file(pkg, strconv.Itoa(i), "wait=10").ok().State]++
		}
		require.Equal(t, map[client.RefundState]int{client.RefundStateCredited: 3, client.RefundStateInReview: 1}, states)
	})
}

func TestAPolicyThatIsWrongIsToldWhere(t *testing.T) {
	t.Parallel()
	p := program(t)
	admin := p.as(t, "admin")
	good := admin.policy("1").ok().Source
	for name, bad := range map[string]struct{ from, to string }{
		"an unknown key":    {"policy: 1\n", "policy: 1\nsurprise: yes\n"},
		"an unknown fact":   {"when: refunds_24h > 5", "when: refunds_on_sunday > 5"},
		"a type error":      {"when: refunds_24h > 5", "when: refunds_24h > true"},
		"a syntax error":    {"when: refunds_24h > 5", "when: refunds_24h >"},
		"an id twice":       {"id: many-refunds-24h", "id: many-refunds-30d"},
		"rejects by itself": {"when: refunds_24h > 5\n    verdict: review", "when: refunds_24h > 5\n    verdict: reject"},
	} {
		t.Run(name, func(t *testing.T) {
			source := changed(admin, good, bad.from, bad.to)
			a := admin.draft(source)
			a.refused(http.StatusUnprocessableEntity, "invalid-policy")
			require.NotNil(t, a.problem.Errors)
			first := (*a.problem.Errors)[0]
			require.NotNil(t, first.Line, "%+v", first)
			require.NotNil(t, first.Column, "%+v", first)
			require.Positive(t, *first.Line)
			require.Positive(t, *first.Column)
			call[map[string]any](admin, http.MethodPost, "/v1/policies/check", client.PolicySource{Source: source}).refused(http.StatusUnprocessableEntity, "invalid-policy")
		})
	}
	for _, other := range []string{"senior", "reviewer", "auditor", "integrator", "customer"} {
		p.as(t, other).draft(good).refused(http.StatusForbidden, "forbidden")
	}
}

// limitOfNewAccounts is the line of the default policy that says what a new account may have.
const limitOfNewAccounts = `new_account_amount: {USD: "100",`

// A stricter policy has the next refund reviewed and disturbs no open case; rolled back, it
// has said its last.
func TestAStricterPolicy(t *testing.T) {
	onOwn(t, func(t *testing.T, p *Program) {
		admin, reviewer := p.as(t, "admin"), p.as(t, "reviewer")
		// Twenty past refunds of an amount that only the stricter policy would have had reviewed.
		for range 20 {
			c := newCustomer(t, p, client.LocaleEn)
			require.Equal(t, client.RefundStateCredited, c.file(c.buys("50"), "1", "wait=10").ok().State)
		}
		owner := newCustomer(t, p, client.LocaleEn)
		open := inReview(owner)
		before := reviewer.ticketOf(open)

		first := admin.policy("1").ok()
		stricter := admin.draft(changed(admin, first.Source, limitOfNewAccounts, `new_account_amount: {USD: "10",`)).ok()
		require.Equal(t, client.PolicyStateDraft, stricter.State)
		require.NotEqual(t, first.Digest, stricter.Digest)
		diff := call[client.PolicyDiff](admin, http.MethodGet, "/v1/policies/"+stricter.Version+"/diff", nil).ok()
		require.Len(t, diff.Settings, 1)
		require.Empty(t, diff.Rules)
		report := call[client.BacktestReport](admin, http.MethodPost, "/v1/policies/"+stricter.Version+"/backtest", nothing).ok()
		require.Equal(t, 21, report.Cases)
		require.Equal(t, 20, report.Changed)
		require.Len(t, report.Changes, 1)
		require.Equal(t, client.VerdictApprove, report.Changes[0].From)
		require.Equal(t, client.VerdictReview, report.Changes[0].To)
		require.Equal(t, []client.Money{{Amount: "1000.000000", Currency: "USD"}}, report.Changes[0].Money)
		require.Len(t, report.Changes[0].Refunds, 20)

		// A draft judges nothing.
		c := newCustomer(t, p, client.LocaleEn)
		require.Equal(t, client.RefundStateCredited, c.file(c.buys("50"), "1", "wait=10").ok().State)

		require.Equal(t, client.PolicyStatePublished, admin.publish(stricter.Version).ok().State)
		require.Equal(t, client.PolicyStateSuperseded, admin.policy("1").ok().State)
		flagged := c.file(c.buys("50"), "2", "wait=10").ok()
		require.Equal(t, client.RefundStateInReview, flagged.State)
		require.Equal(t, stricter.Version, *flagged.PolicyVersion)
		require.Equal(t, "1", *owner.refund(open).ok().PolicyVersion)
		after := reviewer.ticketOf(open)
		require.Equal(t, before.DueAt, after.DueAt)
		require.Equal(t, before.Digest, after.Digest)
		reviewer.decide(before.ID, voteOn(before, client.VoteApprove)).ok() // as it was shown before
		owner.sees(open, client.RefundStateCredited)

		require.Equal(t, client.PolicyStatePublished, admin.publish("1").ok().State, "rolled back")
		again := newCustomer(t, p, client.LocaleEn)
		clean := again.file(again.buys("50"), "1", "wait=10").ok()
		require.Equal(t, client.RefundStateCredited, clean.State)
		require.Equal(t, "1", *clean.PolicyVersion)
		require.Equal(t, stricter.Version, *c.refund(flagged.ID).ok().PolicyVersion, "pinned for good")
	})
}

// hurried is the policy with promises that are over in a minute, day and night, for a test
// to wait for.
func hurried(source string) string {
	rules, _, _ := strings.Cut(source, "\ncalendars:")
	return rules + `
calendars:
  always: {time_zone: UTC, hours: "00:00-24:00"}
queues:
  review: {calendar: always, first_response: 1m, decision: 1m, answer_within: 2m, remind_after: 1m}
`
}

// Due times are the engine's timers and outlast a kill: nobody has to be there for a case to
// be escalated in time.
func TestDueTimesSurviveAKill(t *testing.T) {
	onOwn(t, func(t *testing.T, p *Program) {
		admin, senior := p.as(t, "admin"), p.as(t, "senior")
		admin.publish(admin.draft(hurried(admin.policy("1").ok().Source)).ok().Version).ok()
		id := inReview(newCustomer(t, p, client.LocaleEn))
		before := senior.ticketOf(id)
		require.WithinDuration(t, before.CreatedAt.Add(time.Minute), before.DueAt, time.Second)

		p.Kill(t)
		p.Restart(t)
		require.Equal(t, before.DueAt, senior.ticketOf(id).DueAt)
		await(t, "half of the time to run", func() client.Ticket { return senior.ticketOf(id) },
			func(x client.Ticket) bool { return *x.Urgency != client.UrgencyOnTime })
		require.False(t, time.Now().Before(before.CreatedAt.Add(30*time.Second)), "and not before")
		late := await(t, "the escalation", func() client.Ticket { return senior.ticketOf(id) },
			func(x client.Ticket) bool { return x.Queue == "escalation" })
		require.Equal(t, client.UrgencyOverdue, *late.Urgency)
		require.False(t, time.Now().Before(before.DueAt), "and not before")
		require.Equal(t, client.RefundStateInReview, *late.RefundState, "silence decides nothing")
	})
}
