package audit

// The refusals: what somebody tried and was refused, for whatever reason. The entry's reason
// code is the code of the answer.
const (
	FilingRefused     Action = "filing-refused"
	AppealRefused     Action = "appeal-refused"
	WithdrawRefused   Action = "withdrawal-refused"
	RetryRefused      Action = "retry-refused"
	DecisionRefused   Action = "decision-refused"
	TicketWorkRefused Action = "ticket-work-refused" // also a question or a message
	ReplyRefused      Action = "reply-refused"       // to save or delete a text that reviewers send
	AccountRefused    Action = "account-refused"     // to create or change one
	StandingRefused   Action = "standing-refused"
	PackageRefused    Action = "package-refused" // to record a purchase
	UsageRefused      Action = "usage-refused"
	DisputeRefused    Action = "dispute-refused"
	PolicyRefused     Action = "policy-refused" // to draft, publish, check or backtest one
	PauseRefused      Action = "pause-refused"  // to begin, preview or end one
	NoticeRefused     Action = "notice-refused" // to send a message again
	ExportRefused     Action = "export-refused"
)

var refused = map[Action]Object{
	FilingRefused:     ObjectPackage,
	AppealRefused:     ObjectRefund,
	WithdrawRefused:   ObjectRefund,
	RetryRefused:      ObjectRefund,
	DecisionRefused:   ObjectTicket,
	TicketWorkRefused: ObjectTicket,
	ReplyRefused:      ObjectReply,
	AccountRefused:    ObjectAccount,
	StandingRefused:   ObjectAccount,
	PackageRefused:    ObjectPackage,
	UsageRefused:      ObjectPackage,
	DisputeRefused:    ObjectPackage,
	PolicyRefused:     ObjectPolicy,
	PauseRefused:      ObjectPause,
	NoticeRefused:     ObjectRefund,
	ExportRefused:     ObjectExport,
}

// Refuses gives what kind of thing the refused attempt was at; false when a is no refusal.
func (a Action) Refuses() (Object, bool) {
	object, ok := refused[a]
	return object, ok
}

// The ids of things that have none.
const (
	NewID     = "new"     // what was to be created
	UnknownID = "unknown" // what was not named, or by something that is no id
)
