package api

import (
	"context"
	"time"

	"refunddesk/internal/desk"
	"refunddesk/internal/fault"
	"refunddesk/internal/identity"
	"refunddesk/internal/money"
	"refunddesk/internal/policy"
	"refunddesk/internal/refund"
	"refunddesk/internal/review"
)

// canary is in everything that no customer may ever read.
const canary = "canary"

// work is begin for what reviewers do: like the desk itself it refuses those who hold
// admin or auditor, because the attempt is to be written down.
func (d *fakeDesk) work(ctx context.Context, actor identity.Actor, method, id string, asked any) error {
	err := d.begin(ctx, actor, method, id, asked)
	if fault.From(err) == nil && !actor.Decides() && !actor.Owns("acct_1") {
		return desk.ErrMayNotWork
	}
	return err
}

func aMatch() review.Match {
	return review.Match{
		Rule: canary + "-rule", Value: canary + " 1200.000000", Threshold: canary + " 1000.000000", Reason: canary + " reason", Weight: 7,
		Told: map[string]string{"en": "You asked often."},
	}
}

func aMessage() review.Message {
	return review.Message{ID: "message_1", TicketID: "ticket_1", Author: canary + "-author", ByStaff: true, Visibility: review.Public, Body: "Which are yours?", CreatedAt: noon}
}

func messages() []review.Message {
	answer := review.Message{ID: "message_2", TicketID: "ticket_1", Author: "c1", Visibility: review.Public, Body: "All\n\tof them.", CreatedAt: noon.Add(time.Minute)}
	inside := review.Message{ID: "message_3", TicketID: "ticket_1", Author: "r1", ByStaff: true, Visibility: review.Internal, Body: canary + " internal", CreatedAt: noon.Add(2 * time.Minute)}
	return []review.Message{aMessage(), answer, inside}
}

// aCase is a case with all that is internal, as the desk gives it to staff. It gives it to
// customers, too: what they must not see has to be left out here once more.
func aCase() desk.CaseView {
	responded, snoozed := noon.Add(time.Minute), noon.Add(time.Hour)
	ticket := review.Ticket{
		ID: "ticket_1", Kind: review.KindRefund, RefundID: "refund_1", AccountID: "acct_1", PackageID: "pkg_1", OpenedBy: canary + "-opener",
		State: review.Open, Queue: review.QueueReview, Assignee: canary + "-assignee", Priority: 987654, Quorum: review.Quorum{Approvals: 2, Seniors: 1},
		Matches: []review.Match{aMatch()}, DueAt: noon.AddDate(0, 0, 2), ResponseDueAt: noon.AddDate(0, 0, 1), RespondedAt: &responded,
		Urgency: review.Late, SnoozedUntil: &snoozed, AnswerBy: &answerBy, AskedAt: &noon, CreatedAt: noon, UpdatedAt: noon,
	}
	vote := aDecision()
	vote.NoteID = canary + "-note"
	return desk.CaseView{
		Ticket: ticket,
		Refund: aRefund().Refund,
		Case: review.Case{
			RefundID: "refund_1", AccountID: "acct_1", Amount: money.Units(50, "USD"), PackageID: "pkg_1", Quorum: ticket.Quorum,
			Decisions: []review.Decision{vote}, Linked: []string{canary + "-linked"}, FiledBy: []string{canary + "-filer"}, Barred: []identity.Actor{{Subject: canary + "-barred"}},
		},
		Messages: messages(),
	}
}

func aQuestion() desk.CaseView {
	return desk.CaseView{
		Ticket: review.Ticket{
			ID: "ticket_1", Kind: review.KindQuestion, AccountID: "acct_1", OpenedBy: "c1", Subject: "When?", State: review.Closed,
			Queue: review.QueueQuestions, DueAt: noon, ClosedAt: &noon, CreatedAt: noon,
		},
		Messages: messages(),
	}
}

func someNotes() []desk.Note {
	return []desk.Note{
		{ID: "note_1", RefundID: "refund_1", Author: "c1", Role: identity.Customer, About: desk.NoteRequest, Body: canary + " we moved.\nAll of us.", CreatedAt: noon},
		{ID: "note_2", Author: "r1", About: desk.NoteEscalation, Body: canary + " too large for me", CreatedAt: noon.Add(time.Minute)},
	}
}

func aScreening() desk.Screening {
	return desk.Screening{
		RefundID: "refund_1", PolicyVersion: "2", PolicyDigest: "sha256:00ff", Verdict: policy.Review, Matches: []review.Match{aMatch()}, At: noon,
		Facts: policy.Facts{
			At: noon, Amount: money.Units(50, "USD"), Product: refund.GlobalSMS, Reason: "other", Standing: refund.Good, Dispute: refund.NoDispute,
			Refunds30d: 4, Refunded30d: 5_200_500_000, Purchased90d: 400 * money.Scale, ReturnedOf90d: 100 * money.Scale,
			AccountAge: 36 * time.Hour, PurchaseAge: 1500 * time.Millisecond, Face: 100 * money.Scale, Consumed: 50 * money.Scale,
			Usage24h: 2 * money.Scale, Usage14d: 14 * money.Scale, ContactChanged72h: true, Unknown: []string{"linked_rejected"},
		},
	}
}

func (d *fakeDesk) Ticket(ctx context.Context, actor identity.Actor, id string) (desk.CaseView, error) {
	return aCase(), d.begin(ctx, actor, "Ticket", id, nil)
}

func (d *fakeDesk) Tickets(ctx context.Context, actor identity.Actor, f desk.TicketFilter) (desk.Page[desk.CaseView], error) {
	return desk.Page[desk.CaseView]{Items: []desk.CaseView{aCase()}}, d.begin(ctx, actor, "Tickets", "", f)
}

func (d *fakeDesk) CaseFile(ctx context.Context, actor identity.Actor, ticketID string) (desk.CaseFile, error) {
	screening := aScreening()
	return desk.CaseFile{
		CaseView: aCase(), Refunds: []refund.Refund{aRefund().Refund}, Screening: &screening, Notes: someNotes(),
		Linked: []desk.LinkedAccount{{AccountID: "acct_2", Shares: []string{"email", "payer"}, Standing: refund.Terminated, Refunds: 3, Rejected: 2}},
	}, d.begin(ctx, actor, "CaseFile", ticketID, nil)
}

func (d *fakeDesk) Ask(ctx context.Context, actor identity.Actor, q desk.Question) (desk.CaseView, error) {
	return aQuestion(), d.begin(ctx, actor, "Ask", q.PackageID, q)
}

func (d *fakeDesk) Say(ctx context.Context, actor identity.Actor, ticketID string, v review.Visibility, body string) (review.Message, error) {
	m := aMessage()
	m.ByStaff = !actor.Owns("acct_1")
	return m, d.work(ctx, actor, "Say", ticketID, string(v)+": "+body)
}

func (d *fakeDesk) Claim(ctx context.Context, actor identity.Actor, ticketID string) (desk.CaseView, error) {
	return aCase(), d.work(ctx, actor, "Claim", ticketID, nil)
}

func (d *fakeDesk) Release(ctx context.Context, actor identity.Actor, ticketID string) (desk.CaseView, error) {
	return aCase(), d.work(ctx, actor, "Release", ticketID, nil)
}

func (d *fakeDesk) Assign(ctx context.Context, actor identity.Actor, ticketID, assignee string) (desk.CaseView, error) {
	return aCase(), d.work(ctx, actor, "Assign", ticketID, assignee)
}

func (d *fakeDesk) AssignAll(ctx context.Context, actor identity.Actor, ticketIDs []string, assignee string) (int, error) {
	return len(ticketIDs), d.work(ctx, actor, "AssignAll", "", append(ticketIDs, assignee))
}

func (d *fakeDesk) Snooze(ctx context.Context, actor identity.Actor, ticketID string, until time.Time) (desk.CaseView, error) {
	return aCase(), d.work(ctx, actor, "Snooze", ticketID, until)
}

func (d *fakeDesk) RequestInformation(ctx context.Context, actor identity.Actor, ticketID, body string) (desk.CaseView, error) {
	return aCase(), d.work(ctx, actor, "RequestInformation", ticketID, body)
}

func (d *fakeDesk) Escalate(ctx context.Context, actor identity.Actor, ticketID, reason string) (desk.CaseView, error) {
	return aCase(), d.work(ctx, actor, "Escalate", ticketID, reason)
}

func (d *fakeDesk) Resolve(ctx context.Context, actor identity.Actor, ticketID string) (desk.CaseView, error) {
	return aQuestion(), d.work(ctx, actor, "Resolve", ticketID, nil)
}

func (d *fakeDesk) Decide(ctx context.Context, actor identity.Actor, ticketID string, j desk.Judgement) (desk.CaseView, error) {
	return aCase(), d.work(ctx, actor, "Decide", ticketID, j)
}

func aReply() review.SavedReply {
	return review.SavedReply{ID: "reply_1", Title: "Invoice", Body: map[string]string{"en": "Send it.", "zh-Hans": "请提供。"}, UpdatedBy: "s1", UpdatedAt: noon, Version: 3}
}

func (d *fakeDesk) SavedReplies(ctx context.Context, actor identity.Actor) ([]review.SavedReply, error) {
	return []review.SavedReply{aReply()}, d.begin(ctx, actor, "SavedReplies", "", nil)
}

func (d *fakeDesk) SaveReply(ctx context.Context, actor identity.Actor, r review.SavedReply) (review.SavedReply, error) {
	return aReply(), d.begin(ctx, actor, "SaveReply", r.ID, r)
}

func (d *fakeDesk) DeleteReply(ctx context.Context, actor identity.Actor, id string) error {
	return d.begin(ctx, actor, "DeleteReply", id, nil)
}

func (d *fakeDesk) Figures(ctx context.Context, actor identity.Actor, since time.Time) (desk.Figures, error) {
	return desk.Figures{
		Since: time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC), At: noon,
		Queues:        []desk.QueueFigures{{Queue: review.QueueReview, Open: 5, Unassigned: 4, Overdue: 3, Oldest: 90*time.Minute + time.Millisecond, Median: time.Minute}},
		Rules:         []desk.RuleFigures{{Rule: "a", Matched: 9, Approved: 3, Rejected: 1}, {Rule: "b", Matched: 2}},
		FirstResponse: desk.Spread{Count: 7, Median: time.Hour, P90: 2 * time.Hour},
		Decision:      desk.Spread{Count: 4, Median: 3 * time.Hour, P90: 4 * time.Hour},
		Appeals:       desk.AppealFigures{Filed: 4, Reversed: 1, Upheld: 2, Open: 1},
	}, d.begin(ctx, actor, "Figures", "", since)
}

func (d *fakeDesk) Appeal(ctx context.Context, actor identity.Actor, refundID, note string, wait time.Duration) (desk.RefundView, error) {
	d.waited = wait
	return aRefund(), d.begin(ctx, actor, "Appeal", refundID, note)
}

func (d *fakeDesk) Screening(ctx context.Context, actor identity.Actor, refundID string) (desk.ScreeningView, error) {
	return desk.ScreeningView{Screening: aScreening(), Replayed: policy.Review, Same: true}, d.begin(ctx, actor, "Screening", refundID, nil)
}

// versionIn is the id of a version in the fake's words: it has version 1.
func versionIn(version string) string { return "policy_" + version }

func aPolicy() desk.PolicyVersion {
	return desk.PolicyVersion{Version: "1", State: desk.PolicyPublished, Source: "rules:\n", Digest: "sha256:00ff", CreatedBy: "m1", CreatedAt: noon, PublishedBy: "m2", PublishedAt: &noon}
}

func (d *fakeDesk) Policies(ctx context.Context, actor identity.Actor, p desk.Paging) (desk.Page[desk.PolicyVersion], error) {
	draft := desk.PolicyVersion{Version: "2", State: desk.PolicyDraft, Source: "rules: []\n", Digest: "sha256:0001", CreatedBy: "m1", CreatedAt: noon}
	return desk.Page[desk.PolicyVersion]{Items: []desk.PolicyVersion{draft, aPolicy()}, Next: "more"}, d.begin(ctx, actor, "Policies", "", p)
}

func (d *fakeDesk) Policy(ctx context.Context, actor identity.Actor, version string) (desk.PolicyVersion, error) {
	return aPolicy(), d.begin(ctx, actor, "Policy", versionIn(version), nil)
}

func (d *fakeDesk) CheckPolicy(ctx context.Context, actor identity.Actor, source string) (string, error) {
	return "sha256:00ff", d.begin(ctx, actor, "CheckPolicy", "", source)
}

func (d *fakeDesk) DraftPolicy(ctx context.Context, actor identity.Actor, source string) (desk.PolicyVersion, error) {
	return aPolicy(), d.begin(ctx, actor, "DraftPolicy", "", source)
}

func (d *fakeDesk) PublishPolicy(ctx context.Context, actor identity.Actor, version string) (desk.PolicyVersion, error) {
	return aPolicy(), d.begin(ctx, actor, "PublishPolicy", versionIn(version), nil)
}

func (d *fakeDesk) DiffPolicy(ctx context.Context, actor identity.Actor, version, against string) (policy.Diff, error) {
	return policy.Diff{
		From: "sha256:0001", To: "sha256:0002",
		Rules:    []policy.RuleDiff{{ID: "a", Change: "changed", Fields: []policy.FieldDiff{{Field: "when", From: "x > 1", To: "x > 2"}}}, {ID: "b", Change: "added"}},
		Settings: []policy.FieldDiff{{Field: "limits.weekly.USD", To: "100"}},
	}, d.begin(ctx, actor, "DiffPolicy", versionIn(version), against)
}

func (d *fakeDesk) Backtest(ctx context.Context, actor identity.Actor, version string) (policy.Report, error) {
	group := policy.Group{Count: 1, Money: []money.Money{money.Units(50, "USD")}, Refunds: []string{"refund_1"}}
	return policy.Report{
		Version: version, Digest: "sha256:00ff", Cases: 10, Changed: 1, KnownBad: 3, KnownGood: 4, Missed: group,
		Changes: []policy.Change{{From: policy.Approve, To: policy.Review, Group: group, Rejected: 1}},
	}, d.begin(ctx, actor, "Backtest", versionIn(version), nil)
}

func aPause() desk.Pause {
	return desk.Pause{ID: "pause_1", Scope: desk.PauseAccount, Target: "acct_1", Reason: "Being checked.", By: "m1", ExpiresAt: noon.Add(time.Hour), CreatedAt: noon}
}

func (d *fakeDesk) Pause(ctx context.Context, actor identity.Actor, p desk.Pause) (desk.Pause, error) {
	return aPause(), d.begin(ctx, actor, "Pause", "", p)
}

func (d *fakeDesk) EndPause(ctx context.Context, actor identity.Actor, id string) (desk.Pause, error) {
	p := aPause()
	p.EndedAt, p.EndedBy = &noon, "m1"
	return p, d.begin(ctx, actor, "EndPause", id, nil)
}

func (d *fakeDesk) Pauses(ctx context.Context, actor identity.Actor, inForce bool, p desk.Paging) (desk.Page[desk.Pause], error) {
	return desk.Page[desk.Pause]{Items: []desk.Pause{aPause()}}, d.begin(ctx, actor, "Pauses", "", inForce)
}

func (d *fakeDesk) PauseEffect(ctx context.Context, actor identity.Actor, scope desk.PauseScope, target string) (desk.PauseEffect, error) {
	states := []desk.StateCount{{State: refund.Crediting, Count: 2, Money: []money.Money{money.Units(70, "USD")}}, {State: refund.InReview, Count: 1}}
	return desk.PauseEffect{States: states, Held: 2}, d.begin(ctx, actor, "PauseEffect", "", string(scope)+" "+target)
}
