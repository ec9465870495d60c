package customer

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"refunddesk/internal/console/words"
	"refunddesk/internal/desk"
	"refunddesk/internal/ledger"
	"refunddesk/internal/policy"
	"refunddesk/internal/refund"
	"refunddesk/internal/review"
)

func FuzzDataLines(f *testing.F) {
	for _, seed := range []string{"", "a", "a\nb", "a\r\nb\rc\n\n", "event: final\n\ndata: x"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var back []string
		for line := range strings.Lines(dataLines(text)) {
			data, ok := strings.CutPrefix(line, "data: ")
			if !ok || strings.Contains(data, "\r") {
				t.Fatalf("%q is no line of data", line)
			}
			back = append(back, strings.TrimSuffix(data, "\n"))
		}
		want := strings.TrimSuffix(strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(text), "\n")
		if got := strings.Join(back, "\n"); got != want {
			t.Fatalf("%q arrives as %q", text, got)
		}
	})
}

// Every code that a customer can meet has words of its own, in both languages.
func TestEveryCodeHasItsWords(t *testing.T) {
	catalogue, err := words.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, locale := range words.Locales {
		w := catalogue.In(locale)
		has := func(keys ...string) {
			t.Helper()
			for _, key := range keys {
				assert.True(t, w.Has(key), "%s in %s", key, locale)
			}
		}
		for _, s := range refund.States {
			has("refund.state."+string(s), "customer.state."+string(s), "customer.step."+string(s))
			for _, part := range []string{"happened", "money", "next"} {
				has("customer.story." + string(s) + "." + part)
			}
			if !s.Final() {
				has("customer.mover." + string(s.MovesNext()))
			}
		}
		for _, code := range reasonCodes {
			has("refund.reason." + string(code))
		}
		for _, refusal := range []string{
			refund.ErrSuspended.Code, refund.ErrTerminated.Code, refund.ErrRefundOpen.Code, refund.ErrPackageRefunded.Code, refund.ErrPackageExpired.Code,
			refund.ErrNothingToRefund.Code, refund.ReasonDisputeLost,
		} {
			has("refund.ineligible." + refusal)
		}
		for _, code := range append(review.Reasons(review.Reject), refund.OutcomeTerminated, refund.OutcomeDisputeLost, refund.OutcomeNothingToRefund, refund.OutcomeUnanswered) {
			has("customer.rejected."+code, "refund.outcome."+code)
		}
		has("refund.outcome." + policy.OutcomeRule)
		for _, vote := range []review.Vote{review.Approve, review.Reject} {
			has("vote." + string(vote))
			for _, code := range review.Reasons(vote) {
				has("decision.reason." + code)
			}
		}
		for _, cause := range []refund.Cause{refund.CauseStanding, refund.CauseDispute, refund.CausePause} {
			has("customer.hold."+string(cause), "hold.cause."+string(cause))
		}
		for _, status := range []refund.PackageStatus{refund.Active, refund.Frozen, refund.Refunded, refund.Exhausted, refund.Expired} {
			has("package.status." + string(status))
		}
		for _, queue := range review.Queues {
			has("ticket.queue." + queue)
		}
		for _, operation := range []ledger.Operation{ledger.Purchase, ledger.Usage, ledger.Refund, ledger.Reversal} {
			has("customer.movement." + string(operation))
		}
		has("done.filed", "done.withdrawn", "done.appealed", "done.message-sent", "done.ticket-submitted")
	}
}

func TestTheMarkChangesWithWhatThePageShows(t *testing.T) {
	r := &refundCase{RefundView: desk.RefundView{Refund: refund.Refund{State: refund.InReview}}}
	before := r.mark()
	r.Messages = append(r.Messages, review.Message{})
	assert.NotEqual(t, before, r.mark())
	before, r.State = r.mark(), refund.Credited
	assert.NotEqual(t, before, r.mark())
	assert.Regexp(t, `^[a-z0-9_-]+$`, r.mark(), "it is a line of the stream and a part of a URL")
}
