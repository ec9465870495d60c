package api

import (
	"context"

	"refunddesk/internal/desk"
	"refunddesk/internal/policy"
	"refunddesk/internal/refund"
	"refunddesk/internal/review"
)

func nobodyIsAway(context.Context) error { return nil }

// domainEnums are the words of the domain that the contract repeats.
func domainEnums() map[string][]any {
	enums := map[string][]any{
		"Locale":        {refund.English, refund.SimplifiedChinese},
		"Standing":      anys(refund.Good, refund.Suspended, refund.Terminated),
		"Product":       {refund.GlobalSMS},
		"PackageStatus": anys(refund.Active, refund.Frozen, refund.Refunded, refund.Exhausted, refund.Expired),
		"DisputeStatus": anys(refund.NoDispute, refund.DisputeOpen, refund.DisputeLost, refund.DisputeWon),
		"RefundState":   anys(refund.States...),
		"RefundReason":  anys(refund.NoLongerNeeded, refund.BoughtByMistake, refund.ServiceProblem, refund.SwitchingProvider, refund.OtherReason),
		"HoldCause":     anys(refund.CauseStanding, refund.CauseDispute, refund.CausePause),
		"Vote":          anys(review.Approve, review.Reject),
		"TicketState":   anys(review.Open, review.Closed),
		"TicketKind":    anys(review.KindRefund, review.KindQuestion),
		"TicketSort":    anys(desk.SortDue, desk.SortNewest, desk.SortPriority),
		"NoteAbout":     anys(desk.NoteRequest, desk.NoteAppeal, desk.NoteDecision, desk.NoteEscalation, desk.NoteRetry, desk.NoteOther),
		"Visibility":    anys(review.Public, review.Internal),
		"Verdict":       anys(policy.Approve, policy.Review, policy.Reject),
		"PolicyState":   anys(desk.PolicyDraft, desk.PolicyPublished, desk.PolicySuperseded),
		"PauseScope":    anys(desk.PauseAccount, desk.PauseProduct, desk.PauseAll),
		"Mover":         nil,
	}
	seen := map[refund.Mover]bool{}
	for _, s := range refund.States {
		if m := s.MovesNext(); !seen[m] {
			seen[m] = true
			enums["Mover"] = append(enums["Mover"], string(m))
		}
	}
	return enums
}

func anys[T ~string](values ...T) []any {
	out := make([]any, 0, len(values))
	for _, v := range values {
		out = append(out, string(v))
	}
	return out
}
