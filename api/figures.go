package api

import (
	"context"
	"time"

	"refunddesk/internal/desk"
)

func (s *server) GetFigures(ctx context.Context, r GetFiguresRequestObject) (GetFiguresResponseObject, error) {
	ctx, actor := caller(ctx)
	f, err := s.Desk.Figures(ctx, actor, momentOr(r.Params.Since, time.Time{}))
	if err != nil {
		return nil, err
	}
	return GetFigures200JSONResponse(toFigures(f)), nil
}

func toFigures(f desk.Figures) Figures {
	return Figures{
		Since: f.Since.UTC(),
		At:    f.At.UTC(),
		Queues: mapped(f.Queues, func(q desk.QueueFigures) QueueFigures {
			return QueueFigures{
				Queue: q.Queue, Open: q.Open, Unassigned: q.Unassigned, Overdue: q.Overdue,
				OldestSeconds: seconds(q.Oldest), MedianSeconds: seconds(q.Median),
			}
		}),
		FirstResponse: toSpread(f.FirstResponse),
		Decision:      toSpread(f.Decision),
		Rules: mapped(f.Rules, func(r desk.RuleFigures) RuleFigures {
			out := RuleFigures{Rule: r.Rule, Matched: r.Matched, Approved: r.Approved, Rejected: r.Rejected}
			if decided := r.Approved + r.Rejected; decided > 0 {
				rate := float64(r.Approved) / float64(decided)
				out.ApprovalRate = &rate
			}
			return out
		}),
		Appeals: AppealFigures{Filed: f.Appeals.Filed, Reversed: f.Appeals.Reversed, Upheld: f.Appeals.Upheld, Open: f.Appeals.Open},
	}
}

func toSpread(s desk.Spread) Spread {
	return Spread{Count: s.Count, MedianSeconds: seconds(s.Median), P90Seconds: seconds(s.P90)}
}

func seconds(d time.Duration) int64 { return int64(d / time.Second) }
