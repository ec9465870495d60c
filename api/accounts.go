package api

import (
	"context"
	"time"

	"refunddesk/internal/desk"
	"refunddesk/internal/identity"
	"refunddesk/internal/ledger"
	"refunddesk/internal/money"
	"refunddesk/internal/refund"
)

func (s *server) CreateAccount(ctx context.Context, r CreateAccountRequestObject) (CreateAccountResponseObject, error) {
	ctx, actor := caller(ctx)
	a, err := s.Desk.OpenAccount(ctx, actor, refund.Account{
		ID:           given(r.Body.ID, ""),
		Name:         r.Body.Name,
		Email:        r.Body.Email,
		Phone:        given(r.Body.Phone, ""),
		Payer:        given(r.Body.Payer, ""),
		Locale:       string(given(r.Body.Locale, refund.English)),
		Standing:     refund.Good,
		RegisteredAt: momentOr(r.Body.RegisteredAt, time.Time{}), // not given: the records' now
	})
	if err != nil {
		return nil, err
	}
	return CreateAccount201JSONResponse{
		Body:    toAccount(a, actor),
		Headers: CreateAccount201ResponseHeaders{Location: "/v1/accounts/" + a.ID},
	}, nil
}

func (s *server) GetAccount(ctx context.Context, r GetAccountRequestObject) (GetAccountResponseObject, error) {
	ctx, actor := caller(ctx)
	a, err := s.Desk.Account(ctx, actor, r.ID)
	if err != nil {
		return nil, err
	}
	return GetAccount200JSONResponse(toAccount(a, actor)), nil
}

func (s *server) ChangeAccount(ctx context.Context, r ChangeAccountRequestObject) (ChangeAccountResponseObject, error) {
	ctx, actor := caller(ctx)
	a, err := s.Desk.ChangeAccount(ctx, actor, r.ID, desk.AccountChange{
		Name:   r.Body.Name,
		Email:  r.Body.Email,
		Phone:  r.Body.Phone,
		Payer:  r.Body.Payer,
		Locale: (*string)(r.Body.Locale),
	})
	if err != nil {
		return nil, err
	}
	return ChangeAccount200JSONResponse(toAccount(a, actor)), nil
}

func (s *server) SetStanding(ctx context.Context, r SetStandingRequestObject) (SetStandingResponseObject, error) {
	ctx, actor := caller(ctx)
	a, err := s.Desk.SetStanding(ctx, actor, r.ID, refund.Standing(r.Body.Standing), r.Body.Reason)
	if err != nil {
		return nil, err
	}
	return SetStanding200JSONResponse(toAccount(a, actor)), nil
}

func (s *server) GetBalance(ctx context.Context, r GetBalanceRequestObject) (GetBalanceResponseObject, error) {
	ctx, actor := caller(ctx)
	balances, err := s.Desk.Balances(ctx, actor, r.ID)
	if err != nil {
		return nil, err
	}
	return GetBalance200JSONResponse{Balances: mapped(balances, toMoney)}, nil
}

func (s *server) ListLedger(ctx context.Context, r ListLedgerRequestObject) (ListLedgerResponseObject, error) {
	ctx, actor := caller(ctx)
	page, err := s.Desk.Statement(ctx, actor, r.ID, paging(r.Params.Limit, r.Params.Cursor))
	if err != nil {
		return nil, err
	}
	return ListLedger200JSONResponse{Items: mapped(page.Items, toJournal), NextCursor: optional(page.Next)}, nil
}

// toAccount leaves out what is for staff only when somebody else looks.
func toAccount(a refund.Account, viewer identity.Actor) Account {
	out := Account{
		ID:           a.ID,
		Name:         a.Name,
		Email:        a.Email,
		Phone:        optional(a.Phone),
		Payer:        optional(a.Payer),
		Locale:       Locale(a.Locale),
		Standing:     Standing(a.Standing),
		RegisteredAt: a.RegisteredAt.UTC(),
		CreatedAt:    a.CreatedAt.UTC(),
		UpdatedAt:    a.UpdatedAt.UTC(),
	}
	if viewer.IsStaff() {
		out.StandingReason = optional(a.StandingReason)
		out.ContactChangedAt = utc(a.ContactChangedAt)
	}
	return out
}

func toJournal(j ledger.Journal) Journal {
	return Journal{
		ID:          j.ID,
		Operation:   JournalOperation(j.Operation),
		OperationID: j.OperationID,
		CreatedAt:   j.CreatedAt.UTC(),
		PackageID:   j.PackageID,
		Reverses:    optional(j.Reverses),
		Postings: mapped(j.Postings, func(p ledger.Posting) Posting {
			return Posting{Account: p.Account, Amount: toMoney(money.Of(p.Micros, j.Currency))}
		}),
	}
}
