package refund

import (
	"strconv"
	"time"
)

// Verb names a step of the workflow; each is one store function and one transaction.
type Verb string

// The steps that change a refund.
const (
	VerbScreen   Verb = "screen"
	VerbReassess Verb = "reassess"
	VerbDecide   Verb = "decide"
	VerbAsk      Verb = "request-information"
	VerbWithdraw Verb = "withdraw"
	VerbCredit   Verb = "credit"
	VerbPark     Verb = "park"
	VerbRetry    Verb = "retry"
)

// Op identifies one step of one refund, whoever carries it out and however often. Its
// identity comes from the workflow's own counting, not from chance, so a repeated
// activity finds the result of its first try.
type Op struct {
	RefundID string
	Verb     Verb
	Turn     int // the how-manieth step of the workflow this is
	RunID    string
}

// ID is the operation id: "refund/<id>/<verb>/<turn>".
func (o Op) ID() string {
	return WorkflowID(o.RefundID) + "/" + string(o.Verb) + "/" + strconv.Itoa(o.Turn)
}

// Step is what a step left behind: all that the workflow needs to know to go on. It
// travels through the engine, so it holds opaque ids and codes only.
type Step struct {
	State    State     `json:"state"`
	Verdict  string    `json:"verdict,omitempty"`
	TicketID string    `json:"ticket_id,omitempty"`
	Queue    string    `json:"queue,omitempty"`
	DueAt    time.Time `json:"due_at,omitzero"`    // when the ticket is due, UTC
	SettleAt time.Time `json:"settle_at,omitzero"` // crediting waits until then (drain window), UTC
	WakeAt   time.Time `json:"wake_at,omitzero"`   // when the clock has something to do (reminder, escalation, answer or pause over), UTC
	Notices  []string  `json:"notices,omitempty"`  // notification ids to deliver, in order
	Refused  string    `json:"refused,omitempty"`  // code of a business "no"; the state is as it was
	Votes    int       `json:"votes,omitempty"`    // decisions recorded so far
	Voter    string    `json:"voter,omitempty"`    // subject whose decision was recorded
	Repeated bool      `json:"repeated,omitempty"` // the result of an earlier try: what came since was not looked at
}
