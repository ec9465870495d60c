package store

import (
	"context"
	"encoding/json"
	"time"

	"refunddesk/internal/desk"
	"refunddesk/internal/money"
	"refunddesk/internal/notify"
	"refunddesk/internal/policy"
	"refunddesk/internal/refund"
	"refunddesk/internal/review"
)

// noticeQuery reads an event of a refund or of a message; how a refund ended comes with what
// the last decider wrote to the customer in the same transaction. A message is read only where it is
// public: a notice of any other is not found, whatever wrote it.
const noticeQuery = `SELECT n.id, n.event, n.state, coalesce(r.id, ''), coalesce(n.ticket_id, ''), a.name, a.email, a.locale, coalesce(p.name, ''),
       coalesce(r.currency, ''), r.quote_amount, r.amount, coalesce(r.outcome, ''), coalesce(r.verdict, ''),
       coalesce(m.body, CASE WHEN n.event IN ('credited', 'rejected') THEN (
           SELECT w.body FROM decisions d JOIN messages w ON w.ticket_id = d.ticket_id AND w.author = d.voter
              AND w.created_at = d.created_at AND w.visibility = 'public'
            WHERE d.refund_id = n.refund_id AND d.vote = CASE n.event WHEN 'credited' THEN 'approve' ELSE 'reject' END
            ORDER BY d.created_at DESC LIMIT 1) END, ''), t.answer_by, coalesce(s.matches, '')
  FROM notices n
  LEFT JOIN tickets t ON t.id = n.ticket_id
  LEFT JOIN refunds r ON r.id = coalesce(n.refund_id, t.refund_id)
  LEFT JOIN messages m ON m.id = n.message_id AND m.ticket_id = n.ticket_id AND m.visibility = 'public'
  LEFT JOIN packages p ON p.id = coalesce(r.package_id, t.package_id)
  LEFT JOIN screenings s ON s.refund_id = n.refund_id
  JOIN accounts a ON a.id = coalesce(r.account_id, t.account_id)
 WHERE n.id = ? AND (n.message_id IS NULL OR m.id IS NOT NULL)`

type noticeView struct {
	ID, Event, State, RefundID, TicketID, Name, Email, Locale, PackageName string
	Currency                                                               string
	Quote, Amount                                                          *int64
	Outcome, Verdict, Text                                                 string
	AnswerBy                                                               *time.Time
	Matches                                                                string // of screening
}

func (v *noticeView) fields() fields {
	return fields{
		&v.ID, &v.Event, &v.State, &v.RefundID, &v.TicketID, &v.Name, &v.Email, &v.Locale, &v.PackageName,
		&v.Currency, &v.Quote, &v.Amount, &v.Outcome, &v.Verdict, &v.Text, &v.AnswerBy, &v.Matches,
	}
}

// Notice implements activities.Notices: what a message is made of, read when it is sent.
func (s *Store) Notice(ctx context.Context, id string) (notify.Notice, error) {
	var v noticeView
	found, err := one(s.read(ctx), v.fields(), noticeQuery, id)
	if err != nil {
		return notify.Notice{}, classify(err)
	}
	if !found {
		return notify.Notice{}, desk.Missing("notice", id)
	}
	return v.domain(), nil
}

func (v *noticeView) domain() notify.Notice {
	n := notify.Notice{
		ID: v.ID, RefundID: v.RefundID, Event: notify.Event(v.Event), State: notify.State(v.State),
		Name: v.Name, Email: v.Email, Locale: v.Locale, PackageName: v.PackageName, TicketID: v.TicketID, Text: v.Text,
	}
	switch {
	case v.Amount != nil:
		n.Amount = money.Of(*v.Amount, v.Currency).Format(v.Locale)
	case v.Quote != nil:
		n.Amount = money.Of(*v.Quote, v.Currency).Format(v.Locale)
	}
	switch n.Event {
	case notify.Rejected:
		n.Reason = v.Outcome
		if v.Verdict == string(policy.Reject) { // people say themselves why they reject
			n.Told = told(v.Matches, v.Outcome, v.Locale)
		}
	case notify.InReview:
		n.Told = told(v.Matches, policy.OutcomeRule, v.Locale)
	case notify.Asked, notify.Reminded:
		if v.AnswerBy != nil {
			n.AnswerBy = untilWhen(*v.AnswerBy, v.Locale)
		}
	}
	return n
}

// told is what the customer may be told of the heaviest rule that matched, in his language
// or else in English; empty when he is told nothing of it. A rejection by the program's own
// rules is told in the words of the rule that has the outcome's name.
func told(matches, outcome, locale string) string {
	var all []review.Match
	if json.Unmarshal([]byte(matches), &all) != nil {
		return "" // nothing was recorded
	}
	var heaviest review.Match
	for _, m := range all {
		if outcome != policy.OutcomeRule && m.Rule != outcome {
			continue
		}
		if heaviest.Rule == "" || m.Weight > heaviest.Weight {
			heaviest = m
		}
	}
	if words := heaviest.Told[locale]; words != "" {
		return words
	}
	return heaviest.Told[refund.English]
}

// untilWhen writes a moment for a person. Where the person is is not known, so it is in UTC.
func untilWhen(t time.Time, locale string) string {
	if locale == refund.SimplifiedChinese {
		return t.UTC().Format("2006年1月2日 15:04（UTC）")
	}
	return t.UTC().Format("2 January 2006, 15:04 (UTC)")
}

// MarkNotice implements activities.Notices. A notice that was sent stays so.
func (s *Store) MarkNotice(ctx context.Context, id string, state notify.State) error {
	return classify(s.read(ctx).Exec("UPDATE notices SET state = ?, updated_at = ? WHERE id = ? AND state <> 'sent'", string(state), s.now(), id).Error)
}
