package store

import "strings"

// The columns of the tables whose rows are read and written by statements of ours, each
// list beside the fields that it goes with.

// selectAccount reads an account by id. It names its columns: a program that was running when
// one was added goes on with what it prepared.
const selectAccount = `SELECT id, name, email, phone, payer, locale, standing, standing_reason, registered_at, contact_changed_at,
	created_at, updated_at, version FROM accounts WHERE id = ?`

const refundColumns = `id account_id package_id requested_by state reason_code note_id currency quote_amount quote_paid quote_face
	quote_remaining approved amount verdict outcome policy_version policy_digest hold_causes held_from held_at provider_fault
	appeal_of last_op last_step created_at updated_at version`

func (r *refundRow) fields() fields {
	return fields{
		&r.ID, &r.AccountID, &r.PackageID, &r.RequestedBy, &r.State, &r.ReasonCode, &r.NoteID, &r.Currency, &r.QuoteAmount, &r.QuotePaid, &r.QuoteFace,
		&r.QuoteRemaining, &r.Approved, &r.Amount, &r.Verdict, &r.Outcome, &r.PolicyVersion, &r.PolicyDigest, &r.HoldCauses, &r.HeldFrom, &r.HeldAt, &r.ProviderFault,
		&r.AppealOf, &r.LastOp, &r.LastStep, &r.CreatedAt, &r.UpdatedAt, &r.Version,
	}
}

const packageColumns = `id account_id product name currency paid face status dispute auto_renew purchased_at expires_at frozen_at
	created_at version`

func (r *packageRow) fields() fields {
	return fields{
		&r.ID, &r.AccountID, &r.Product, &r.Name, &r.Currency, &r.Paid, &r.Face, &r.Status, &r.Dispute, &r.AutoRenew, &r.PurchasedAt, &r.ExpiresAt, &r.FrozenAt,
		&r.CreatedAt, &r.Version,
	}
}

const ticketColumns = `id kind refund_id account_id package_id opened_by subject state queue assignee priority due_at approvals seniors
	matches sla clock response_due_at responded_at urgency snoozed_until asked_at answer_by answer_reminded answered_at closed_at created_at updated_at`

func (r *ticketRow) fields() fields {
	return fields{
		&r.ID, &r.Kind, &r.RefundID, &r.AccountID, &r.PackageID, &r.OpenedBy, &r.Subject, &r.State, &r.Queue, &r.Assignee, &r.Priority, &r.DueAt, &r.Approvals, &r.Seniors,
		&r.Matches, &r.SLA, &r.Clock, &r.ResponseDueAt, &r.RespondedAt, &r.Urgency, &r.SnoozedUntil, &r.AskedAt, &r.AnswerBy, &r.AnswerReminded, &r.AnsweredAt, &r.ClosedAt, &r.CreatedAt, &r.UpdatedAt,
	}
}

const decisionColumns = `id ticket_id refund_id voter voter_role voter_account vote reason_code note_id digest created_at`

func (r *decisionRow) fields() fields {
	return fields{
		&r.ID, &r.TicketID, &r.RefundID, &r.Voter, &r.VoterRole, &r.VoterAccount, &r.Vote, &r.ReasonCode, &r.NoteID, &r.Digest, &r.CreatedAt,
	}
}

const auditColumns = `id entry_version actor role action object object_id object_version refund_id old_state new_state amount currency
	reason_code policy_version decision_digest request_id workflow_id run_id operation_id`

func (r *auditRow) fields() fields {
	return fields{
		&r.ID, &r.EntryVersion, &r.Actor, &r.Role, &r.Action, &r.Object, &r.ObjectID, &r.ObjectVersion, &r.RefundID, &r.OldState, &r.NewState, &r.Amount, &r.Currency,
		&r.ReasonCode, &r.PolicyVersion, &r.DecisionDigest, &r.RequestID, &r.WorkflowID, &r.RunID, &r.OperationID,
	}
}

func columnsOf(list string) []string { return strings.Fields(list) }

// prefixed selects columns of a table under names that begin with its alias.
func prefixed(alias, columns string) string {
	var parts []string
	for _, c := range columnsOf(columns) {
		parts = append(parts, alias+"."+c+" AS "+alias+"_"+c)
	}
	return strings.Join(parts, ", ")
}
