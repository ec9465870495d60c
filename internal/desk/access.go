package desk

import (
	"context"
	"fmt"

	"refunddesk/internal/audit"
	"refunddesk/internal/fault"
	"refunddesk/internal/identity"
	"refunddesk/internal/refund"
)

// This file is the one place where an id is held against who asks. Whoever may not know
// of a thing gets the same answer as if it were not there.

// ErrForbidden refuses what the actor's roles do not allow.
var ErrForbidden = fault.New(fault.Forbidden, "forbidden", "Your role does not allow this.")

// ErrNoAccount refuses a customer whose token names no account.
var ErrNoAccount = fault.New(fault.Forbidden, "no-account", "Your sign-in belongs to no account.")

// Missing is the answer for a thing that is not there, and for one that the actor may not
// know of: the same words.
func Missing(object audit.Object, id string) *fault.Error {
	return fault.New(fault.NotFound, "not-found", "There is no %s %q.", object, fault.Clip(id, 80))
}

// need returns nil when the actor holds one of the roles, else ErrForbidden.
func need(actor identity.Actor, roles ...identity.Role) error {
	if actor.Has(roles...) {
		return nil
	}
	return ErrForbidden
}

// needWriter is need for what changes something: an auditor writes nothing, whatever else
// he holds.
func needWriter(actor identity.Actor, roles ...identity.Role) error {
	if actor.Has(identity.Auditor) {
		return ErrForbidden
	}
	return need(actor, roles...)
}

// needAccount returns nil for the customer of an account, else ErrForbidden or ErrNoAccount.
func needAccount(actor identity.Actor) error {
	if err := need(actor, identity.Customer); err != nil {
		return err
	}
	if actor.AccountID == "" {
		return ErrNoAccount
	}
	return nil
}

// mayRead reports whether the actor may know of what belongs to the account.
func mayRead(actor identity.Actor, accountID string) bool {
	return actor.IsStaff() || actor.Owns(accountID)
}

// mayKnow is mayRead, or the program that brings accounts, purchases and usage in.
func mayKnow(actor identity.Actor, accountID string) bool {
	return mayRead(actor, accountID) || actor.Has(identity.Integrator)
}

// Visible returns nil when the object exists and the actor may know of it, else not-found.
func (d *Desk) Visible(ctx context.Context, actor identity.Actor, object audit.Object, id string) error {
	var err error
	switch object {
	case audit.ObjectAccount:
		_, err = d.accountFor(ctx, actor, id)
	case audit.ObjectPackage:
		_, err = d.packageFor(ctx, actor, id)
	case audit.ObjectRefund:
		_, err = d.refundFor(ctx, actor, id)
	case audit.ObjectTicket:
		_, err = d.caseFor(ctx, actor, id)
	case audit.ObjectPolicy:
		_, err = d.Policy(ctx, actor, id)
	case audit.ObjectPause: // staff know of all pauses, and nobody else of any
		if !actor.IsStaff() {
			err = ErrForbidden
		}
	case audit.ObjectReply:
		err = d.savedReply(ctx, actor, id)
	default:
		return fmt.Errorf("desk: nobody sees objects of kind %q", object)
	}
	return err
}

func (d *Desk) accountFor(ctx context.Context, actor identity.Actor, id string) (refund.Account, error) {
	if !mayKnow(actor, id) {
		return refund.Account{}, Missing(audit.ObjectAccount, id)
	}
	return d.records.Account(ctx, id)
}

func (d *Desk) packageFor(ctx context.Context, actor identity.Actor, id string) (PackageView, error) {
	v, err := d.records.Package(ctx, id)
	if err != nil {
		return PackageView{}, err
	}
	if !mayKnow(actor, v.AccountID) {
		return PackageView{}, Missing(audit.ObjectPackage, id)
	}
	return v, nil
}

func (d *Desk) refundFor(ctx context.Context, actor identity.Actor, id string) (refund.Refund, error) {
	r, err := d.records.Refund(ctx, id)
	if err != nil {
		return refund.Refund{}, err
	}
	if !mayRead(actor, r.AccountID) {
		return refund.Refund{}, Missing(audit.ObjectRefund, id)
	}
	return r, nil
}

// ownRefund is refundFor for what only its customer does.
func (d *Desk) ownRefund(ctx context.Context, actor identity.Actor, id string) (refund.Refund, error) {
	r, err := d.refundFor(ctx, actor, id)
	if err == nil && !actor.Owns(r.AccountID) {
		err = ErrForbidden
	}
	return r, err
}

// caseFor reads a case as it is, for the desk's own judgement; nobody is shown it like that.
func (d *Desk) caseFor(ctx context.Context, actor identity.Actor, id string) (CaseView, error) {
	v, err := d.records.Case(ctx, id)
	if err != nil {
		return CaseView{}, err
	}
	if !mayRead(actor, v.Ticket.AccountID) {
		return CaseView{}, Missing(audit.ObjectTicket, id)
	}
	return v, nil
}

// caseView reads a case with what was said on it, as the actor may see it.
func (d *Desk) caseView(ctx context.Context, actor identity.Actor, id string) (CaseView, error) {
	v, err := d.caseFor(ctx, actor, id)
	if err != nil {
		return CaseView{}, err
	}
	if v.Messages, err = d.records.Messages(ctx, seesInside(actor, v.Ticket.AccountID), id); err != nil {
		return CaseView{}, err
	}
	return showCase(actor, v), nil
}

// asksAboutHisOwn returns nil when the package and the refund that a question is about, as
// far as it is about any, are of the actor's own account: staff know of others', and ask
// about their own only. Whether the two belong together is the records' to know.
func (d *Desk) asksAboutHisOwn(ctx context.Context, actor identity.Actor, q Question) error {
	if q.PackageID != "" {
		v, err := d.records.Package(ctx, q.PackageID)
		if err != nil {
			return err
		}
		if !actor.Owns(v.AccountID) {
			return Missing(audit.ObjectPackage, q.PackageID)
		}
	}
	if q.RefundID != "" {
		r, err := d.records.Refund(ctx, q.RefundID)
		if err != nil {
			return err
		}
		if !actor.Owns(r.AccountID) {
			return Missing(audit.ObjectRefund, q.RefundID)
		}
	}
	return nil
}

// ownList narrows a list: staff see whose they ask for, a customer sees his own and gets
// not-found for another's.
func ownList(actor identity.Actor, accountID string) (string, error) {
	switch {
	case actor.IsStaff():
		return accountID, nil
	case !actor.Has(identity.Customer):
		return "", ErrForbidden
	case actor.AccountID == "":
		return "", ErrNoAccount
	case accountID != "" && accountID != actor.AccountID:
		return "", Missing(audit.ObjectAccount, accountID)
	}
	return actor.AccountID, nil
}

// notHisOwn returns ErrForbidden for what somebody who works here would do for, or to, his
// own account: another does that.
func notHisOwn(actor identity.Actor, accountID string) error {
	if accountID != "" && actor.AccountID == accountID {
		return ErrForbidden
	}
	return nil
}
