package desk_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"refunddesk/internal/desk"
	"refunddesk/internal/identity"
	"refunddesk/internal/policy"
	"refunddesk/internal/refund"
	"refunddesk/internal/review"
)

// canaryPolicy says "canary" wherever it speaks to staff only.
func canaryPolicy() string {
	source := string(policy.DefaultSource)
	source = strings.Replace(source, "id: large-amount", "id: canary-rule", 1)
	return strings.Replace(source, "reason: A single large refund", "reason: canary reason, a single large refund", 1)
}

// publish puts a policy in force.
func (o *office) publish(source string) desk.PolicyVersion {
	o.T.Helper()
	v, err := o.desk.DraftPolicy(o.Ctx, ada, source)
	require.NoError(o.T, err)
	v, err = o.desk.PublishPolicy(o.Ctx, ada, v.Version)
	require.NoError(o.T, err)
	return v
}

// Nothing internal reaches a customer by any method of the desk, at any point of a case:
// whatever is internal says "canary", and nothing that she is given does.
func TestNothingInternalReachesACustomer(t *testing.T) {
	o := newOffice(t)
	o.publish(canaryPolicy())
	voter := identity.Actor{Subject: "canary-voter", Roles: []identity.Role{identity.Reviewer}}
	chief := identity.Actor{Subject: "canary-chief", Roles: []identity.Role{identity.Senior}}
	insider := identity.Actor{Subject: "insider", Roles: []identity.Role{identity.Customer, identity.Reviewer, identity.Admin}, AccountID: "acct"}

	o.Buy("p", 20_000, 20_000)
	filed, err := o.desk.File(o.Ctx, ann, desk.Filing{PackageID: "p", ReasonCode: refund.OtherReason, Note: "canary: all mine", IdempotencyKey: "p"}, 0)
	require.NoError(t, err)
	r := o.judged(filed.ID, refund.InReview)
	tickets, err := o.Tickets(o.Ctx, desk.TicketFilter{RefundID: r.ID})
	require.NoError(t, err)
	id := tickets.Items[0].Ticket.ID
	q := o.question()

	// given is all that somebody is given of the account's cases, as JSON and as code sees it.
	given := func(who identity.Actor) string {
		t.Helper()
		var all []any
		add := func(v any, err error) {
			t.Helper()
			require.NoError(t, err)
			all = append(all, v)
		}
		for _, ticket := range []string{id, q.Ticket.ID} {
			v, err := o.desk.Ticket(o.Ctx, who, ticket)
			add(v, err)
		}
		list, err := o.desk.Tickets(o.Ctx, who, desk.TicketFilter{AccountID: "acct"})
		add(list, err)
		view, err := o.desk.Refund(o.Ctx, who, r.ID)
		add(view, err)
		all = append(all, view.Timeline(who), view.Ruling(), view.Explanation(""), view.Explanation("zh-Hans"))
		refunds, err := o.desk.Refunds(o.Ctx, who, desk.RefundFilter{AccountID: "acct"})
		add(refunds, err)
		packages, err := o.desk.Packages(o.Ctx, who, desk.PackageFilter{AccountID: "acct"})
		add(packages, err)
		pkg, err := o.desk.Package(o.Ctx, who, "p")
		add(pkg, err)
		account, err := o.desk.Account(o.Ctx, who, "acct")
		add(account, err)
		statement, err := o.desk.Statement(o.Ctx, who, "acct", desk.Paging{})
		add(statement, err)
		text, err := json.Marshal(all)
		require.NoError(t, err)
		return string(text)
	}
	clean := func(when string) {
		t.Helper()
		for _, who := range []identity.Actor{ann, insider} {
			text := strings.ToLower(given(who))
			if at := strings.Index(text, "canary"); at >= 0 {
				t.Errorf("%s, %s is given …%s…", when, who.Subject, text[max(0, at-200):min(len(text), at+100)])
			}
		}
		require.Contains(t, given(rita), "canary", "staff are")
	}

	clean("after screening")
	view, err := o.desk.Refund(o.Ctx, ann, r.ID)
	require.NoError(t, err)
	assert.Equal(t, "The total of your refunds in the last 30 days needs a closer look.", view.Explanation(""), "the heaviest")
	assert.Empty(t, view.Matches)

	require.NoError(t, does(o.desk.Claim(o.Ctx, voter, id)))
	require.NoError(t, does(o.desk.Claim(o.Ctx, voter, q.Ticket.ID)))
	require.NoError(t, does(o.desk.Escalate(o.Ctx, voter, id, "canary escalation")))
	require.NoError(t, does(o.desk.Escalate(o.Ctx, voter, q.Ticket.ID, "canary escalation")))
	require.NoError(t, does(o.desk.Say(o.Ctx, chief, id, "", "canary, and nobody said for whom")))
	require.NoError(t, does(o.desk.Say(o.Ctx, chief, id, review.Internal, "canary internal")))
	require.NoError(t, does(o.desk.Say(o.Ctx, chief, q.Ticket.ID, review.Internal, "canary internal")))
	require.NoError(t, does(o.desk.Say(o.Ctx, voter, q.Ticket.ID, review.Public, "We are looking.")))
	require.NoError(t, does(o.desk.SetStanding(o.Ctx, ada, "acct", refund.Suspended, "canary suspicion")))
	o.Step(r.ID, refund.VerbReassess, refund.OnHold)
	clean("on hold")
	require.NoError(t, does(o.desk.SetStanding(o.Ctx, ada, "acct", refund.Good, "canary cleared")))
	o.Step(r.ID, refund.VerbReassess, refund.InReview)
	require.NoError(t, does(o.desk.RequestInformation(o.Ctx, voter, id, "Please send the invoice.")))
	clean("while she is asked")
	o.Clock.Add(time.Minute)
	require.NoError(t, does(o.desk.Say(o.Ctx, ann, id, review.Public, "Here it is.")))
	o.Step(r.ID, refund.VerbReassess, refund.InReview)
	o.Clock.Add(time.Minute)

	v, err := o.Case(o.Ctx, id)
	require.NoError(t, err)
	require.NoError(t, does(o.desk.Decide(o.Ctx, voter, id, desk.Judgement{
		Vote: review.Approve, ReasonCode: "verified_request", Note: "canary note", Digest: v.Case.Digest(),
	})))
	view, err = o.desk.Refund(o.Ctx, ann, r.ID)
	require.NoError(t, err)
	require.Equal(t, refund.InReview, view.State, "two have to approve")
	assert.Empty(t, view.Decisions)
	clean("after the first vote")
	require.NoError(t, does(o.desk.Decide(o.Ctx, chief, id, desk.Judgement{
		Vote: review.Reject, ReasonCode: "suspected_abuse", Note: "canary note", Message: "We cannot verify the invoice.", Digest: v.Case.Digest(),
	})))
	clean("after the end")
	hers, err := o.desk.Ticket(o.Ctx, ann, id)
	require.NoError(t, err)
	last := hers.Messages[len(hers.Messages)-1]
	assert.Equal(t, "We cannot verify the invoice.", last.Body)
	assert.Empty(t, last.Author, "or she knew who voted")

	// What people wrote beside all that is for staff, and for none of them who owns the account.
	for _, who := range []identity.Actor{rita, chief, auditor, ada} {
		file, err := o.desk.CaseFile(o.Ctx, who, id)
		require.NoError(t, err)
		var words []string
		for _, n := range file.Notes {
			words = append(words, n.Body)
		}
		assert.ElementsMatch(t, []string{"canary: all mine", "canary escalation", "Please send the invoice.", "canary note", "canary note"}, words, who.Subject)
	}
	for _, who := range []identity.Actor{ann, bob, insider, billing, nobody} {
		file, err := o.desk.CaseFile(o.Ctx, who, id)
		require.ErrorIs(t, err, desk.ErrForbidden, who.Subject)
		assert.Zero(t, file, who.Subject)
	}

	// Nor does she learn it by asking what a list has.
	yes := true
	for name, f := range map[string]desk.TicketFilter{
		"rule": {Rule: "canary-rule"}, "assignee": {Assignee: "canary-voter"}, "unassigned": {Unassigned: &yes}, "overdue": {Overdue: &yes},
		"snoozed": {Snoozed: &yes}, "weight": {Sort: desk.SortPriority}, "escalation": {Queue: review.QueueEscalation},
	} {
		_, err := o.desk.Tickets(o.Ctx, ann, f)
		require.ErrorIs(t, err, desk.ErrForbidden, name)
	}
	for queue, kind := range map[string]review.TicketKind{review.QueueReview: review.KindRefund, review.QueueQuestions: review.KindQuestion} {
		page, err := o.desk.Tickets(o.Ctx, ann, desk.TicketFilter{Queue: queue})
		require.NoError(t, err)
		require.Len(t, page.Items, 1, "the queues as she knows them")
		assert.Equal(t, kind, page.Items[0].Ticket.Kind)
	}
	for _, read := range []error{
		does(o.desk.CaseFile(o.Ctx, ann, id)), does(o.desk.Screening(o.Ctx, ann, r.ID)), does(o.desk.History(o.Ctx, ann, r.ID)),
		does(o.desk.SavedReplies(o.Ctx, ann)), does(o.desk.CaseFile(o.Ctx, insider, id)), does(o.desk.Screening(o.Ctx, insider, r.ID)),
	} {
		require.ErrorIs(t, read, desk.ErrForbidden)
	}

	// The audit log holds ids and codes, and no words of anybody.
	pool, err := o.SQL()
	require.NoError(t, err)
	var words int
	require.NoError(t, pool.QueryRowContext(o.Ctx, `SELECT count(*) FROM audit_entries
		WHERE reason_code LIKE '% %' OR decision_digest LIKE '% %' OR old_state LIKE '% %' OR new_state LIKE '% %'`).Scan(&words))
	assert.Zero(t, words)
}

// A request that a rule of the policy rejects is explained to its customer in her words, and
// by the rule to staff.
func TestARejectionByRuleIsExplained(t *testing.T) {
	o := newOffice(t)
	o.publish(strings.Replace(canaryPolicy(), "verdict: review", "verdict: reject\n    accept_automatic_rejection: true", 1))
	r := o.screened("p", 2000, refund.Rejected)
	hers, err := o.desk.Refund(o.Ctx, ann, r.ID)
	require.NoError(t, err)
	assert.Equal(t, "此金额的退款需要人工审核。", hers.Explanation("zh-Hans"))
	assert.Empty(t, hers.Matches)
	assert.Equal(t, policy.OutcomeRule, hers.Ruling().ReasonCode)
	inside, err := o.desk.Refund(o.Ctx, auditor, r.ID)
	require.NoError(t, err)
	require.Len(t, inside.Matches, 1)
	assert.Equal(t, "canary-rule", inside.Matches[0].Rule)
}

// What is judged once can be judged again from the record, by the policy of then.
func TestAScreeningIsReplayed(t *testing.T) {
	o := newOffice(t)
	first := o.publish(canaryPolicy())
	r := o.screened("p", 2000, refund.InReview)
	clean := o.screened("q", 10, refund.Crediting)
	o.publish(string(policy.DefaultSource))
	for id, want := range map[string]policy.Verdict{r.ID: policy.Review, clean.ID: policy.Approve} {
		v, err := o.desk.Screening(o.Ctx, rita, id)
		require.NoError(t, err)
		assert.Equal(t, first.Version, v.PolicyVersion)
		assert.Equal(t, first.Digest, v.PolicyDigest)
		assert.Equal(t, want, v.Verdict)
		assert.Equal(t, want, v.Replayed)
		assert.True(t, v.Same)
	}
	o.Buy("n", 10, 10)
	fresh := o.MustFile("n")
	_, err := o.desk.Screening(o.Ctx, rita, fresh.ID)
	require.ErrorIs(t, err, desk.ErrNotScreened, "not yet")
	_, err = o.desk.Screening(o.Ctx, rita, "none")
	assert.Equal(t, "not-found", codeOf(err))
}

// A reviewer sees beside a case what its account asked for before, and who is linked to it.
func TestACaseFile(t *testing.T) {
	o := newOffice(t)
	old := o.screened("old", 10, refund.Crediting)
	o.Step(old.ID, refund.VerbCredit, refund.Credited)
	r := o.screened("p", 2000, refund.InReview)
	tickets, err := o.Tickets(o.Ctx, desk.TicketFilter{RefundID: r.ID})
	require.NoError(t, err)
	file, err := o.desk.CaseFile(o.Ctx, rita, tickets.Items[0].Ticket.ID)
	require.NoError(t, err)
	require.Len(t, file.Refunds, 2)
	assert.Equal(t, r.ID, file.Refunds[0].ID, "the newest first")
	require.Len(t, file.Linked, 1, "they share an e-mail address")
	assert.Equal(t, "other", file.Linked[0].AccountID)
	require.NotNil(t, file.Screening)
	assert.Equal(t, policy.Review, file.Screening.Verdict)
	assert.NotEmpty(t, file.Case.PackageID)

	q := o.question()
	file, err = o.desk.CaseFile(o.Ctx, auditor, q.Ticket.ID)
	require.NoError(t, err)
	assert.Nil(t, file.Screening)
	assert.Len(t, file.Messages, 1)
	_, err = o.desk.CaseFile(o.Ctx, rita, "none")
	assert.Equal(t, "not-found", codeOf(err))
}
