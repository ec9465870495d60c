package audit_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"refunddesk/internal/audit"
	"refunddesk/internal/console/pagetest"
	"refunddesk/internal/identity"
	"refunddesk/internal/refund"
	"refunddesk/internal/store/storetest"
)

// A refund's page says which refund it is and leads back to the search.
func TestWhereAHistoryIs(t *testing.T) {
	o := open(t)
	r := o.credited("p")
	for locale, a := range o.sound("/audit/refunds/"+r.ID, http.StatusOK) {
		assert.Equal(t, "/audit", a.Find(".breadcrumb a").Attr("href"), locale)
		assert.Equal(t, r.ID, a.Find(".breadcrumb li[aria-current=page]").Text(), locale)
	}
}

// A row says from where it is known, exactly when it was, what became of what, and on which
// evidence.
func TestARowOfAHistory(t *testing.T) {
	o := open(t)
	r := o.rejected("p")
	entries, err := o.Entries(o.Ctx, r.ID)
	require.NoError(t, err)
	for locale, a := range o.sound("/audit/refunds/"+r.ID, http.StatusOK) {
		rows := a.All("#events tbody tr[data-source=audit]")
		assert.Len(t, a.All("#events .source-audit"), len(rows), locale)
		assert.Len(t, a.All("#events td time.exact"), len(rows), locale)
		assert.Len(t, a.All("#events details.evidence"), len(rows), locale)
		require.Len(t, rows, len(entries), locale)
		for i, e := range entries {
			assert.Equal(t, e.At.Format(time.RFC3339Nano), rows[i].Find(".exact").Attr("datetime"), locale)
		}
	}
	var became []string
	for _, e := range o.otto.Get("/audit/refunds/" + r.ID).All("#events .change strong") {
		became = append(became, e.Text())
	}
	assert.Contains(t, became, "Rejected")
}

// What is wrong with a criterion is said beside its field.
func TestAWrongCriterion(t *testing.T) {
	o := open(t)
	for locale, a := range o.sound("/audit?amount_from=much&currency=USD", http.StatusUnprocessableEntity) {
		assert.Len(t, a.All("p.problem"), 1, locale)
		assert.Equal(t, a.Find("p.problem").Attr("id"), a.Find("#amount_from").Attr("aria-describedby"), locale)
	}
}

// What an entry notes of a ticket is there to the letter where it is an id, as a time where it is one, and in words
// where it is a state.
func TestWhatBecameOfATicket(t *testing.T) {
	o := open(t)
	o.Buy("p", 2000, 2000)
	r := o.MustFile("p")
	o.judged(r.ID, refund.InReview)
	ticket, morning := o.OpenTicket(r.ID), o.Clock.Now().Add(12*time.Hour).Truncate(time.Second)
	claims := identity.Actor{Subject: "user_reviewer_2", Roles: []identity.Role{identity.Reviewer}}
	for _, done := range []func() error{
		func() error { _, err := o.Desk.Claim(o.Ctx, claims, ticket); return err },
		func() error { _, err := o.Desk.Assign(o.Ctx, storetest.Senior, ticket, "open"); return err },
		func() error { _, err := o.Desk.Release(o.Ctx, storetest.Senior, ticket); return err },
		func() error { _, err := o.Desk.Snooze(o.Ctx, claims, ticket, morning); return err },
		func() error { _, err := o.Desk.Snooze(o.Ctx, claims, ticket, time.Time{}); return err },
		func() error { _, err := o.Desk.Escalate(o.Ctx, claims, ticket, "Too much for me."); return err },
	} {
		require.NoError(t, done())
	}
	entries, err := o.Entries(o.Ctx, r.ID)
	require.NoError(t, err)
	none := map[string]string{"en": "None", "zh-Hans": "无"}
	for locale, a := range o.sound("/audit/refunds/"+r.ID, http.StatusOK) {
		changes := map[audit.Action][]*pagetest.Element{}
		for i, row := range a.All("#events tbody tr[data-source=audit]") {
			if change := row.Find(".change"); change != nil {
				changes[entries[i].Action] = append(changes[entries[i].Action], change)
			}
		}
		claimed := changes[audit.TicketClaimed][0]
		assert.Equal(t, "user_reviewer_2", claimed.Find("strong code").Text(), "as it is searched for")
		assigned := changes[audit.TicketAssigned][0].All("code")
		require.Len(t, assigned, 2)
		assert.Equal(t, "user_reviewer_2", assigned[0].Text())
		assert.Equal(t, "open", assigned[1].Text(), "a person who is called like a state is no state")
		released := changes[audit.TicketReleased][0]
		assert.Equal(t, "open", released.Find("code").Text())
		assert.Equal(t, none[locale], released.Find("strong").Text())

		snoozed := changes[audit.TicketSnoozed]
		require.Len(t, snoozed, 2)
		assert.Equal(t, morning.UTC().Format(time.RFC3339Nano), snoozed[0].Find("strong time").Attr("datetime"))
		assert.Equal(t, morning.UTC().Format(time.RFC3339Nano), snoozed[1].Find("time").Attr("datetime"))
		assert.Equal(t, none[locale], snoozed[1].Find("strong").Text(), "nobody waits any more")
		for _, action := range []audit.Action{audit.TicketOpened, audit.TicketEscalated} {
			assert.Nil(t, changes[action][0].Find("code"), "%s is in words in %s", action, locale)
		}
	}
}
