package workflows_test

import (
	"cmp"
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"go.temporal.io/sdk/activity"

	"refunddesk/internal/fault"
	"refunddesk/internal/identity"
	"refunddesk/internal/money"
	"refunddesk/internal/notify"
	"refunddesk/internal/policy"
	"refunddesk/internal/refund"
	"refunddesk/internal/review"
)

const (
	refundID  = "refund_1"
	accountID = "acct_1"
	packageID = "pkg_1"
	requester = "customer_1"
	dueAfter  = 48 * time.Hour
)

// records is a refund in memory: the ports that the activities need, with the domain's own
// table of states. It fails the test on a transition that the table does not have and
// keeps the first result of every operation, as the store does.
type records struct {
	t  *testing.T
	mu sync.Mutex

	state     refund.State
	heldFrom  refund.State
	standing  refund.Standing
	dispute   refund.Dispute
	amount    money.Money
	approvals int
	ticket    string
	tickets   int
	votes     []review.Decision
	told      []notify.Event
	settleAt  time.Time
	parkedFor string // the code that Park is to get; a refusal of the database when empty
	credits   int
	desk

	path    []refund.State
	ops     []string
	runs    []string // run ids of the ops
	results map[string]refund.Step
	trouble map[refund.Verb][]error // what the next calls fail with, one each
	always  map[refund.Verb]error   // what every call fails with
	lost    map[refund.Verb]int     // commits whose answer is lost
	// afterLost is the standing once an answer was lost: its signal came with an earlier one.
	afterLost refund.Standing
	calls     map[refund.Verb][]bool // per call: was it local
	hook      map[refund.Verb]func() // runs at the start of each call of the verb

	notices map[string]notify.State
	order   []string // of the notices
	mails   []string
	mail    []error // what the next sends fail with
	noMail  error   // what every send fails with
}

func newRecords(t *testing.T) *records {
	return &records{
		t: t, state: refund.Submitted, standing: refund.Good, dispute: refund.NoDispute,
		amount: money.Of(10*money.Scale, "USD"), approvals: 1,
		path: []refund.State{refund.Submitted}, results: map[string]refund.Step{},
		trouble: map[refund.Verb][]error{}, always: map[refund.Verb]error{}, lost: map[refund.Verb]int{},
		calls: map[refund.Verb][]bool{}, hook: map[refund.Verb]func(){}, notices: map[string]notify.State{},
	}
}

var (
	errAway     = fault.New(fault.Unavailable, "database-unavailable", "away")
	errDatabase = fault.New(fault.Internal, "database-refused", "refused")
)

// reviewAbove is what the tests' policy has a person look at.
const reviewAbove = 1000 * money.Scale

var rules = func() *policy.Policy {
	p, err := policy.Parse(policyVersion, []byte(`policy: 1
limits:
  large: {USD: "1000"}
rules:
  - {id: large, when: amount > limits.large, verdict: review, reason: A large amount., customer: {en: x, zh-Hans: x}}
approval:
  USD: [{reviewers: 1}]
budget: {USD: "1000000"}
calendars:
  always: {time_zone: UTC, hours: "00:00-24:00"}
queues:
  review: {calendar: always, first_response: 8h, decision: 48h, answer_within: 7d, remind_after: 3d}
`))
	if err != nil {
		panic(err)
	}
	return p
}()

const policyVersion = "7"

func (r *records) Facts(context.Context, string) (policy.Facts, string, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return policy.Facts{Amount: r.amount, Standing: r.standing, Dispute: r.dispute}, policyVersion, nil
}

func (r *records) Policy(_ context.Context, version string) (*policy.Policy, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if version != policyVersion {
		r.t.Errorf("policy %q is not the one in force", version)
	}
	if len(r.noPolicy) > 0 {
		err := r.noPolicy[0]
		r.noPolicy = r.noPolicy[1:]
		return nil, err
	}
	return rules, nil
}

// operation runs change once an op and remembers what came of it.
func (r *records) operation(ctx context.Context, op refund.Op, change func(*refund.Step)) (refund.Step, error) {
	r.mu.Lock()
	hook := r.hook[op.Verb]
	r.mu.Unlock()
	if hook != nil {
		hook()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.calls[op.Verb] = append(r.calls[op.Verb], activity.GetInfo(ctx).IsLocalActivity)
	if err := r.always[op.Verb]; err != nil {
		return refund.Step{}, err
	}
	if queue := r.trouble[op.Verb]; len(queue) > 0 {
		r.trouble[op.Verb] = queue[1:]
		if queue[0] == nil {
			panic("a defect with a name in it: Li Lei")
		}
		return refund.Step{}, queue[0]
	}
	if first, ok := r.results[op.ID()]; ok {
		first.Repeated = true
		return first, nil
	}
	r.ops, r.runs = append(r.ops, op.ID()), append(r.runs, op.RunID)
	r.told = nil
	var step refund.Step
	change(&step)
	step.State = r.state
	for _, e := range r.told {
		step.Notices = append(step.Notices, r.post(notify.NoticeID(op.RefundID, e)))
	}
	if op.Verb == refund.VerbReassess {
		step.Notices = r.pending()
	}
	r.describe(&step)
	r.results[op.ID()] = step
	if r.lost[op.Verb] > 0 {
		r.lost[op.Verb]--
		r.standing = cmp.Or(r.afterLost, r.standing)
		return refund.Step{}, errAway
	}
	return step, nil
}

func (r *records) become(next refund.State) {
	if !r.state.CanBecome(next) {
		r.t.Errorf("the table has no arrow from %s to %s", r.state, next)
	}
	r.state = next
	r.path = append(r.path, next)
}

func (r *records) tell(events ...notify.Event) { r.told = append(r.told, events...) }

// obstacle holds or rejects where standing or dispute say so.
func (r *records) obstacle() (stopped bool) {
	o := refund.Obstacles(r.standing, r.dispute)
	if r.paused() {
		o = o.Paused()
	}
	switch {
	case o.Reject != "":
		r.reject()
	case !o.Clear() && r.state != refund.OnHold && r.state.CanBecome(refund.OnHold):
		r.heldFrom = r.state
		r.clock = r.sla.Stop(r.clock, r.now())
		r.become(refund.OnHold)
	case !o.Clear():
	default:
		return false
	}
	return true
}

func (r *records) reject() { r.become(refund.Rejected); r.ticket = ""; r.tell(notify.Rejected) }

func (r *records) openTicket(step *refund.Step, queue string) {
	r.tickets++
	r.ticket = fmt.Sprintf("ticket_%d", r.tickets)
	step.TicketID, step.DueAt = r.ticket, start.Add(dueAfter)
	r.queue, r.clock, r.urgency = queue, review.Clock{}, review.OnTime
	if r.sla.Decision > 0 {
		r.clock = r.sla.Start(r.now())
	}
}

func (r *records) approve(step *refund.Step) {
	r.ticket = ""
	r.become(refund.Crediting)
	step.SettleAt = r.settleAt
}

func (r *records) Screen(ctx context.Context, op refund.Op, _ policy.Facts, plan policy.Plan) (refund.Step, error) {
	return r.operation(ctx, op, func(step *refund.Step) {
		if r.state == refund.Submitted {
			r.become(refund.Screening)
		}
		if r.obstacle() {
			return
		}
		step.Verdict = string(plan.Verdict)
		switch plan.Verdict {
		case policy.Reject:
			r.reject()
		case policy.Review:
			r.approvals = max(plan.Quorum.Approvals, r.approvals)
			r.openTicket(step, plan.Queue)
			r.become(refund.InReview)
			r.tell(notify.Received, notify.InReview)
		case policy.Approve:
			r.approve(step)
		}
	})
}

func (r *records) Reassess(ctx context.Context, op refund.Op) (refund.Step, error) {
	return r.operation(ctx, op, func(*refund.Step) {
		if !r.obstacle() && r.state == refund.OnHold {
			r.become(r.heldFrom)
			r.resume()
		}
		r.tick()
	})
}

func (r *records) RecordDecision(ctx context.Context, op refund.Op, d review.Decision, messageNoteID string) (refund.Step, error) {
	return r.operation(ctx, op, func(step *refund.Step) {
		if d.Digest != shown {
			step.Refused = review.ErrStale.Code
			return
		}
		r.votes, r.words = append(r.votes, d), append(r.words, messageNoteID)
		step.Votes, step.Voter = len(r.votes), d.Voter.Subject
		switch (review.Quorum{Approvals: r.approvals}).Outcome(r.votes) {
		case review.Reject:
			r.reject()
		case review.Approve:
			r.approve(step)
		}
	})
}

func (r *records) Withdraw(ctx context.Context, op refund.Op, _ identity.Actor) (refund.Step, error) {
	return r.operation(ctx, op, func(step *refund.Step) {
		if !r.state.Withdrawable() {
			step.Refused = refund.ErrTooLate.Code
			return
		}
		r.become(refund.Withdrawn)
		r.tell(notify.Withdrawn)
	})
}

func (r *records) Credit(ctx context.Context, op refund.Op) (refund.Step, error) {
	return r.operation(ctx, op, func(*refund.Step) {
		if r.obstacle() {
			return
		}
		r.credits++
		r.become(refund.Credited)
		r.tell(notify.Credited)
	})
}

func (r *records) Park(ctx context.Context, op refund.Op, reason string) (refund.Step, error) {
	return r.operation(ctx, op, func(step *refund.Step) {
		if reason != cmp.Or(r.parkedFor, errDatabase.Code) {
			r.t.Errorf("parked for %q", reason)
		}
		r.votes = nil
		r.openTicket(step, review.QueueAttention)
		r.become(refund.NeedsAttention)
	})
}

func (r *records) Retry(ctx context.Context, op refund.Op, _ identity.Actor, _ string) (refund.Step, error) {
	return r.operation(ctx, op, func(step *refund.Step) { r.approve(step) })
}

func (r *records) Notice(_ context.Context, id string) (notify.Notice, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return notify.Notice{ID: id, RefundID: refundID, State: r.notices[id], Name: "Li Lei", Email: "li.lei@example.com"}, nil
}

func (r *records) MarkNotice(_ context.Context, id string, s notify.State) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.notices[id] = s
	return nil
}

func (r *records) Send(_ context.Context, n notify.Notice) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.noMail != nil {
		return r.noMail
	}
	if len(r.mail) > 0 {
		err := r.mail[0]
		r.mail = r.mail[1:]
		return err
	}
	r.mails = append(r.mails, n.ID)
	return nil
}

func (r *records) Sweep(context.Context) (int, error) { return 3, nil }

// set changes the outside world while the workflow runs.
func (r *records) set(change func(*records)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	change(r)
}
