package api

import (
	"context"
	"strconv"
	"time"

	"refunddesk/internal/desk"
	"refunddesk/internal/money"
	"refunddesk/internal/policy"
	"refunddesk/internal/review"
)

func (s *server) GetScreening(ctx context.Context, r GetScreeningRequestObject) (GetScreeningResponseObject, error) {
	ctx, actor := caller(ctx)
	view, err := s.Desk.Screening(ctx, actor, r.ID)
	if err != nil {
		return nil, err
	}
	out := toScreening(view.Screening)
	out.Replayed = &Replayed{Verdict: Verdict(view.Replayed), Same: view.Same}
	return GetScreening200JSONResponse(out), nil
}

func toScreening(s desk.Screening) Screening {
	return Screening{
		RefundID:      s.RefundID,
		At:            s.At.UTC(),
		PolicyVersion: s.PolicyVersion,
		PolicyDigest:  s.PolicyDigest,
		Verdict:       Verdict(s.Verdict),
		Outcome:       optional(s.Outcome),
		Facts:         toFacts(s.Facts),
		Matches:       mapped(s.Matches, toMatch),
	}
}

// toFacts shows facts under the names that they are recorded by, and what rules make of
// them. Sums are of the request's currency.
func toFacts(f policy.Facts) Facts {
	sum := func(micros int64) Money { return toMoney(money.Of(micros, f.Amount.Currency)) }
	return Facts{
		At:                f.At.UTC(),
		Amount:            toMoney(f.Amount),
		Product:           f.Product,
		Reason:            f.Reason,
		Standing:          string(f.Standing),
		Dispute:           string(f.Dispute),
		Appeal:            f.Appeal,
		Refunds24H:        f.Refunds24h,
		Refunds30D:        f.Refunds30d,
		Refunds365D:       f.Refunds365d,
		Refunded24H:       sum(f.Refunded24h),
		Refunded30D:       sum(f.Refunded30d),
		Refunded365D:      sum(f.Refunded365d),
		Purchases90D:      f.Purchases90d,
		Purchased90D:      sum(f.Purchased90d),
		ReturnedOf90D:     sum(f.ReturnedOf90d),
		RefundedShare90D:  f.RefundedShare90d(),
		AccountAge:        age(f.AccountAge),
		PurchaseAge:       age(f.PurchaseAge),
		Face:              sum(f.Face),
		Consumed:          sum(f.Consumed),
		ConsumedShare:     f.ConsumedShare(),
		Usage24H:          sum(f.Usage24h),
		Usage14D:          sum(f.Usage14d),
		UsageRatio:        f.UsageRatio(),
		RebuyCycles30D:    f.RebuyCycles30d,
		Rejections:        f.Rejections,
		LinkedRejected:    f.LinkedRejected,
		ContactChanged72H: f.ContactChanged72h,
		Unknown:           mapped(f.Unknown, asIs),
	}
}

// age writes a duration as CEL does, in seconds.
func age(d time.Duration) string { return strconv.FormatFloat(d.Seconds(), 'f', -1, 64) + "s" }

func toMatch(m review.Match) Match {
	return Match{Rule: m.Rule, Value: m.Value, Threshold: m.Threshold, Reason: m.Reason, Weight: m.Weight}
}
