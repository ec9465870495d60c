package storetest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"refunddesk/internal/audit"
	"refunddesk/internal/desk"
	"refunddesk/internal/fault"
	"refunddesk/internal/identity"
	"refunddesk/internal/money"
	"refunddesk/internal/policy"
	"refunddesk/internal/refund"
	"refunddesk/internal/review"
	"refunddesk/internal/store"
)

// policyTests are of policies, and of what was screened with them.
var policyTests = map[string]func(*testing.T, Opener){
	"the policy that a database begins with": policySeed,
	"a policy's life":                        policyLife,
	"policies page by version":               policyPages,
	"policies that are not there":            policyMissing,
	"policies published at once":             policyRace,
	"policies that replace the one compared": policyReplaced,
	"a past verdict is the same again":       policyReplay,
	"past screenings are streamed":           screeningStream,
	"figures":                                figures,
	"figures of a desk without work":         figuresEmpty,
}

func (b *Bundle) policy(version string) desk.PolicyVersion {
	b.T.Helper()
	v, err := b.PolicyVersion(b.Ctx, version)
	require.NoError(b.T, err)
	return v
}

func (b *Bundle) draft(source string) desk.PolicyVersion {
	b.T.Helper()
	v, err := b.DraftPolicy(b.Ctx, Admin, source, policy.DigestOf([]byte(source)))
	require.NoError(b.T, err)
	return v
}

func (b *Bundle) publish(version string) desk.PolicyVersion {
	b.T.Helper()
	v, err := b.PublishPolicy(b.Ctx, Admin, version, "")
	require.NoError(b.T, err)
	return v
}

// policyEntries are the audit entries of policies, as "action version state by".
func (b *Bundle) policyEntries() []string {
	b.T.Helper()
	pool, err := b.SQL()
	require.NoError(b.T, err)
	rows, err := pool.QueryContext(b.Ctx, "SELECT action, object_id, old_state, new_state, actor, decision_digest <> '' AND policy_version = object_id FROM audit_entries WHERE object = 'policy' ORDER BY seq")
	require.NoError(b.T, err)
	defer func() { require.NoError(b.T, rows.Close()) }()
	var out []string
	for rows.Next() {
		var action, id, from, to, actor string
		var complete bool
		require.NoError(b.T, rows.Scan(&action, &id, &from, &to, &actor, &complete))
		require.True(b.T, complete, "%s %s has version and digest", action, id)
		out = append(out, strings.Join(strings.Fields(strings.Join([]string{action, id, from, to, actor}, " ")), " "))
	}
	require.NoError(b.T, rows.Err())
	return out
}

func policySeed(t *testing.T, open Opener) {
	b := New(t, open)
	seeded := b.policy("")
	compiled, err := policy.Parse("1", policy.DefaultSource)
	require.NoError(t, err)
	assert.Equal(t, string(policy.DefaultSource), seeded.Source)
	assert.Equal(t, compiled.Digest(), seeded.Digest)
	assert.Equal(t, "1", seeded.Version)
	assert.Equal(t, desk.PolicyPublished, seeded.State)
	assert.Equal(t, identity.Desk.Subject, seeded.CreatedBy)
	assert.Equal(t, identity.Desk.Subject, seeded.PublishedBy)
	assert.Equal(t, []string{"policy-drafted 1 draft refunddesk", "policy-published 1 draft published refunddesk"}, b.policyEntries())
	source, err := b.PolicySource(b.Ctx, "1")
	require.NoError(t, err)
	assert.Equal(t, seeded.Source, source)
	if b.Dialect() == store.SQLite { // under app_rw PostgreSQL refuses to migrate
		_, err := b.Migrate(b.Ctx)
		require.NoError(t, err)
		assert.Len(t, b.policyEntries(), 2, "a policy that is there stays in force")
	}
}

func policyLife(t *testing.T, open Opener) {
	b := New(t, open)
	b.Clock.Add(time.Hour)
	source := string(policy.DefaultSource) + "\n# stricter\n"
	second := b.draft(source)
	assert.Equal(t, desk.PolicyVersion{
		Version: "2", State: desk.PolicyDraft, Source: source, Digest: policy.DigestOf([]byte(source)), CreatedBy: Admin.Subject, CreatedAt: b.Clock.Now(),
	}, second)
	assert.Equal(t, second, b.policy("2"))
	assert.Equal(t, "1", b.policy("").Version, "a draft is not in force")
	assert.Equal(t, "3", b.draft(source).Version, "the same words again are a version of their own")

	b.Clock.Add(time.Hour)
	at := b.Clock.Now()
	published := b.publish("2")
	second.State, second.PublishedBy, second.PublishedAt = desk.PolicyPublished, Admin.Subject, &at
	assert.Equal(t, second, published)
	assert.Equal(t, second, b.policy(""))
	assert.Equal(t, desk.PolicySuperseded, b.policy("1").State)
	b.person("bo", nil)
	_, version, err := b.Facts(b.Ctx, b.asked("bo", "p"))
	require.NoError(t, err)
	assert.Equal(t, "2", version, "new requests are judged by it")

	b.Clock.Add(time.Hour)
	assert.Equal(t, second, b.publish("2"), "what is in force stays so")
	back := b.publish("1")
	assert.Equal(t, desk.PolicyPublished, back.State, "rolled back")
	assert.Equal(t, b.Clock.Now(), *back.PublishedAt)
	assert.Equal(t, "1", b.policy("").Version)
	assert.Equal(t, desk.PolicySuperseded, b.policy("2").State)
	assert.Equal(t, desk.PolicyDraft, b.policy("3").State)
	assert.Equal(t, []string{
		"policy-drafted 1 draft refunddesk", "policy-published 1 draft published refunddesk",
		"policy-drafted 2 draft ada", "policy-drafted 3 draft ada",
		"policy-published 2 draft published ada", "policy-published 1 superseded published ada",
	}, b.policyEntries())

	require.NoError(t, b.Store.Note(b.Ctx, audit.Entry{
		Actor: Admin.Subject, Role: identity.Admin, Action: audit.PolicyBacktested, Object: audit.ObjectPolicy, ObjectID: "3", PolicyVersion: "3", DecisionDigest: "sha256:0",
	}))
	assert.Equal(t, "policy-backtested 3 ada", b.policyEntries()[6])
}

func policyPages(t *testing.T, open Opener) {
	b := New(t, open)
	for n := range 6 {
		b.draft(fmt.Sprint("# ", n))
	}
	for name, list := range map[string]func(context.Context, desk.Paging) (desk.Page[desk.PolicyVersion], error){"whole": b.Policies, "without sources": b.PolicyVersions} {
		var got []string
		cursor := ""
		for range 4 {
			page, err := list(b.Ctx, desk.Paging{Limit: 3, Cursor: cursor})
			require.NoError(t, err)
			for _, v := range page.Items {
				got = append(got, v.Version+" "+string(v.State))
				whole := b.policy(v.Version)
				if name != "whole" {
					whole.Source = ""
				}
				assert.Equal(t, whole, v, name)
			}
			if cursor = page.Next; cursor == "" {
				break
			}
		}
		assert.Equal(t, []string{"7 draft", "6 draft", "5 draft", "4 draft", "3 draft", "2 draft", "1 published"}, got, name)
	}
	refunds, err := b.Tickets(b.Ctx, desk.TicketFilter{})
	require.NoError(t, err)
	require.Empty(t, refunds.Next)
	for _, junk := range []string{"junk", "eyJpIjoieCJ9"} { // the second is a cursor of another list
		_, err := b.Policies(b.Ctx, desk.Paging{Cursor: junk})
		assert.Equal(t, fault.Malformed, fault.From(err).Kind, junk)
		_, err = b.PolicyVersions(b.Ctx, desk.Paging{Cursor: junk})
		assert.Equal(t, fault.Malformed, fault.From(err).Kind, junk)
	}
}

func policyMissing(t *testing.T, open Opener) {
	b := New(t, open)
	for _, version := range []string{"2", "0", "-1", "01", "+1", "1 ", "one", "99999999999999999999", "1;"} {
		_, err := b.PolicyVersion(b.Ctx, version)
		assert.Equal(t, fault.NotFound, fault.From(err).Kind, version)
		_, err = b.PublishPolicy(b.Ctx, Admin, version, "")
		assert.Equal(t, fault.NotFound, fault.From(err).Kind, version)
		_, err = b.PolicySource(b.Ctx, version)
		assert.Equal(t, fault.NotFound, fault.From(err).Kind, version)
	}
	_, err := b.PublishPolicy(b.Ctx, Admin, "", "")
	assert.Equal(t, fault.NotFound, fault.From(err).Kind)
	assert.Len(t, b.policyEntries(), 2)
}

// Of admins who each replace the version that they compared with, one does.
func policyReplaced(t *testing.T, open Opener) {
	b := New(t, open)
	for range 6 {
		b.draft("# draft")
	}
	var wg sync.WaitGroup
	var mu sync.Mutex
	codes := map[string]int{}
	for n := range 6 {
		wg.Go(func() {
			_, err := b.PublishPolicy(b.Ctx, Admin, fmt.Sprint(2+n), "1")
			mu.Lock()
			defer mu.Unlock()
			codes[fault.CodeOf(err)]++
		})
	}
	wg.Wait()
	assert.Equal(t, map[string]int{"": 1, "policy-changed": 5}, codes)
	inForce, err := b.PolicyVersion(b.Ctx, "")
	require.NoError(t, err)
	_, err = b.PublishPolicy(b.Ctx, Admin, inForce.Version, "1")
	require.NoError(t, err, "the button was pressed twice")
	_, err = b.PublishPolicy(b.Ctx, Admin, "1", inForce.Version)
	require.NoError(t, err, "back again")
}

func policyRace(t *testing.T, open Opener) {
	b := New(t, open)
	var wg sync.WaitGroup
	for range 2 {
		b.draft("# draft")
	}
	for n := range 12 {
		wg.Go(func() {
			_, err := b.PublishPolicy(b.Ctx, Admin, fmt.Sprint(2+n%2), "")
			assert.NoError(t, err)
		})
	}
	wg.Wait()
	entries := b.policyEntries()
	published := entries[4:]
	require.NotEmpty(t, published)
	inForce := "1"
	for _, e := range published {
		version := strings.Fields(e)[1]
		assert.NotEqual(t, inForce, version, "%v: what is in force is not published again", published)
		inForce = version
	}
	assert.Equal(t, inForce, b.policy("").Version, "the record is in the order of what happened")
	states := map[desk.PolicyState]int{}
	for _, v := range []string{"1", "2", "3"} {
		states[b.policy(v).State]++
	}
	assert.Equal(t, 1, states[desk.PolicyPublished])
}

// shelf gives compiled policies as the programs have them.
func (b *Bundle) shelf() *policy.Shelf { return policy.NewShelf(b.PolicySource) }

// judgedByPolicy screens the refund as the activity does.
func (b *Bundle) judgedByPolicy(shelf *policy.Shelf, id string) refund.Step {
	b.T.Helper()
	facts, version, err := b.Facts(b.Ctx, id)
	require.NoError(b.T, err)
	p, err := shelf.Policy(b.Ctx, version)
	require.NoError(b.T, err)
	step, err := b.Screen(b.Ctx, b.Op(id, refund.VerbScreen), facts, p.Evaluate(facts))
	require.NoError(b.T, err)
	return step
}

// Whatever was decided is decided again from the record alone, also after the policy, the
// account and the rest of the world have changed.
func policyReplay(t *testing.T, open Opener) {
	b := New(t, open)
	shelf := b.shelf()
	lenient := strings.Replace(string(policy.DefaultSource), "refunds_30d > 3", "refunds_30d > 300", 1)
	require.NotEqual(t, string(policy.DefaultSource), lenient)
	b.draft(lenient)
	var ids []string
	var late string // its dispute was lost between facts and verdict
	screen := func(id string) {
		b.judgedByPolicy(shelf, id)
		ids = append(ids, id)
	}
	for a := range 6 {
		account := fmt.Sprint("a", a)
		b.person(account, func(who *refund.Account) {
			who.Payer = []string{"", "visa-1"}[a%2]
			if a == 3 {
				who.RegisteredAt = b.Clock.Now()
			}
		})
		for n := range 8 {
			id := fmt.Sprintf("%s-p%d", account, n)
			b.purchase(account, id, func(p *refund.Package) {
				p.Paid = []int64{10, 100, 1000, 1500, 20_000}[(a+n)%5] * money.Scale
				p.Face, p.Currency = p.Paid, []string{"USD", "CNY", "JPY"}[n%3]
				p.PurchasedAt = b.Clock.Now().Add(-20 * days)
			})
			if n%3 == 1 {
				b.used(id, 6, time.Hour)
			}
			b.Clock.Add(time.Minute)
			refundID := b.request(account, id)
			switch {
			case a == 5 && n == 6: // the facts were read before
				facts, version, err := b.Facts(b.Ctx, refundID)
				require.NoError(t, err)
				p, err := shelf.Policy(b.Ctx, version)
				require.NoError(t, err)
				_, _, err = b.SetDispute(b.Ctx, Integrator, id, refund.DisputeLost)
				require.NoError(t, err)
				_, err = b.Screen(b.Ctx, b.Op(refundID, refund.VerbScreen), facts, p.Evaluate(facts))
				require.NoError(t, err)
				ids, late = append(ids, refundID), refundID
			default:
				screen(refundID)
			}
			if a == 2 && n == 3 {
				b.publish("2")
			}
			if a == 4 && n == 3 {
				phone := "+1"
				_, err := b.ChangeAccount(b.Ctx, Admin, account, desk.AccountChange{Phone: &phone})
				require.NoError(t, err)
				b.publish("1")
			}
			b.Clock.Add(7 * hour)
		}
		if a == 1 {
			_, _, err := b.SetStanding(b.Ctx, Admin, account, refund.Terminated, "spam")
			require.NoError(t, err)
		}
	}
	verdicts, rules := map[policy.Verdict]int{}, map[string]bool{}
	fresh := b.shelf()
	for _, id := range ids {
		s, err := b.Screening(b.Ctx, id)
		require.NoError(t, err)
		p, err := fresh.Policy(b.Ctx, s.PolicyVersion)
		require.NoError(t, err)
		require.Equal(t, p.Digest(), s.PolicyDigest)
		again := p.Evaluate(s.Facts)
		require.Equal(t, s.Verdict, again.Verdict, "%s on %+v", id, s.Facts)
		require.Equal(t, s.Outcome, again.Outcome)
		r, err := b.Refund(b.Ctx, id)
		require.NoError(t, err)
		require.Equal(t, string(s.Verdict), r.Verdict, "the refund has what its screening says")
		require.Equal(t, s.PolicyVersion, r.PolicyVersion)
		require.Equal(t, s.PolicyDigest, r.PolicyDigest)
		if id != late && len(again.Matches)+len(s.Matches) > 0 {
			require.Equal(t, again.Matches, s.Matches)
		}
		for _, m := range s.Matches {
			rules[m.Rule] = true
		}
		verdicts[s.Verdict]++
	}
	assert.Len(t, verdicts, 3, "the test met every verdict: %v", verdicts)
	assert.Greater(t, len(rules), 5, "and many rules: %v", rules)
}

func screeningStream(t *testing.T, open Opener) {
	b := New(t, open)
	b.person("bo", nil)
	ends := []func(id string){
		func(id string) { b.screened(id, policy.Approve, "") },
		func(id string) { b.screened(id, policy.Approve, ""); b.credited(id) },
		func(id string) { b.screened(id, policy.Reject, "agreement_violated") },
		func(id string) { b.voted(id, review.Reject, "suspected_abuse") },
		func(id string) { b.voted(id, review.Approve, review.ReasonProviderFault) },
		func(id string) { b.screened(id, policy.Review, "") },
		func(string) {}, // not screened
	}
	want := map[string]policy.Case{}
	var order []string
	for n, end := range ends {
		id := b.asked("bo", fmt.Sprint("p", n))
		end(id)
		r, err := b.Refund(b.Ctx, id)
		require.NoError(t, err)
		if r.Verdict == "" {
			continue
		}
		s, err := b.Screening(b.Ctx, id)
		require.NoError(t, err)
		order = append([]string{id}, order...)
		want[id] = policy.Case{
			RefundID: id, Facts: s.Facts, Verdict: s.Verdict, State: r.State, ProviderFault: r.ProviderFault,
			Decided: map[int]review.Vote{3: review.Reject, 4: review.Approve}[n],
		}
	}
	stream := func(limit int) (total int, got []string) {
		require.NoError(t, b.Screenings(b.Ctx, limit, func(n int) { total = n }, func(c policy.Case) error {
			// The caller may read meanwhile, also where there is one connection only.
			_, err := b.Refund(b.Ctx, c.RefundID)
			require.NoError(t, err)
			assert.Equal(t, want[c.RefundID], c)
			got = append(got, c.RefundID)
			return nil
		}))
		return total, got
	}
	total, got := stream(0)
	assert.Equal(t, 6, total)
	assert.Equal(t, order, got, "the newest first")
	total, got = stream(2)
	assert.Equal(t, 2, total)
	assert.Equal(t, order[:2], got)
	stop := fault.New(fault.Conflict, "stop", "Stop.")
	for n := range 102 { // more than are read at a time
		b.screened(b.asked("bo", fmt.Sprint("many", n)), policy.Approve, "")
	}
	var many []string
	require.NoError(t, b.Screenings(b.Ctx, 0, func(int) {}, func(c policy.Case) error { many = append(many, c.RefundID); return nil }))
	assert.Len(t, many, 108)
	assert.True(t, slices.IsSortedFunc(many, func(x, y string) int { return strings.Compare(y, x) }), "the newest first")
	assert.Len(t, slices.Compact(many), 108)
	calls := 0
	err := b.Screenings(b.Ctx, 0, func(int) {}, func(policy.Case) error { calls++; return stop })
	require.ErrorIs(t, err, stop)
	assert.Equal(t, 1, calls)
}
