package refund

import (
	"time"

	"refunddesk/internal/fault"
)

// Standing is how an account stands to the service agreement.
type Standing string

// The standings. Suspended and terminated accounts are granted no refund (policy rule 4).
const (
	Good       Standing = "good"
	Suspended  Standing = "suspended"
	Terminated Standing = "terminated"
)

// Known reports whether s is a standing at all.
func (s Standing) Known() bool { return s == Good || s == Suspended || s == Terminated }

// Account is a customer of the operator.
type Account struct {
	ID               string
	Name             string
	Email            string
	Phone            string
	Payer            string // opaque id of who pays; several accounts can share one
	Locale           string // "en" or "zh-Hans"
	Standing         Standing
	StandingReason   string
	RegisteredAt     time.Time // UTC
	ContactChangedAt *time.Time
	CreatedAt        time.Time
	UpdatedAt        time.Time
	Version          int64
}

// The locales that messages are written in.
const (
	English           = "en"
	SimplifiedChinese = "zh-Hans"
)

// The refusals of rule 4: whoever violated the service agreement gets no refund.
var (
	ErrSuspended  = fault.New(fault.Conflict, "account-suspended", "The account is suspended for a violation of the service agreement; no refund is granted while it is.")
	ErrTerminated = fault.New(fault.Conflict, "account-terminated", "The account was terminated for a violation of the service agreement; no refund is granted.")
)

// GrantsRefund returns nil, ErrSuspended or ErrTerminated.
func (s Standing) GrantsRefund() *fault.Error {
	switch s {
	case Good:
		return nil
	case Suspended:
		return ErrSuspended
	}
	return ErrTerminated
}
