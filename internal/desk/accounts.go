package desk

import (
	"cmp"
	"context"
	"net/mail"
	"time"

	"refunddesk/internal/audit"
	"refunddesk/internal/fault"
	"refunddesk/internal/identity"
	"refunddesk/internal/ledger"
	"refunddesk/internal/money"
	"refunddesk/internal/refund"
)

// OpenAccount creates an account in good standing. An empty id is replaced by a new one.
// Errors: a fault naming email, locale or registered_at; account-exists.
func (d *Desk) OpenAccount(ctx context.Context, actor identity.Actor, a refund.Account) (refund.Account, error) {
	opened, err := d.openAccount(ctx, actor, a)
	if err != nil {
		return refund.Account{}, d.refused(ctx, actor, audit.AccountRefused, audit.ObjectAccount, cmp.Or(a.ID, audit.NewID), err)
	}
	return opened, nil
}

func (d *Desk) openAccount(ctx context.Context, actor identity.Actor, a refund.Account) (refund.Account, error) {
	if err := need(actor, identity.Integrator, identity.Admin); err != nil {
		return refund.Account{}, err
	}
	if a.Locale == "" {
		a.Locale = refund.English
	}
	if err := ValidateAccount(a, d.now()); err != nil {
		return refund.Account{}, err
	}
	return d.records.CreateAccount(ctx, actor, a)
}

// ValidateAccount returns a fault naming the field of an account that cannot be.
func ValidateAccount(a refund.Account, now time.Time) error {
	if a.Name == "" {
		return fault.InvalidField("name", "must not be empty")
	}
	if address, err := mail.ParseAddress(a.Email); err != nil || address.Address != a.Email {
		return fault.InvalidField("email", "is an address like ann@example.com")
	}
	for _, f := range []struct{ name, value string }{{"phone", a.Phone}, {"payer", a.Payer}} {
		if f.value != "" && isBlank(f.value) {
			return fault.InvalidField(f.name, "must not be blank; leave it out when there is none")
		}
	}
	if a.Locale != refund.English && a.Locale != refund.SimplifiedChinese {
		return fault.InvalidField("locale", "is %s or %s", refund.English, refund.SimplifiedChinese)
	}
	if a.RegisteredAt.After(now.Add(ClockSkew)) {
		return fault.InvalidField("registered_at", "is in the future")
	}
	return nil
}

// ClockSkew is how far another program's clock may be ahead of ours.
const ClockSkew = 5 * time.Minute

// ChangeAccount changes the contact of an account.
func (d *Desk) ChangeAccount(ctx context.Context, actor identity.Actor, id string, change AccountChange) (refund.Account, error) {
	changed, err := d.changeAccount(ctx, actor, id, change)
	if err != nil {
		return refund.Account{}, d.refused(ctx, actor, audit.AccountRefused, audit.ObjectAccount, id, err)
	}
	return showAccount(actor, changed), nil
}

func (d *Desk) changeAccount(ctx context.Context, actor identity.Actor, id string, change AccountChange) (refund.Account, error) {
	if err := need(actor, identity.Integrator, identity.Admin); err != nil {
		return refund.Account{}, err
	}
	a, err := d.accountFor(ctx, actor, id)
	if err != nil {
		return refund.Account{}, err
	}
	for field, to := range map[*string]*string{&a.Name: change.Name, &a.Email: change.Email, &a.Locale: change.Locale, &a.Phone: change.Phone, &a.Payer: change.Payer} {
		if to != nil {
			*field = *to
		}
	}
	if err := ValidateAccount(a, d.now()); err != nil {
		return refund.Account{}, err
	}
	return d.records.ChangeAccount(ctx, actor, id, change)
}

// Account reads an account.
func (d *Desk) Account(ctx context.Context, actor identity.Actor, id string) (refund.Account, error) {
	a, err := d.accountFor(ctx, actor, id)
	return showAccount(actor, a), err
}

// SetStanding changes how the account stands to the service agreement; its open refunds
// hear of it at once.
func (d *Desk) SetStanding(ctx context.Context, actor identity.Actor, id string, s refund.Standing, reason string) (refund.Account, error) {
	a, err := d.setStanding(ctx, actor, id, s, reason)
	if err != nil {
		return refund.Account{}, d.refused(ctx, actor, audit.StandingRefused, audit.ObjectAccount, id, err)
	}
	return a, nil
}

func (d *Desk) setStanding(ctx context.Context, actor identity.Actor, id string, s refund.Standing, reason string) (refund.Account, error) {
	if err := needWriter(actor, identity.Admin); err != nil {
		return refund.Account{}, err
	}
	if _, err := d.accountFor(ctx, actor, id); err != nil {
		return refund.Account{}, err
	}
	if err := notHisOwn(actor, id); err != nil {
		return refund.Account{}, err
	}
	if !s.Known() {
		return refund.Account{}, fault.InvalidField("standing", "is good, suspended or terminated")
	}
	if err := needText("reason", reason); err != nil {
		return refund.Account{}, err
	}
	a, intents, err := d.records.SetStanding(ctx, actor, id, s, reason)
	d.engine.Hear(intents...)
	return a, err
}

// Balances gives the account balance in each currency.
func (d *Desk) Balances(ctx context.Context, actor identity.Actor, accountID string) ([]money.Money, error) {
	if err := d.readsMoney(ctx, actor, accountID); err != nil {
		return nil, err
	}
	return d.records.Balances(ctx, accountID)
}

// Statement lists the journals of an account, newest first.
func (d *Desk) Statement(ctx context.Context, actor identity.Actor, accountID string, p Paging) (Page[ledger.Journal], error) {
	if err := d.readsMoney(ctx, actor, accountID); err != nil {
		return Page[ledger.Journal]{}, err
	}
	return d.records.Journals(ctx, accountID, p)
}

// Movements lists the journals that moved the balance of an account, newest first: of a
// statement, what is not about the use of packages.
func (d *Desk) Movements(ctx context.Context, actor identity.Actor, accountID string, p Paging) (Page[ledger.Journal], error) {
	if err := d.readsMoney(ctx, actor, accountID); err != nil {
		return Page[ledger.Journal]{}, err
	}
	return d.records.Movements(ctx, accountID, p)
}

func (d *Desk) readsMoney(ctx context.Context, actor identity.Actor, accountID string) error {
	if _, err := d.accountFor(ctx, actor, accountID); err != nil {
		return err
	}
	if !mayRead(actor, accountID) {
		return ErrForbidden
	}
	return nil
}
