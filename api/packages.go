package api

import (
	"context"
	"time"

	"refunddesk/internal/desk"
	"refunddesk/internal/fault"
	"refunddesk/internal/money"
	"refunddesk/internal/refund"
)

func (s *server) CreatePackage(ctx context.Context, r CreatePackageRequestObject) (CreatePackageResponseObject, error) {
	ctx, actor := caller(ctx)
	p, err := readPackage(*r.Body, s.Now())
	if err != nil {
		return nil, err
	}
	view, err := s.Desk.BuyPackage(ctx, actor, p)
	if err != nil {
		return nil, err
	}
	return CreatePackage201JSONResponse{
		Body:    s.toPackage(view),
		Headers: CreatePackage201ResponseHeaders{Location: "/v1/packages/" + view.ID},
	}, nil
}

// readPackage reads a purchase. Price and face go to one currency there, so that they
// agree has to be seen here, where both still have a name.
func readPackage(in NewPackage, now time.Time) (refund.Package, error) {
	price, err := fromMoney("price", in.Price)
	if err != nil {
		return refund.Package{}, err
	}
	face := price
	if in.Face != nil {
		if face, err = fromMoney("face", *in.Face); err != nil {
			return refund.Package{}, err
		}
	}
	p := refund.Package{
		ID:          given(in.ID, ""),
		AccountID:   in.AccountID,
		Product:     string(in.Product),
		Name:        in.Name,
		Currency:    price.Currency,
		Paid:        price.Micros,
		Face:        face.Micros,
		Remaining:   face.Micros,
		Recorded:    refund.Active,
		Dispute:     refund.NoDispute,
		AutoRenew:   given(in.AutoRenew, false),
		PurchasedAt: momentOr(in.PurchasedAt, time.Time{}), // not given: the records' now
	}
	if in.ExpiresAt != nil {
		expires := moment(*in.ExpiresAt)
		p.ExpiresAt = &expires
	}
	switch {
	case face.Currency != price.Currency:
		return p, fault.InvalidField("face.currency", "is that of the price, %s", price.Currency)
	case p.Face == 0 && in.Face == nil:
		return p, fault.InvalidField("price.amount", "is more than zero unless a face is given")
	case p.Face == 0:
		return p, fault.InvalidField("face.amount", "is more than zero")
	case p.Face < p.Paid:
		return p, fault.InvalidField("face.amount", "is at least the price")
	case p.ExpiresAt != nil && !p.ExpiresAt.After(momentOr(in.PurchasedAt, now)):
		return p, fault.InvalidField("expires_at", "is after purchased_at")
	}
	return p, nil
}

func (s *server) GetPackage(ctx context.Context, r GetPackageRequestObject) (GetPackageResponseObject, error) {
	ctx, actor := caller(ctx)
	view, err := s.Desk.Package(ctx, actor, r.ID)
	if err != nil {
		return nil, err
	}
	return GetPackage200JSONResponse(s.toPackage(view)), nil
}

func (s *server) ListPackages(ctx context.Context, r ListPackagesRequestObject) (ListPackagesResponseObject, error) {
	ctx, actor := caller(ctx)
	page, err := s.Desk.Packages(ctx, actor, desk.PackageFilter{
		AccountID: given(r.Params.AccountID, ""),
		Product:   text(r.Params.Product),
		Paging:    paging(r.Params.Limit, r.Params.Cursor),
	})
	if err != nil {
		return nil, err
	}
	return ListPackages200JSONResponse{Items: mapped(page.Items, s.toPackage), NextCursor: optional(page.Next)}, nil
}

func (s *server) GetRefundQuote(ctx context.Context, r GetRefundQuoteRequestObject) (GetRefundQuoteResponseObject, error) {
	ctx, actor := caller(ctx)
	quote, err := s.Desk.Quote(ctx, actor, r.ID)
	if err != nil {
		return nil, err
	}
	return GetRefundQuote200JSONResponse(toQuote(quote)), nil
}

func (s *server) RecordUsage(ctx context.Context, r RecordUsageRequestObject) (RecordUsageResponseObject, error) {
	ctx, actor := caller(ctx)
	cost, err := fromMoney("cost", r.Body.Cost)
	if err != nil {
		return nil, err
	}
	if cost.IsZero() {
		return nil, fault.InvalidField("cost.amount", "is more than zero")
	}
	u, err := s.Desk.RecordUsage(ctx, actor, desk.UsageRecord{
		ID:         r.Body.ID,
		PackageID:  r.ID,
		Cost:       cost.Micros,
		Currency:   cost.Currency,
		OccurredAt: momentOr(r.Body.OccurredAt, s.Now()),
	})
	if err != nil {
		return nil, err
	}
	return RecordUsage201JSONResponse{
		ID:         u.ID,
		PackageID:  u.PackageID,
		Cost:       toMoney(money.Of(u.Cost, u.Currency)),
		OccurredAt: u.OccurredAt.UTC(),
		RecordedAt: u.RecordedAt.UTC(),
	}, nil
}

func (s *server) SetDispute(ctx context.Context, r SetDisputeRequestObject) (SetDisputeResponseObject, error) {
	ctx, actor := caller(ctx)
	view, err := s.Desk.SetDispute(ctx, actor, r.ID, refund.Dispute(r.Body.Status))
	if err != nil {
		return nil, err
	}
	return SetDispute200JSONResponse(s.toPackage(view)), nil
}

// toPackage shows a package as it is at this moment.
func (s *server) toPackage(v desk.PackageView) Package {
	now := s.Now()
	quote := v.Quote()
	eligibility := refund.Check(v.Standing, v.Package, now)
	returns := money.Of(0, v.Currency)
	if eligibility.Eligible {
		returns = quote.Amount
	}
	return Package{
		ID:        v.ID,
		AccountID: v.AccountID,
		Product:   v.Product,
		Name:      v.Name,
		Price:     toMoney(quote.Paid),
		Face:      toMoney(quote.Face),
		Remaining: toMoney(quote.Remaining),
		Status:    PackageStatus(v.Status(now)),
		Dispute:   DisputeStatus(v.Dispute),
		Refundable: Refundable{
			Eligible: eligibility.Eligible,
			Reason:   optional(eligibility.Reason),
			Amount:   toMoney(returns),
		},
		AutoRenew:   v.AutoRenew,
		PurchasedAt: v.PurchasedAt.UTC(),
		ExpiresAt:   utc(v.ExpiresAt),
		CreatedAt:   v.CreatedAt.UTC(),
	}
}

func toQuote(q refund.Quote) Quote {
	return Quote{
		Amount:    toMoney(q.Amount),
		Paid:      toMoney(q.Paid),
		Face:      toMoney(q.Face),
		Remaining: toMoney(q.Remaining),
		Consumed:  toMoney(q.Consumed),
		Used:      q.Used,
	}
}
